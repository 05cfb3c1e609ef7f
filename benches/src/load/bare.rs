//! What acknowledgements are compared with: axum that reads a delivery and answers.

use anyhow::{Context as _, Result};
use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::any;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

/// What the process that serves it is told.
pub(crate) const BARE: &str = "bare";

/// The server, as a process of its own, as ours is.
pub(super) struct Bare {
    child: Child,
    address: String,
}

impl Bare {
    /// Starts it on a free port.
    pub(super) fn start() -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--child", BARE])
            .stdout(Stdio::piped())
            .spawn()
            .context("the bare server can not be started")?;
        let output = child.stdout.take().context("the bare server has no output")?;
        let mut bare = Self { child, address: String::new() };
        BufReader::new(output).read_line(&mut bare.address)?;
        bare.address.truncate(bare.address.trim_end().len());
        Ok(bare)
    }

    /// Where it listens.
    pub(super) fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves until it is ended.
pub(crate) fn serve() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        let router = Router::new().fallback(any(|body: Bytes| async move {
            if body.is_empty() { StatusCode::BAD_REQUEST } else { StatusCode::OK }
        }));
        Ok(axum::serve(listener, router).await?)
    })
}
