//! Removes the past, a little at a time.

use crate::engine::Engine;
use std::time::Duration;
use twobot_domain::{Timestamp, plan};
use twobot_store::retention::Retention;
use twobot_store::{StoreError, TenantScope};

/// How often is looked whether something is no longer kept.
const LOOK: Duration = Duration::from_secs(300);

/// Rows of a kind that are removed in one transaction: some milliseconds, in which nobody else writes.
const BATCH: u32 = 200;

/// Between two of these transactions, so that removing a lot takes no more than a small part of the database's time.
const BREATH: Duration = Duration::from_millis(20);

const DAY_MS: i64 = 86_400_000;

/// How long the row of a delivery is kept for certain: providers that got no answer repeat it within this time, and by the row it
/// is known.
const DEDUPLICATION_MS: i64 = 3_600_000;

/// Removes what is no longer kept, until the engine stops.
pub(crate) async fn run(engine: Engine) {
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = engine.stopped() => return,
            _ = look.tick() => {}
        }
        tokio::select! {
            () = engine.stopped() => return,
            removed = remove(&engine) => if let Err(error) = removed {
                tracing::error!(%error, "old events could not be removed; it is tried again");
            },
        }
    }
}

async fn remove(engine: &Engine) -> Result<(), StoreError> {
    // Several nodes would remove the same.
    if !engine.inner.nodes.is_first() {
        return Ok(());
    }
    for scope in engine.store().tenants_with_history().await? {
        let removed = remove_of(engine, scope, &kept(Timestamp::now())).await?;
        if removed > 0 {
            tracing::debug!(tenant = %scope.tenant(), removed, "old events were removed");
        }
    }
    Ok(())
}

async fn remove_of(engine: &Engine, scope: TenantScope, keep: &Retention) -> Result<u64, StoreError> {
    let mut sum = 0;
    loop {
        let removed = engine.store().remove_history(scope, keep, BATCH).await?;
        sum += removed;
        if removed == 0 {
            return Ok(sum);
        }
        tokio::time::sleep(BREATH).await;
    }
}

/// What is kept at a moment.
fn kept(now: Timestamp) -> Retention {
    Retention {
        since: now.plus_millis(-i64::from(plan::HISTORY_DAYS) * DAY_MS),
        rows: plan::HISTORY_ROWS,
        at_least_since: now.plus_millis(-DEDUPLICATION_MS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_or_ten_thousand_and_an_hour_in_any_case() {
        let keep = kept(Timestamp(100 * DAY_MS));
        assert_eq!((keep.since.0, keep.rows), (70 * DAY_MS, 10_000));
        assert_eq!(keep.at_least_since.0, 100 * DAY_MS - 60 * 60 * 1_000);
    }
}
