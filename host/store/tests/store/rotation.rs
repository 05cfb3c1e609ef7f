//! What a former master key sealed is sealed with the present one.

use crate::estate::estate;
use crate::world::{KEY, World, new_gateway};
use secrecy::ExposeSecret as _;
use twobot_store::rotation::Resealed;
use twobot_store::{KeyId, MasterKey, Store, StoreError};

const NEW: [u8; 32] = [9; 32];

async fn store(world: &World, keys: &[[u8; 32]]) -> Store {
    Store::open(&world.url(), MasterKey::several(keys).unwrap()).await.unwrap()
}

/// Columns with an envelope of a key, wherever they are in the database.
async fn sealed_with(world: &World, key: KeyId) -> Vec<String> {
    let mut found = Vec::new();
    let envelope = world.blob(&format!("01{key}"));
    for table in world.tables().await {
        for column in world.columns(&table).await {
            if !["BLOB", "bytea"].contains(&column.kind.as_str()) {
                continue;
            }
            let name = &column.name;
            let count = format!("SELECT count(*) FROM {table} WHERE substr({name}, 1, 5) = {envelope}");
            if world.number(&count).await > 0 {
                found.push(format!("{table}.{name}"));
            }
        }
    }
    found
}

#[tokio::test]
async fn nothing_needs_the_former_key_any_more_wherever_it_stands() {
    let world = World::new().await;
    let (ann, _) = (estate(&world, "ann").await, estate(&world, "bob").await);
    world.store.make_own_key("a purpose").await.unwrap();
    let own = world.store.own_key("a purpose").await.unwrap();
    let (former, present) = (MasterKey::new(KEY).id(), MasterKey::new(NEW).id());
    let before = sealed_with(&world, former).await;
    assert!(before.contains(&"gateways.credentials".to_owned()), "{before:?}");
    let rotated = store(&world, &[NEW, KEY]).await;
    let counted = rotated.sealed_by().await.unwrap();
    let all = counted[&former];
    assert_eq!(counted.len(), 1);

    assert_eq!(rotated.reseal().await.unwrap(), Resealed { resealed: all, unopened: 0 });
    assert_eq!(sealed_with(&world, former).await, Vec::<String>::new());
    assert_eq!(sealed_with(&world, present).await, before);
    assert_eq!(rotated.sealed_by().await.unwrap(), [(present, all)].into());
    assert_eq!(rotated.reseal().await.unwrap(), Resealed::default(), "again, there is nothing to do");

    let alone = store(&world, &[NEW]).await;
    let secrets = alone.gateway_secrets(ann.scope, ann.gateway).await.unwrap();
    assert!(!secrets.webhook_secret.expose_secret().is_empty());
    assert_eq!(alone.own_key("a purpose").await.unwrap(), own, "and what came from the key once stays");
    // Who has the former key only is not let in.
    assert!(matches!(world.store.gateway_secrets(ann.scope, ann.gateway).await, Err(StoreError::Unsealable)));
}

#[tokio::test]
async fn what_no_key_opens_stays_as_it_is_and_is_counted() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let gateway = ann.gateway("Bot").await;
    let strange = store(&world, &[NEW]).await;
    let done = strange.reseal().await.unwrap();
    assert_eq!((done.resealed, done.unopened > 0), (0, true));
    assert!(world.store.gateway_secrets(ann.scope, gateway).await.is_ok());
    assert_eq!(strange.sealed_by().await.unwrap().len(), 1);
}

#[tokio::test]
async fn more_than_one_batch_is_sealed_anew() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    for number in 0..201 {
        world.store.create_gateway(ann.scope, &new_gateway(&format!("Bot {number}")), None).await.unwrap();
    }
    let rotated = store(&world, &[NEW, KEY]).await;
    let all = rotated.sealed_by().await.unwrap()[&MasterKey::new(KEY).id()];
    assert!(all > 201);
    assert_eq!(rotated.reseal().await.unwrap().resealed, all);
    assert_eq!(rotated.sealed_by().await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_own_key_is_made_once_whoever_is_first() {
    let world = World::new().await;
    let derived = world.store.own_key("a purpose").await.unwrap();
    assert_eq!(derived, MasterKey::new(KEY).derive("a purpose"), "what it would be");
    let nodes = [world.another_store().await, world.another_store().await];
    let made = tokio::join!(nodes[0].make_own_key("a purpose"), nodes[1].make_own_key("a purpose"));
    assert!(made.0.is_ok() && made.1.is_ok());
    for node in &nodes {
        assert_eq!(node.own_key("a purpose").await.unwrap(), derived);
        assert_ne!(node.own_key("another").await.unwrap(), derived);
    }
    assert!(matches!(store(&world, &[NEW]).await.own_key("a purpose").await, Err(StoreError::Unsealable)));
}
