//! Changes that are made only if a thing is still as expected.

use crate::estate::{estate, note};
use crate::world::World;
use serde_json::json;
use std::collections::BTreeSet;
use tokio::task::JoinSet;
use twobot_domain::AuditAction;
use twobot_store::versions::{Expected, Versioned};
use twobot_store::{Store, StoreError};

fn expecting(store: &Store, of: Versioned, versions: &[String]) -> Store {
    let expected = Expected { of, versions: Some(versions.to_vec()) };
    store.expecting(expected).noting(note(AuditAction::GatewayUpdate))
}

#[tokio::test]
async fn each_change_of_the_owners_is_another_version_and_nothing_else_is() {
    let world = World::new().await;
    let of = estate(&world, "owner").await;
    let store = &world.store;
    let gateway = async || store.gateway(of.scope, of.gateway).await.unwrap().version().to_string();
    let mut seen = BTreeSet::from([gateway().await]);
    for number in 0..5 {
        // Within one millisecond, and back to what it was before.
        let name = format!("Name {}", number % 2);
        store.change_gateway(of.scope, of.gateway, &name, &json!({}), None).await.unwrap();
        assert!(seen.insert(gateway().await), "{seen:?}");
    }
    let before = gateway().await;
    store.set_gateway_enabled(of.scope, of.gateway, false).await.unwrap();
    world.execute("UPDATE gateways SET accepted = accepted + 1").await;
    assert_eq!(gateway().await, before);

    let install =
        async || store.install_by_id(of.scope, of.install).await.unwrap().version_of_settings().to_string();
    let mut seen = BTreeSet::from([install().await]);
    for _ in 0..3 {
        store.configure_install(of.scope, of.install, &json!({})).await.unwrap();
        assert!(seen.insert(install().await));
        store.set_grants(of.scope, of.install, &[], &[]).await.unwrap();
        assert!(seen.insert(install().await));
        store
            .bind_gateways(of.scope, of.install, &[("in".to_owned(), vec![of.gateway])].into())
            .await
            .unwrap();
        assert!(seen.insert(install().await));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_on_several_nodes_who_expect_the_same_one_has_its_way() {
    let world = World::new().await;
    let of = estate(&world, "owner").await;
    let stores = [world.store.clone(), world.another_store().await];
    for round in 0..3 {
        let version = world.store.gateway(of.scope, of.gateway).await.unwrap().version().to_string();
        let mut all = JoinSet::new();
        for number in 0..16 {
            let store = expecting(
                &stores[number % 2],
                Versioned::Gateway(of.gateway),
                std::slice::from_ref(&version),
            );
            let (scope, gateway) = (of.scope, of.gateway);
            all.spawn(async move {
                let name = format!("{round} {number}");
                store.change_gateway(scope, gateway, &name, &json!({}), None).await.map(|_| ())
            });
        }
        let outcomes = all.join_all().await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
        let stale = outcomes.iter().filter(|outcome| matches!(outcome, Err(StoreError::Stale)));
        assert_eq!(stale.count(), 15, "{outcomes:?}");
    }
}

#[tokio::test]
async fn what_is_stale_changes_nothing_and_is_not_noted() {
    let world = World::new().await;
    let of = estate(&world, "owner").await;
    let slug = world.store.install_by_id(of.scope, of.install).await.unwrap().slug;
    let old = ["0".repeat(32)];
    let before = world.dump().await;
    let gateway = expecting(&world.store, Versioned::Gateway(of.gateway), &old);
    let plugin = expecting(&world.store, Versioned::Plugin(slug), &old);
    let key = expecting(&world.store, Versioned::ApiKey(of.api_key), &old);
    let outcomes = [
        gateway.change_gateway(of.scope, of.gateway, "x", &json!({}), None).await.map(|_| ()),
        gateway.delete_gateway(of.scope, of.gateway).await,
        plugin.configure_install(of.scope, of.install, &json!({"a": 1})).await,
        plugin.set_grants(of.scope, of.install, &[], &[]).await,
        plugin.bind_gateways(of.scope, of.install, &[("in".to_owned(), vec![])].into()).await,
        plugin.delete_install(of.scope, of.install).await,
        key.rename_api_key(of.scope, of.api_key, "x").await.map(|_| ()),
        key.rotate_api_key(of.scope, of.api_key, &"x".into(), twobot_domain::Timestamp::now())
            .await
            .map(|_| ()),
        key.revoke_api_key(of.scope, of.api_key).await,
        gateway.check_expected(of.scope).await,
    ];
    for (number, outcome) in outcomes.iter().enumerate() {
        assert!(matches!(outcome, Err(StoreError::Stale)), "{number}: {outcome:?}");
    }
    assert!(world.dump().await == before, "something was changed");
}
