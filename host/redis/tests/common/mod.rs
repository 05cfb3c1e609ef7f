//! A Redis server of a test's own, and a way to it that can be cut off.

#![allow(dead_code, reason = "each test file uses its part of this")]

use std::net::{SocketAddr, TcpListener as Port};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How long a test waits for what must happen. Far more than it takes, so that a slow machine does not fail it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A server, which ends with this. It keeps nothing on a disk.
pub(crate) struct RedisServer {
    pub(crate) address: SocketAddr,
    arguments: Vec<String>,
    process: Option<Child>,
}

impl RedisServer {
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// With more settings, such as `--requirepass`.
    pub(crate) fn with(more: &[&str]) -> Self {
        // Bound to find a free port, and given up again for the server; somebody else may be quicker.
        for _ in 0..20 {
            let address = Port::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            let arguments = more.iter().map(|&argument| argument.to_owned()).collect();
            let mut server = Self { address, arguments, process: None };
            if server.run() {
                return server;
            }
        }
        panic!("no Redis server can be started");
    }

    /// Starts it again where it was, with nothing in it.
    pub(crate) fn restart(&mut self) {
        assert!(self.run(), "the port of the server is taken");
    }

    fn run(&mut self) -> bool {
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no"]);
        command.args(["--port", &self.address.port().to_string()]).args(&self.arguments);
        command.current_dir(std::env::temp_dir()).stdin(Stdio::null()).stdout(Stdio::null());
        let mut process = command.spawn().expect(
            "there is no redis-server: run this by `cargo xtask test` or `cargo xtask redis cargo nextest run …`",
        );
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if process.try_wait().unwrap().is_some() {
                return false;
            }
            if std::net::TcpStream::connect(self.address).is_ok() {
                self.process = Some(process);
                return true;
            }
            std::thread::yield_now();
        }
        process.kill().unwrap();
        process.wait().unwrap();
        panic!("the Redis server does not answer");
    }

    /// Ends it at once.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://{}/", self.address)
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A way to a server. While it is cut off it takes connections and everything that comes, and passes nothing on.
pub(crate) struct Way {
    pub(crate) address: SocketAddr,
    open: watch::Sender<bool>,
}

impl Way {
    pub(crate) async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (open, is_open) = watch::channel(true);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass_on(client, server, is_open.clone()));
            }
        });
        Self { address, open }
    }

    pub(crate) fn cut(&self) {
        self.open.send_replace(false);
    }

    pub(crate) fn mend(&self) {
        self.open.send_replace(true);
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://{}/", self.address)
    }
}

async fn pass_on(client: TcpStream, server: SocketAddr, is_open: watch::Receiver<bool>) {
    let Ok(server) = TcpStream::connect(server).await else { return };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        () = one_way(from_client, to_server, is_open.clone()) => {}
        () = one_way(from_server, to_client, is_open) => {}
    }
}

async fn one_way(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut is_open: watch::Receiver<bool>,
) {
    let mut piece = vec![0; 16 * 1_024];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        let is_there = is_open.wait_for(|open| *open).await.is_ok();
        if !is_there || to.write_all(&piece[..length]).await.is_err() {
            return;
        }
    }
}
