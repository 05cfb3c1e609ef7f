//! How much waits in the queues, over all tenants, for whoever watches the platform.

use crate::db::sql;
use crate::executions::WorkKind;
use crate::{Store, StoreError};
use std::time::Duration;
use twobot_domain::Timestamp;

/// Rows that are counted of a queue at most. What is beyond is as bad.
pub const MOST: u64 = 10_000;

/// What waits in one queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// How much, up to [`MOST`].
    pub waiting: u64,
    /// How long the oldest of it does.
    pub oldest: Duration,
}

impl Store {
    /// What waits in a queue, also what waits for its time or for a workspace that is stopped.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn backlog(&self, kind: WorkKind) -> Result<Backlog, StoreError> {
        let statement = match kind {
            WorkKind::Inbound => sql("SELECT count(*) AS waiting, min(since) AS oldest FROM \
                                      (SELECT received_at AS since FROM inbound WHERE state = 'waiting' LIMIT 10000) found"),
            WorkKind::Execution => sql("SELECT count(*) AS waiting, min(since) AS oldest FROM \
                                        (SELECT created_at AS since FROM executions WHERE state = 'waiting' LIMIT 10000) found"),
            WorkKind::Effect => sql("SELECT count(*) AS waiting, min(since) AS oldest FROM \
                                     (SELECT created_at AS since FROM effects WHERE state = 'waiting' LIMIT 10000) found"),
        };
        let row = self.db.one(statement).await?;
        let oldest: Option<Timestamp> = row.get("oldest")?;
        let age = oldest.map_or(0, |oldest| Timestamp::now().millis().saturating_sub(oldest.millis()));
        let waiting = u64::try_from(row.get::<i64>("waiting")?).unwrap_or(0);
        Ok(Backlog { waiting, oldest: Duration::from_millis(age) })
    }
}
