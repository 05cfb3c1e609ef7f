//! What the tenant is told.

use crate::estate::estate;
use crate::world::{World, page};
use twobot_store::StoreError;

#[tokio::test]
async fn a_notification_is_read_once_and_deleted_once() {
    let world = World::new().await;
    let (ann, bob) = (world.tenant("ann").await, world.tenant("bob").await);
    let store = &world.store;
    let first = store.notify(ann.scope, "problem", "It broke", "All of it").await.unwrap();
    let second = store.notify(ann.scope, "info", "It works", "").await.unwrap();
    store.notify(bob.scope, "info", "Hello", "").await.unwrap();
    let all = async |scope| store.notifications(scope, page(9)).await.unwrap().items;
    let told = all(ann.scope).await;
    assert_eq!(told.iter().map(|one| one.id).collect::<Vec<_>>(), [second, first]);
    let oldest = &told[1];
    assert_eq!(
        (oldest.severity.as_str(), oldest.title.as_str(), oldest.text.as_str()),
        ("problem", "It broke", "All of it")
    );
    assert_eq!((&oldest.slug, oldest.read_at), (&None, None));

    store.read_notification(ann.scope, first).await.unwrap();
    // As if it had been read long ago.
    world.execute("UPDATE notifications SET read_at = 5 WHERE read_at IS NOT NULL").await;
    store.read_notification(ann.scope, first).await.unwrap();
    let read =
        async |scope| all(scope).await.iter().map(|one| one.read_at.map(|at| at.0)).collect::<Vec<_>>();
    assert_eq!(read(ann.scope).await, [None, Some(5)]);
    store.read_all_notifications(ann.scope).await.unwrap();
    let times = read(ann.scope).await;
    assert!(times[0].is_some_and(|at| at > 5) && times[1] == Some(5), "{times:?}");
    assert_eq!(read(bob.scope).await, [None]);

    store.delete_notification(ann.scope, first).await.unwrap();
    let gone =
        [store.delete_notification(ann.scope, first).await, store.read_notification(ann.scope, first).await];
    assert!(gone.iter().all(|result| matches!(result, Err(StoreError::NotFound))), "{gone:?}");
    assert_eq!(all(ann.scope).await.len(), 1);
}

#[tokio::test]
async fn what_a_plugin_said_stays_when_the_plugin_goes() {
    let world = World::new().await;
    let of = estate(&world, "ann").await;
    let slug = async || world.store.notifications(of.scope, page(9)).await.unwrap().items[0].slug.clone();
    assert_eq!(slug().await.as_deref(), Some("analytics"));
    world.store.delete_install(of.scope, of.install).await.unwrap();
    assert_eq!(slug().await, None);
}
