//! For how long audit logs are kept. What is removed is always the beginning of a chain, and what its last row's hash was is kept: so the rest can
//! be checked as before, and a row that somebody else removed is missed.

use super::chain::{self, Beginning};
use super::query::record;
use crate::db::{sql, transaction};
use crate::usage::first_id;
use crate::{Store, StoreError, TenantScope};
use twobot_domain::Timestamp;

impl Store {
    /// The tenants whose audit logs have rows from before a moment, each with the id of its plan.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn tenants_with_audit_before(
        &self,
        before: Timestamp,
    ) -> Result<Vec<(TenantScope, String)>, StoreError> {
        let rows = self
            .db
            .all(
                sql("SELECT t.id, t.plan FROM tenants t WHERE EXISTS \
                     (SELECT 1 FROM audit_log a WHERE a.tenant_id = t.id AND a.id < $1)")
                .bind(first_id(before)),
            )
            .await?;
        rows.iter().map(|row| Ok((TenantScope::of(row.get("id")?), row.get("plan")?))).collect()
    }

    /// Removes one batch of the rows of a tenant's audit log that are from before a moment, and says how many it was: none when nothing is left to
    /// remove. It ends before a row that was changed or that another is missing before: who looks for that must find it.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn remove_audit(
        &self,
        scope: TenantScope,
        before: Timestamp,
        batch: u32,
    ) -> Result<u64, StoreError> {
        transaction!(self.db.begin(scope), |tx| {
            let Some(row) = tx
                .optional(
                    sql("SELECT removed_seq, removed_hash FROM audit_heads WHERE tenant_id = $1")
                        .bind(scope.tenant()),
                )
                .await?
            else {
                return Ok(0);
            };
            let begin = Beginning::of(&row)?;
            let rows = tx
                .all(
                    sql("SELECT id, seq, created_at, actor_kind, actor_id, actor_name, action, target_kind, target_id, target_name, \
                         outcome, detail, request_id, address, previous, hash FROM audit_log WHERE tenant_id = $1 AND seq > $2 \
                         ORDER BY seq LIMIT $3")
                    .bind(scope.tenant())
                    .bind(begin.seq)
                    .bind(u64::from(batch)),
                )
                .await?;
            let mut last = begin.clone();
            for row in &rows {
                let found = record(row)?;
                if found.created_at >= before {
                    break;
                }
                let Ok(next) = chain::follow(scope, &last, row, &found)? else { break };
                last = next;
            }
            if last == begin {
                return Ok(0);
            }
            let removed = tx
                .run(
                    sql("DELETE FROM audit_log WHERE tenant_id = $1 AND seq <= $2")
                        .bind(scope.tenant())
                        .bind(last.seq),
                )
                .await?;
            tx.run(
                sql("UPDATE audit_heads SET removed_seq = $1, removed_hash = $2 WHERE tenant_id = $3")
                    .bind(last.seq)
                    .bind(last.hash)
                    .bind(scope.tenant()),
            )
            .await?;
            tx.commit().await?;
            Ok(removed)
        })
    }
}
