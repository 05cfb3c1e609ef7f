//! Somebody else who writes to SQLite's file: a backup, a person with a shell, a scanner. SQLite has one writer at a time, so that the server
//! has to wait for it, and now and then for longer than it waits.

use crate::seeds::Seeds;
use rand::RngExt as _;
use rand::rngs::StdRng;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Between two of its visits, in milliseconds.
const BETWEEN: std::ops::Range<u64> = 500..3_000;

/// How long it has the file for itself, in milliseconds.
const HELD: std::ops::Range<u64> = 100..900;

/// One in so many visits is longer than the server waits for the file, which is 10 s.
const LONG_ONE_IN: u32 = 40;

/// How long that one is.
const LONG: Duration = Duration::from_millis(10_500);

/// The steps in which it looks whether it is to end.
const STEP: Duration = Duration::from_millis(50);

/// The other writer. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Intruder {
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct State {
    ended: AtomicBool,
    visits: AtomicU64,
    long_visits: AtomicU64,
}

impl Intruder {
    /// Lets it come.
    pub(crate) fn begin(file: &Path, seeds: Seeds) -> Self {
        let (state, file) = (Arc::new(State::default()), file.to_owned());
        let of_thread = Arc::clone(&state);
        let random = seeds.of("intruder");
        // A thread: the calls of SQLite wait.
        let thread = thread::spawn(move || come_again_and_again(&of_thread, &file, random));
        Self { state, thread: Some(thread) }
    }

    /// How often it had the file for itself, and how often for longer than the server waits.
    pub(crate) fn counts(&self) -> [u64; 2] {
        [&self.state.visits, &self.state.long_visits].map(|count| count.load(Ordering::Relaxed))
    }

    /// Sends it away.
    pub(crate) fn end(&mut self) {
        self.state.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // What it counted is there already; it has nothing else to say.
            let _ = thread.join();
        }
    }
}

impl Drop for Intruder {
    fn drop(&mut self) {
        self.end();
    }
}

impl State {
    /// Waits, unless it is to end meanwhile.
    fn wait(&self, time: Duration) {
        let mut left = time;
        while !left.is_zero() && !self.ended.load(Ordering::Relaxed) {
            let step = left.min(STEP);
            thread::sleep(step);
            left -= step;
        }
    }
}

fn come_again_and_again(state: &State, file: &PathBuf, mut random: StdRng) {
    while !state.ended.load(Ordering::Relaxed) {
        state.wait(Duration::from_millis(random.random_range(BETWEEN)));
        let is_long = random.random_ratio(1, LONG_ONE_IN);
        let time = if is_long { LONG } else { Duration::from_millis(random.random_range(HELD)) };
        // Who finds the file busy comes another time.
        if visit(state, file, time).is_ok() {
            let count = if is_long { &state.long_visits } else { &state.visits };
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Has the file for itself for a while. The connection lasts no longer: what a killed server leaves behind is to be put in order by the
/// server that starts next, which is the first to open the file.
fn visit(state: &State, file: &PathBuf, time: Duration) -> rusqlite::Result<()> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.busy_timeout(Duration::from_secs(2))?;
    connection.execute_batch("BEGIN IMMEDIATE")?;
    state.wait(time);
    connection.execute_batch("ROLLBACK")
}
