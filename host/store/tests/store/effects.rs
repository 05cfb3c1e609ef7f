//! Queued effects: each has one outcome.

use crate::estate::{effect_event, new_effect};
use crate::world::{Tenant, World, trouble, usage, writes};
use tokio::task::JoinSet;
use twobot_domain::{EffectId, ExecutionId, GatewayId, InstallId, Timestamp};
use twobot_store::StoreError;
use twobot_store::effects::Tried;
use twobot_store::executions::WorkKind;

struct Scene {
    world: World,
    ann: Tenant,
    gateway: GatewayId,
    install: InstallId,
    execution: ExecutionId,
    effects: Vec<EffectId>,
}

/// An execution that queued three effects.
async fn scene() -> Scene {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let (gateway, install) = (ann.gateway("Bot").await, ann.install("plugin", &[]).await);
    let execution = ann.queue(gateway, install).await;
    let mut commit = writes([], []);
    commit.effects = (0..3).map(|_| new_effect(gateway)).collect();
    let effects = commit.effects.iter().map(|effect| effect.id).collect();
    ann.finish(execution, install, &commit).await.unwrap();
    Scene { world, ann, gateway, install, execution, effects }
}

#[tokio::test]
async fn an_effect_waits_is_postponed_and_is_sent() {
    let Scene { world, ann, gateway, install, execution, effects } = scene().await;
    let (store, id) = (&world.store, effects[0]);
    let queued = store.queued_effect(ann.scope, id).await.unwrap();
    assert_eq!((queued.install, queued.execution, queued.gateway), (install, execution, gateway));
    assert_eq!((queued.kind.as_str(), queued.action.as_str(), queued.attempt), ("send_message", "{}", 0));
    let waiting = async || store.waiting(ann.scope, WorkKind::Effect, 9).await.unwrap();
    let order: Vec<_> = waiting().await.into_iter().map(|work| (work.id, work.lane)).collect();
    let lane = "conversation".to_owned();
    assert_eq!(order, effects.iter().map(|id| (id.uuid(), lane.clone())).collect::<Vec<_>>());

    let later = Timestamp::now().plus_millis(60_000);
    for attempt in 1..=2 {
        store
            .postpone_effect(ann.scope, id, Tried::NotBegun, &trouble("rate_limited"), later, &usage())
            .await
            .unwrap();
        assert_eq!(store.queued_effect(ann.scope, id).await.unwrap().attempt, attempt);
    }
    store
        .delay_effect(ann.scope, id, Tried::NotBegun, &trouble("rate_limited"), later, &usage())
        .await
        .unwrap();
    assert_eq!(store.queued_effect(ann.scope, id).await.unwrap().attempt, 2, "a wait is no try");
    // It keeps its place in its lane.
    assert_eq!((waiting().await[0].id, waiting().await[0].due_at), (id.uuid(), later));
    store.effect_sent(ann.scope, id, &usage()).await.unwrap();
    assert_eq!(waiting().await.len(), 2);
    let record = &store.effects_of(ann.scope, execution).await.unwrap()[0];
    assert_eq!((record.state.as_str(), record.attempt, &record.trouble), ("sent", 3, &None));
    assert_eq!(record.gateway, (gateway, "Bot".to_owned()));
}

#[tokio::test]
async fn an_effect_that_is_given_up_tells_its_plugin() {
    let Scene { world, ann, gateway, install, execution, effects } = scene().await;
    let (event, told) = effect_event(gateway, install);
    world
        .store
        .effect_failed(
            ann.scope,
            effects[1],
            Tried::NotBegun,
            &trouble("rejected"),
            &usage(),
            Some((&event, &told)),
        )
        .await
        .unwrap();
    let records = world.store.effects_of(ann.scope, execution).await.unwrap();
    let states: Vec<_> = records.iter().map(|record| record.state.as_str()).collect();
    assert_eq!(states, ["waiting", "failed", "waiting"]);
    assert_eq!(records[1].trouble.as_ref().unwrap().code, "rejected");
    assert_eq!(world.store.queued_execution(ann.scope, told.id).await.unwrap().event, Some(event.id));
    assert_eq!(world.store.event(ann.scope, event.id).await.unwrap().gateway, Some(gateway));
}

#[tokio::test]
async fn an_outcome_is_recorded_once() {
    let Scene { world, ann, gateway, install, effects, .. } = scene().await;
    world.store.effect_sent(ann.scope, effects[0], &usage()).await.unwrap();
    let (event, execution) = effect_event(gateway, install);
    let gone = trouble("gone");
    world
        .store
        .effect_failed(ann.scope, effects[1], Tried::NotBegun, &gone, &usage(), Some((&event, &execution)))
        .await
        .unwrap();
    let before = world.dump().await;
    for id in [effects[0], effects[1], EffectId::new()] {
        let (event, execution) = effect_event(gateway, install);
        let results = [
            world.store.queued_effect(ann.scope, id).await.map(drop),
            world.store.begin_effect(ann.scope, id).await,
            world.store.effect_sent(ann.scope, id, &usage()).await,
            world.store.postpone_effect(ann.scope, id, Tried::NotBegun, &gone, Timestamp(9), &usage()).await,
            world.store.delay_effect(ann.scope, id, Tried::NotBegun, &gone, Timestamp(9), &usage()).await,
            world
                .store
                .effect_failed(ann.scope, id, Tried::NotBegun, &gone, &usage(), Some((&event, &execution)))
                .await,
        ];
        for (number, result) in results.into_iter().enumerate() {
            assert!(matches!(result, Err(StoreError::NotFound)), "{number}: {result:?}");
        }
    }
    assert_eq!(world.dump().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_outcomes_at_once_one_is_kept() {
    let Scene { world: _world, ann, gateway, install, effects, .. } = scene().await;
    let before = ann.used().await.executions;
    let (mut tasks, id) = (JoinSet::new(), effects[2]);
    for number in 0..20 {
        let ann = ann.clone();
        tasks.spawn(async move {
            let (event, execution) = effect_event(gateway, install);
            if number % 2 == 0 {
                ann.store.effect_sent(ann.scope, id, &usage()).await
            } else {
                let gone = trouble("gone");
                ann.store
                    .effect_failed(
                        ann.scope,
                        id,
                        Tried::NotBegun,
                        &gone,
                        &usage(),
                        Some((&event, &execution)),
                    )
                    .await
            }
        });
    }
    let results = tasks.join_all().await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert_eq!(ann.used().await.executions, before + 1);
}

#[tokio::test]
async fn what_the_provider_may_have_done_is_counted() {
    let Scene { world, ann, execution, effects, .. } = scene().await;
    let (store, id) = (&world.store, effects[0]);
    let known = async || {
        let effect = store.queued_effect(ann.scope, id).await.unwrap();
        (effect.attempt, effect.begun_at.is_some(), effect.done_at_most)
    };
    let (wait, later) = (trouble("wait"), Timestamp::now());
    let postpone =
        async |tried| store.postpone_effect(ann.scope, id, tried, &wait, later, &usage()).await.unwrap();
    let delay = async |tried| store.delay_effect(ann.scope, id, tried, &wait, later, &usage()).await.unwrap();
    let begin = async || store.begin_effect(ann.scope, id).await.unwrap();
    assert_eq!(known().await, (0, false, 0));
    begin().await;
    assert_eq!(known().await, (0, true, 1));
    delay(Tried::Undone).await;
    assert_eq!(known().await, (0, false, 0), "who was asked to wait did nothing");
    begin().await;
    postpone(Tried::Undone).await;
    assert_eq!(known().await, (1, false, 0));
    begin().await;
    postpone(Tried::Unsure).await;
    assert_eq!(known().await, (2, false, 1), "it may have been done");
    begin().await;
    postpone(Tried::Undone).await;
    assert_eq!(known().await, (3, false, 1), "the one before it still may");
    // The host goes away: the next try finds the intent, and counts the one before it.
    begin().await;
    assert_eq!(known().await, (3, true, 2));
    let crashed = world.after_a_crash().await;
    let found = crashed.store.queued_effect(ann.scope, id).await.unwrap();
    assert!(found.begun_at.is_some() && found.done_at_most == 2, "an intent is durable: {found:?}");
    // One that ends before it asks the provider leaves the intent where it is.
    postpone(Tried::NotBegun).await;
    assert_eq!(known().await, (4, true, 2));
    begin().await;
    assert_eq!(known().await, (5, true, 3));
    store.effect_sent(ann.scope, id, &usage()).await.unwrap();
    let records = store.effects_of(ann.scope, execution).await.unwrap();
    assert_eq!((records[0].state.as_str(), records[0].attempt, records[0].repeats), ("sent", 6, 2));
    assert_eq!(records[1].repeats, 0, "what was not begun was not repeated");

    // Begun once and given up: surely not done, or perhaps.
    for (id, tried, done) in [(effects[1], Tried::Undone, 0), (effects[2], Tried::Unsure, 1)] {
        store.begin_effect(ann.scope, id).await.unwrap();
        store.effect_failed(ann.scope, id, tried, &trouble("gone"), &usage(), None).await.unwrap();
        let left = "SELECT done_at_most FROM effects WHERE state = 'failed' ORDER BY id DESC LIMIT 1";
        assert_eq!(world.number(left).await, done);
    }
    assert_eq!(world.number("SELECT count(*) FROM effects WHERE begun_at IS NOT NULL").await, 0);
}
