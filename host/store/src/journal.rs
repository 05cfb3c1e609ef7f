//! The journal of inline effects: what an execution asked for, and what it was answered.
//!
//! The intent is durable before the call, the answer after it. A retry is given the recorded answers in order. What passed between the
//! sandbox and the world is counted by the transaction that records the answer, and by nothing else: as often as it was answered.

use crate::db::{sql, transaction};
use crate::{Store, StoreError, TenantScope, points};
use twobot_domain::{ExecutionId, Timestamp, Usage};

/// One inline effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalEntry {
    /// What was asked, as JSON.
    pub request: String,
    /// What was answered, as JSON; none when the host went away in between.
    pub result: Option<String>,
}

impl Store {
    /// What an execution did in earlier attempts, in order.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn journal(
        &self,
        scope: TenantScope,
        execution: ExecutionId,
    ) -> Result<Vec<JournalEntry>, StoreError> {
        let rows = self
            .db
            .all(
                sql("SELECT request, result FROM journal WHERE execution_id = $1 AND tenant_id = $2 ORDER BY seq")
                    .bind(execution)
                    .bind(scope.tenant()),
            )
            .await?;
        rows.iter()
            .map(|row| Ok(JournalEntry { request: row.get("request")?, result: row.get("result")? }))
            .collect()
    }

    /// Records what is about to be asked. Whatever an earlier attempt recorded from here on took another path and is dropped.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such execution: what can not be recorded must not be done.
    pub async fn journal_intent(
        &self,
        scope: TenantScope,
        execution: ExecutionId,
        seq: u64,
        request: &str,
    ) -> Result<(), StoreError> {
        transaction!(self.db.begin(scope), |tx| {
            tx.run(
                sql("DELETE FROM journal WHERE execution_id = $1 AND tenant_id = $2 AND seq >= $3")
                    .bind(execution)
                    .bind(scope.tenant())
                    .bind(seq),
            )
            .await?;
            let written = tx
                .run(
                    sql("INSERT INTO journal (execution_id, seq, tenant_id, request, created_at) \
                     SELECT id, $1, tenant_id, $2, $3 FROM executions WHERE id = $4 AND tenant_id = $5")
                    .bind(seq)
                    .bind(request)
                    .bind(Timestamp::now())
                    .bind(execution)
                    .bind(scope.tenant()),
                )
                .await?;
            if written == 0 {
                return Err(StoreError::NotFound);
            }
            tx.commit().await?;
            points::reach("journal-after-intent");
            Ok(())
        })
    }

    /// Records that what was asked before is about to be asked again, with the same intent: whatever was answered no longer counts.
    /// `repeats` says whether it may have been done before.
    ///
    /// # Errors
    /// `NotFound` when there is no such intent: what can not be recorded must not be done.
    pub async fn journal_again(
        &self,
        scope: TenantScope,
        execution: ExecutionId,
        seq: u64,
        repeats: bool,
    ) -> Result<(), StoreError> {
        let changed = self
            .db
            .run(
                sql("UPDATE journal SET result = NULL, ended = 0, repeats = repeats + $1 \
                     WHERE execution_id = $2 AND tenant_id = $3 AND seq = $4")
                .bind(u64::from(repeats))
                .bind(execution)
                .bind(scope.tenant())
                .bind(seq),
            )
            .await?;
        if changed == 0 { Err(StoreError::NotFound) } else { Ok(()) }
    }

    /// Records what was answered, and what the call used. Without an answer, that the call came to an end of which nothing is kept:
    /// a retry is to ask again.
    ///
    /// # Errors
    /// `NotFound` when there is no such intent without an answer: nothing is counted then.
    pub async fn journal_result(
        &self,
        scope: TenantScope,
        execution: ExecutionId,
        seq: u64,
        result: Option<&str>,
        used: &Usage,
    ) -> Result<(), StoreError> {
        points::reach("journal-before-answer");
        let answered = || {
            sql("UPDATE journal SET result = $1, ended = 1 \
                 WHERE execution_id = $2 AND tenant_id = $3 AND seq = $4 AND result IS NULL")
            .bind(result)
            .bind(execution)
            .bind(scope.tenant())
            .bind(seq)
        };
        if *used == Usage::default() {
            return if self.db.run(answered()).await? == 0 { Err(StoreError::NotFound) } else { Ok(()) };
        }
        transaction!(self.db.begin(scope), |tx| {
            if tx.run(answered()).await? == 0 {
                return Err(StoreError::NotFound);
            }
            crate::usage::rest(&mut tx, scope, self.metering.now(), used).await?;
            crate::usage::count_up(&mut tx, scope, &self.metering, used.executions).await?;
            tx.commit().await
        })
    }
}
