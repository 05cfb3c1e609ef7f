//! Installed plugins and what is bound to them.

use crate::world::{World, new_install, set, trouble, writes};
use serde_json::json;
use tokio::task::JoinSet;
use twobot_domain::manifest::Capability;
use twobot_domain::{GatewayId, Timestamp};
use twobot_store::accounts::WorkspaceState;
use twobot_store::dead_letters::DeadLetterFilter;
use twobot_store::executions::{MAX_HELD, WorkKind};
use twobot_store::installs::{Bindings, InstallState};
use twobot_store::kv::Totals;
use twobot_store::{PageRequest, StoreError};

#[tokio::test(flavor = "multi_thread")]
async fn no_more_plugins_than_the_plan_allows_also_at_once() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    world.tenant("bob").await.install("plugin-0", &[]).await;
    let mut tasks = JoinSet::new();
    for number in 0..20 {
        let (ann, new) = (ann.clone(), new_install(&format!("plugin-{number}"), &[]));
        tasks.spawn(async move { ann.store.create_install(ann.scope, &new, Some(3)).await });
    }
    let results = tasks.join_all().await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 3);
    for error in results.into_iter().filter_map(Result::err) {
        assert!(matches!(error, StoreError::Quota { name: "plugins", used: 3, allowed: 3, .. }), "{error:?}");
    }
    assert_eq!(world.store.installs(ann.scope).await.unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_is_installed_once_in_a_workspace() {
    let world = World::new().await;
    let (ann, bob) = (world.tenant("ann").await, world.tenant("bob").await);
    bob.install("analytics", &[]).await;
    let mut tasks = JoinSet::new();
    for _ in 0..10 {
        let ann = ann.clone();
        tasks.spawn(async move {
            ann.store.create_install(ann.scope, &new_install("analytics", &[]), None).await
        });
    }
    let mut installed = 0;
    for result in tasks.join_all().await {
        match result {
            Ok(_) => installed += 1,
            Err(StoreError::Exists(name)) => assert_eq!(name, "installs_slug_unique"),
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(installed, 1);
}

#[tokio::test]
async fn what_was_installed_is_read_back() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let mut new = new_install("analytics", &[]);
    new.grants = vec![Capability::Storage, Capability::Send];
    let made = world.store.create_install(ann.scope, &new, None).await.unwrap();
    let read = world.store.install(ann.scope, "analytics").await.unwrap();
    assert_eq!(read.id, made.id);
    assert_eq!((read.version, read.digest), (new.version, new.digest));
    assert_eq!((read.config, read.grants, read.state), (new.config, new.grants, InstallState::Enabled));
    assert!(matches!(world.store.install(ann.scope, "Analytics").await, Err(StoreError::NotFound)));

    world.store.configure_install(ann.scope, made.id, &json!({"b": 2})).await.unwrap();
    world.store.set_install_version(ann.scope, made.id, "2.0.0", "sha256:two", &[]).await.unwrap();
    world
        .store
        .set_install_state(ann.scope, made.id, InstallState::Paused, Some(&trouble("paused")))
        .await
        .unwrap();
    let all = world.store.all_installs().await.unwrap();
    let [(scope, changed)] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!((*scope, changed.id, &changed.config), (ann.scope, made.id, &json!({"b": 2})));
    assert_eq!((changed.version.as_str(), changed.digest.as_str()), ("2.0.0", "sha256:two"));
    assert_eq!(changed.trouble.as_ref().unwrap().code, "paused");
}

#[tokio::test]
async fn bindings_are_the_tenants_own_gateways_in_the_tenants_order() {
    let world = World::new().await;
    let (ann, bob) = (world.tenant("ann").await, world.tenant("bob").await);
    let (a, b, c) = (ann.gateway("A").await, ann.gateway("B").await, ann.gateway("C").await);
    let foreign = bob.gateway("Not Ann's").await;
    let install = ann.install("analytics", &[b, a]).await;
    let bound = async || -> Vec<(String, GatewayId)> {
        let all = world.store.bound_gateways(ann.scope, install).await.unwrap();
        all.into_iter().map(|bound| (bound.slot, bound.id)).collect()
    };
    let slot = |name: &str, gateways: &[GatewayId]| -> Bindings {
        [(name.to_owned(), gateways.to_vec())].into_iter().collect()
    };
    let pairs = |list: &[(&str, GatewayId)]| -> Vec<(String, GatewayId)> {
        list.iter().map(|(slot, id)| ((*slot).to_owned(), *id)).collect()
    };
    assert_eq!(bound().await, pairs(&[("chat", b), ("chat", a)]));

    // A slot that is not given stays; one that is given is replaced; the same gateway twice is bound once.
    world.store.bind_gateways(ann.scope, install, &slot("ai", &[c, a, c])).await.unwrap();
    assert_eq!(bound().await, pairs(&[("ai", c), ("ai", a), ("chat", b), ("chat", a)]));
    world.store.bind_gateways(ann.scope, install, &slot("chat", &[])).await.unwrap();
    assert_eq!(bound().await, pairs(&[("ai", c), ("ai", a)]));

    // A wrong one changes nothing, whichever place it has.
    for gateways in [[a, foreign], [foreign, a], [a, GatewayId::new()]] {
        let result = world.store.bind_gateways(ann.scope, install, &slot("ai", &gateways)).await;
        assert!(matches!(result, Err(StoreError::NotFound)), "{result:?}");
        assert_eq!(bound().await, pairs(&[("ai", c), ("ai", a)]));
        let result = world.store.create_install(ann.scope, &new_install("other", &gateways), None).await;
        assert!(matches!(result, Err(StoreError::NotFound)), "{result:?}");
        assert!(matches!(world.store.install(ann.scope, "other").await, Err(StoreError::NotFound)));
    }
}

#[tokio::test]
async fn subscribers_are_enabled_and_bound() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let (gateway, other) = (ann.gateway("A").await, ann.gateway("B").await);
    let first = ann.install("first", &[gateway]).await;
    let second = ann.install("second", &[other, gateway]).await;
    ann.install("third", &[other]).await;
    let subscribers = async || -> Vec<_> {
        let all = world.store.subscribers(ann.scope, gateway).await.unwrap();
        all.into_iter().map(|install| install.id).collect()
    };
    assert_eq!(subscribers().await, [first, second]);
    for state in [InstallState::Disabled, InstallState::Paused] {
        world.store.set_install_state(ann.scope, first, state, None).await.unwrap();
        assert_eq!(subscribers().await, [second]);
    }
    world.store.set_install_state(ann.scope, first, InstallState::Enabled, None).await.unwrap();
    assert_eq!(subscribers().await, [first, second]);
}

#[tokio::test]
async fn a_removed_plugin_takes_its_data_and_gives_its_room_back() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let (gone, stays) = (ann.install("gone", &[]).await, ann.install("stays", &[]).await);
    ann.commit(gone, &writes([], [("ä", set("123")), ("b", set(""))])).await.unwrap();
    ann.commit(stays, &writes([], [("c", set("12345"))])).await.unwrap();
    let totals = async || world.store.kv_totals(ann.scope).await.unwrap();
    // Two bytes for the key `ä`.
    assert_eq!(totals().await, Totals { keys: 3, bytes: 5 + 1 + 6 });

    world.store.delete_install(ann.scope, gone).await.unwrap();
    assert_eq!(totals().await, Totals { keys: 1, bytes: 6 });
    assert_eq!(world.number("SELECT count(*) FROM kv").await, 1);
    assert_eq!(world.number("SELECT count(*) FROM executions").await, 1);
    assert!(matches!(world.store.delete_install(ann.scope, gone).await, Err(StoreError::NotFound)));
    assert_eq!(totals().await, Totals { keys: 1, bytes: 6 });
    // The slug is free again, and begins with nothing.
    let again = ann.install("gone", &[]).await;
    assert_eq!(ann.read(again, "b").await, None);
}

#[tokio::test]
async fn what_waits_for_a_decision_is_held_and_then_has_its_turn() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let gateway = ann.gateway("Bot").await;
    let (install, other) = (ann.install("first", &[gateway]).await, ann.install("other", &[gateway]).await);
    let (before, others) = (ann.queue(gateway, install).await, ann.queue(gateway, other).await);
    world.store.hold_install(ann.scope, install, &trouble("permissions_needed")).await.unwrap();
    let held = ann.queue(gateway, install).await;
    let turn = async || -> Vec<_> {
        let work = world.store.waiting(ann.scope, WorkKind::Execution, 9).await.unwrap();
        work.into_iter().map(|work| work.id).collect()
    };
    assert_eq!(turn().await, [others.uuid()]);
    assert_eq!(world.store.waiting_events(ann.scope).await.unwrap(), 1, "held ones do not fill the queue");
    for id in [before, held] {
        let queued = world.store.queued_execution(ann.scope, id).await;
        assert!(matches!(queued, Err(StoreError::NotFound)), "{queued:?}");
        assert_eq!(world.store.execution(ann.scope, id).await.unwrap().state, "waiting");
    }
    let subscribers = world.store.subscribers(ann.scope, gateway).await.unwrap();
    assert_eq!(subscribers.len(), 2, "it still gets its events");
    let paused = world.store.install_by_id(ann.scope, install).await.unwrap();
    assert_eq!((paused.state, paused.waits), (InstallState::Paused, true));

    let (granted, asked) = ([Capability::Storage], [Capability::Storage, Capability::Ai]);
    world.store.set_grants(ann.scope, install, &granted, &asked).await.unwrap();
    assert_eq!(turn().await, [before.uuid(), others.uuid(), held.uuid()]);
    let decided = world.store.install_by_id(ann.scope, install).await.unwrap();
    assert_eq!((decided.state, decided.waits, decided.trouble), (InstallState::Enabled, false, None));
    assert_eq!((decided.grants, decided.asked), (granted.to_vec(), Some(asked.to_vec())));

    // Deciding on one that does not wait leaves it as it is.
    let why = trouble("plugin_paused");
    world.store.set_install_state(ann.scope, install, InstallState::Paused, Some(&why)).await.unwrap();
    world.store.set_grants(ann.scope, install, &[], &asked).await.unwrap();
    let paused = world.store.install_by_id(ann.scope, install).await.unwrap();
    assert_eq!((paused.state, paused.trouble.unwrap().code), (InstallState::Paused, why.code));
    // Switched off instead, what was held has its turn as well, and is then given up like any other.
    world.store.hold_install(ann.scope, install, &trouble("permissions_needed")).await.unwrap();
    assert_eq!(turn().await, [others.uuid()]);
    world.store.set_install_state(ann.scope, install, InstallState::Disabled, None).await.unwrap();
    assert_eq!(turn().await.len(), 3);
}

#[tokio::test]
async fn no_more_is_held_than_may_be_and_for_no_longer_than_a_day() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let (gateway, install) = (ann.gateway("Bot").await, ann.install("first", &[]).await);
    world.store.hold_install(ann.scope, install, &trouble("permissions_needed")).await.unwrap();
    world
        .execute(&format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MAX_HELD}) \
             INSERT INTO executions (id, tenant_id, install_id, cause, event_kind, lane, state, next_at, created_at, held) \
             SELECT {}, tenant_id, id, 'event', 'message', '', 'waiting', 0, i, 1 FROM n, installs",
            world.random_id()
        ))
        .await;
    let last = ann.queue(gateway, install).await;
    let record = world.store.execution(ann.scope, last).await.unwrap();
    assert_eq!((record.state.as_str(), record.trouble.unwrap().code.as_str()), ("failed", "queue_full"));

    let old = Timestamp(i64::try_from(MAX_HELD).unwrap() - 1);
    assert_eq!(world.store.give_up_held(old, &trouble("too_late")).await.unwrap(), MAX_HELD - 2);
    assert_eq!(world.number("SELECT count(*) FROM executions WHERE held = 1 AND state = 'waiting'").await, 2);
    let next = ann.queue(gateway, install).await;
    assert_eq!(world.store.execution(ann.scope, next).await.unwrap().state, "waiting", "there is room again");
}

#[tokio::test]
async fn what_waits_for_a_workspace_that_rests_is_kept_for_a_time_only() {
    let world = World::new().await;
    let (ann, bob) = (world.tenant("ann").await, world.tenant("bob").await);
    let mut queued = Vec::new();
    for who in [&ann, &bob] {
        let gateway = who.gateway("Bot").await;
        let install = who.install("first", &[gateway]).await;
        queued.push((who.queue(gateway, install).await, install));
        who.deliver(gateway, "late").await;
    }
    world.store.set_workspace_state(ann.scope, WorkspaceState::Stopped).await.unwrap();
    let later = Timestamp::now().plus_millis(1_000);
    let trouble = trouble("workspace_stopped");
    assert_eq!(world.store.give_up_resting(Timestamp(1), &trouble).await.unwrap(), 0, "what is new stays");
    assert_eq!(
        world.store.give_up_resting(later, &trouble).await.unwrap(),
        2,
        "a run and a delivery of hers"
    );
    let record = world.store.execution(ann.scope, queued[0].0).await.unwrap();
    assert_eq!(
        (record.state.as_str(), record.trouble.unwrap().code.as_str()),
        ("failed", "workspace_stopped")
    );
    assert_eq!(world.store.execution(bob.scope, queued[1].0).await.unwrap().state, "waiting", "his runs");
    let letters =
        world.store.dead_letters(ann.scope, &DeadLetterFilter::default(), PageRequest::default()).await;
    let letters: Vec<_> = letters.unwrap().items.into_iter().map(|letter| (letter.kind, letter.id)).collect();
    assert_eq!(letters.len(), 2);
    assert_eq!(
        world.store.retry_dead_letters(ann.scope, &letters).await.unwrap(),
        2,
        "she may still have it done"
    );

    // What waits for a decision has a time of its own.
    world.store.hold_install(ann.scope, queued[0].1, &trouble).await.unwrap();
    assert_eq!(world.store.give_up_resting(later, &trouble).await.unwrap(), 1, "the delivery alone");
}
