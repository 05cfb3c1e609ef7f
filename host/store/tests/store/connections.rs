//! Gateways that somebody has to be with.

use crate::world::{World, trouble};
use twobot_store::StoreError;
use twobot_store::connections::ToConnect;
use twobot_store::gateways::{GatewayStatus, ProviderAccount};

#[tokio::test]
async fn who_switches_a_gateway_on_asks_for_somebody_until_it_is_done_or_switched_off() {
    let world = World::new().await;
    let (ann, bob) = (world.tenant("ann").await, world.tenant("bob").await);
    let (a, b) = (ann.gateway("A").await, bob.gateway("B").await);
    bob.gateway("Off").await;
    let store = &world.store;
    let tenants = async || {
        let mut tenants = store.tenants_to_connect().await.unwrap();
        tenants.sort_by_key(|scope| scope.tenant());
        tenants
    };
    assert_eq!(tenants().await, []);
    store.set_gateway_enabled(ann.scope, a, true).await.unwrap();
    store.set_gateway_enabled(bob.scope, b, true).await.unwrap();
    assert_eq!(tenants().await, [ann.scope, bob.scope]);
    assert_eq!(store.to_connect(ann.scope).await.unwrap(), [ToConnect { gateway: a, asked: 1 }]);

    store.connection_done(ann.scope, a, 1).await.unwrap();
    assert_eq!(store.to_connect(ann.scope).await.unwrap(), []);
    store.set_gateway_enabled(bob.scope, b, false).await.unwrap();
    assert_eq!(tenants().await, []);

    // A first start looks at all that are switched on.
    assert_eq!(store.connect_all_anew().await.unwrap(), 1);
    assert_eq!(store.to_connect(ann.scope).await.unwrap(), [ToConnect { gateway: a, asked: 2 }]);
    assert_eq!(store.to_connect(bob.scope).await.unwrap(), []);
}

#[tokio::test]
async fn a_wish_that_comes_meanwhile_is_not_lost() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let (store, gateway) = (&world.store, ann.gateway("Bot").await);
    store.set_gateway_enabled(ann.scope, gateway, true).await.unwrap();
    let first = store.to_connect(ann.scope).await.unwrap()[0];
    let account = ProviderAccount { id: "1".to_owned(), name: "Bot".to_owned(), details: Vec::new() };
    let note = async |wish, status, account| {
        let (trouble, account) = (trouble("down"), account);
        store.set_connection_status(ann.scope, wish, status, Some(&trouble), account).await
    };
    note(first, GatewayStatus::Error, Some(&account)).await.unwrap();

    // The owner connects it again while the first is still at it.
    store.set_gateway_enabled(ann.scope, gateway, true).await.unwrap();
    store.set_gateway_status(ann.scope, gateway, GatewayStatus::Connecting, None, None).await.unwrap();
    let late = note(first, GatewayStatus::Error, None).await;
    assert!(matches!(late, Err(StoreError::NotFound)), "{late:?}");
    store.connection_done(ann.scope, gateway, first.asked).await.unwrap();
    let second = ToConnect { asked: first.asked + 1, ..first };
    assert_eq!(store.to_connect(ann.scope).await.unwrap(), [second]);
    let stored = store.gateway(ann.scope, gateway).await.unwrap();
    assert_eq!((stored.status, stored.account), (GatewayStatus::Connecting, Some(account.clone())));

    // And switches it off while the second is.
    note(second, GatewayStatus::Connected, None).await.unwrap();
    store.set_gateway_enabled(ann.scope, gateway, false).await.unwrap();
    let off = ToConnect { asked: second.asked + 1, ..second };
    for wish in [second, off] {
        let late = note(wish, GatewayStatus::Error, None).await;
        assert!(matches!(late, Err(StoreError::NotFound)), "{late:?}");
    }
}
