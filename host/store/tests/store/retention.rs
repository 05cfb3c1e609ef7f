//! What of the past is removed, and what is not.

use crate::world::{Tenant, World, trouble, usage, writes};
use twobot_domain::{GatewayId, InstallId, Timestamp, Usage};
use twobot_store::inbound::Decoded;
use twobot_store::retention::Retention;

/// Keeps so many rows, however young they are.
pub(crate) fn newest(rows: u64) -> Retention {
    let later = Timestamp::now().plus_millis(60_000);
    Retention { since: Timestamp(0), rows, at_least_since: later }
}

/// Removes all that is not kept, in batches, and says in how many rows and how many batches.
pub(crate) async fn remove(tenant: &Tenant, keep: &Retention, batch: u32) -> (u64, u64) {
    let (mut rows, mut batches) = (0, 0);
    // What is not summed yet is not removed.
    let later = Timestamp::now().plus_millis(600_000);
    while tenant.store.sum_usage(later, 100).await.unwrap().more {}
    loop {
        let removed = tenant.store.remove_history(tenant.scope, keep, batch).await.unwrap();
        if removed == 0 {
            return (rows, batches);
        }
        rows += removed;
        batches += 1;
    }
}

/// Events that were handled, with a log line and an effect that was sent each.
pub(crate) async fn handled(tenant: &Tenant, gateway: GatewayId, install: InstallId, count: usize) {
    for _ in 0..count {
        let id = tenant.queue(gateway, install).await;
        tenant.finish(id, install, &writes([], [])).await.unwrap();
    }
}

#[tokio::test]
async fn the_newest_are_kept_and_the_rest_goes_with_all_that_hangs_on_it() {
    let world = World::new().await;
    let (ann, bob) = (world.tenant("ann").await, world.tenant("bob").await);
    let mut places = Vec::new();
    for tenant in [&ann, &bob] {
        let (gateway, install) = (tenant.gateway("Bot").await, tenant.install("plugin", &[]).await);
        handled(tenant, gateway, install, 25).await;
        places.push((gateway, install));
    }
    assert_eq!(world.store.tenants_with_history().await.unwrap().len(), 2);
    // Fifteen executions, events and deliveries each, four of a kind at once.
    assert_eq!(remove(&ann, &newest(10), 4).await, (45, 4));
    for table in ["executions", "events", "inbound"] {
        assert_eq!(world.number(&format!("SELECT count(*) FROM {table}")).await, 35, "{table}");
    }
    assert_eq!(remove(&ann, &newest(10), 4).await, (0, 0));
    // What is young is kept, however much it is.
    let young = Retention { at_least_since: Timestamp::now().plus_millis(-60_000), ..newest(1) };
    assert_eq!(remove(&ann, &young, 100).await, (0, 0));
    // What is old is not, however little it is.
    let none = Retention { since: Timestamp::now().plus_millis(60_000), ..newest(1_000) };
    assert_eq!(remove(&bob, &none, 100).await, (75, 1));
    let (gateway, install) = places[0];
    handled(&ann, gateway, install, 1).await;
}

#[tokio::test]
async fn what_waits_stays_however_old_it_is() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let (gateway, install) = (ann.gateway("Bot").await, ann.install("plugin", &[]).await);
    let everything = Retention { since: Timestamp::now().plus_millis(60_000), ..newest(1) };

    ann.deliver(gateway, "not decoded yet").await;
    ann.queue(gateway, install).await;
    let with_effect = ann.queue(gateway, install).await;
    let mut commit = writes([], []);
    commit.effects.push(crate::estate::new_effect(gateway));
    ann.finish(with_effect, install, &commit).await.unwrap();
    assert_eq!(remove(&ann, &everything, 100).await, (0, 0));

    let effect = commit.effects[0].id;
    world.store.effect_sent(ann.scope, effect, &usage()).await.unwrap();
    assert_eq!(remove(&ann, &everything, 100).await, (3, 1), "a run, its event and its delivery");
    assert_eq!(world.number("SELECT count(*) FROM effects").await, 0);
    assert_eq!(world.number("SELECT count(*) FROM inbound").await, 2);
}

#[tokio::test]
async fn deliveries_that_became_no_event_go_too() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let gateway = ann.gateway("Bot").await;
    let meanings = [Decoded::NotHandled("poll".to_owned()), Decoded::Failed(trouble("x").detail)];
    for (number, meaning) in meanings.iter().enumerate() {
        let id = ann.deliver(gateway, &number.to_string()).await;
        let inbound = world.store.inbound(ann.scope, id).await.unwrap();
        world.store.finish_inbound(ann.scope, &inbound, meaning, &Usage::default()).await.unwrap();
    }
    assert_eq!(remove(&ann, &newest(1), 100).await, (0, 0), "they are neither old nor many");
    let everything = Retention { since: Timestamp::now().plus_millis(60_000), ..newest(1) };
    assert_eq!(remove(&ann, &everything, 1).await, (2, 2));
}
