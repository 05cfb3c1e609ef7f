//! SQLite's readers: queries run at once on the task's own thread, as long as they are short.
//!
//! A look-up takes microseconds, and handing it to another thread took ten times that; an event has some twenty of them. What takes
//! longer, such as sums over a tenant's past, must not hold up a thread that serves: a query that is not done after a certain
//! number of steps of SQLite's machine is given up there and begun anew on a thread for such work. Whoever asks need not know which it is.

use super::local::{self, LocalRow};
use super::statement::Statement;
use super::{PATIENCE, StoreError};
use parking_lot::Mutex;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;
use uuid::Uuid;

/// Steps of SQLite's virtual machine after which it is looked whether a query is still a short one. It is given up when this is found
/// for the second time, since the count goes on from one run of a statement to the next: after one to two milliseconds.
const STEPS: std::ffi::c_int = 20_000;

/// Long queries at the same time. Each has a thread and a connection.
const LONG: usize = 4;

/// Connections that are kept for the next query.
const KEPT: usize = 16;

/// Prepared statements that each connection keeps.
const PREPARED: usize = 256;

/// The connections that read. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Readers(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    flags: OpenFlags,
    /// None once it was closed.
    idle: Mutex<Option<Vec<Reader>>>,
    long: Arc<Semaphore>,
}

/// One connection.
#[derive(Debug)]
struct Reader {
    connection: Connection,
    /// How often it may still be found that a query is not done.
    looks: Arc<AtomicU32>,
}

impl Readers {
    /// Readers of a file that exists. A file that is opened only to be read is never written, not even to recover it.
    pub(crate) fn open(path: &Path, read_only: bool) -> Result<Self, StoreError> {
        let access =
            if read_only { OpenFlags::SQLITE_OPEN_READ_ONLY } else { OpenFlags::SQLITE_OPEN_READ_WRITE };
        // One task at a time has a connection, so that SQLite need not guard it.
        let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let inner = Inner {
            path: path.to_owned(),
            flags,
            idle: Mutex::new(Some(Vec::new())),
            long: Arc::new(Semaphore::new(LONG)),
        };
        let readers = Self(Arc::new(inner));
        // What can not be opened is told at once.
        let first = readers.take()?;
        readers.give_back(first);
        Ok(readers)
    }

    /// The rows that a query answers, at most so many.
    pub(crate) async fn rows(&self, statement: Statement, most: usize) -> Result<Vec<LocalRow>, StoreError> {
        self.ask(move |connection| local::rows(connection, &statement, most)).await
    }

    /// What the rows come to that a query answers: see [`local::totals`]. There are many, so it is a long one from the beginning.
    pub(crate) async fn totals<const N: usize>(
        &self,
        statement: Statement,
        add: fn(&mut [i64; N], [i64; N]),
    ) -> Result<Vec<(Uuid, [i64; N])>, StoreError> {
        self.ask_elsewhere(move |connection| local::totals(connection, &statement, add)).await
    }

    async fn ask<T: Send + 'static>(
        &self,
        query: impl Fn(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let reader = self.take()?;
        let answer = reader.ask(&query, Some(1));
        self.give_back(reader);
        match answer {
            Err(StoreError::Sqlite(error)) if is_given_up(&error) => self.ask_elsewhere(query).await,
            answer => answer,
        }
    }

    /// The same on another thread, however long it takes.
    async fn ask_elsewhere<T: Send + 'static>(
        &self,
        query: impl Fn(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let place = Arc::clone(&self.0.long).acquire_owned().await;
        let place = place.map_err(|_| StoreError::Database(sqlx::Error::PoolClosed))?;
        let readers = self.clone();
        let work = move || {
            let reader = readers.take()?;
            let answer = reader.ask(&query, None);
            readers.give_back(reader);
            drop(place);
            answer
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|_| StoreError::Database(sqlx::Error::WorkerCrashed))?
    }

    /// Closes what is not in use; what is, is closed when it is given back.
    pub(crate) fn close(&self) {
        *self.0.idle.lock() = None;
        self.0.long.close();
    }

    fn take(&self) -> Result<Reader, StoreError> {
        let idle = self.0.idle.lock().as_mut().map(Vec::pop);
        match idle {
            None => Err(StoreError::Database(sqlx::Error::PoolClosed)),
            Some(Some(reader)) => Ok(reader),
            Some(None) => Reader::open(&self.0.path, self.0.flags),
        }
    }

    fn give_back(&self, reader: Reader) {
        if let Some(idle) = self.0.idle.lock().as_mut().filter(|idle| idle.len() < KEPT) {
            idle.push(reader);
        }
    }
}

impl Reader {
    fn open(path: &Path, flags: OpenFlags) -> Result<Self, StoreError> {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        connection.pragma_update(None, "query_only", true)?;
        connection.pragma_update(None, "cache_size", -4_000)?;
        connection.pragma_update(None, "temp_store", "memory")?;
        // Plans do not depend on values, so that a statement is not planned anew for each.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        let looks = Arc::new(AtomicU32::new(0));
        let left = Arc::clone(&looks);
        let is_over = move || left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less_one).is_err();
        connection.progress_handler(STEPS, Some(is_over))?;
        Ok(Self { connection, looks })
    }

    /// Runs a query; with a number of looks, only as long as it is not found more often that it is not done.
    fn ask<T>(
        &self,
        query: impl Fn(&Connection) -> Result<T, StoreError>,
        looks: Option<u32>,
    ) -> Result<T, StoreError> {
        self.looks.store(looks.unwrap_or(u32::MAX), Ordering::Relaxed);
        // Only who has a thread of its own waits there for another process.
        self.connection.busy_timeout(if looks.is_some() { Duration::ZERO } else { PATIENCE })?;
        query(&self.connection)
    }
}

fn less_one(looks: u32) -> Option<u32> {
    if looks == u32::MAX { Some(looks) } else { looks.checked_sub(1) }
}

/// Whether a query was not done in its time, or another process was in its way.
fn is_given_up(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::OperationInterrupted | ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::sql;

    fn readers() -> (tempfile::TempDir, Readers) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch("PRAGMA journal_mode = wal; CREATE TABLE t (n BIGINT NOT NULL);").unwrap();
        let fill = "INSERT INTO t SELECT value FROM (WITH RECURSIVE c (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM c \
                    WHERE value < 50000) SELECT value FROM c)";
        connection.execute_batch(fill).unwrap();
        let readers = Readers::open(&path, false).unwrap();
        (folder, readers)
    }

    fn number(rows: &[LocalRow], name: &str) -> i64 {
        rows[0].get(name).unwrap()
    }

    #[tokio::test]
    async fn a_long_query_is_begun_anew_elsewhere_and_answers_the_same() {
        let (_folder, readers) = readers();
        let long = || sql("SELECT sum(n) AS s FROM t WHERE n <= $1").bind(50_000_i64);
        let reader = readers.take().unwrap();
        let given_up = reader.ask(|connection| local::rows(connection, &long(), 1), Some(1)).unwrap_err();
        assert!(matches!(&given_up, StoreError::Sqlite(error) if is_given_up(error)), "{given_up:?}");
        readers.give_back(reader);
        assert_eq!(number(&readers.rows(long(), 1).await.unwrap(), "s"), 1_250_025_000);
    }

    #[tokio::test]
    async fn long_totals_are_the_same_as_short_ones() {
        let (_folder, readers) = readers();
        let ids = "SELECT CASE n % 2 WHEN 0 THEN zeroblob(16) ELSE x'00000000000000000000000000000001' END, n, 1 \
                   FROM t WHERE n <= $1";
        let add = |sum: &mut [i64; 2], [n, one]: [i64; 2]| *sum = [sum[0].max(n), sum[1] + one];
        for rows in [10, 50_000_i64] {
            let mut totals = readers.totals(sql(ids).bind(rows), add).await.unwrap();
            totals.sort_unstable();
            assert_eq!(totals, [(Uuid::nil(), [rows, rows / 2]), (Uuid::from_u128(1), [rows - 1, rows / 2])]);
        }
        for (wrong, why) in [("SELECT x'01', 1, 1", "an id"), ("SELECT zeroblob(16), 'x', 1", "a number")] {
            let refused = readers.totals(sql(wrong), add).await;
            assert!(refused.is_err(), "{why}: {refused:?}");
        }
    }

    #[tokio::test]
    async fn short_queries_stay_short_however_often_they_run() {
        let (_folder, readers) = readers();
        readers.0.long.close();
        for n in 0..20_000_i64 {
            let rows = readers.rows(sql("SELECT $1 AS n FROM t LIMIT 1").bind(n), 1).await.unwrap();
            assert_eq!(number(&rows, "n"), n);
        }
        let idle = readers.0.idle.lock().as_ref().map(Vec::len);
        assert_eq!(idle, Some(1), "one connection did it all");
    }

    #[tokio::test]
    async fn nothing_is_written() {
        let (_folder, readers) = readers();
        let refused = readers.rows(sql("DELETE FROM t"), 1).await.unwrap_err();
        assert!(
            matches!(&refused, StoreError::Sqlite(error)
            if error.sqlite_error_code() == Some(ErrorCode::ReadOnly)),
            "{refused:?}"
        );
    }

    #[tokio::test]
    async fn closed_readers_say_so() {
        let (_folder, readers) = readers();
        let out = readers.take().unwrap();
        readers.close();
        readers.give_back(out);
        let refused = readers.rows(sql("SELECT 1 AS n"), 1).await.unwrap_err();
        assert!(matches!(refused, StoreError::Database(sqlx::Error::PoolClosed)), "{refused:?}");
    }
}
