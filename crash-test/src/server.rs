//! The server under test, as a process that can be killed.

use crate::Options;
use anyhow::{Context as _, bail};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

/// How long a start may take. The first one compiles the components.
const START: Duration = Duration::from_secs(120);

/// A server on a data directory.
pub(crate) struct Server {
    command: Command,
    url: String,
    child: Option<Child>,
}

impl Server {
    /// Prepares one; it does not run yet. Providers reach it under its own address.
    pub(crate) async fn new(options: &Options, folder: &Path, bot_api: &str) -> anyhow::Result<Self> {
        // Bound to find a free port, and given up again for the server.
        let address = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
        let url = format!("http://{address}");
        let plans = folder.join("plans.toml");
        std::fs::write(&plans, include_str!("plans.toml"))?;
        let plugins = folder.join("plugins");
        std::fs::create_dir_all(&plugins)?;
        std::fs::copy(&options.plugin, plugins.join("ledger.wasm"))
            .with_context(|| format!("{} can not be copied", options.plugin.display()))?;
        let log = std::fs::File::create(folder.join("server.log"))?;
        let mut command = Command::new(&options.binary);
        command
            .arg("serve")
            .env_clear()
            .env("TWOBOT_DATA_DIR", folder.join("data"))
            .env("TWOBOT_LISTEN", address.to_string())
            .env("TWOBOT_PUBLIC_URL", &url)
            .env("TWOBOT_PLANS", plans)
            .env("TWOBOT_PLUGINS_DIR", plugins)
            .env("TWOBOT_TELEGRAM_API_URL", bot_api)
            .env("RUST_LOG", "warn")
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true);
        Ok(Self { command, url, child: None })
    }

    /// Its address.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Starts it and waits until it serves. Answers how long that took.
    pub(crate) async fn start(&mut self) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        self.child = Some(self.command.spawn().context("the server's binary can not be started")?);
        let client = reqwest::Client::new();
        loop {
            if let Some(status) = self.child.as_mut().and_then(|child| child.try_wait().transpose()) {
                bail!("the server ended by itself: {}", status?);
            }
            let answer = client.get(format!("{}/readyz", self.url)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(begun.elapsed());
            }
            if begun.elapsed() > START {
                bail!("the server was not ready after {} s", START.as_secs());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Ends it at once, as a power cut would.
    pub(crate) async fn kill(&mut self) -> anyhow::Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill().await?;
        }
        Ok(())
    }
}
