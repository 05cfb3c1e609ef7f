//! Accounts.

use crate::world::{World, account};
use tokio::task::JoinSet;
use twobot_store::StoreError;
use twobot_store::accounts::WorkspaceState;

#[tokio::test]
async fn an_address_has_one_account_however_it_is_written() {
    let world = World::new().await;
    let (scope, user) = world.store.register(&account("Änne.Ox@Example.com")).await.unwrap();
    assert_eq!(user.email, "änne.ox@example.com");
    for address in ["änne.ox@example.com", "Änne.Ox@Example.com", "ÄNNE.OX@EXAMPLE.COM"] {
        let login = world.store.login(address).await.unwrap().unwrap();
        assert_eq!((login.scope, login.user.id), (scope, user.id), "{address}");
        assert_eq!(login.password_hash, "$argon2id$one");
        match world.store.register(&account(address)).await {
            Err(StoreError::Exists(name)) => assert_eq!(name, "users_email_unique"),
            other => panic!("{address}: {other:?}"),
        }
    }
    assert!(world.store.login("nobody@example.com").await.unwrap().is_none());
    assert!(world.store.login("%").await.unwrap().is_none());
    // What was refused has left no tenant behind.
    assert_eq!(world.number("SELECT count(*) FROM tenants").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_registrations_of_an_address_at_once_one_succeeds() {
    let world = World::new().await;
    let mut tasks = JoinSet::new();
    for _ in 0..10 {
        let store = world.store.clone();
        tasks.spawn(async move { store.register(&account("ann@example.com")).await.is_ok() });
    }
    let succeeded = tasks.join_all().await.into_iter().filter(|succeeded| *succeeded).count();
    assert_eq!(succeeded, 1);
    assert_eq!(world.number("SELECT count(*) FROM tenants").await, 1);
}

#[tokio::test]
async fn a_new_password_replaces_the_old_one() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    world.tenant("bob").await;
    world.store.set_password(ann.scope, ann.user.id, "$argon2id$two").await.unwrap();
    let hash = async |address| world.store.login(address).await.unwrap().unwrap().password_hash;
    assert_eq!(hash("ann@example.com").await, "$argon2id$two");
    assert_eq!(hash("bob@example.com").await, "$argon2id$one");
}

#[tokio::test]
async fn a_workspace_has_the_state_and_plan_that_it_was_given() {
    let world = World::new().await;
    let (ann, bob) = (world.tenant("ann").await, world.tenant("bob").await);
    for state in [WorkspaceState::Stopped, WorkspaceState::Suspended, WorkspaceState::Running] {
        world.store.set_workspace_state(ann.scope, state).await.unwrap();
        assert_eq!(world.store.tenant(ann.scope).await.unwrap().state, state);
        assert_eq!(world.store.tenant(bob.scope).await.unwrap().state, WorkspaceState::Running);
    }
    world.store.set_plan(ann.scope, "pro").await.unwrap();
    assert_eq!(world.store.tenant(ann.scope).await.unwrap().plan, "pro");
    assert_eq!(world.store.tenant(bob.scope).await.unwrap().plan, "free");
}
