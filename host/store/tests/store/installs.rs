//! Installed plugins and what is bound to them.

use crate::world::{World, new_install, set, trouble, writes};
use serde_json::json;
use tokio::task::JoinSet;
use twobot_domain::GatewayId;
use twobot_domain::manifest::Capability;
use twobot_store::StoreError;
use twobot_store::installs::{Bindings, InstallState};
use twobot_store::kv::Totals;

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
            Err(StoreError::Exists(name)) => assert_eq!(name, "installs.tenant_id, installs.slug"),
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
    world.store.set_install_version(ann.scope, made.id, "2.0.0", "sha256:two").await.unwrap();
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
