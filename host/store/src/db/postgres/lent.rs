//! A connection of the pool, for as long as somebody has it. What is asked on it is answered within a time, or the connection is closed.
//!
//! The server ends what takes too long there. But where something on the way forgets a connection, or the other machine has lost its
//! power, nobody tells this side: it would wait for as long as TCP tries, which is a quarter of an hour, or for ever.

use super::query;
use crate::StoreError;
use crate::db::statement::Statement;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, PgPool, PgRow};
use sqlx::{Executor as _, Postgres};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::error::Elapsed;
use tokio::time::timeout;

/// How long a statement, or a commit, is waited for: longer than the server lets one take (10 s), so that it is the server's answer
/// that is told where there is one.
pub(super) const STATEMENT: Duration = Duration::from_secs(15);

/// A connection that goes back to the pool when it is dropped, unless it was silent.
pub(super) struct Lent {
    /// None only while it is dropped.
    connection: Option<PoolConnection<Postgres>>,
    /// A transaction was begun on it and has not ended.
    open: bool,
    /// It did not answer in time: who knows what it still will say.
    silent: bool,
}

/// What is told where no answer came.
pub(super) fn no_answer() -> StoreError {
    StoreError::Unusable("the server does not answer".to_owned())
}

impl Lent {
    pub(super) async fn of(pool: &PgPool) -> Result<Self, StoreError> {
        Ok(Self { connection: Some(pool.acquire().await?), open: false, silent: false })
    }

    /// The rows that a statement answers within a time.
    pub(super) async fn all(
        &mut self,
        statement: Statement,
        within: Duration,
    ) -> Result<Vec<PgRow>, StoreError> {
        let asked = timeout(within, query(statement)?.fetch_all(self.connection()?)).await;
        self.answered(asked)
    }

    /// The first row that a statement answers within a time.
    pub(super) async fn optional(
        &mut self,
        statement: Statement,
        within: Duration,
    ) -> Result<Option<PgRow>, StoreError> {
        let asked = timeout(within, query(statement)?.fetch_optional(self.connection()?)).await;
        self.answered(asked)
    }

    /// Runs a statement within a time, and says how many rows it changed.
    pub(super) async fn run(&mut self, statement: Statement, within: Duration) -> Result<u64, StoreError> {
        let asked = timeout(within, query(statement)?.execute(self.connection()?)).await;
        Ok(self.answered(asked)?.rows_affected())
    }

    /// Begins a transaction. It is rolled back when this is dropped before [`Lent::commit`] was answered.
    pub(super) async fn begin(&mut self) -> Result<(), StoreError> {
        self.open = true;
        self.say("BEGIN").await
    }

    /// Makes the transaction durable. Where this fails for want of an answer, nobody knows whether it is.
    pub(super) async fn commit(&mut self) -> Result<(), StoreError> {
        self.say("COMMIT").await?;
        self.open = false;
        Ok(())
    }

    async fn say(&mut self, text: &'static str) -> Result<(), StoreError> {
        let asked = timeout(STATEMENT, self.connection()?.execute(text)).await;
        self.answered(asked).map(drop)
    }

    fn connection(&mut self) -> Result<&mut PgConnection, StoreError> {
        Ok(&mut **self.connection.as_mut().ok_or_else(no_answer)?)
    }

    fn answered<T>(&mut self, asked: Result<Result<T, sqlx::Error>, Elapsed>) -> Result<T, StoreError> {
        match asked {
            Ok(answer) => Ok(answer?),
            Err(_) => {
                self.silent = true;
                Err(no_answer())
            }
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        let open = self.open;
        match Handle::try_current() {
            Ok(runtime) if !self.silent => {
                // Whoever asked may have gone away before the answer came: that is waited for here, and a connection that does not
                // give it takes no place of the pool for ever.
                runtime.spawn(timeout(STATEMENT, async move {
                    if open && connection.execute("ROLLBACK").await.is_err() {
                        drop(connection.detach());
                        return;
                    }
                    connection.return_to_pool().await;
                }));
            }
            // Nothing is said to it any more, not even goodbye.
            _ => drop(connection.detach()),
        }
    }
}
