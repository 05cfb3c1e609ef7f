//! The journal of inline effects: what an execution asked for, and what it was answered.
//!
//! The intent is durable before the call, the answer after it. A retry is given the recorded answers in order. What passed between the
//! sandbox and the world is counted by the transaction that records the answer, and by nothing else: as often as it was answered.

use crate::db::{Tx, sql, transaction};
use crate::{Store, StoreError, TenantScope, points};
use twobot_domain::{ExecutionId, NotificationId, Timestamp, Trouble, Usage};

/// One inline effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalEntry {
    /// What was asked, as JSON.
    pub request: String,
    /// What was answered, as JSON; none when the host went away in between.
    pub result: Option<String>,
}

/// A call that was begun and that no later attempt came to again: nobody knows whether it was carried out.
#[derive(Clone, Debug, PartialEq)]
pub struct LeftCall {
    /// Its place in the journal.
    pub seq: u64,
    /// What its owner is told.
    pub trouble: Trouble,
}

/// The same, as its owner sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct UnknownCall {
    /// What is known of it.
    pub trouble: Trouble,
    /// When it was begun.
    pub created_at: Timestamp,
}

/// Puts aside the calls that were left behind, with what their owner is told, and tells it. Of those that have come to an end nothing is
/// told.
pub(crate) async fn leave(
    tx: &mut Tx,
    scope: TenantScope,
    execution: ExecutionId,
    left: &[LeftCall],
) -> Result<(), StoreError> {
    for LeftCall { seq, trouble } in left {
        let told = serde_json::to_string(trouble).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let aside = tx
            .run(
                sql("UPDATE journal SET result = $1, seq = (SELECT CASE WHEN min(j.seq) < 0 THEN min(j.seq) ELSE 0 END - 1 \
                     FROM journal j WHERE j.execution_id = $2) \
                     WHERE execution_id = $2 AND tenant_id = $3 AND seq = $4 AND result IS NULL AND ended = 0")
                .bind(told)
                .bind(execution)
                .bind(scope.tenant())
                .bind(*seq),
            )
            .await?;
        if aside == 0 {
            continue;
        }
        tx.run(
            sql("INSERT INTO notifications (id, tenant_id, install_id, severity, title, text, created_at) \
                 SELECT $1, tenant_id, install_id, 'warning', $2, $3, $4 FROM executions WHERE id = $5 AND tenant_id = $6")
            .bind(NotificationId::new())
            .bind(trouble.title.as_str())
            .bind(format!("{}\n\n{}", trouble.detail, trouble.advice))
            .bind(Timestamp::now())
            .bind(execution)
            .bind(scope.tenant()),
        )
        .await?;
    }
    Ok(())
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
                sql("SELECT request, result FROM journal WHERE execution_id = $1 AND tenant_id = $2 AND seq >= 0 \
                     ORDER BY seq")
                    .bind(execution)
                    .bind(scope.tenant()),
            )
            .await?;
        rows.iter()
            .map(|row| Ok(JournalEntry { request: row.get("request")?, result: row.get("result")? }))
            .collect()
    }

    /// The calls of an execution that were begun and that no later attempt came to again, in order: nobody knows whether they were
    /// carried out.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn unknown_calls(
        &self,
        scope: TenantScope,
        execution: ExecutionId,
    ) -> Result<Vec<UnknownCall>, StoreError> {
        let rows = self
            .db
            .all(
                sql("SELECT result, created_at FROM journal WHERE execution_id = $1 AND tenant_id = $2 AND seq < 0 \
                     ORDER BY seq DESC")
                .bind(execution)
                .bind(scope.tenant()),
            )
            .await?;
        rows.iter()
            .map(|row| Ok(UnknownCall { trouble: row.json("result")?, created_at: row.get("created_at")? }))
            .collect()
    }

    /// Records what is about to be asked. Whatever an earlier attempt recorded from here on took another path and is dropped, but for
    /// what it left behind. Says whether the same was left behind: it may have been done before.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such execution: what can not be recorded must not be done.
    pub async fn journal_intent(
        &self,
        scope: TenantScope,
        execution: ExecutionId,
        seq: u64,
        request: &str,
        left: &[LeftCall],
    ) -> Result<bool, StoreError> {
        transaction!(self.db.begin(scope), |tx| {
            leave(&mut tx, scope, execution, left).await?;
            tx.run(
                sql("DELETE FROM journal WHERE execution_id = $1 AND tenant_id = $2 AND seq >= $3")
                    .bind(execution)
                    .bind(scope.tenant())
                    .bind(seq),
            )
            .await?;
            let written = tx
                .optional(
                    sql("INSERT INTO journal (execution_id, seq, tenant_id, request, created_at) \
                     SELECT id, $1, tenant_id, $2, $3 FROM executions WHERE id = $4 AND tenant_id = $5 \
                     RETURNING (SELECT count(*) FROM journal j WHERE j.execution_id = $4 AND j.seq < 0 AND j.request = $2) AS n")
                    .bind(seq)
                    .bind(request)
                    .bind(Timestamp::now())
                    .bind(execution)
                    .bind(scope.tenant()),
                )
                .await?;
            let before: u64 = written.ok_or(StoreError::NotFound)?.get("n")?;
            tx.commit().await?;
            points::reach("journal-after-intent");
            Ok(before > 0)
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
