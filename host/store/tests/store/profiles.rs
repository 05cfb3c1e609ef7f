//! What people chose for themselves.

use crate::world::World;
use twobot_store::profiles::{MailChoice, ProfileChange};

#[tokio::test]
async fn what_is_not_chosen_stays_and_nobody_else_changes() {
    let world = World::new().await;
    let (ann, bob) = (world.tenant("ann").await, world.tenant("bob").await);
    let store = &world.store;
    let before = store.profile(ann.scope, ann.user.id).await.unwrap();
    assert_eq!((before.language.as_str(), &before.time_zone), ("en", &None));
    assert_eq!(before.mails, MailChoice { limits: true, gateways: true });
    let of_bob = store.profile(bob.scope, bob.user.id).await.unwrap();

    let zone = ProfileChange {
        time_zone: Some(Some("Asia/Tokyo".to_owned())),
        mail_limits: Some(false),
        ..ProfileChange::default()
    };
    let first = store.change_profile(ann.scope, ann.user.id, &zone).await.unwrap();
    assert_eq!(first.time_zone.as_deref(), Some("Asia/Tokyo"));
    assert_eq!(first.mails, MailChoice { limits: false, gateways: true });
    let name = ProfileChange { name: Some("Ann Example".to_owned()), ..ProfileChange::default() };
    let second = store.change_profile(ann.scope, ann.user.id, &name).await.unwrap();
    assert_eq!((second.name.as_str(), second.time_zone.as_deref()), ("Ann Example", Some("Asia/Tokyo")));
    let none = ProfileChange { time_zone: Some(None), ..ProfileChange::default() };
    let third = store.change_profile(ann.scope, ann.user.id, &none).await.unwrap();
    assert_eq!(third.time_zone, None);
    assert_eq!(store.profile(ann.scope, ann.user.id).await.unwrap(), third);
    assert_eq!(store.profile(bob.scope, bob.user.id).await.unwrap(), of_bob);
}

#[tokio::test]
async fn a_tenant_called_like_its_owner_goes_on_to_be() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let called = |name: &str| ProfileChange { name: Some(name.to_owned()), ..ProfileChange::default() };
    world.store.change_profile(ann.scope, ann.user.id, &called("Ann Example")).await.unwrap();
    assert_eq!(world.store.tenant(ann.scope).await.unwrap().name, "Ann Example");
    // Of a company that somebody else gave its name, nobody takes it away by changing their own.
    world.execute("UPDATE tenants SET name = 'Example Ltd'").await;
    world.store.change_profile(ann.scope, ann.user.id, &called("Ann")).await.unwrap();
    assert_eq!(world.store.tenant(ann.scope).await.unwrap().name, "Example Ltd");
}
