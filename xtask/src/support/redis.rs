//! A Redis server of one's own, for as long as something runs: on this machine only, and keeping nothing.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::{apt, process};

/// The variable in which the crash test looks for the server's address. Tests that kill a server start one of their own.
pub(crate) const VARIABLE: &str = "TWOBOT_TEST_REDIS";

/// Folders of servers are called so, with the process that started them.
const FOLDER: &str = "2bot-redis-";

/// How long a server may take to begin and to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// Ports that are tried: between finding a free one and taking it, somebody else may.
const TRIES: u32 = 20;

/// What the server is told: nothing is written to a disk.
const SETTINGS: &[&str] =
    &["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no", "--logfile", "log"];

/// A running server. It ends when this is dropped.
pub(crate) struct Redis {
    folder: PathBuf,
    address: SocketAddr,
    server: Child,
}

impl Redis {
    /// Starts a server, after installing Redis where there is none.
    pub(crate) fn start() -> Result<Self> {
        let program = program()?;
        let folder = std::env::temp_dir().join(format!("{FOLDER}{}", std::process::id()));
        std::fs::create_dir_all(&folder).with_context(|| format!("can not make {}", folder.display()))?;
        for _ in 0..TRIES {
            let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
            let mut command = match process::find("setpriv") {
                // Ended with this process, however that ends.
                Some(setpriv) => {
                    let mut setpriv = process::command(setpriv, &folder);
                    setpriv.args(["--pdeathsig", "TERM", "--"]).arg(&program);
                    setpriv
                }
                None => process::command(&program, &folder),
            };
            command.args(SETTINGS).args(["--port", &address.port().to_string()]);
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            let server = command.spawn().context("`redis-server` can not be started")?;
            let mut started = Self { folder: folder.clone(), address, server };
            if started.is_ready()? {
                return Ok(started);
            }
        }
        bail!("the Redis server does not start, whichever port it is given");
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        format!("redis://{}/", self.address)
    }

    /// Waits until the server ends by itself or by a signal.
    pub(crate) fn wait(&mut self) -> Result<()> {
        self.server.wait()?;
        Ok(())
    }

    /// Waits until it takes connections; says false when it ended instead.
    fn is_ready(&mut self) -> Result<bool> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if self.server.try_wait()?.is_some() {
                return Ok(false);
            }
            if TcpStream::connect(self.address).is_ok() {
                return Ok(true);
            }
            // The server tells nobody when it is ready.
            std::thread::sleep(Duration::from_millis(10));
        }
        let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        bail!("the Redis server does not answer:\n{log}");
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It keeps nothing, so that nothing has to be brought to an end.
        let ended = self.server.kill().and_then(|()| self.server.wait());
        if let Err(error) = ended {
            eprintln!("the Redis server (process {}) did not end: {error}", self.server.id());
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The server's program, which tests find on `PATH`, too.
pub(crate) fn program() -> Result<PathBuf> {
    if let Some(found) = process::find("redis-server") {
        return Ok(found);
    }
    apt::install(&["redis-server"]).context("the tests on Redis need a server")?;
    process::find("redis-server").context("Redis was installed, but there is no redis-server on PATH")
}

/// Whether a server can be started without installing one.
pub(crate) fn is_installed() -> bool {
    process::find("redis-server").is_some()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_server_ends_with_its_owner_and_leaves_nothing() {
        let server = Redis::start().unwrap();
        let (folder, pid, address) = (server.folder.clone(), server.server.id(), server.address);
        assert!(address.ip().is_loopback() && server.url().contains(&address.to_string()));
        assert!(folder.join("log").exists());
        drop(server);
        assert!(!folder.exists());
        assert!(!Path::new("/proc").join(pid.to_string()).exists());
        assert!(TcpStream::connect(address).is_err());
    }
}
