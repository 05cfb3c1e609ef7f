//! Accounts whose owner asked for their deletion. They are kept for a while, in which it can be called off, and are then removed with every row.

use crate::accounts::WorkspaceState;
use crate::db::{sql, transaction};
use crate::{Store, StoreError, TenantScope};
use twobot_domain::{SessionId, Timestamp};

impl Store {
    /// Stops a tenant's workspace, ends the sessions of all its people but this one, revokes its API keys, and notes when the account is to be removed. Says which
    /// sessions were ended. What was asked for before counts: a second request postpones nothing.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn close_account(
        &self,
        scope: TenantScope,
        kept: SessionId,
        closes_at: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        transaction!(self.db.begin(scope), |tx| {
            tx.run(
                sql("UPDATE tenants SET closes_at = coalesce(closes_at, $1), state = CASE WHEN state = 'suspended' THEN state ELSE $2 END \
                     WHERE id = $3")
                .bind(closes_at)
                .bind(WorkspaceState::Stopped.as_str())
                .bind(scope.tenant()),
            )
            .await?;
            let ended = tx
                .all(
                    sql("DELETE FROM sessions WHERE user_id IN (SELECT id FROM users WHERE tenant_id = $1) AND tenant_id = $1 \
                         AND id <> $2 RETURNING id")
                    .bind(scope.tenant())
                    .bind(kept),
                )
                .await?;
            tx.run(
                sql("UPDATE api_keys SET revoked_at = $1 WHERE tenant_id = $2 AND revoked_at IS NULL")
                    .bind(Timestamp::now())
                    .bind(scope.tenant()),
            )
            .await?;
            self.write_note(&mut tx, scope).await?;
            tx.commit().await?;
            ended.iter().map(|row| row.get("id")).collect()
        })
    }

    /// Calls the deletion of an account off. Its workspace stays stopped, and its gateways disconnected, until they are started again.
    ///
    /// # Errors
    /// `NotFound` when nobody asked for it.
    pub async fn keep_account(&self, scope: TenantScope) -> Result<(), StoreError> {
        let statement = sql("UPDATE tenants SET closes_at = NULL WHERE id = $1 AND closes_at IS NOT NULL");
        let kept = self.change(scope, statement.bind(scope.tenant())).await?;
        if kept == 0 { Err(StoreError::NotFound) } else { Ok(()) }
    }

    /// The accounts whose time has come.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn accounts_to_remove(&self, now: Timestamp) -> Result<Vec<TenantScope>, StoreError> {
        let rows = self
            .db
            .all(sql("SELECT id FROM tenants WHERE closes_at <= $1 ORDER BY closes_at").bind(now))
            .await?;
        rows.iter().map(|row| Ok(TenantScope::of(row.get("id")?))).collect()
    }

    /// Removes a tenant with every row that it has, if its time has come by this moment. Whether it was so is the answer. Remove most of its
    /// history before ([`Store::remove_history`]), and what is left goes quickly.
    ///
    /// # Errors
    /// Only those of the database. What was removed until then stays so, and the rest is there to be removed again.
    pub async fn remove_account(&self, scope: TenantScope, now: Timestamp) -> Result<bool, StoreError> {
        let due = sql("SELECT 1 AS one FROM tenants WHERE id = $1 AND closes_at <= $2");
        if self.db.optional(due.bind(scope.tenant()).bind(now)).await?.is_none() {
            return Ok(false);
        }
        // First what others hang on: with each of these rows goes what refers to it, which an index finds.
        for owner in OWNERS {
            self.db.run(sql(owner).bind(scope.tenant()).bind(now)).await?;
        }
        // Of the rest every table knows its tenants by an index. The tenant goes last.
        let rest = REST.iter().map(|text| sql(text).bind(scope.tenant())).collect();
        self.db.run_unchecked(rest).await?;
        Ok(true)
    }
}

/// What hangs on the tenant, and has others hang on it. People go first: once they are gone, nobody can call the deletion off.
const OWNERS: &[&str] = &[
    "DELETE FROM users WHERE tenant_id = $1 AND EXISTS (SELECT 1 FROM tenants WHERE id = $1 AND closes_at <= $2)",
    "DELETE FROM gateways WHERE tenant_id = $1 AND EXISTS (SELECT 1 FROM tenants WHERE id = $1 AND closes_at <= $2)",
    "DELETE FROM installs WHERE tenant_id = $1 AND EXISTS (SELECT 1 FROM tenants WHERE id = $1 AND closes_at <= $2)",
];

/// What else says whose it is. What is not here went with an owner; a test compares what is left with what was there.
const REST: &[&str] = &[
    "DELETE FROM events WHERE tenant_id = $1",
    "DELETE FROM notifications WHERE tenant_id = $1",
    "DELETE FROM audit_log WHERE tenant_id = $1",
    "DELETE FROM audit_heads WHERE tenant_id = $1",
    "DELETE FROM kv_totals WHERE tenant_id = $1",
    "DELETE FROM limit_warnings WHERE tenant_id = $1",
    "DELETE FROM idempotency_keys WHERE tenant_id = $1",
    "DELETE FROM leases WHERE tenant_id = $1",
    "DELETE FROM usage_apart WHERE tenant_id = $1",
    "DELETE FROM usage_minutes WHERE tenant_id = $1",
    "DELETE FROM usage_hours WHERE tenant_id = $1",
    "DELETE FROM usage_days WHERE tenant_id = $1",
    "DELETE FROM usage_daily WHERE tenant_id = $1",
    "DELETE FROM usage_quota WHERE tenant_id = $1",
    "DELETE FROM tenants WHERE id = $1",
];
