//! SQLite's one writer: transactions of many tasks share one durable commit.
//!
//! SQLite writes one transaction at a time, and making one durable costs an `fsync`, which takes as long as hundreds of statements.
//! So tasks take turns with one connection, each within a savepoint of its own, and one `COMMIT` makes the whole group durable.
//! Nobody's [`WriterTx::commit`] returns before that. A group is whoever came while the group before it reached the disk: alone, a
//! transaction waits for nobody, and under load groups grow by themselves.
//!
//! Statements run at once on the task's own thread. They take microseconds; handing each to another thread took ten times that. For the same
//! reason the connection is not handed from one task to the next, but is whoever's comes first: a task that is given it has to be woken before it
//! can begin, and all others would wait for that.

mod checkpoint;
mod committer;

use crate::StoreError;
use crate::db::PATIENCE;
use crate::db::local::{self, LocalRow};
use crate::db::statement::Statement;
use checkpoint::Checkpoints;
use committer::Committer;
use parking_lot::{ArcMutexGuard, Mutex, RawMutex};
use rusqlite::config::DbConfig;
use rusqlite::hooks::Wal;
use rusqlite::{Connection, ErrorCode};
use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, oneshot};

/// Bytes of the write-ahead log that stay reserved when all of it has been taken over into the database.
const WAL_KEPT: i64 = 64 * 1024 * 1024;

/// How often it is looked whether the other process is done.
const LOOK: Duration = Duration::from_millis(5);

/// How long a thread waits for another's transaction before it turns to other tasks: as long as a few of them take.
const BRIEFLY: Duration = Duration::from_micros(200);

/// Prepared statements that are kept. There are about two hundred.
const PREPARED: usize = 512;

/// The connection that writes. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    path: Arc<Path>,
    shared: Arc<Shared>,
    /// None where nothing is written. Ends with the last clone.
    committer: Option<Arc<Committer>>,
}

#[derive(Debug)]
struct Shared {
    session: Arc<Mutex<Session>>,
    /// Tasks that are about to begin a transaction.
    coming: AtomicUsize,
    /// A group is reaching the disk: whoever comes now belongs to the next one.
    committing: AtomicBool,
    /// Told when the connection may be free.
    free: Notify,
}

#[derive(Debug)]
struct Session {
    /// None once it was closed.
    connection: Option<Connection>,
    /// Whether a group has begun.
    open: bool,
    /// Those of the group who wait until it is durable.
    members: Vec<oneshot::Sender<Result<(), String>>>,
    /// Groups that were committed.
    #[cfg(test)]
    groups: usize,
}

/// The connection, for as long as this is kept. Never across a wait: other threads wait for it.
struct Turn {
    session: ArcMutexGuard<RawMutex, Session>,
    /// Dropped after the connection.
    _freed: Freed,
}

/// Dropped, it tells one of those who wait that the connection may be free.
struct Freed(Arc<Shared>);

impl Drop for Freed {
    fn drop(&mut self) {
        self.0.free.notify_one();
    }
}

impl Writer {
    /// Opens the connection and starts the thread that commits.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = Connection::open(path)?;
        // Whoever closed the file just now may be about to tidy up its log, and has it locked for that moment.
        connection.busy_timeout(PATIENCE)?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        connection.pragma_update(None, "journal_mode", "wal")?;
        // FULL: what is acknowledged has reached the disk.
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "cache_size", -32_000)?;
        connection.pragma_update(None, "temp_store", "memory")?;
        // After a burst the log gives its room back to the disk.
        connection.pragma_update(None, "journal_size_limit", WAL_KEPT)?;
        // In the place of SQLite's own, which would take the log over within a commit.
        connection.wal_hook(Some(note_log));
        // Plans do not depend on values, so that a statement is not planned anew for each.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        // From here on nobody waits within SQLite: a turn that can not begin is taken again.
        connection.busy_timeout(Duration::ZERO)?;
        let shared = Arc::new(Shared::with(Some(connection)));
        let io = |error| StoreError::Database(sqlx::Error::Io(error));
        let checkpoints = Checkpoints::start(path).map_err(io)?;
        let committer = Committer::start(&shared, checkpoints).map_err(io)?;
        Ok(Self { path: path.into(), shared, committer: Some(Arc::new(committer)) })
    }

    /// No writer: who only reads has none.
    pub(crate) fn none(path: &Path) -> Self {
        Self { path: path.into(), shared: Arc::new(Shared::with(None)), committer: None }
    }

    /// The database's file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Begins a transaction, when it is this one's turn.
    pub(crate) async fn begin(&self) -> Result<WriterTx, StoreError> {
        let begun = Instant::now();
        loop {
            let mut turn = self.shared.turn().await;
            match turn.session.begin() {
                Ok(is_first) => {
                    // Before anything can fail: what has begun has to end.
                    if is_first && let Some(committer) = &self.committer {
                        committer.look();
                    }
                    turn.session.execute("SAVEPOINT member")?;
                    return Ok(WriterTx { turn, kept: false });
                }
                Err(StoreError::Sqlite(error)) if is_busy(&error) && begun.elapsed() < PATIENCE => {
                    drop(turn);
                    tokio::time::sleep(LOOK).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits until what was written before is durable, and so seen by those who read, or is known not to be.
    pub(crate) async fn settled(&self) {
        let (told, durable) = oneshot::channel();
        {
            let mut turn = self.shared.turn().await;
            if !turn.session.open {
                return;
            }
            turn.session.members.push(told);
        }
        // What became of it is for those whose it is.
        let _ = durable.await;
    }

    /// Runs statements in a transaction of their own, without looking after what refers to the rows that they delete: who asks for it has seen
    /// to that. To look after it, SQLite reads every table that refers to theirs and has no index for it, and all others wait meanwhile.
    pub(crate) async fn run_unchecked(&self, statements: &[Statement]) -> Result<(), StoreError> {
        let mut turn = self.shared.turn().await;
        // The setting can not change within a transaction.
        turn.session.commit();
        turn.session.connection()?.pragma_update(None, "foreign_keys", false)?;
        let outcome = turn.session.alone(statements);
        turn.session.connection()?.pragma_update(None, "foreign_keys", true)?;
        outcome
    }

    /// Closes the connection, after all who wait.
    pub(crate) async fn close(&self) {
        let mut turn = self.shared.turn().await;
        turn.session.commit();
        if let Some(committer) = &self.committer {
            committer.checkpoints().end();
        }
        turn.session.connection = None;
    }
}

impl Shared {
    fn with(connection: Option<Connection>) -> Self {
        let session = Session {
            connection,
            open: false,
            members: Vec::new(),
            #[cfg(test)]
            groups: 0,
        };
        Self {
            session: Arc::new(Mutex::new(session)),
            coming: AtomicUsize::new(0),
            committing: AtomicBool::new(false),
            free: Notify::new(),
        }
    }

    /// Waits for the connection.
    async fn turn(self: &Arc<Self>) -> Turn {
        let _coming = Coming::new(&self.coming);
        loop {
            let freed = self.free.notified();
            tokio::pin!(freed);
            // From here on nobody can free it unnoticed.
            freed.as_mut().enable();
            if !self.committing.load(Ordering::Acquire)
                && let Some(session) = self.session.try_lock_arc_for(BRIEFLY)
            {
                return Turn { session, _freed: Freed(Arc::clone(self)) };
            }
            freed.await;
        }
    }
}

/// One of those who are about to begin.
struct Coming<'a>(&'a AtomicUsize);

impl<'a> Coming<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Self(count)
    }
}

impl Drop for Coming<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Session {
    fn connection(&self) -> Result<&Connection, StoreError> {
        self.connection.as_ref().ok_or(StoreError::Database(sqlx::Error::PoolClosed))
    }

    /// Begins a group, unless one has begun. The lock is taken at once, so that no statement in it can find another process writing.
    fn begin(&mut self) -> Result<bool, StoreError> {
        if self.open {
            return Ok(false);
        }
        self.execute("BEGIN IMMEDIATE")?;
        self.open = true;
        Ok(true)
    }

    /// Runs statements, all of them or none, in a transaction that nobody shares.
    fn alone(&mut self, statements: &[Statement]) -> Result<(), StoreError> {
        self.execute("BEGIN IMMEDIATE")?;
        let outcome = statements
            .iter()
            .try_for_each(|statement| local::rows(self.connection()?, statement, 0).map(drop))
            .and_then(|()| self.execute("COMMIT"));
        if outcome.is_err() {
            self.roll_back();
        }
        outcome
    }

    fn execute(&self, text: &str) -> Result<(), StoreError> {
        Ok(self.connection()?.prepare_cached(text)?.execute([]).map(drop)?)
    }

    /// Makes the group durable and tells its members.
    fn commit(&mut self) {
        if !std::mem::take(&mut self.open) {
            return;
        }
        #[cfg(test)]
        {
            self.groups += 1;
        }
        let committed = self.execute("COMMIT").map_err(|error| error.to_string());
        if committed.is_err() {
            self.roll_back();
        }
        for member in self.members.drain(..) {
            // Whoever waited may have gone away.
            let _ = member.send(committed.clone());
        }
    }

    /// Takes over into the database what the log still has. Nobody writes meanwhile.
    fn take_over(&self) {
        let taken_over = self.connection().and_then(|connection| Ok(checkpoint::checkpoint(connection)?));
        if let Err(error) = taken_over {
            // Somebody reads who was in the way, or the disk is full: the log goes on, and is taken over later.
            tracing::debug!(%error, "the rest of the log was not taken over");
        }
    }

    /// Lets go of a group whose commit was interrupted.
    fn abandon(&mut self) {
        self.members.clear();
        self.roll_back();
    }

    fn roll_back(&self) {
        if let Err(error) = self.execute("ROLLBACK") {
            // After some failures SQLite has rolled back by itself.
            tracing::debug!(%error, "nothing was left to roll back");
        }
    }
}

thread_local! {
    /// Pages of the log after the last commit on this thread.
    static LOG_PAGES: Cell<u32> = const { Cell::new(0) };
}

/// Told by SQLite at the end of each commit, on the thread that commits.
fn note_log(_: &Wal, pages: std::ffi::c_int) -> rusqlite::Result<()> {
    LOG_PAGES.set(u32::try_from(pages).unwrap_or(0));
    Ok(())
}

fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

/// A transaction: a savepoint within a group. Dropped without [`WriterTx::commit`], it never was.
pub(crate) struct WriterTx {
    turn: Turn,
    kept: bool,
}

impl WriterTx {
    /// The rows that a statement answers, at most so many.
    pub(crate) fn rows(&mut self, statement: &Statement, most: usize) -> Result<Vec<LocalRow>, StoreError> {
        local::rows(self.turn.session.connection()?, statement, most)
    }

    /// Runs a statement and says how many rows it changed.
    pub(crate) fn run(&mut self, statement: &Statement) -> Result<u64, StoreError> {
        self.rows(statement, 0)?;
        Ok(self.turn.session.connection()?.changes())
    }

    /// Makes it durable, together with others.
    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        let (told, durable) = oneshot::channel();
        self.turn.session.execute("RELEASE member")?;
        self.turn.session.members.push(told);
        self.kept = true;
        drop(self);
        match durable.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(text)) => Err(StoreError::Database(sqlx::Error::Protocol(text))),
            Err(_) => Err(StoreError::Database(sqlx::Error::WorkerCrashed)),
        }
    }
}

impl Drop for WriterTx {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        for text in ["ROLLBACK TO member", "RELEASE member"] {
            if let Err(error) = self.turn.session.execute(text) {
                // Some failures (a full disk) end the whole transaction: then the group's COMMIT fails, and all of it is told so.
                tracing::warn!(%error, "a transaction ended with its group");
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::sql;
    use futures::future::join_all;

    async fn writer() -> (tempfile::TempDir, Writer) {
        let folder = tempfile::tempdir().unwrap();
        let writer = Writer::open(&folder.path().join("test.db")).unwrap();
        let mut tx = writer.begin().await.unwrap();
        tx.run(&sql("CREATE TABLE parents (id BIGINT PRIMARY KEY NOT NULL)")).unwrap();
        tx.run(&sql("CREATE TABLE children (parent BIGINT NOT NULL REFERENCES parents (id))")).unwrap();
        tx.commit().await.unwrap();
        (folder, writer)
    }

    async fn parents(folder: &tempfile::TempDir) -> Vec<i64> {
        // Through another connection: what it sees has been committed.
        let other = Connection::open(folder.path().join("test.db")).unwrap();
        let mut prepared = other.prepare("SELECT id FROM parents ORDER BY id").unwrap();
        prepared.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    fn add(tx: &mut WriterTx, id: i64) -> Result<u64, StoreError> {
        tx.run(&sql("INSERT INTO parents (id) VALUES ($1)").bind(id))
    }

    /// A commit is on the disk before anybody is told: with `synchronous` FULL (2) SQLite syncs its log in each commit. Nothing that
    /// happens to the connection, the file's one writer, may change that.
    #[tokio::test]
    async fn each_commit_waits_for_the_disk() {
        let (_folder, writer) = writer().await;
        let holds = || {
            let session = writer.shared.session.lock();
            let connection = session.connection.as_ref().unwrap();
            let level: i64 = connection.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
            let journal: String =
                connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
            assert_eq!((level, journal.as_str()), (2, "wal"));
        };
        holds();
        let mut tx = writer.begin().await.unwrap();
        add(&mut tx, 1).unwrap();
        tx.commit().await.unwrap();
        holds();
        writer.run_unchecked(&[sql("DELETE FROM parents")]).await.unwrap();
        holds();
        let failed = [sql("DELETE FROM nothing")];
        assert!(writer.run_unchecked(&failed).await.is_err());
        holds();
    }

    #[tokio::test]
    async fn references_are_not_looked_at_for_as_long_as_was_asked_for() {
        let (folder, writer) = writer().await;
        let mut tx = writer.begin().await.unwrap();
        add(&mut tx, 1).unwrap();
        add(&mut tx, 2).unwrap();
        tx.run(&sql("INSERT INTO children (parent) VALUES (1)")).unwrap();
        tx.commit().await.unwrap();
        let delete = |id: i64| sql("DELETE FROM parents WHERE id = $1").bind(id);
        // All of them or none.
        let wrong = sql("DELETE FROM nothing");
        assert!(writer.run_unchecked(&[delete(1), wrong]).await.is_err());
        assert_eq!(parents(&folder).await, [1, 2]);
        let mut tx = writer.begin().await.unwrap();
        assert!(tx.run(&delete(1)).is_err(), "they are looked at again");
        drop(tx);
        writer.run_unchecked(&[delete(1)]).await.unwrap();
        assert_eq!(parents(&folder).await, [2]);
        let mut tx = writer.begin().await.unwrap();
        assert!(tx.run(&sql("INSERT INTO children (parent) VALUES (1)")).is_err(), "and now too");
    }

    #[tokio::test]
    async fn those_who_wait_meanwhile_become_durable_together() {
        let (folder, writer) = writer().await;
        let before = writer.shared.session.lock().groups;
        let mut first = writer.begin().await.unwrap();
        let others = (1..50).map(|id| {
            let writer = &writer;
            async move {
                let mut tx = writer.begin().await?;
                add(&mut tx, id)?;
                tx.commit().await
            }
        });
        let (first, others) = tokio::join!(
            async {
                // The others have queued up by now: `join!` has polled them, or will before the committer's turn.
                tokio::task::yield_now().await;
                add(&mut first, 0)?;
                first.commit().await
            },
            join_all(others)
        );
        first.unwrap();
        others.into_iter().for_each(|durable| durable.unwrap());
        assert_eq!(parents(&folder).await, (0..50).collect::<Vec<_>>());
        assert!(writer.shared.session.lock().groups - before <= 2, "fifty transactions, one or two commits");
    }

    #[tokio::test]
    async fn one_that_is_given_up_takes_nothing_of_the_others_with_it() {
        let (folder, writer) = writer().await;
        let good = async |id: i64| {
            let mut tx = writer.begin().await?;
            add(&mut tx, id)?;
            tx.commit().await
        };
        let dropped = async {
            let mut tx = writer.begin().await.unwrap();
            add(&mut tx, 2).unwrap();
            drop(tx);
        };
        let refused = async {
            let mut tx = writer.begin().await.unwrap();
            add(&mut tx, 3).unwrap();
            let twice = add(&mut tx, 3).unwrap_err();
            assert!(matches!(&twice, StoreError::Exists(name) if name == "parents_pkey"), "{twice:?}");
        };
        let (first, (), (), last) = tokio::join!(good(1), dropped, refused, good(4));
        first.unwrap();
        last.unwrap();
        assert_eq!(parents(&folder).await, [1, 4]);
        good(5).await.unwrap();
        assert_eq!(parents(&folder).await, [1, 4, 5]);
    }

    #[tokio::test]
    async fn when_the_commit_fails_nobody_is_told_that_it_is_durable() {
        let (folder, writer) = writer().await;
        let good = async {
            let mut tx = writer.begin().await?;
            add(&mut tx, 1)?;
            tx.commit().await
        };
        let bad = async {
            let mut tx = writer.begin().await?;
            // Checked by COMMIT and not before.
            tx.run(&sql("PRAGMA defer_foreign_keys = ON"))?;
            tx.run(&sql("INSERT INTO children (parent) VALUES (404)"))?;
            tx.commit().await
        };
        let (good_told, bad_told) = tokio::join!(good, bad);
        assert!(bad_told.is_err());
        // Of one group with it, as a rule. Where the other was committed before, it is kept, and told so.
        assert_eq!(parents(&folder).await, if good_told.is_ok() { vec![1] } else { vec![] });

        let mut tx = writer.begin().await.unwrap();
        add(&mut tx, 2).unwrap();
        tx.commit().await.unwrap();
        assert_eq!(parents(&folder).await.last(), Some(&2), "the next group is as good as any");
    }

    #[tokio::test]
    async fn what_was_written_before_is_seen_once_it_is_settled() {
        let (folder, writer) = writer().await;
        writer.settled().await;
        let mut tx = writer.begin().await.unwrap();
        add(&mut tx, 1).unwrap();
        let (durable, seen) = tokio::join!(tx.commit(), async {
            let unseen = parents(&folder).await;
            writer.settled().await;
            (unseen, parents(&folder).await)
        });
        durable.unwrap();
        assert_eq!(seen, (vec![], vec![1]));
    }

    #[tokio::test]
    async fn the_log_is_taken_over_beside_the_commits_and_written_from_its_beginning() {
        let (folder, writer) = writer().await;
        let write = async |bytes: u32| {
            let mut tx = writer.begin().await.unwrap();
            tx.run(&sql("CREATE TABLE IF NOT EXISTS large (bytes BLOB NOT NULL)")).unwrap();
            tx.run(&sql("INSERT INTO large (bytes) VALUES (zeroblob($1))").bind(i64::from(bytes))).unwrap();
            tx.commit().await.unwrap();
        };
        let log = || std::fs::metadata(folder.path().join("test.db-wal")).unwrap().len();
        let long = checkpoint::LONG * 4_096;
        write(long / 2).await;
        assert!(log() > u64::from(long / 2), "nothing is taken over before it is long");
        write(long / 2).await;
        // It is long now. Told of that after the commit, the thread may begin a moment later.
        let is_begun_anew = async || {
            writer.committer.as_ref().unwrap().checkpoints().wait();
            let before = log();
            write(long / 64).await;
            log() == before
        };
        let mut rounds = 0;
        while !is_begun_anew().await {
            rounds += 1;
            assert!(rounds < 100, "the log grows: {}", log());
        }
        let other = Connection::open(folder.path().join("test.db")).unwrap();
        let kept: i64 =
            other.query_row("SELECT sum(length(bytes)) FROM large", [], |row| row.get(0)).unwrap();
        assert_eq!(kept, i64::from(long / 2) * 2 + i64::from(long / 64) * (rounds + 1));
        writer.close().await;
    }

    #[tokio::test]
    async fn another_process_that_writes_is_waited_for() {
        let (folder, writer) = writer().await;
        let other = Connection::open(folder.path().join("test.db")).unwrap();
        other.execute_batch("BEGIN IMMEDIATE; INSERT INTO parents VALUES (1);").unwrap();
        let ours = async {
            let mut tx = writer.begin().await.unwrap();
            add(&mut tx, 2).unwrap();
            tx.commit().await.unwrap();
        };
        let theirs = async {
            tokio::task::yield_now().await;
            other.execute_batch("COMMIT").unwrap();
        };
        tokio::join!(ours, theirs);
        assert_eq!(parents(&folder).await, [1, 2]);
    }

    #[tokio::test]
    async fn a_closed_writer_says_so() {
        let (_folder, writer) = writer().await;
        writer.close().await;
        assert!(matches!(writer.begin().await, Err(StoreError::Database(sqlx::Error::PoolClosed))));
    }
}
