//! The servers under test, as processes that can be killed and paused.

use crate::Options;
use crate::setup::Database;
use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use twobot_store::points::VARIABLE as CRASH_POINT;

/// How long a start may take. The first one compiles the components.
const START: Duration = Duration::from_secs(120);

/// Starts that may fail in a row: as many as there is time for while a database is away.
const FAILED_STARTS: u32 = 60;

/// How a program ends that panicked, which no database that is away excuses.
const PANICKED: i32 = 101;

/// How long a supervisor waits before it starts a server again that failed to start.
const SUPERVISOR: Duration = Duration::from_millis(500);

/// How long it may take to end when it is asked to: it gives what runs 35 s, and then tells the database, which may be away.
const STOP: Duration = Duration::from_secs(90);

/// The key that all servers of a course seal credentials with.
const MASTER_KEY: &str = "5f0c1e8d7a6b49382716a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";

/// A server with a data directory of its own.
pub(crate) struct Server {
    command: Command,
    url: String,
    child: Option<Child>,
}

/// The variables that all programs of a course run with.
pub(crate) fn environment(command: &mut Command, folder: &Path, database: &Database, number: usize) {
    command
        .env_clear()
        .env("TWOBOT_DATA_DIR", folder.join(format!("data-{number}")))
        .env("DATABASE_URL", database.url())
        .env("TWOBOT_MASTER_KEY", MASTER_KEY)
        .env("TWOBOT_PLANS", folder.join("plans.toml"));
}

/// Whether a process ended as one does that comes to its point.
fn was_aborted(status: ExitStatus) -> bool {
    status.signal() == Some(Signal::ABORT.as_raw())
}

impl Server {
    /// Prepares one; it does not run yet. Providers reach it under its own address.
    pub(crate) async fn new(
        options: &Options,
        folder: &Path,
        database: &Database,
        number: usize,
        bot_api: &str,
    ) -> anyhow::Result<Self> {
        // Bound to find a free port, and given up again for the server.
        let address = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
        let url = format!("http://{address}");
        let plugins = folder.join("plugins");
        std::fs::create_dir_all(&plugins)?;
        std::fs::copy(&options.plugin, plugins.join("ledger.wasm"))
            .with_context(|| format!("{} can not be copied", options.plugin.display()))?;
        std::fs::write(folder.join("plans.toml"), include_str!("plans.toml"))?;
        let log = std::fs::File::create(folder.join(format!("server-{number}.log")))?;
        let mut command = Command::new(&options.binary);
        environment(&mut command, folder, database, number);
        command
            .arg("serve")
            .env("TWOBOT_LISTEN", address.to_string())
            .env("TWOBOT_PUBLIC_URL", &url)
            // It is the load that is tried here, and one person makes it.
            .env("TWOBOT_REQUESTS_PER_CALLER", "1000000")
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

    /// Gives it more settings.
    pub(crate) fn set(&mut self, settings: [(&'static str, String); 2]) {
        self.command.envs(settings);
    }

    /// Names the point at which it ends by itself the next time that it runs, or none.
    pub(crate) fn end_at(&mut self, point: Option<&str>) {
        match point {
            Some(point) => self.command.env(CRASH_POINT, point),
            None => self.command.env_remove(CRASH_POINT),
        };
    }

    /// Starts it and waits until it serves. Answers how long that took.
    pub(crate) async fn start(&mut self) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        self.child = Some(self.command.spawn().context("the server's binary can not be started")?);
        let client = reqwest::Client::new();
        let mut starts = 0;
        loop {
            if let Some(status) = self.ended()? {
                // What was asked for came sooner than its first answer.
                if self.ends_at_a_point() && was_aborted(status) {
                    return Ok(begun.elapsed());
                }
                // A start that the database is away for fails, and is tried again, as a supervisor would.
                starts += 1;
                if status.code().is_none_or(|code| code == PANICKED) || starts > FAILED_STARTS {
                    bail!("the server ended by itself: {status}");
                }
                tokio::time::sleep(SUPERVISOR).await;
                self.child = Some(self.command.spawn()?);
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

    /// How it ended by itself, if it did.
    pub(crate) fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        Ok(self.child.as_mut().map(Child::try_wait).transpose()?.flatten())
    }

    /// Whether it has ended at its point.
    ///
    /// # Errors
    /// When it ended by itself otherwise.
    pub(crate) fn ended_at_its_point(&mut self) -> anyhow::Result<bool> {
        match self.ended()? {
            Some(status) if self.ends_at_a_point() && was_aborted(status) => Ok(true),
            Some(status) => bail!("the server ended by itself: {status}"),
            None => Ok(false),
        }
    }

    fn ends_at_a_point(&self) -> bool {
        self.command.as_std().get_envs().any(|(name, value)| name == CRASH_POINT && value.is_some())
    }

    /// Ends it at once, as a power cut would.
    pub(crate) async fn kill(&mut self) -> anyhow::Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill().await?;
        }
        Ok(())
    }

    /// Asks it to end, as who deploys a new version does, and waits until it has. Answers how long that took.
    pub(crate) async fn stop(&mut self) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        self.signal(Signal::TERM)?;
        let Some(mut child) = self.child.take() else { return Ok(Duration::ZERO) };
        match tokio::time::timeout(STOP, child.wait()).await {
            Ok(status) if status.as_ref().is_ok_and(ExitStatus::success) => Ok(begun.elapsed()),
            Ok(status) => bail!("the server was asked to end, and ended by {}", status?),
            Err(_) => bail!("the server was asked to end, and had not ended after {} s", STOP.as_secs()),
        }
    }

    /// Stops it where it is: it does nothing any more, and its connections stay open.
    pub(crate) fn pause(&self) -> anyhow::Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets it go on, as if no time had passed.
    pub(crate) fn go_on(&self) -> anyhow::Result<()> {
        self.signal(Signal::CONT)
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let id = self.child.as_ref().and_then(Child::id).context("it does not run")?;
        let id = Pid::from_raw(i32::try_from(id)?).context("a process has a number")?;
        Ok(kill_process(id, signal)?)
    }
}
