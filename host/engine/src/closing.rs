//! Closing an account: its gateways are disconnected and its workspace stops at once, and thirty days later all that it has is removed.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::plugins::files;
use std::time::Duration;
use twobot_domain::{SessionId, Timestamp};
use twobot_store::audit::{By, Note};
use twobot_store::retention::Retention;
use twobot_store::{PageRequest, StoreError, TenantScope};

/// For how many days the deletion of an account can be called off.
pub const DAYS_TO_REGRET: u32 = 30;

const DAY_MS: i64 = 86_400_000;

/// Rows of a kind that are removed in one transaction, and the time between two of these: nobody else is to notice.
const BATCH: u32 = 200;
const BREATH: Duration = Duration::from_millis(20);

impl Engine {
    /// Closes an account and says when it will be removed, and which sessions have ended. Asked for again, nothing is postponed.
    ///
    /// # Errors
    /// Only those of the database. A provider that can not be told of its gateway's end is no error: what it still delivers is refused here.
    pub async fn close_account(
        &self,
        scope: TenantScope,
        by: &By,
        note: Note,
        session: SessionId,
    ) -> Result<(Timestamp, Vec<SessionId>), EngineError> {
        let asked = Timestamp::now().plus_millis(i64::from(DAYS_TO_REGRET) * DAY_MS);
        let ended = self.store().noting(note).close_account(scope, session, asked).await?;
        self.workspace_changed(scope);
        let mut page = PageRequest::default();
        loop {
            let found = self.store().gateways(scope, page).await?;
            for gateway in found.items.into_iter().filter(|gateway| gateway.enabled) {
                if let Err(error) = self.disconnect_gateway(scope, by, gateway.id).await {
                    tracing::warn!(%error, gateway = %gateway.id, "a gateway of a closed account could not be disconnected");
                }
            }
            match found.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
        let closes_at = self.store().tenant(scope).await?.closes_at.unwrap_or(asked);
        Ok((closes_at, ended))
    }
}

/// Removes the accounts whose time has come.
pub(crate) async fn remove_due(engine: &Engine) -> Result<(), StoreError> {
    let now = Timestamp::now();
    for scope in engine.store().accounts_to_remove(now).await? {
        remove(engine, scope, now).await?;
    }
    Ok(())
}

/// Removes most rows a little at a time, and what is left with the tenant itself.
async fn remove(engine: &Engine, scope: TenantScope, now: Timestamp) -> Result<(), StoreError> {
    let later = now.plus_millis(DAY_MS);
    let nothing = Retention { since: later, rows: 1, at_least_since: later };
    while engine.store().remove_history(scope, &nothing, BATCH).await? > 0 {
        tokio::time::sleep(BREATH).await;
    }
    let installs = engine.store().installs(scope).await?;
    if !engine.store().remove_account(scope, now).await? {
        // It was called off at the last moment; what is gone is history.
        return Ok(());
    }
    for install in installs {
        files::remove(engine, scope.tenant(), install.id).await;
    }
    tracing::info!(tenant = %scope.tenant(), "an account was removed, as its owner asked for");
    Ok(())
}
