//! What a course came to, for people to read: on the terminal, and as rows of tables.

use crate::Options;
use crate::faults::Faults;
use crate::fleet::Done;
use crate::intruder::Intruder;
use crate::points::Points;
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
    pub(crate) points: &'a Points,
    /// What disturbed the connections to PostgreSQL, and those to Redis.
    pub(crate) faults: Option<&'a Faults>,
    pub(crate) redis: Option<&'a Faults>,
    /// Who else wrote to SQLite's file.
    pub(crate) intruder: Option<&'a Intruder>,
    pub(crate) took: Duration,
}

/// Adds a line to a file, below a head where the file is empty.
fn append(file: &Path, head: &str, line: &str) -> anyhow::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(file)?;
    if file.metadata()?.len() == 0 {
        let columns = head.matches('|').count().saturating_sub(1);
        writeln!(file, "{head}\n|{}", "---|".repeat(columns))?;
    }
    writeln!(file, "{line}")?;
    Ok(())
}

impl Report<'_> {
    /// Adds a row to each table: to the one in this folder's file `courses.md`, and to `points.md`.
    pub(crate) fn append(&self, folder: &Path) -> anyhow::Result<()> {
        let setup = self.setup();
        let database = self.database();
        let redis = self.redis.map_or("—".to_owned(), |redis| {
            let [late, cut, silent] = redis.counts();
            format!("{late} late, {cut} cut, {silent} silent")
        });
        let verdict = &self.verdict;
        let result = if verdict.is_clean() { "nothing lost" } else { "**faults**" };
        append(
            &folder.join("courses.md"),
            "| set-up | kills | of them at a named point | pauses | messages acknowledged | answers | database \
             | Redis connections | minutes | seed | |",
            &format!(
                "| {setup} | {} | {} | {} | {} | {} | {database} | {redis} | {} | {} | {result} |",
                self.options.kills,
                self.points.met(),
                self.done.pauses,
                verdict.messages(),
                verdict.answers(),
                self.took.as_secs().div_ceil(60),
                self.seed,
            ),
        )?;
        let counts = self.points.counts();
        let names: String = counts.iter().map(|(point, _)| format!(" {point} |")).collect();
        let times: String = counts.iter().map(|(_, times)| format!(" {times} |")).collect();
        append(&folder.join("points.md"), &format!("| kills at |{names}"), &format!("| {setup} |{times}"))
    }

    /// What befell the database.
    fn database(&self) -> String {
        let faults = self.faults.map(Faults::counts).map(|[late, cut, _]| format!("{late} late, {cut} cut"));
        let intruder = self.intruder.map(Intruder::counts);
        let intruder =
            intruder.map(|[visits, long]| format!("{visits} times another's, {long} of longer than is waited"));
        faults.or(intruder).unwrap_or_else(|| "—".to_owned())
    }

    const fn setup(&self) -> &'static str {
        match self.options.setup {
            Setup::Sqlite => "SQLite",
            Setup::Postgres => "PostgreSQL",
            Setup::Nodes if self.redis.is_some() => "three nodes on PostgreSQL and Redis",
            Setup::Nodes => "three nodes on PostgreSQL",
        }
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.verdict)?;
        if let Some(faults) = self.faults {
            let [late, cut, _] = faults.counts();
            writeln!(f, "the database answered late {late} times, and {cut} connections to it were cut")?;
        }
        if let Some(intruder) = self.intruder {
            let [visits, long] = intruder.counts();
            writeln!(f, "somebody else had the file {visits} times, and {long} times for longer than anyone waits")?;
        }
        if let Some(redis) = self.redis {
            let [late, cut, silent] = redis.counts();
            writeln!(
                f,
                "Redis answered late {late} times, {cut} connections to it were cut, and {silent} fell silent"
            )?;
        }
        write!(f, "{} kills at a named point:", self.points.met())?;
        for (point, times) in self.points.counts() {
            write!(f, " {point} {times}")?;
        }
        write!(
            f,
            "\n{} pauses; slowest start {} ms; {} s in all",
            self.done.pauses,
            self.done.slowest_start.as_millis(),
            self.took.as_secs()
        )
    }
}
