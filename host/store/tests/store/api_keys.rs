//! Keys of the API.

use crate::world::{Tenant, World, new_api_key, page};
use secrecy::SecretString;
use tokio::task::JoinSet;
use twobot_domain::{ApiScope, Timestamp};
use twobot_store::api_keys::{ApiKey, KeyCheck, REVOKED_KEPT};
use twobot_store::{Store, StoreError};

async fn key(tenant: &Tenant, prefix: &str) -> ApiKey {
    let new = new_api_key(tenant.user.id, prefix);
    tenant.store.create_api_key(tenant.scope, &new, None).await.unwrap()
}

/// What a token is, in one word; of one that holds, whose it is.
async fn check(store: &Store, prefix: &str, token: &str) -> String {
    match store.authenticate_key(prefix, token).await.unwrap() {
        KeyCheck::Holds(found) => found.user_name,
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn a_key_opens_its_own_tenant_and_nothing_else() {
    let world = World::new().await;
    let (ann, bob) = (world.tenant("ann").await, world.tenant("bob").await);
    let (of_ann, of_bob) = (key(&ann, "aaaa").await, key(&bob, "bbbb").await);
    let KeyCheck::Holds(found) = world.store.authenticate_key("aaaa", "token of aaaa").await.unwrap() else {
        panic!("ann's key does not hold");
    };
    assert_eq!((found.scope, found.key, found.user), (ann.scope, of_ann.id, ann.user.id));
    assert_eq!(found.scopes, [ApiScope::ReadGateways, ApiScope::ExecutePlugins]);
    assert_eq!(found.name, "Deploy");
    assert_eq!(check(&world.store, "bbbb", "token of bbbb").await, bob.user.name);
    for (prefix, token) in [
        ("aaaa", "token of bbbb"),
        ("bbbb", "token of aaaa"),
        ("aaaa", ""),
        ("aaaa", "token of aaa"),
        ("aaaa", "token of aaaaa"),
        ("AAAA", "token of aaaa"),
        ("", "token of aaaa"),
        ("%", "token of aaaa"),
    ] {
        assert_eq!(check(&world.store, prefix, token).await, "Unknown", "{prefix} {token}");
    }
    let listed = world.store.api_keys(bob.scope, page(50)).await.unwrap().items;
    assert_eq!(listed, [of_bob]);
}

#[tokio::test]
async fn a_token_of_a_key_is_kept_as_its_digest_only() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let made = key(&ann, "aaaa").await;
    let other = SecretString::from("another-token-that-nobody-must-find");
    world.store.rotate_api_key(ann.scope, made.id, &other, Timestamp(i64::MAX)).await.unwrap();
    let all = world.bytes().await;
    let found = |text: &str| all.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(!found("token of aaaa") && !found("another-token-that-nobody-must-find"));
    assert!(found("ann@example.com"), "the search finds what is there");
}

#[tokio::test]
async fn an_expired_and_a_revoked_key_say_so_to_who_has_the_secret() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let (store, now) = (&world.store, Timestamp::now());
    for (prefix, at, expected) in [
        ("past", now.plus_millis(-1), "Expired"),
        ("now", now, "Expired"),
        ("soon", now.plus_millis(60_000), ann.user.name.as_str()),
    ] {
        let new =
            twobot_store::api_keys::NewApiKey { expires_at: Some(at), ..new_api_key(ann.user.id, prefix) };
        store.create_api_key(ann.scope, &new, None).await.unwrap();
        assert_eq!(check(store, prefix, &format!("token of {prefix}")).await, expected);
        assert_eq!(check(store, prefix, "guessed").await, "Unknown");
    }
    let revoked = key(&ann, "revoked").await;
    store.revoke_api_key(ann.scope, revoked.id).await.unwrap();
    assert_eq!(check(store, "revoked", "token of revoked").await, "Revoked");
    assert_eq!(check(store, "revoked", "guessed").await, "Unknown");
    // What is revoked is not there any more for those who have keys to see and to change.
    let token = SecretString::from("new");
    for gone in [
        store.api_key(ann.scope, revoked.id).await.map(drop),
        store.rename_api_key(ann.scope, revoked.id, "x").await.map(drop),
        store.rotate_api_key(ann.scope, revoked.id, &token, Timestamp(i64::MAX)).await.map(drop),
        store.revoke_api_key(ann.scope, revoked.id).await,
    ] {
        assert!(matches!(gone, Err(StoreError::NotFound)), "{gone:?}");
    }
    let names: Vec<_> = store.api_keys(ann.scope, page(50)).await.unwrap().items;
    assert_eq!(names.iter().map(|key| key.prefix.as_str()).collect::<Vec<_>>(), ["past", "now", "soon"]);
    // A key that has expired is not made young again.
    let expired = names[0].id;
    let refused = store.rotate_api_key(ann.scope, expired, &token, Timestamp(i64::MAX)).await;
    assert!(matches!(refused, Err(StoreError::NotFound)), "{refused:?}");
}

#[tokio::test]
async fn the_token_before_a_rotation_holds_for_its_time_of_grace() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let (store, now) = (&world.store, Timestamp::now());
    let made = key(&ann, "aaaa").await;
    let rotate = async |token: &str, until: Timestamp| {
        store.rotate_api_key(ann.scope, made.id, &SecretString::from(token), until).await.unwrap()
    };
    let rotated = rotate("second", now.plus_millis(60_000)).await;
    assert!(rotated.rotated_at >= Some(now) && rotated.replaced_until == Some(now.plus_millis(60_000)));
    assert_eq!(check(store, "aaaa", "token of aaaa").await, ann.user.name);
    assert_eq!(check(store, "aaaa", "second").await, ann.user.name);
    // Only the last one before has a grace.
    rotate("third", now.plus_millis(60_000)).await;
    assert_eq!(check(store, "aaaa", "token of aaaa").await, "Unknown");
    assert_eq!(check(store, "aaaa", "second").await, ann.user.name);
    // None at all.
    rotate("fourth", now).await;
    assert_eq!(check(store, "aaaa", "third").await, "Replaced");
    assert_eq!(check(store, "aaaa", "fourth").await, ann.user.name);
    store.revoke_api_key(ann.scope, made.id).await.unwrap();
    for token in ["third", "fourth"] {
        assert_eq!(check(store, "aaaa", token).await, "Revoked");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_keys_made_at_once_no_more_are_made_than_the_limit_allows() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let mut tasks = JoinSet::new();
    for number in 0..8 {
        let (store, scope, user) = (world.store.clone(), ann.scope, ann.user.id);
        tasks.spawn(async move {
            store.create_api_key(scope, &new_api_key(user, &format!("key {number}")), Some(3)).await
        });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 3);
    for refused in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
        let StoreError::Quota { name: "api_keys", used: 3, allowed: 3, unit: "keys" } = refused else {
            panic!("{refused:?}");
        };
    }
    // A revoked key makes room for another.
    let one = world.store.api_keys(ann.scope, page(50)).await.unwrap().items[0].id;
    world.store.revoke_api_key(ann.scope, one).await.unwrap();
    world.store.create_api_key(ann.scope, &new_api_key(ann.user.id, "more"), Some(3)).await.unwrap();
    // Whose prefix is taken is refused, whoever has it.
    let bob = world.tenant("bob").await;
    match world.store.create_api_key(bob.scope, &new_api_key(bob.user.id, "more"), Some(3)).await {
        Err(StoreError::Exists(name)) => assert_eq!(name, "api_keys_prefix_unique"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_use_is_noted_at_most_once_a_minute() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let made = key(&ann, "aaaa").await;
    assert_eq!(made.last_used_at, None);
    let note = async || world.store.note_key_use(ann.scope, made.id).await.unwrap();
    let known = async || match world.store.authenticate_key("aaaa", "token of aaaa").await.unwrap() {
        KeyCheck::Holds(found) => found.is_to_be_noted(),
        other => panic!("{other:?}"),
    };
    assert!(known().await && note().await);
    assert!(!known().await && !note().await);
    let first = world.store.api_key(ann.scope, made.id).await.unwrap().last_used_at.unwrap();
    assert!(first >= made.created_at);
    world.execute("UPDATE api_keys SET last_used_at = last_used_at - 60000").await;
    assert!(known().await && note().await);
    assert!(!note().await);
}

#[tokio::test]
async fn revoked_keys_do_not_grow_without_end() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    for number in 0..REVOKED_KEPT + 2 {
        let made = key(&ann, &format!("key {number}")).await;
        world.store.revoke_api_key(ann.scope, made.id).await.unwrap();
    }
    key(&ann, "holds").await;
    let kept = world.number("SELECT count(*) FROM api_keys").await;
    assert_eq!(u64::try_from(kept).unwrap(), REVOKED_KEPT + 1);
    assert_eq!(check(&world.store, "key 1", "token of key 1").await, "Unknown");
    assert_eq!(check(&world.store, "key 2", "token of key 2").await, "Revoked");
}
