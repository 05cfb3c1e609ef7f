//! All servers of a course, and what is done to them.

use crate::Options;
use crate::points::Points;
use crate::seeds::Seeds;
use crate::server::Server;
use crate::setup::{Database, Redis, Setup};
use anyhow::Context as _;
use rand::RngExt as _;
use rand::rngs::StdRng;
use std::path::Path;
use std::time::{Duration, Instant};

/// The shortest time between a start and the next kill, in milliseconds.
const SHORTEST_RUN: u64 = 20;

/// Of this many kills one comes with a pause of another server.
const PAUSED_ONE_IN: u32 = 20;

/// Of this many kills at random moments one is no kill: the server is asked to end (`SIGTERM`).
const ASKED_ONE_IN: u32 = 8;

/// How long a server is paused: past the time for which it holds its tenants.
const PAUSE: Duration = Duration::from_secs(18);

/// How long is waited until a server comes to its point.
const PATIENCE: Duration = Duration::from_secs(4);

/// All servers of a course.
pub(crate) struct Fleet {
    servers: Vec<Server>,
    setup: Setup,
    random: StdRng,
    longest_run: u64,
    points: Points,
    /// The server that ends by itself when it comes to a point, and the point.
    at_a_point: Option<(usize, &'static str)>,
}

/// What was done to them.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// How long the slowest start took.
    pub(crate) slowest_start: Duration,
    /// How often one was paused.
    pub(crate) pauses: u32,
    /// How often one was asked to end, and how long the slowest took.
    pub(crate) asked: u32,
    pub(crate) slowest_end: Duration,
}

impl Fleet {
    /// Prepares them; none runs yet.
    pub(crate) async fn new(
        options: &Options,
        folder: &Path,
        (database, redis): (&Database, Option<&Redis>),
        bot_api: &str,
        seeds: Seeds,
    ) -> anyhow::Result<Self> {
        let mut servers = Vec::new();
        for number in 0..options.setup.servers() {
            let mut server = Server::new(options, folder, database, number, bot_api).await?;
            if let Some(redis) = redis {
                server.set(redis.settings());
            }
            servers.push(server);
        }
        let (random, points) = (seeds.of("fleet"), Points::new(seeds.of("points")));
        let (setup, longest_run) = (options.setup, options.longest_run);
        Ok(Self { servers, setup, random, longest_run, points, at_a_point: None })
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

    /// The points at which servers ended.
    pub(crate) const fn points(&self) -> &Points {
        &self.points
    }

    /// Lets them run for a while, then kills one and starts it again; at times another is paused for longer than it may hold anything.
    /// Every other time the one that was killed ends by itself next, at one of the points between a delivery and its answer.
    pub(crate) async fn disturb(&mut self, kill: u32, done: &mut Done) -> anyhow::Result<()> {
        let run = self.random.random_range(SHORTEST_RUN..self.longest_run.max(SHORTEST_RUN + 1));
        let victim = match self.at_a_point.take() {
            Some((victim, point)) => {
                if self.comes_to_its_point(victim).await? {
                    self.points.was_met(point);
                }
                victim
            }
            None => {
                tokio::time::sleep(Duration::from_millis(run)).await;
                let victim = self.random.random_range(0..self.servers.len());
                self.servers[victim].ended_at_its_point()?;
                if self.random.random_ratio(1, ASKED_ONE_IN) {
                    done.slowest_end = done.slowest_end.max(self.servers[victim].stop().await?);
                    done.asked += 1;
                }
                victim
            }
        };
        let paused = (self.setup == Setup::Nodes && kill % PAUSED_ONE_IN == 1)
            .then(|| (victim + 1) % self.servers.len());
        if let Some(paused) = paused {
            self.servers[paused].pause()?;
        }
        self.servers[victim].kill().await?;
        if kill.is_multiple_of(2) {
            let (point, times) = self.points.next();
            self.servers[victim].end_at(Some(&format!("{point}:{times}")));
            self.at_a_point = Some((victim, point));
        } else {
            self.servers[victim].end_at(None);
        }
        let started = self.servers[victim].start().await?;
        done.slowest_start = done.slowest_start.max(started);
        if let Some(paused) = paused {
            tokio::time::sleep(PAUSE).await;
            self.servers[paused].go_on()?;
            done.pauses += 1;
        }
        Ok(())
    }

    /// Waits until a server has ended at the point that it was given. Some are not passed in time.
    async fn comes_to_its_point(&mut self, victim: usize) -> anyhow::Result<bool> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if self.servers[victim].ended_at_its_point()? {
                return Ok(true);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(false)
    }

    /// From now on all of them run.
    pub(crate) async fn leave_alone(&mut self) -> anyhow::Result<()> {
        if let Some((victim, _)) = self.at_a_point.take() {
            self.servers[victim].kill().await?;
            self.servers[victim].end_at(None);
            self.servers[victim].start().await?;
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
