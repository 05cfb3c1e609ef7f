//! Executions that were running when the process ended.

use crate::db::{sql, transaction};
use crate::{Store, StoreError, TenantScope};
use twobot_domain::{ExecutionId, Timestamp, Trouble};

/// What becomes of an execution that ran when the process ended.
#[derive(Clone, Debug)]
pub enum AfterDeath {
    /// It is tried again at this moment.
    TryAt(Timestamp),
    /// It is given up.
    GiveUp(Trouble),
}

impl Store {
    /// Notes that the process ended while an execution ran. `decide` says what becomes of it after so many deaths. Answers how many they
    /// are; none for one that has its outcome, which is left alone.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn note_death(
        &self,
        id: ExecutionId,
        decide: fn(u64) -> AfterDeath,
    ) -> Result<u64, StoreError> {
        let found = sql("SELECT tenant_id FROM executions WHERE id = $1 AND state = 'waiting'").bind(id);
        let Some(row) = self.db.optional(found).await? else { return Ok(0) };
        let scope = TenantScope::of(row.get("tenant_id")?);
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
            let outcome = match decide(deaths) {
                AfterDeath::TryAt(at) => {
                    sql("UPDATE executions SET next_at = $1 WHERE id = $2 AND tenant_id = $3 AND state = 'waiting'")
                        .bind(at)
                        .bind(id)
                        .bind(scope.tenant())
                }
                AfterDeath::GiveUp(trouble) => {
                    let trouble =
                        serde_json::to_string(&trouble).map_err(|error| StoreError::Corrupt(error.to_string()))?;
                    sql("UPDATE executions SET state = 'failed', held = 0, failure = 'platform', trouble = $1, finished_at = $2 \
                         WHERE id = $3 AND tenant_id = $4 AND state = 'waiting'")
                    .bind(trouble)
                    .bind(Timestamp::now())
                    .bind(id)
                    .bind(scope.tenant())
                }
            };
            tx.run(outcome).await?;
            tx.commit().await?;
            Ok(deaths)
        })
    }
}
