//! SQLite's one writer: transactions of many tasks share one durable commit.
//!
//! SQLite writes one transaction at a time, and making one durable costs an `fsync`, which takes as long as hundreds of statements.
//! So tasks take turns with one connection, each within a savepoint of its own, and one `COMMIT` makes the whole group durable.
//! Nobody's [`WriterTx::commit`] returns before that. A group is whoever came while the group before it reached the disk: alone, a
//! transaction waits for nobody, and under load groups grow by themselves.
//!
//! Statements run at once on the task's own thread. They take microseconds; handing each to another thread took ten times that.

use crate::StoreError;
use crate::db::PATIENCE;
use crate::db::local::{self, LocalRow};
use crate::db::statement::Statement;
use rusqlite::{Connection, ErrorCode};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, OwnedMutexGuard, mpsc, oneshot};

/// Bytes of the write-ahead log that stay reserved when all of it has been taken over into the database.
const WAL_KEPT: i64 = 64 * 1024 * 1024;

/// How often it is looked whether the other process is done.
const LOOK: Duration = Duration::from_millis(5);

/// Prepared statements that are kept. There are about two hundred.
const PREPARED: usize = 512;

/// The connection that writes. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    path: Arc<Path>,
    session: Arc<Mutex<Session>>,
    /// Tells the committer that a group was begun. One word is enough, however many groups.
    begun: mpsc::Sender<()>,
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

impl Writer {
    /// Opens the connection and starts the task that commits. It ends when the last clone is dropped.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(Duration::ZERO)?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        connection.pragma_update(None, "journal_mode", "wal")?;
        // FULL: what is acknowledged has reached the disk.
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "cache_size", -32_000)?;
        connection.pragma_update(None, "temp_store", "memory")?;
        // After a burst the log gives its room back to the disk.
        connection.pragma_update(None, "journal_size_limit", WAL_KEPT)?;
        let session = Arc::new(Mutex::new(Session {
            connection: Some(connection),
            open: false,
            members: Vec::new(),
            #[cfg(test)]
            groups: 0,
        }));
        let (begun, commits) = mpsc::channel(1);
        tokio::spawn(commit_groups(Arc::clone(&session), commits));
        Ok(Self { path: path.into(), session, begun })
    }

    /// No writer: who only reads has none.
    pub(crate) fn none(path: &Path) -> Self {
        let session = Session {
            connection: None,
            open: false,
            members: Vec::new(),
            #[cfg(test)]
            groups: 0,
        };
        Self { path: path.into(), session: Arc::new(Mutex::new(session)), begun: mpsc::channel(1).0 }
    }

    /// The database's file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Begins a transaction, when it is this one's turn.
    pub(crate) async fn begin(&self) -> Result<WriterTx, StoreError> {
        let mut session = Arc::clone(&self.session).lock_owned().await;
        if !session.open {
            session.begin().await?;
            // The committer gets its turn after all who wait already: they are the group. A word that is not taken yet serves, too.
            let _ = self.begun.try_send(());
        }
        session.execute("SAVEPOINT member")?;
        Ok(WriterTx { session, kept: false })
    }

    /// Waits until what was written before is durable, and so seen by those who read, or is known not to be.
    pub(crate) async fn settled(&self) {
        let (told, durable) = oneshot::channel();
        {
            let mut session = self.session.lock().await;
            if !session.open {
                return;
            }
            session.members.push(told);
        }
        // What became of it is for those whose it is.
        let _ = durable.await;
    }

    /// Closes the connection, after all who wait.
    pub(crate) async fn close(&self) {
        let mut session = self.session.lock().await;
        session.commit();
        session.connection = None;
    }
}

/// Commits each group that was begun, when its turn comes.
async fn commit_groups(session: Arc<Mutex<Session>>, mut begun: mpsc::Receiver<()>) {
    while begun.recv().await.is_some() {
        let mut session = Arc::clone(&session).lock_owned().await;
        // Waiting for the disk is not for a thread that serves.
        let committed = tokio::task::spawn_blocking(move || session.commit()).await;
        if let Err(error) = committed {
            tracing::error!(%error, "the task that commits was interrupted; what it had is told as failed");
        }
    }
}

impl Session {
    fn connection(&self) -> Result<&Connection, StoreError> {
        self.connection.as_ref().ok_or(StoreError::Database(sqlx::Error::PoolClosed))
    }

    /// Begins a group. The lock is taken at once, so that no statement in it can find another process writing.
    async fn begin(&mut self) -> Result<(), StoreError> {
        let begun = Instant::now();
        loop {
            match self.execute("BEGIN IMMEDIATE") {
                Ok(()) => break,
                Err(StoreError::Sqlite(error)) if is_busy(&error) && begun.elapsed() < PATIENCE => {
                    tokio::time::sleep(LOOK).await;
                }
                Err(error) => return Err(error),
            }
        }
        self.open = true;
        Ok(())
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
        if committed.is_err()
            && let Err(error) = self.execute("ROLLBACK")
        {
            // After some failures SQLite has rolled back by itself.
            tracing::debug!(%error, "nothing was left to roll back");
        }
        for member in self.members.drain(..) {
            // Whoever waited may have gone away.
            let _ = member.send(committed.clone());
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

/// A transaction: a savepoint within a group. Dropped without [`WriterTx::commit`], it never was.
#[derive(Debug)]
pub(crate) struct WriterTx {
    session: OwnedMutexGuard<Session>,
    kept: bool,
}

impl WriterTx {
    /// The rows that a statement answers, at most so many.
    pub(crate) fn rows(&mut self, statement: &Statement, most: usize) -> Result<Vec<LocalRow>, StoreError> {
        local::rows(self.session.connection()?, statement, most)
    }

    /// Runs a statement and says how many rows it changed.
    pub(crate) fn run(&mut self, statement: &Statement) -> Result<u64, StoreError> {
        self.rows(statement, 0)?;
        Ok(self.session.connection()?.changes())
    }

    /// Makes it durable, together with others.
    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        self.session.execute("RELEASE member")?;
        self.kept = true;
        let (told, durable) = oneshot::channel();
        self.session.members.push(told);
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
            if let Err(error) = self.session.execute(text) {
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

    #[tokio::test]
    async fn those_who_wait_meanwhile_become_durable_together() {
        let (folder, writer) = writer().await;
        let before = writer.session.lock().await.groups;
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
        assert!(writer.session.lock().await.groups - before <= 2, "fifty transactions, one or two commits");
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
        assert!(good_told.is_err(), "the same group");
        assert!(parents(&folder).await.is_empty());

        let mut tx = writer.begin().await.unwrap();
        add(&mut tx, 2).unwrap();
        tx.commit().await.unwrap();
        assert_eq!(parents(&folder).await, [2], "the next group is as good as any");
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
