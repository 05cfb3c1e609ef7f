//! The real server, as a process of its own.

use anyhow::{Context as _, Result, ensure};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What all servers of the benchmarks seal credentials with, and what fills their databases as well.
pub(crate) const KEY: [u8; 32] = [1; 32];

/// Lines about troubles of a server that are shown.
const MOST_TROUBLES: usize = 20;

/// Where a server finds what it works with.
#[derive(Clone)]
pub(crate) struct Place {
    folder: PathBuf,
    database: String,
    more: Vec<(&'static str, String)>,
}

impl Place {
    /// A folder with an embedded database.
    pub(crate) fn of(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            database: format!("sqlite:{}", folder.join("2bot.db").display()),
            more: Vec::new(),
        }
    }

    /// The same folder with another database.
    pub(crate) fn with_database(mut self, url: &str) -> Self {
        url.clone_into(&mut self.database);
        self
    }

    /// One more setting.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.more.push((name, value.into()));
        self
    }

    /// The database's address.
    pub(crate) fn database(&self) -> &str {
        &self.database
    }
}

/// A server, ended with the value.
pub(crate) struct Server {
    child: Child,
    address: String,
}

impl Server {
    /// Starts it on a free port and waits until it serves.
    pub(crate) fn start(place: &Place) -> Result<Self> {
        // Bound to find a free port, and given up again for the server.
        let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let binary = std::env::var_os("TWOBOT_BIN").map_or_else(
            || [env!("CARGO_MANIFEST_DIR"), "../target/release/twobot"].iter().collect::<PathBuf>(),
            PathBuf::from,
        );
        let mut child = Command::new(&binary)
            .arg("serve")
            .env("TWOBOT_DATA_DIR", &place.folder)
            .env("DATABASE_URL", &place.database)
            .env("TWOBOT_MASTER_KEY", KEY.map(|byte| format!("{byte:02x}")).concat())
            .env("TWOBOT_LISTEN", &address)
            .env("TWOBOT_PUBLIC_URL", format!("http://{address}"))
            // One person asks for all of it.
            .env("TWOBOT_REQUESTS_PER_CALLER", "1000000")
            .envs(place.more.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| {
                format!("{} can not be started; `cargo xtask build --release` makes it", binary.display())
            })?;
        let output = child.stderr.take().context("the server has no output")?;
        let server = Self { child, address };
        let mut lines = BufReader::new(output).lines();
        let mut said = Vec::new();
        for line in &mut lines {
            let line = line?;
            if line.contains("ready") {
                // What it says from now on must not fill the pipe; what went wrong should be seen.
                std::thread::spawn(move || {
                    let troubles = lines.map_while(Result::ok).filter(|line| line.contains("ERROR"));
                    for (number, line) in troubles.enumerate() {
                        if number < MOST_TROUBLES {
                            eprintln!("  the server: {line}");
                        }
                    }
                });
                return Ok(server);
            }
            said.push(line);
        }
        anyhow::bail!("the server did not start: {}", said.join("\n"))
    }

    /// Its process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn stop(mut self) -> Result<()> {
        let asked = Command::new("kill").arg(self.process().to_string()).status()?;
        ensure!(asked.success(), "the server can not be asked to end");
        let ended = self.child.wait()?;
        ensure!(ended.success(), "the server ended with {ended}");
        Ok(())
    }

    /// Where it listens: address and port.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
