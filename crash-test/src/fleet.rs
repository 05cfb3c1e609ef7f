//! All servers of a course, and what is done to them.

use crate::Options;
use crate::server::Server;
use crate::setup::{Database, Setup};
use anyhow::Context as _;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::path::Path;
use std::time::Duration;

/// The shortest time between a start and the next kill, in milliseconds.
const SHORTEST_RUN: u64 = 20;

/// Of this many kills one comes with a pause of another server.
const PAUSED_ONE_IN: u32 = 20;

/// How long a server is paused: past the time for which it holds its tenants.
const PAUSE: Duration = Duration::from_secs(18);

/// All servers of a course.
pub(crate) struct Fleet {
    servers: Vec<Server>,
    setup: Setup,
    random: StdRng,
    longest_run: u64,
}

/// What was done to them.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// How long the slowest start took.
    pub(crate) slowest_start: Duration,
    /// How often one was paused.
    pub(crate) pauses: u32,
}

impl Fleet {
    /// Prepares them; none runs yet.
    pub(crate) async fn new(
        options: &Options,
        folder: &Path,
        database: &Database,
        bot_api: &str,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let mut servers = Vec::new();
        for number in 0..options.setup.servers() {
            servers.push(Server::new(options, folder, database, number, bot_api).await?);
        }
        let random = StdRng::seed_from_u64(seed);
        Ok(Self { servers, setup: options.setup, random, longest_run: options.longest_run })
    }

    /// Starts all, one after another.
    pub(crate) async fn start(&mut self) -> anyhow::Result<()> {
        for server in &mut self.servers {
            server.start().await?;
        }
        Ok(())
    }

    /// Where they are.
    pub(crate) fn urls(&self) -> Vec<String> {
        self.servers.iter().map(|server| server.url().to_owned()).collect()
    }

    /// Where the first of them is.
    pub(crate) fn url(&self) -> anyhow::Result<&str> {
        Ok(self.servers.first().context("there is a server")?.url())
    }

    /// Lets them run for a while, then kills one and starts it again; at times another is paused for longer than it may hold anything.
    pub(crate) async fn disturb(&mut self, kill: u32, done: &mut Done) -> anyhow::Result<()> {
        let run = self.random.random_range(SHORTEST_RUN..self.longest_run.max(SHORTEST_RUN + 1));
        tokio::time::sleep(Duration::from_millis(run)).await;
        let victim = self.random.random_range(0..self.servers.len());
        let paused = (self.setup == Setup::Nodes && kill % PAUSED_ONE_IN == 1)
            .then(|| (victim + 1) % self.servers.len());
        if let Some(paused) = paused {
            self.servers[paused].pause()?;
        }
        self.servers[victim].kill().await?;
        let started = self.servers[victim].start().await?;
        done.slowest_start = done.slowest_start.max(started);
        if let Some(paused) = paused {
            tokio::time::sleep(PAUSE).await;
            self.servers[paused].go_on()?;
            done.pauses += 1;
        }
        Ok(())
    }

    /// Ends all.
    pub(crate) async fn kill(&mut self) -> anyhow::Result<()> {
        for server in &mut self.servers {
            server.kill().await?;
        }
        Ok(())
    }
}
