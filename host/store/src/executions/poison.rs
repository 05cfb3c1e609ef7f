//! Executions that were running when the process ended.

use crate::db::{sql, transaction};
use crate::{Store, StoreError, TenantScope};
use twobot_domain::{ExecutionId, Timestamp, Trouble};

impl Store {
    /// Notes that the process ended while an execution ran, and gives it up where that happened too often. Says whether it did. One that
    /// has its outcome is left alone.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn note_death(
        &self,
        id: ExecutionId,
        most: u64,
        trouble: &Trouble,
    ) -> Result<bool, StoreError> {
        let found = sql("SELECT tenant_id FROM executions WHERE id = $1 AND state = 'waiting'").bind(id);
        let Some(row) = self.db.optional(found).await? else { return Ok(false) };
        let scope = TenantScope::of(row.get("tenant_id")?);
        let trouble =
            serde_json::to_string(trouble).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        transaction!(self.db.begin(scope), |tx| {
            let row = tx
                .optional(
                    sql("UPDATE executions SET deaths = deaths + 1 WHERE id = $1 AND tenant_id = $2 AND state = 'waiting' \
                         RETURNING deaths")
                    .bind(id)
                    .bind(scope.tenant()),
                )
                .await?;
            let deaths: u64 = row.map_or(Ok(0), |row| row.get("deaths"))?;
            let is_over = deaths >= most;
            if is_over {
                tx.run(
                    sql("UPDATE executions SET state = 'failed', held = 0, failure = 'platform', trouble = $1, finished_at = $2 \
                         WHERE id = $3 AND tenant_id = $4 AND state = 'waiting'")
                    .bind(trouble.as_str())
                    .bind(Timestamp::now())
                    .bind(id)
                    .bind(scope.tenant()),
                )
                .await?;
            }
            tx.commit().await?;
            Ok(is_over)
        })
    }
}
