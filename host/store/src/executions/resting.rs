//! What waits for a workspace that was stopped or suspended. It is kept for a time only.

use crate::db::{Statement, sql};
use crate::{Store, StoreError};
use twobot_domain::{Timestamp, Trouble};

/// Rows that are given up in one transaction.
const BATCH: u64 = 500;

/// What stands at a delivery that was given up so.
pub(crate) const NOT_BEGUN: &str = "The workspace was stopped for longer than deliveries are kept.";

impl Store {
    /// Gives up, for all tenants whose workspace rests, what was received or queued before a moment, and says how much that was. It is
    /// a dead letter afterwards, which its owner may run again. What is held for a person's decision is [not touched](Self::give_up_held).
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn give_up_resting(&self, before: Timestamp, trouble: &Trouble) -> Result<u64, StoreError> {
        let told = serde_json::to_string(trouble).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let executions = || {
            sql("UPDATE executions SET state = 'failed', failure = 'refused', trouble = $1, finished_at = $2 WHERE id IN \
                 (SELECT q.id FROM executions q WHERE q.state = 'waiting' AND q.held = 0 AND q.created_at < $3 \
                 AND EXISTS (SELECT 1 FROM tenants t WHERE t.id = q.tenant_id AND t.state <> 'running') LIMIT 500)")
                .bind(told.as_str())
                .bind(Timestamp::now())
                .bind(before)
        };
        let deliveries = || {
            sql("UPDATE inbound SET state = 'failed', note = $1 WHERE id IN \
                 (SELECT q.id FROM inbound q WHERE q.state = 'waiting' AND q.received_at < $2 \
                 AND EXISTS (SELECT 1 FROM tenants t WHERE t.id = q.tenant_id AND t.state <> 'running') LIMIT 500)")
            .bind(NOT_BEGUN)
            .bind(before)
        };
        Ok(self.in_batches(executions).await? + self.in_batches(deliveries).await?)
    }

    async fn in_batches(&self, statement: impl Fn() -> Statement) -> Result<u64, StoreError> {
        let mut all = 0;
        loop {
            let changed = self.db.run(statement()).await?;
            all += changed;
            if changed < BATCH {
                return Ok(all);
            }
        }
    }
}
