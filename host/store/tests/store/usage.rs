//! What was used, by day.

use crate::estate::{effect_event, failure, new_effect};
use crate::world::{World, trouble, writes};
use twobot_domain::{Timestamp, Usage};
use twobot_store::effects::Tried;
use twobot_store::inbound::Decoded;

/// Figures that differ in every field.
fn figures(base: u64) -> Usage {
    Usage {
        executions: base,
        failed_executions: base + 1,
        messages_in: base + 2,
        messages_out: base + 3,
        fuel: base + 4,
        peak_memory_bytes: base + 5,
        wall_ms: base + 6,
        ai_tokens_in: base + 7,
        ai_tokens_out: base + 8,
        http_requests: base + 9,
        http_bytes_in: base + 10,
        http_bytes_out: base + 11,
    }
}

#[tokio::test]
async fn every_use_is_added_once_and_the_peak_is_the_largest() {
    let world = World::new().await;
    let (ann, bob) = (world.tenant("ann").await, world.tenant("bob").await);
    let (gateway, install) = (ann.gateway("Bot").await, ann.install("plugin", &[]).await);
    let store = &world.store;
    let inbound = ann.deliver(gateway, "1").await;
    let delivery = store.inbound(ann.scope, inbound).await.unwrap();
    let decoded = Decoded::NotHandled("x".to_owned());
    store.finish_inbound(ann.scope, &delivery, &decoded, &figures(10)).await.unwrap();
    let mut commit = writes([], []);
    commit.usage = figures(2_000);
    commit.effects = (0..3).map(|_| new_effect(gateway)).collect();
    ann.commit(install, &commit).await.unwrap();
    let mut failure = failure(None);
    failure.usage = figures(300);
    let failed = ann.act(install).await;
    store.fail_execution(ann.scope, failed, install, &failure).await.unwrap();
    let effects: Vec<_> = commit.effects.iter().map(|effect| effect.id).collect();
    let (event, execution) = effect_event(gateway, install);
    let gone = trouble("gone");
    store.effect_sent(ann.scope, effects[0], &figures(40)).await.unwrap();
    store
        .postpone_effect(ann.scope, effects[1], Tried::NotBegun, &gone, Timestamp(9), &figures(50))
        .await
        .unwrap();
    store
        .effect_failed(
            ann.scope,
            effects[2],
            Tried::NotBegun,
            &gone,
            &figures(60),
            Some((&event, &execution)),
        )
        .await
        .unwrap();

    let mut expected = Usage::default();
    for base in [10, 2_000, 300, 40, 50, 60] {
        expected.add(&figures(base));
    }
    assert_eq!(expected.peak_memory_bytes, 2_005);
    let today = Timestamp::now().day();
    // The day may have ended meanwhile.
    let mut sum = Usage::default();
    let days = store.usage(ann.scope, today - 1, today).await.unwrap();
    days.iter().for_each(|(_, usage)| sum.add(usage));
    assert_eq!(sum, expected);
    assert!(store.usage(bob.scope, 0, i64::MAX).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_range_of_days_has_both_its_ends() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let install = ann.install("plugin", &[]).await;
    let today = Timestamp::now().day();
    for (days_ago, fuel) in [(3, 30), (1, 10), (0, 1)] {
        let mut commit = writes([], []);
        commit.usage = Usage { fuel, ..Usage::default() };
        ann.commit(install, &commit).await.unwrap();
        let of = format!("UPDATE usage_daily SET day = {today} - {days_ago} WHERE fuel = {fuel}");
        assert_eq!(world.execute(&of).await, 1);
    }
    let check = async |from: i64, to: i64, expected: &[(i64, u64)]| {
        let days = world.store.usage(ann.scope, today + from, today + to).await.unwrap();
        let days: Vec<_> = days.into_iter().map(|(day, usage)| (day - today, usage.fuel)).collect();
        assert_eq!(days, expected, "{from} to {to}");
    };
    check(-3, 0, &[(-3, 30), (-1, 10), (0, 1)]).await;
    check(-3, -1, &[(-3, 30), (-1, 10)]).await;
    check(-2, -2, &[]).await;
    check(-1, -1, &[(-1, 10)]).await;
    check(0, -3, &[]).await;
    // What used nothing makes no day.
    world.execute("DELETE FROM usage_daily").await;
    let mut nothing = writes([], []);
    nothing.usage = Usage::default();
    ann.commit(install, &nothing).await.unwrap();
    check(-9, 9, &[]).await;
}
