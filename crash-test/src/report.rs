//! What a course came to, for people to read: on the terminal, and as a row of a table.

use crate::Options;
use crate::faults::Faults;
use crate::fleet::Done;
use crate::setup::Setup;
use crate::verdict::Verdict;
use std::fmt;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

/// What a course came to.
pub(crate) struct Report<'a> {
    pub(crate) options: &'a Options,
    pub(crate) seed: u64,
    pub(crate) verdict: Verdict,
    pub(crate) done: Done,
    /// What disturbed the connections to PostgreSQL, and those to Redis.
    pub(crate) faults: Option<&'a Faults>,
    pub(crate) redis: Option<&'a Faults>,
    pub(crate) took: Duration,
}

impl Report<'_> {
    /// Adds a row to the table in a file.
    pub(crate) fn append(&self, file: &Path) -> anyhow::Result<()> {
        let mut file = OpenOptions::new().append(true).create(true).open(file)?;
        let setup = match self.options.setup {
            Setup::Sqlite => "SQLite",
            Setup::Postgres => "PostgreSQL",
            Setup::Nodes if self.redis.is_some() => "three nodes on PostgreSQL and Redis",
            Setup::Nodes => "three nodes on PostgreSQL",
        };
        let [late, cut, _] = self.faults.map(Faults::counts).unwrap_or_default();
        let redis = self.redis.map_or("—".to_owned(), |redis| {
            let [late, cut, silent] = redis.counts();
            format!("{late} late, {cut} cut, {silent} silent")
        });
        let verdict = &self.verdict;
        let result = if verdict.is_clean() { "nothing lost" } else { "**faults**" };
        writeln!(
            file,
            "| {setup} | {} | {} | {} | {} | {} | {late} late, {cut} cut | {redis} | {} | {result} |",
            self.options.kills,
            self.done.at_points,
            self.done.pauses,
            verdict.messages(),
            verdict.answers(),
            self.seed,
        )?;
        Ok(())
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.verdict)?;
        if let Some(faults) = self.faults {
            let [late, cut, _] = faults.counts();
            writeln!(f, "the database answered late {late} times, and {cut} connections to it were cut")?;
        }
        if let Some(redis) = self.redis {
            let [late, cut, silent] = redis.counts();
            writeln!(
                f,
                "Redis answered late {late} times, {cut} connections to it were cut, and {silent} fell silent"
            )?;
        }
        write!(
            f,
            "{} kills at a named point, {} pauses; slowest start {} ms; {} s in all",
            self.done.at_points,
            self.done.pauses,
            self.done.slowest_start.as_millis(),
            self.took.as_secs()
        )
    }
}
