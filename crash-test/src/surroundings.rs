//! What befalls a course besides kills: the database and the outside service go away for a while, and the database's server ends.

use crate::faults::Faults;
use crate::intruder::Intruder;
use crate::seeds::Seeds;
use crate::setup::Redis;
use anyhow::Context as _;
use rand::RngExt as _;
use rand::rngs::StdRng;
use rustix::process::{Pid, Signal, kill_process};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Of this many kills one falls into a time in which nobody reaches the database.
const DATABASE_AWAY_ONE_IN: u32 = 25;

/// How long it is away, in seconds: longer than a request waits, and than a node may be without a sign of life.
const DATABASE_AWAY: std::ops::RangeInclusive<u64> = 5..=20;

/// Of this many kills one falls into a time in which nobody reaches the outside service.
const SERVICE_AWAY_ONE_IN: u32 = 25;

/// How long it is away, in seconds. No longer than the tries of one message take, which would be given up.
const SERVICE_AWAY: std::ops::RangeInclusive<u64> = 3..=8;

/// A course of fewer kills leaves the database's server alone.
const RESTARTED_FROM: u32 = 20;

/// All that surrounds the servers under test.
pub(crate) struct Surroundings {
    /// Before PostgreSQL.
    pub(crate) database: Option<Faults>,
    /// Before Redis.
    pub(crate) redis: Option<Redis>,
    /// Before the outside service.
    pub(crate) service: Faults,
    /// Who else writes to SQLite's file.
    pub(crate) intruder: Option<Intruder>,
    /// The file with the number of PostgreSQL's process, if somebody starts it again when it ends.
    postgres: Option<PathBuf>,
    random: StdRng,
    kills: u32,
    restarts: u32,
}

impl Surroundings {
    /// All is well so far.
    pub(crate) fn new(
        (database, redis, service): (Option<Faults>, Option<Redis>, Faults),
        postgres: Option<&Path>,
        seeds: Seeds,
        kills: u32,
    ) -> Self {
        let (random, postgres) = (seeds.of("surroundings"), postgres.map(Path::to_owned));
        Self { database, redis, service, intruder: None, postgres, random, kills, restarts: 0 }
    }

    fn all(&self) -> impl Iterator<Item = &Faults> {
        self.database.iter().chain(self.redis.iter().map(|redis| &redis.faults)).chain([&self.service])
    }

    /// From now on connections misbehave.
    pub(crate) fn misbehave(&self) {
        self.all().for_each(|faults| faults.behave(false));
    }

    /// From now on all is well.
    pub(crate) fn behave(&mut self) {
        self.all().for_each(|faults| faults.behave(true));
        if let Some(intruder) = &mut self.intruder {
            intruder.end();
        }
    }

    /// How often PostgreSQL's server ended in the middle of everything.
    pub(crate) const fn restarts(&self) -> u32 {
        self.restarts
    }

    /// What befalls the course at the time of a kill.
    pub(crate) async fn befall(&mut self, kill: u32) -> anyhow::Result<()> {
        if let Some(database) = &self.database {
            if kill % DATABASE_AWAY_ONE_IN == DATABASE_AWAY_ONE_IN / 2 {
                database.go_away(Duration::from_secs(self.random.random_range(DATABASE_AWAY)));
            }
            if let Some(file) = self.postgres.as_deref().filter(|_| self.kills >= RESTARTED_FROM)
                && kill == self.kills / 2
            {
                end_postgres(file).await?;
                self.restarts += 1;
            }
        }
        if kill % SERVICE_AWAY_ONE_IN == 4 {
            self.service.go_away(Duration::from_secs(self.random.random_range(SERVICE_AWAY)));
        }
        Ok(())
    }
}

/// Ends PostgreSQL's server without a word to anybody, as `pg_ctl stop -m immediate` does.
async fn end_postgres(file: &Path) -> anyhow::Result<()> {
    let text = tokio::fs::read_to_string(file).await.context("PostgreSQL's process is not known")?;
    let number = text.lines().next().and_then(|line| line.trim().parse().ok());
    let process = number.and_then(Pid::from_raw).context("PostgreSQL's file names no process")?;
    Ok(kill_process(process, Signal::QUIT)?)
}
