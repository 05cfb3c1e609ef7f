//! A connection for what must be told soon or not at all: that a node lives, and whether others do.
//!
//! It does not wait for a connection that the node's work has, nor long for an answer: a node that is well must not be taken for dead
//! since the database has much to do for it.

use super::lent::no_answer;
use super::query;
use crate::StoreError;
use crate::db::row::Row;
use crate::db::statement::Statement;
use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::timeout;

/// How long an answer is waited for, a new connection included: a fifth of what a node has to be heard of in.
const WITHIN: Duration = Duration::from_secs(3);

/// A connection of its own, made when it is first needed and whenever it has failed.
#[derive(Debug)]
pub(crate) struct Pulse {
    options: Arc<PgConnectOptions>,
    connection: Mutex<Option<PgConnection>>,
}

impl Pulse {
    pub(super) fn new(options: Arc<PgConnectOptions>) -> Self {
        Self { options, connection: Mutex::default() }
    }

    /// The rows that a statement answers. It may be run twice, where a connection was cut.
    ///
    /// # Errors
    /// Those of the database; `Unusable` where it does not answer within a time.
    pub(crate) async fn all(&self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        let mut place = self.connection.lock().await;
        // Not put back until it has answered, whatever happens meanwhile.
        let kept = place.take();
        let ask = async {
            if let Some(mut kept) = kept
                && let Ok(rows) = query(statement.clone())?.fetch_all(&mut kept).await
            {
                return Ok((rows, kept));
            }
            let mut made = PgConnection::connect_with(&self.options).await?;
            let rows = query(statement)?.fetch_all(&mut made).await?;
            Ok::<_, StoreError>((rows, made))
        };
        let (rows, connection) = timeout(WITHIN, ask).await.map_err(|_| no_answer())??;
        *place = Some(connection);
        Ok(rows.into_iter().map(Row::Postgres).collect())
    }
}
