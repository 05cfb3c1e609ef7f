//! Removes the past, a little at a time.

use crate::engine::Engine;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use twobot_domain::{Plan, Timestamp, plan};
use twobot_store::idempotency::KEPT_MILLIS;
use twobot_store::retention::Retention;
use twobot_store::{StoreError, TenantScope};
use uuid::Uuid;

/// How often is looked whether something is no longer kept.
const LOOK: Duration = Duration::from_secs(300);

/// Rows of a kind that are removed in one transaction: some milliseconds, in which nobody else writes.
const BATCH: u32 = 200;

/// Between two of these transactions, so that removing a lot takes no more than a small part of the database's time.
const BREATH: Duration = Duration::from_millis(20);

const DAY_MS: i64 = 86_400_000;

/// How often is looked after what no tenant's history holds (settings and components that runs refer to), and after audit logs.
const LOOK_SHARED: Duration = Duration::from_secs(6 * 3_600);

/// Successful executions of a tenant of which is kept what they read; of those that failed it is kept as long as they are.
pub(crate) const RECORDINGS: u64 = 1_000;

/// For how long settings and components are kept that nothing refers to any more: longer than any run that does.
const SHARED_KEPT_MS: i64 = (plan::HISTORY_DAYS as i64 + 1) * DAY_MS;

/// How long the row of a delivery is kept for certain: providers that got no answer repeat it within this time, and by the row it
/// is known.
const DEDUPLICATION_MS: i64 = 3_600_000;

/// Removes what is no longer kept, until the engine stops.
pub(crate) async fn run(engine: Engine) {
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // Up to where recordings were looked at: what lies before needs no second look.
    let mut seen = HashMap::new();
    let mut shared: Option<Instant> = None;
    loop {
        tokio::select! {
            () = engine.stopped() => return,
            _ = look.tick() => {}
        }
        if shared.is_none_or(|last| last.elapsed() >= LOOK_SHARED) {
            shared = Some(Instant::now());
            if let Err(error) = remove_shared(&engine).await {
                tracing::error!(%error, "what old runs referred to could not be removed; it is tried again");
            }
            tokio::select! {
                () = engine.stopped() => return,
                removed = remove_audit(&engine) => if let Err(error) = removed {
                    tracing::error!(%error, "old rows of audit logs could not be removed; it is tried again");
                },
            }
        }
        tokio::select! {
            () = engine.stopped() => return,
            removed = remove(&engine, &mut seen) => if let Err(error) = removed {
                tracing::error!(%error, "old events could not be removed; it is tried again");
            },
        }
    }
}

/// Removes the settings and components that no run refers to any more.
async fn remove_shared(engine: &Engine) -> Result<(), StoreError> {
    let digests: Vec<_> = engine.catalogue().plugins().map(|plugin| plugin.digest.as_str()).collect();
    engine.store().offer_components(&digests).await?;
    let before = Timestamp::now().plus_millis(-SHARED_KEPT_MS);
    engine.store().remove_setups(before).await?;
    engine.store().remove_components(before).await?;
    Ok(())
}

/// Removes the rows of audit logs that are older than their tenants' plans keep them.
async fn remove_audit(engine: &Engine) -> Result<(), StoreError> {
    if !engine.inner.nodes.is_first() {
        return Ok(());
    }
    let (plans, now) = (engine.plans(), Timestamp::now());
    let since = |plan: &Plan| now.plus_millis(-i64::from(plan.limits.history_days) * DAY_MS);
    // What every plan keeps is nobody's to lose.
    let Some(latest) = plans.all().iter().map(since).max() else { return Ok(()) };
    for (scope, plan) in engine.store().tenants_with_audit_before(latest).await? {
        let before = since(plans.get_or_default(&plan));
        let mut removed = 0;
        loop {
            match engine.store().remove_audit(scope, before, BATCH).await? {
                0 => break,
                some => removed += some,
            }
            tokio::time::sleep(BREATH).await;
        }
        if removed > 0 {
            tracing::debug!(tenant = %scope.tenant(), removed, "old rows of an audit log were removed");
        }
    }
    Ok(())
}

async fn remove(engine: &Engine, seen: &mut HashMap<TenantScope, Uuid>) -> Result<(), StoreError> {
    // Several nodes would remove the same.
    if !engine.inner.nodes.is_first() {
        return Ok(());
    }
    crate::closing::remove_due(engine).await?;
    remove_requests(engine).await?;
    for scope in engine.store().tenants_with_history().await? {
        let after = seen.entry(scope).or_insert_with(Uuid::nil);
        loop {
            let (end, more) = engine.store().remove_recordings(scope, RECORDINGS, *after, BATCH).await?;
            *after = end;
            if !more {
                break;
            }
            tokio::time::sleep(BREATH).await;
        }
        let removed = remove_of(engine, scope, &kept(Timestamp::now())).await?;
        if removed > 0 {
            tracing::debug!(tenant = %scope.tenant(), removed, "old events were removed");
        }
    }
    Ok(())
}

/// Removes the answers that are no longer given again.
async fn remove_requests(engine: &Engine) -> Result<(), StoreError> {
    let before = Timestamp::now().plus_millis(-KEPT_MILLIS);
    while engine.store().remove_requests(before, BATCH).await? > 0 {
        tokio::time::sleep(BREATH).await;
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
