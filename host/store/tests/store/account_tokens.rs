//! Tokens that confirm an address, or let someone choose a new password.

use crate::world::{World, account, new_token};
use tokio::task::JoinSet;
use twobot_domain::{Mail, SessionId, Timestamp};
use twobot_store::StoreError;
use twobot_store::account_tokens::TokenPurpose::{Reset, Verify};

fn welcome() -> Mail {
    Mail::Welcome { name: "Ann".to_owned() }
}

async fn mails(world: &World) -> Vec<String> {
    let mut kinds: Vec<_> = world.store.outbox(50).await.unwrap().into_iter().map(|mail| mail.kind).collect();
    kinds.reverse();
    kinds
}

#[tokio::test]
async fn who_registers_gets_a_token_with_the_account_and_confirms_by_it() {
    let world = World::new().await;
    let token = new_token(Verify, "abc");
    let (scope, user) = world.store.register_unverified(&account("ann@example.com"), &token).await.unwrap();
    assert_eq!(user.email_verified_at, None);
    // What was refused has sent nothing.
    world.store.register_unverified(&account("ANN@example.com"), &new_token(Verify, "x")).await.unwrap_err();
    assert_eq!(mails(&world).await, ["reset"], "the mail that came with the token");

    let (holder, who) = world.store.token_holder(Verify, "abc").await.unwrap().unwrap();
    assert_eq!((holder, who.id), (scope, user.id));
    for (purpose, wrong) in [(Reset, "abc"), (Verify, "ab"), (Verify, "ABC"), (Verify, ""), (Verify, "x")] {
        assert!(world.store.token_holder(purpose, wrong).await.unwrap().is_none(), "{wrong}");
    }
    world.store.verify_email(scope, user.id, "abc", &welcome()).await.unwrap();
    let login = world.store.login("ann@example.com").await.unwrap().unwrap();
    assert!(login.user.email_verified_at.is_some());
    assert_eq!(mails(&world).await, ["reset", "welcome"]);
    let again = world.store.verify_email(scope, user.id, "abc", &welcome()).await;
    assert!(matches!(again, Err(StoreError::NotFound)), "{again:?}");
    assert_eq!(mails(&world).await.len(), 2);
}

#[tokio::test]
async fn whom_the_operator_makes_is_vouched_for() {
    let world = World::new().await;
    let (_, user) = world.store.register(&account("ann@example.com")).await.unwrap();
    assert!(user.email_verified_at.is_some());
    assert!(mails(&world).await.is_empty());
}

#[tokio::test]
async fn a_token_that_has_expired_is_none() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let mut token = new_token(Reset, "abc");
    token.expires_at = Timestamp::now().plus_millis(-1);
    world.store.hand_out_token(ann.scope, ann.user.id, &token).await.unwrap();
    assert!(world.store.token_holder(Reset, "abc").await.unwrap().is_none());
    let reset = world.store.reset_password(ann.scope, ann.user.id, "abc", "$argon2id$two").await;
    assert!(matches!(reset, Err(StoreError::NotFound)), "{reset:?}");
    assert_eq!(world.number("SELECT count(*) FROM account_tokens").await, 1);
    world.store.remove_mails(Timestamp::now()).await.unwrap();
    assert_eq!(world.number("SELECT count(*) FROM account_tokens").await, 0);
}

#[tokio::test]
async fn a_reset_ends_every_session_and_every_other_token() {
    let world = World::new().await;
    let (ann, bob) = (world.tenant("ann").await, world.tenant("bob").await);
    let (one, two) = (ann.session("one").await, ann.session("two").await);
    bob.session("bobs").await;
    for token in ["abc", "def"] {
        world.store.hand_out_token(ann.scope, ann.user.id, &new_token(Reset, token)).await.unwrap();
    }
    let foreign = world.store.reset_password(bob.scope, bob.user.id, "abc", "$argon2id$evil").await;
    assert!(matches!(foreign, Err(StoreError::NotFound)), "{foreign:?}");

    let mut ended = world.store.reset_password(ann.scope, ann.user.id, "abc", "$argon2id$two").await.unwrap();
    ended.sort();
    assert_eq!(ended, [one, two]);
    assert!(world.store.authenticate("one").await.unwrap().is_none());
    assert!(world.store.authenticate("bobs").await.unwrap().is_some());
    assert!(world.store.token_holder(Reset, "def").await.unwrap().is_none());
    assert_eq!(world.store.login("ann@example.com").await.unwrap().unwrap().password_hash, "$argon2id$two");
    assert_eq!(mails(&world).await.last().unwrap(), "password_changed");
}

#[tokio::test]
async fn a_change_keeps_the_session_that_made_it() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let (here, there) = (ann.session("here").await, ann.session("there").await);
    world.store.hand_out_token(ann.scope, ann.user.id, &new_token(Reset, "abc")).await.unwrap();
    let ended = world.store.change_password(ann.scope, ann.user.id, "$argon2id$two", here).await.unwrap();
    assert_eq!(ended, [there]);
    assert!(world.store.authenticate("here").await.unwrap().is_some());
    assert!(world.store.token_holder(Reset, "abc").await.unwrap().is_none());
    let nobody =
        world.store.change_password(ann.scope, twobot_domain::UserId::new(), "x", SessionId::new()).await;
    assert!(matches!(nobody, Err(StoreError::NotFound)), "{nobody:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_use_a_token_at_once_one_succeeds() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    world.store.hand_out_token(ann.scope, ann.user.id, &new_token(Reset, "abc")).await.unwrap();
    let mut tasks = JoinSet::new();
    for number in 0..10 {
        let (store, scope, user) = (world.store.clone(), ann.scope, ann.user.id);
        tasks.spawn(async move {
            store.reset_password(scope, user, "abc", &format!("$argon2id${number}")).await.is_ok()
        });
    }
    assert_eq!(tasks.join_all().await.into_iter().filter(|done| *done).count(), 1);
    assert_eq!(mails(&world).await, ["reset", "password_changed"]);
}
