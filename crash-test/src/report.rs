//! What a course came to, for people to read: on the terminal, and as rows of tables.

use crate::Options;
use crate::faults::Faults;
use crate::fleet::Done;
use crate::intruder::Intruder;
use crate::moods::{Counts, Mood};
use crate::points::Points;
use crate::setup::Setup;
use crate::surroundings::Surroundings;
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
    pub(crate) around: &'a Surroundings,
    /// How often the outside service answered badly.
    pub(crate) moods: Counts,
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

/// What befell connections.
fn connections(faults: &Faults) -> String {
    let [late, cut, silent] = faults.counts();
    let mut told = format!("{late} late, {cut} cut");
    for (times, what) in [(silent, "silent"), (faults.outages(), "× away")] {
        if times > 0 {
            told += &format!(", {times} {what}");
        }
    }
    told
}

impl Report<'_> {
    /// Adds a row to each table: to the one in this folder's file `courses.md`, and to `points.md`.
    pub(crate) fn append(&self, folder: &Path) -> anyhow::Result<()> {
        let setup = self.setup();
        let database = self.database();
        let redis = self.redis().map_or("—".to_owned(), connections);
        let service = self.service();
        let verdict = &self.verdict;
        let result = if verdict.is_clean() { "nothing lost" } else { "**faults**" };
        append(
            &folder.join("courses.md"),
            "| set-up | kills | of them at a named point | of them asked to end | pauses | messages acknowledged | appointments | answers | database \
             | Redis | outside service | minutes | seed | |",
            &format!(
                "| {setup} | {} | {} | {} | {} | {}, {} of them fetched | {} | {} | {database} | {redis} | {service} | {} | {} | {result} |",
                self.options.kills,
                self.points.met(),
                self.done.asked,
                self.done.pauses,
                verdict.messages(),
                verdict.fetched(),
                verdict.appointments(),
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

    fn redis(&self) -> Option<&Faults> {
        self.around.redis.as_ref().map(|redis| &redis.faults)
    }

    /// What befell those who asked the outside service.
    fn service(&self) -> String {
        let told = [
            (Mood::Failing, "failed"),
            (Mood::Busy, "asked to wait"),
            (Mood::Cut, "answers cut"),
            (Mood::Garbled, "garbled"),
            (Mood::TooLate, "too late"),
        ];
        let told: String = told.map(|(mood, what)| format!("; {} {what}", self.moods.of(mood))).concat();
        connections(&self.around.service) + &told
    }

    /// What befell the database.
    fn database(&self) -> String {
        let Surroundings { database, intruder, .. } = self.around;
        let postgres = database.as_ref().map(|database| match self.around.restarts() {
            0 => connections(database),
            restarts => format!("{}, {restarts} × ended at once", connections(database)),
        });
        let sqlite = intruder.as_ref().map(Intruder::counts);
        let sqlite =
            sqlite.map(|[visits, long]| format!("{visits} × another's, {long} × longer than anyone waits"));
        postgres.or(sqlite).unwrap_or_else(|| "—".to_owned())
    }

    fn setup(&self) -> &'static str {
        match self.options.setup {
            Setup::Sqlite => "SQLite",
            Setup::Postgres => "PostgreSQL",
            Setup::Nodes if self.around.redis.is_some() => "three nodes on PostgreSQL and Redis",
            Setup::Nodes => "three nodes on PostgreSQL",
        }
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.verdict)?;
        writeln!(f, "database: {}", self.database())?;
        if let Some(redis) = self.redis() {
            writeln!(f, "Redis: {}", connections(redis))?;
        }
        writeln!(f, "outside service: {}", self.service())?;
        write!(f, "{} kills at a named point:", self.points.met())?;
        for (point, times) in self.points.counts() {
            write!(f, " {point} {times}")?;
        }
        write!(
            f,
            "\n{} asked to end, {} pauses; slowest start {} ms, slowest end {} ms; {} s in all",
            self.done.asked,
            self.done.pauses,
            self.done.slowest_start.as_millis(),
            self.done.slowest_end.as_millis(),
            self.took.as_secs()
        )
    }
}
