//! Accounts that are to be removed, and what is left of them.

use crate::estate::estate;
use crate::world::{World, new_session, page, without};
use twobot_domain::{SessionId, Timestamp};
use twobot_store::StoreError;
use twobot_store::accounts::WorkspaceState;

#[tokio::test]
async fn of_an_account_that_was_removed_no_row_remains_and_nobody_else_loses_one() {
    let world = World::new().await;
    let (ann, bob) = (estate(&world, "ann").await, estate(&world, "bob").await);
    let before = world.dump().await;
    let now = Timestamp::now();
    world.store.close_account(ann.scope, SessionId::new(), now).await.unwrap();
    assert_eq!(world.store.accounts_to_remove(now).await.unwrap(), [ann.scope]);
    assert!(world.store.remove_account(ann.scope, now).await.unwrap());
    assert_eq!(world.dump().await, without(&before, ann.scope.tenant()));
    assert!(matches!(world.store.tenant(ann.scope).await, Err(StoreError::NotFound)));
    assert_eq!(world.store.tenant(bob.scope).await.unwrap().closes_at, None);
}

#[tokio::test]
async fn nothing_is_removed_before_its_time_or_without_having_been_asked_for() {
    let world = World::new().await;
    let (ann, bob) = (world.tenant("ann").await, world.tenant("bob").await);
    let (now, later) = (Timestamp::now(), Timestamp::now().plus_millis(60_000));
    world.store.close_account(ann.scope, SessionId::new(), later).await.unwrap();
    assert_eq!(world.store.accounts_to_remove(now).await.unwrap(), []);
    for scope in [ann.scope, bob.scope] {
        assert!(!world.store.remove_account(scope, now).await.unwrap());
        assert!(world.store.tenant(scope).await.is_ok());
    }
}

#[tokio::test]
async fn closing_stops_the_workspace_and_ends_every_session_but_the_one_that_asked() {
    let world = World::new().await;
    let (ann, bob) = (estate(&world, "ann").await, estate(&world, "bob").await);
    let later = Timestamp::now().plus_millis(60_000);
    world.store.open_session(ann.scope, ann.user, &new_session("the one that asks")).await.unwrap();
    let asked = world.store.authenticate("the one that asks").await.unwrap().unwrap().session;
    let ended = world.store.close_account(ann.scope, asked, later).await.unwrap();
    assert_eq!(ended, [ann.session]);
    assert!(world.store.authenticate("the one that asks").await.unwrap().is_some());
    let tenant = world.store.tenant(ann.scope).await.unwrap();
    assert_eq!((tenant.state, tenant.closes_at), (WorkspaceState::Stopped, Some(later)));
    assert!(
        world.store.api_keys(ann.scope, page(9)).await.unwrap().items.is_empty(),
        "keys open nothing more"
    );
    assert!(!world.store.api_keys(bob.scope, page(9)).await.unwrap().items.is_empty());
    // Asking again, even by another session, postpones nothing.
    world.store.close_account(ann.scope, asked, later.plus_millis(60_000)).await.unwrap();
    assert_eq!(world.store.tenant(ann.scope).await.unwrap().closes_at, Some(later));
    assert_eq!(world.store.tenant(bob.scope).await.unwrap().state, WorkspaceState::Running);
}

#[tokio::test]
async fn it_can_be_called_off_and_what_was_suspended_stays_so() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    assert!(matches!(world.store.keep_account(ann.scope).await, Err(StoreError::NotFound)));
    world.store.set_workspace_state(ann.scope, WorkspaceState::Suspended).await.unwrap();
    let now = Timestamp::now();
    world.store.close_account(ann.scope, SessionId::new(), now).await.unwrap();
    world.store.keep_account(ann.scope).await.unwrap();
    let tenant = world.store.tenant(ann.scope).await.unwrap();
    assert_eq!((tenant.state, tenant.closes_at), (WorkspaceState::Suspended, None));
    assert!(!world.store.remove_account(ann.scope, now).await.unwrap());
}
