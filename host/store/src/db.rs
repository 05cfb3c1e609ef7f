//! One way to run a statement, whatever the database.
//!
//! A [`Statement`] is SQL that every dialect understands (`$1` parameters, `ON CONFLICT`, `RETURNING`) with its values; a
//! [`Row`] is read by column name. Only this module and `migrations/` know which database it is, and the group commit of
//! deliveries, which is written for each. See `docs/decisions/0003-one-store-two-dialects.md`.

mod local;
mod postgres;
mod reader;
mod retry;
mod row;
mod sqlite;
mod statement;
mod turns;
mod writer;

pub(crate) use postgres::{Fence, Pulse, Server, lock_of_inbox, lock_of_node, lock_of_tenant};
pub(crate) use retry::{Tries, transaction};
pub(crate) use row::Row;
pub(crate) use sqlite::file_of;
pub(crate) use statement::{Statement, Value, sql, sql_of, storable};

use crate::TenantScope;
use crate::error::StoreError;
use postgres::Lock;
use std::time::Duration;
use uuid::Uuid;
use writer::WriterTx;

/// Statements that take longer are logged.
const SLOW: Duration = Duration::from_millis(500);
/// How long one waits for another process that writes.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where nodes that share a database tell each other what happened.
pub(crate) const CHANNEL: &str = "twobot";

/// The database.
#[derive(Clone, Debug)]
pub(crate) enum Db {
    Sqlite(sqlite::Files),
    Postgres(postgres::Server),
}

impl Db {
    /// Opens the database that a URL names, and makes it where it is a file that does not exist.
    pub(crate) async fn open(url: &str) -> Result<Self, StoreError> {
        match url.split(':').next().unwrap_or_default() {
            "sqlite" => sqlite::Files::open(url).await.map(Self::Sqlite),
            "postgres" | "postgresql" => postgres::Server::open(url).await.map(Self::Postgres),
            scheme => Err(StoreError::UnsupportedDatabase(scheme.to_owned())),
        }
    }

    /// Opens a database that is there, only to read it.
    pub(crate) async fn open_read_only(url: &str) -> Result<Self, StoreError> {
        match url.split(':').next().unwrap_or_default() {
            "sqlite" => sqlite::Files::open_read_only(url).await.map(Self::Sqlite),
            "postgres" | "postgresql" => postgres::Server::open_read_only(url).await.map(Self::Postgres),
            scheme => Err(StoreError::UnsupportedDatabase(scheme.to_owned())),
        }
    }

    /// The version of the schema that this program knows.
    pub(crate) fn newest_migration(&self) -> i64 {
        match self {
            Self::Sqlite(_) => sqlite::MIGRATIONS.iter().map(|migration| migration.version).max(),
            Self::Postgres(_) => postgres::MIGRATIONS.iter().map(|migration| migration.version).max(),
        }
        .unwrap_or(0)
    }

    /// Brings the schema up to date.
    pub(crate) async fn migrate(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(files) => files.migrate().await,
            Self::Postgres(server) => server.migrate().await,
        }
    }

    /// The same database, for work that is done under a fence. Where there is one process, nobody else can take the work.
    pub(crate) fn fenced(&self, fence: Fence) -> Self {
        match self {
            Self::Sqlite(files) => Self::Sqlite(files.clone()),
            Self::Postgres(server) => Self::Postgres(server.fenced(fence)),
        }
    }

    /// Begins a transaction of a tenant that may write. It is alone: no other transaction of this tenant runs meanwhile, on
    /// any node, so what it reads stays as it is until its commit, unless a single statement ([`Db::run`]) changes it.
    pub(crate) async fn begin(&self, scope: TenantScope) -> Result<Tx, StoreError> {
        self.begin_with(|| vec![Lock::Tenant.number(scope.tenant())]).await
    }

    /// Begins a transaction that only adds rows, and so needs to be alone with nobody; or that takes locks of its own.
    pub(crate) async fn begin_shared(&self) -> Result<Tx, StoreError> {
        self.begin_with(Vec::new).await
    }

    async fn begin_with(&self, locks: impl FnOnce() -> Vec<i64>) -> Result<Tx, StoreError> {
        match self {
            // There is one writer: every transaction is alone.
            Self::Sqlite(files) => Ok(Tx::Sqlite(files.writer.begin().await?)),
            Self::Postgres(server) => Ok(Tx::Postgres(server.begin(locks()).await?)),
        }
    }

    /// The rows that a query answers.
    pub(crate) async fn all(&self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        Ok(match self {
            Self::Sqlite(files) => {
                files.readers.rows(statement, usize::MAX).await?.into_iter().map(Row::Local).collect()
            }
            Self::Postgres(server) => {
                let rows = server.all(statement).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// What rows come to, by the id in their first column: `each` answers them as they are, `grouped` what they come to. SQLite would
    /// sort them to group them, which takes longer than to read them; PostgreSQL groups them in memory, and nearer to them.
    pub(crate) async fn totals<const N: usize>(
        &self,
        each: Statement,
        grouped: Statement,
        add: fn(&mut [i64; N], [i64; N]),
    ) -> Result<Vec<(Uuid, [i64; N])>, StoreError> {
        match self {
            Self::Sqlite(files) => files.readers.totals(each, add).await,
            Self::Postgres(server) => {
                let rows = server.all(grouped).await?;
                rows.iter().map(postgres::total).collect()
            }
        }
    }

    /// The first row that a query answers.
    pub(crate) async fn optional(&self, statement: Statement) -> Result<Option<Row>, StoreError> {
        Ok(match self {
            Self::Sqlite(files) => files.readers.rows(statement, 1).await?.into_iter().next().map(Row::Local),
            Self::Postgres(server) => server.optional(statement).await?.map(Row::Postgres),
        })
    }

    /// The one row that a query answers.
    pub(crate) async fn one(&self, statement: Statement) -> Result<Row, StoreError> {
        self.optional(statement).await?.ok_or(StoreError::NotFound)
    }

    /// Runs a single writing statement in a transaction of its own, and says how many rows it changed.
    pub(crate) async fn run(&self, statement: Statement) -> Result<u64, StoreError> {
        let mut tries = Tries::default();
        loop {
            match self.run_once(statement.clone()).await {
                Err(error) if tries.again(&error).await => {}
                outcome => return outcome,
            }
        }
    }

    async fn run_once(&self, statement: Statement) -> Result<u64, StoreError> {
        Ok(match self {
            Self::Sqlite(files) => {
                let mut tx = files.writer.begin().await?;
                let changed = tx.run(&statement)?;
                tx.commit().await?;
                changed
            }
            Self::Postgres(server) if server.fence.is_some() => {
                let mut tx = server.begin(Vec::new()).await?;
                let changed = tx.run(statement).await?;
                tx.commit().await?;
                changed
            }
            Self::Postgres(server) => server.run(statement).await?,
        })
    }

    /// Deletes rows that nothing refers to any more, all of them or none, without looking for what does: see [`Writer::run_unchecked`](writer::Writer::run_unchecked).
    /// PostgreSQL looks nevertheless, and nobody waits for that.
    pub(crate) async fn run_unchecked(&self, statements: Vec<Statement>) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(files) => files.writer.run_unchecked(&statements).await,
            Self::Postgres(_) => {
                let mut tx = self.begin_shared().await?;
                for statement in statements {
                    tx.run(statement).await?;
                }
                tx.commit().await
            }
        }
    }

    /// Waits until readers see what transactions before this moment wrote. Those of a group see each other's writes before they are
    /// durable, and readers do not; in PostgreSQL a transaction waits for the end of those of its tenant before it.
    pub(crate) async fn settled(&self) {
        if let Self::Sqlite(files) = self {
            files.writer.settled().await;
        }
    }

    /// Closes every connection, so that files can be moved or removed.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(files) => files.close().await,
            Self::Postgres(server) => server.close().await,
        }
    }
}

/// A transaction that may write. Dropped without [`Tx::commit`], it never was.
pub(crate) enum Tx {
    Sqlite(WriterTx),
    Postgres(postgres::ServerTx),
}

impl Tx {
    /// The rows that a statement answers.
    pub(crate) async fn all(&mut self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        Ok(match self {
            Self::Sqlite(tx) => tx.rows(&statement, usize::MAX)?.into_iter().map(Row::Local).collect(),
            Self::Postgres(server) => {
                let rows = server.all(statement).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// The first row that a statement answers.
    pub(crate) async fn optional(&mut self, statement: Statement) -> Result<Option<Row>, StoreError> {
        Ok(match self {
            Self::Sqlite(tx) => tx.rows(&statement, 1)?.into_iter().next().map(Row::Local),
            Self::Postgres(server) => server.optional(statement).await?.map(Row::Postgres),
        })
    }

    /// Runs a statement and says how many rows it changed.
    pub(crate) async fn run(&mut self, statement: Statement) -> Result<u64, StoreError> {
        Ok(match self {
            Self::Sqlite(tx) => tx.run(&statement)?,
            Self::Postgres(server) => server.run(statement).await?,
        })
    }

    /// Makes it durable.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres(server) => server.commit().await,
        }
    }
}
