//! Gateways and their secrets.

use crate::estate::estate;
use crate::world::{TOKEN, WEBHOOK_SECRET, World, new_gateway, new_inbound, trouble, usage};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tokio::task::JoinSet;
use twobot_store::gateways::{DeliveryCounts, DeliveryOutcome, GatewayStatus, ProviderAccount};
use twobot_store::inbound::{Accepted, Decoded};
use twobot_store::{MasterKey, PageRequest, Store, StoreError};

#[tokio::test(flavor = "multi_thread")]
async fn no_more_gateways_than_the_plan_allows_also_at_once() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    world.tenant("bob").await.gateway("Not Ann's").await;
    let mut tasks = JoinSet::new();
    for _ in 0..20 {
        let ann = ann.clone();
        tasks.spawn(async move { ann.store.create_gateway(ann.scope, &new_gateway("One"), Some(3)).await });
    }
    let results = tasks.join_all().await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 3);
    for error in results.into_iter().filter_map(Result::err) {
        assert!(
            matches!(error, StoreError::Quota { name: "gateways", used: 3, allowed: 3, .. }),
            "{error:?}"
        );
    }
    assert_eq!(world.store.gateways(ann.scope, PageRequest::default()).await.unwrap().items.len(), 3);
}

#[tokio::test]
async fn secrets_are_sealed_on_the_disk_and_open_for_their_gateway_only() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let (first, second) = (ann.gateway("First").await, ann.gateway("Second").await);
    world.store.change_gateway(ann.scope, second, "Second", &json!({}), None).await.unwrap();
    let all = world.bytes().await;
    let found = |text: &str| all.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(!found(TOKEN) && !found(WEBHOOK_SECRET));
    // The settings prove that the search finds what is there.
    assert!(found("\"language\""));

    let secrets = world.store.gateway_secrets(ann.scope, first).await.unwrap();
    assert_eq!(secrets.credentials.expose_secret(), json!({"token": TOKEN}).to_string());
    assert_eq!(secrets.webhook_secret.expose_secret(), WEBHOOK_SECRET);
    assert!(!format!("{secrets:?}").contains(TOKEN));

    let stolen = Store::open(&world.url(), MasterKey::new([8; 32])).await.unwrap();
    let unsealable = |result| matches!(result, Err(StoreError::Unsealable));
    assert!(unsealable(stolen.gateway_secrets(ann.scope, first).await.map(drop)), "another master key");

    for column in ["credentials", "webhook_secret"] {
        let first_row = "(SELECT id FROM gateways ORDER BY id LIMIT 1)";
        let envelope = format!("(SELECT {column} FROM gateways WHERE id = {first_row})");
        let moved = format!("UPDATE gateways SET {column} = {envelope} WHERE id > {first_row}");
        assert_eq!(world.execute(&moved).await, 1);
        assert!(unsealable(world.store.gateway_secrets(ann.scope, second).await.map(drop)), "moved {column}");
        world.execute("UPDATE gateways SET credentials = NULL").await;
    }
    assert!(world.store.gateway_secrets(ann.scope, first).await.is_ok());
}

#[tokio::test]
async fn a_change_keeps_the_credentials_that_it_does_not_give() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let id = ann.gateway("Before").await;
    let credentials = async || {
        let secrets = world.store.gateway_secrets(ann.scope, id).await.unwrap();
        secrets.credentials.expose_secret().to_owned()
    };

    let changed = world.store.change_gateway(ann.scope, id, "After", &json!({"a": 1}), None).await.unwrap();
    assert_eq!((changed.name.as_str(), &changed.config), ("After", &json!({"a": 1})));
    assert!(changed.has_credentials);
    assert_eq!(credentials().await, json!({"token": TOKEN}).to_string());

    let new = SecretString::from("{\"token\":\"new\"}".to_owned());
    world.store.change_gateway(ann.scope, id, "After", &json!({}), Some(&new)).await.unwrap();
    assert_eq!(credentials().await, "{\"token\":\"new\"}");

    let mut bare = new_gateway("Web chat");
    bare.credentials = None;
    let bare = world.store.create_gateway(ann.scope, &bare, None).await.unwrap();
    assert!(!bare.has_credentials);
    let secrets = world.store.gateway_secrets(ann.scope, bare.id).await.unwrap();
    assert_eq!(secrets.credentials.expose_secret(), "{}");
}

#[tokio::test]
async fn a_status_replaces_the_trouble_and_keeps_the_account() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let id = ann.gateway("Bot").await;
    let gateway = async || world.store.gateway(ann.scope, id).await.unwrap();
    let set = async |status, trouble: Option<&_>, account: Option<&_>| {
        world.store.set_gateway_status(ann.scope, id, status, trouble, account).await.unwrap();
    };
    assert_eq!(gateway().await.status, GatewayStatus::Disconnected);

    let account = ProviderAccount {
        id: "1".to_owned(),
        name: "@bot".to_owned(),
        details: vec![("can_join_groups".to_owned(), "yes".to_owned())],
    };
    set(GatewayStatus::Connected, None, Some(&account)).await;
    set(GatewayStatus::Error, Some(&trouble("bad_credentials")), None).await;
    let broken = gateway().await;
    assert_eq!(broken.trouble.unwrap().code, "bad_credentials");
    assert_eq!((broken.status, broken.account), (GatewayStatus::Error, Some(account.clone())));

    set(GatewayStatus::Connecting, None, None).await;
    let mended = gateway().await;
    assert_eq!(
        (mended.status, mended.trouble, mended.account),
        (GatewayStatus::Connecting, None, Some(account))
    );

    world.store.set_poll_cursor(ann.scope, id, -5).await.unwrap();
    assert_eq!(gateway().await.poll_cursor, Some(-5));
}

#[tokio::test]
async fn deliveries_are_counted_by_what_came_of_them() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let (id, other) = (ann.gateway("Bot").await, ann.gateway("Other").await);
    assert_eq!(world.store.gateway(ann.scope, id).await.unwrap().last_event_at, None);
    for provider_id in ["1", "2", "3", "3", "3"] {
        world.store.accept(ann.scope, new_inbound(id, provider_id)).await.unwrap();
    }
    for _ in 0..4 {
        world.store.count_delivery(ann.scope, id, DeliveryOutcome::Refused).await.unwrap();
    }
    world.store.count_delivery(ann.scope, id, DeliveryOutcome::Duplicate).await.unwrap();
    let Accepted::New(odd) = world.store.accept(ann.scope, new_inbound(id, "odd")).await.unwrap() else {
        panic!("it is new");
    };
    let odd = world.store.inbound(ann.scope, odd).await.unwrap();
    let not_handled = Decoded::NotHandled("shipping_query".to_owned());
    world.store.finish_inbound(ann.scope, &odd, &not_handled, &usage()).await.unwrap();

    let gateway = world.store.gateway(ann.scope, id).await.unwrap();
    assert_eq!(gateway.counts, DeliveryCounts { accepted: 4, refused: 4, duplicates: 3, not_handled: 1 });
    assert!(gateway.last_event_at.is_some());
    let untouched = world.store.gateway(ann.scope, other).await.unwrap();
    assert_eq!((untouched.counts, untouched.last_event_at), (DeliveryCounts::default(), None));
}

#[tokio::test]
async fn a_deleted_gateway_takes_what_hangs_on_it() {
    let world = World::new().await;
    let of = estate(&world, "ann").await;
    let other = estate(&world, "bob").await;
    world.store.delete_gateway(of.scope, of.gateway).await.unwrap();
    for table in ["gateways", "inbound", "effects", "conversations", "chat_messages", "install_gateways"] {
        let left = world.number(&format!("SELECT count(DISTINCT tenant_id) FROM {table}")).await;
        assert_eq!(left, 1, "{table}: Ann's rows are gone, Bob's stay");
    }
    // What happened stays known.
    let event = world.store.event(of.scope, of.event).await.unwrap();
    assert_eq!((event.gateway, event.raw), (None, None));
    let execution = world.store.execution(of.scope, of.done).await.unwrap();
    assert_eq!(execution.gateway, None);
    assert!(world.store.install_by_id(of.scope, of.install).await.is_ok());
    assert!(world.store.execution(other.scope, other.done).await.unwrap().gateway.is_some());

    let gone = |result| matches!(result, Err(StoreError::NotFound));
    assert!(gone(world.store.gateway(of.scope, of.gateway).await.map(drop)));
    assert!(gone(world.store.gateway_of_webhook(of.gateway).await.map(drop)));
    assert!(gone(world.store.delete_gateway(of.scope, of.gateway).await));
}
