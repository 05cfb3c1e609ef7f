//! Executions that wait for a person and not for their turn: their plugin is paused until its owner has decided on what its new
//! version asks for.
//!
//! They do not count with what waits for its turn, so that one paused plugin does not close the door for the others.

use crate::db::{Tx, sql};
use crate::{Store, StoreError, TenantScope};
use twobot_domain::{ExecutionId, InstallId, Timestamp, Trouble};

/// Executions that are held for one install. What comes after these is given up at once, and shows as failed.
pub const MAX_HELD: u64 = 1_000;

/// Holds what waits for an install.
pub(crate) async fn hold(tx: &mut Tx, scope: TenantScope, install: InstallId) -> Result<(), StoreError> {
    tx.run(
        sql("UPDATE executions SET held = 1 WHERE install_id = $1 AND tenant_id = $2 AND state = 'waiting' AND held = 0")
            .bind(install)
            .bind(scope.tenant()),
    )
    .await
    .map(drop)
}

/// Lets what was held for an install have its turn.
pub(crate) async fn release(tx: &mut Tx, scope: TenantScope, install: InstallId) -> Result<(), StoreError> {
    tx.run(
        sql("UPDATE executions SET held = 0 WHERE tenant_id = $1 AND install_id = $2 AND held = 1")
            .bind(scope.tenant())
            .bind(install),
    )
    .await
    .map(drop)
}

/// Gives up an execution that was just held, where too many are.
pub(super) async fn check(
    tx: &mut Tx,
    scope: TenantScope,
    install: InstallId,
    id: ExecutionId,
) -> Result<(), StoreError> {
    let row = tx
        .optional(
            sql("SELECT count(*) AS n FROM executions WHERE tenant_id = $1 AND install_id = $2 AND held = 1")
                .bind(scope.tenant())
                .bind(install),
        )
        .await?;
    let held: u64 = row.map_or(Ok(0), |row| row.get("n"))?;
    if held <= MAX_HELD {
        return Ok(());
    }
    let trouble = Trouble::new(
        "queue_full",
        "Too many events waited",
        "The plugin waits for your decision on what it may do, and as many events wait for it as are kept. This one was not kept.",
        "Decide on the plugin's page what it may do.",
    )
    .with_limit("held_events", held, MAX_HELD, "events");
    tx.run(
        sql("UPDATE executions SET state = 'failed', held = 0, failure = 'refused', trouble = $1, finished_at = $2 WHERE id = $3 AND tenant_id = $4")
            .bind(serde_json::to_string(&trouble).map_err(|error| StoreError::Corrupt(error.to_string()))?)
            .bind(Timestamp::now())
            .bind(id)
            .bind(scope.tenant()),
    )
    .await
    .map(drop)
}

impl Store {
    /// Gives up, for all tenants, what was held and queued before a moment, and says how much that was.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn give_up_held(&self, before: Timestamp, trouble: &Trouble) -> Result<u64, StoreError> {
        let trouble =
            serde_json::to_string(trouble).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        self.db
            .run(
                sql("UPDATE executions SET state = 'failed', held = 0, failure = 'refused', trouble = $1, finished_at = $2 \
                     WHERE held = 1 AND created_at < $3")
                .bind(trouble)
                .bind(Timestamp::now())
                .bind(before),
            )
            .await
    }
}
