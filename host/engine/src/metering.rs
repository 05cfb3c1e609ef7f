//! Sums what was used, a while after it was used.

use crate::engine::Engine;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use twobot_domain::Timestamp;
use twobot_store::StoreError;
use twobot_store::usage::SUMMED_AFTER_MS;

/// How often is looked whether another minute can be summed.
const LOOK: Duration = Duration::from_secs(15);

/// Minutes that are summed without a pause.
const MINUTES: u32 = 10;

/// Between those and the next, where many were not summed for long.
const BREATH: Duration = Duration::from_millis(50);

/// How often is looked whether sums are no longer kept.
const LOOK_OLD: Duration = Duration::from_secs(600);

/// Sums until the engine stops.
pub(crate) async fn run(engine: Engine) {
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut removed: Option<Instant> = None;
    loop {
        tokio::select! {
            () = engine.stopped() => return,
            _ = look.tick() => {}
        }
        let work = async {
            sum(&engine).await?;
            if removed.is_none_or(|last| last.elapsed() >= LOOK_OLD) {
                removed = Some(Instant::now());
                remove(&engine).await?;
            }
            Ok::<_, StoreError>(())
        };
        tokio::select! {
            // Whatever is not written then is summed at the next start.
            () = engine.stopped() => return,
            summed = work => if let Err(error) = summed {
                tracing::error!(%error, "what was used could not be summed; it is tried again, and nothing of it is lost");
            },
        }
    }
}

async fn sum(engine: &Engine) -> Result<(), StoreError> {
    let store = engine.store();
    // Several nodes would do the same.
    if !engine.inner.nodes.is_first() {
        return store.follow_sums().await;
    }
    loop {
        let until = Timestamp::now().plus_millis(-SUMMED_AFTER_MS);
        let summed = store.sum_usage(until, MINUTES).await?;
        engine.inner.warnings.used(summed.tenants);
        if !summed.more {
            return Ok(());
        }
        sleep(BREATH).await;
    }
}

async fn remove(engine: &Engine) -> Result<(), StoreError> {
    if !engine.inner.nodes.is_first() {
        return Ok(());
    }
    while engine.store().remove_sums(Timestamp::now()).await? > 0 {
        sleep(BREATH).await;
    }
    Ok(())
}
