//! Requests that are done once.

use crate::estate::named;
use crate::world::{Tenant, World};
use secrecy::{ExposeSecret, SecretString};
use tokio::task::JoinSet;
use twobot_domain::Timestamp;
use twobot_store::Store;
use twobot_store::idempotency::{Begun, KEPT_MILLIS, KEPT_OF_TENANT, MAX_ANSWER, NamedRequest};
use uuid::Uuid;

/// What there is under a name, in one word.
async fn begin(store: &Store, tenant: &Tenant, request: &NamedRequest) -> String {
    match store.begin_request(tenant.scope, request).await.unwrap() {
        Begun::Now(_) => "now".to_owned(),
        Begun::Other => "other".to_owned(),
        Begun::Unanswered(_) => "unanswered".to_owned(),
        Begun::Done(None) => "not kept".to_owned(),
        Begun::Done(Some(answer)) => answer.expose_secret().to_owned(),
    }
}

async fn begun(tenant: &Tenant, request: &NamedRequest) -> Uuid {
    match tenant.store.begin_request(tenant.scope, request).await.unwrap() {
        Begun::Now(id) => id,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_name_is_taken_once_and_answers_what_was_answered() {
    let world = World::new().await;
    let (ann, bob) = (world.tenant("ann").await, world.tenant("bob").await);
    let request = named(ann.user.id, "a");
    let id = begun(&ann, &request).await;
    assert_eq!(begin(&world.store, &ann, &request).await, "unanswered");
    let other = NamedRequest { request: [2; 32], ..request.clone() };
    assert_eq!(begin(&world.store, &ann, &other).await, "other");
    ann.store.answer_request(ann.scope, id, &SecretString::from("the-secret-answer")).await.unwrap();
    assert_eq!(begin(&world.store, &ann, &request).await, "the-secret-answer");
    assert_eq!(begin(&world.store, &ann, &other).await, "other");
    for free in [named(ann.user.id, "b"), named(ann.user.id, "A"), named(bob.user.id, "a")] {
        assert_eq!(begin(&world.store, &ann, &free).await, "now");
    }
    assert_eq!(begin(&world.store, &bob, &request).await, "now", "another tenant's names are others");
    let all = world.bytes().await;
    assert!(!all.windows(17).any(|part| part == b"the-secret-answer"), "the answer stands there in clear");

    let id = begun(&ann, &named(ann.user.id, "nothing")).await;
    ann.store.forget_request(ann.scope, id).await.unwrap();
    assert_eq!(begin(&world.store, &ann, &named(ann.user.id, "nothing")).await, "now");
}

#[tokio::test]
async fn an_answer_that_is_too_long_or_moved_is_not_given() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    for (name, length, kept) in [("fits", MAX_ANSWER, true), ("long", MAX_ANSWER + 1, false)] {
        let id = begun(&ann, &named(ann.user.id, name)).await;
        let answer = "x".repeat(length);
        ann.store.answer_request(ann.scope, id, &SecretString::from(answer.clone())).await.unwrap();
        let expected = if kept { answer } else { "not kept".to_owned() };
        assert_eq!(begin(&world.store, &ann, &named(ann.user.id, name)).await, expected);
    }
    world.execute("UPDATE idempotency_keys SET answer = (SELECT answer FROM idempotency_keys WHERE answer IS NOT NULL)").await;
    assert_eq!(begin(&world.store, &ann, &named(ann.user.id, "long")).await, "not kept");
}

#[tokio::test]
async fn names_are_free_again_after_a_day_and_few_are_kept() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let rows = || world.number("SELECT count(*) FROM idempotency_keys");
    for name in ["a", "b", "c"] {
        begun(&ann, &named(ann.user.id, name)).await;
    }
    world.execute(&format!("UPDATE idempotency_keys SET begun_at = begun_at - {KEPT_MILLIS}")).await;
    assert_eq!(begin(&world.store, &ann, &named(ann.user.id, "a")).await, "now");
    let before = Timestamp::now().plus_millis(1 - KEPT_MILLIS);
    assert_eq!(world.store.remove_requests(before, 1).await.unwrap(), 1);
    assert_eq!(world.store.remove_requests(before, 200).await.unwrap(), 1);
    assert_eq!(world.store.remove_requests(before, 200).await.unwrap(), 0);
    assert_eq!(rows().await, 1);
    for number in 0..KEPT_OF_TENANT + 4 {
        begun(&ann, &named(ann.user.id, &number.to_string())).await;
    }
    assert_eq!(rows().await, i64::try_from(KEPT_OF_TENANT).unwrap());
    assert_eq!(begin(&world.store, &ann, &named(ann.user.id, "0")).await, "now", "the oldest is forgotten");
    assert_eq!(begin(&world.store, &ann, &named(ann.user.id, "900")).await, "unanswered");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_on_several_nodes_one_takes_a_name() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let stores = [world.store.clone(), world.another_store().await];
    for name in ["a", "b", "c"] {
        let mut all = JoinSet::new();
        for number in 0..16 {
            let (store, ann, request) = (stores[number % 2].clone(), ann.clone(), named(ann.user.id, name));
            all.spawn(async move { begin(&store, &ann, &request).await });
        }
        let said = all.join_all().await;
        assert_eq!(said.iter().filter(|one| *one == "now").count(), 1, "{said:?}");
        assert_eq!(said.iter().filter(|one| *one == "unanswered").count(), 15, "{said:?}");
    }
}
