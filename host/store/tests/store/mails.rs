//! The outbox.

use crate::world::{World, new_token};
use std::collections::BTreeSet;
use tokio::task::JoinSet;
use twobot_domain::{Mail, Timestamp};
use twobot_store::StoreError;
use twobot_store::account_tokens::TokenPurpose;
use twobot_store::mails::Delivered;

fn hello(name: &str) -> Mail {
    Mail::Welcome { name: name.to_owned() }
}

fn later() -> Timestamp {
    Timestamp::now().plus_millis(60_000)
}

#[tokio::test]
async fn a_mail_waits_until_it_is_sent_and_says_nothing_more_then() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let id = world.store.queue_mail(ann.scope, ann.user.id, &hello("Ann")).await.unwrap();
    let taken = world.store.take_mails(10, later()).await.unwrap();
    let [mail] = taken.as_slice() else { panic!("{taken:?}") };
    assert_eq!((mail.id, mail.recipient.as_str(), &mail.mail), (id, "ann@example.com", &hello("Ann")));
    assert_eq!((mail.attempts, mail.tenant), (1, ann.scope.tenant()));
    assert!(world.store.take_mails(10, later()).await.unwrap().is_empty(), "it is taken");

    world.store.settle_mail(id, 1, &Delivered::Sent).await.unwrap();
    let outbox = world.store.outbox(10).await.unwrap();
    assert_eq!((outbox[0].state.as_str(), &outbox[0].mail), ("sent", &None));
    assert!(world.store.take_mails(10, later()).await.unwrap().is_empty());
}

#[tokio::test]
async fn who_took_a_mail_and_vanished_leaves_it_to_the_next() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let id = world.store.queue_mail(ann.scope, ann.user.id, &hello("Ann")).await.unwrap();
    let first = world.store.take_mails(10, Timestamp::now()).await.unwrap();
    let second = world.store.take_mails(10, later()).await.unwrap();
    assert_eq!((first[0].attempts, second[0].attempts), (1, 2));
    // The first one comes back: what it says is not what became of the mail.
    world.store.settle_mail(id, 1, &Delivered::Failed { trouble: "late".to_owned() }).await.unwrap();
    let outbox = world.store.outbox(10).await.unwrap();
    assert_eq!((outbox[0].state.as_str(), &outbox[0].trouble), ("waiting", &None));

    let again = Delivered::Later { at: Timestamp::now().plus_millis(-1), trouble: "busy".to_owned() };
    world.store.settle_mail(id, 2, &again).await.unwrap();
    let outbox = world.store.outbox(10).await.unwrap();
    assert_eq!((outbox[0].state.as_str(), outbox[0].trouble.as_deref()), ("waiting", Some("busy")));
    let third = world.store.take_mails(10, later()).await.unwrap();
    assert_eq!((third[0].attempts, &third[0].mail), (3, &hello("Ann")));
    world
        .store
        .settle_mail(id, 3, &Delivered::Failed { trouble: "no such mailbox".to_owned() })
        .await
        .unwrap();
    let outbox = world.store.outbox(10).await.unwrap();
    assert_eq!((outbox[0].state.as_str(), &outbox[0].mail), ("failed", &Some(hello("Ann"))));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_take_at_once_each_gets_other_mails() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    for number in 0..30 {
        world.store.queue_mail(ann.scope, ann.user.id, &hello(&number.to_string())).await.unwrap();
    }
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let store = world.store.clone();
        tasks.spawn(async move {
            let mut all = Vec::new();
            loop {
                let some = store.take_mails(3, later()).await.unwrap();
                if some.is_empty() {
                    return all;
                }
                all.extend(some.into_iter().map(|mail| mail.id));
            }
        });
    }
    let taken: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!(taken.len(), 30);
    assert_eq!(taken.iter().collect::<BTreeSet<_>>().len(), 30);
}

#[tokio::test]
async fn a_mail_is_sealed_and_its_row_is_its_own() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let token = new_token(TokenPurpose::Reset, "a-very-secret-token");
    world.store.hand_out_token(ann.scope, ann.user.id, &token).await.unwrap();
    world.store.queue_mail(ann.scope, ann.user.id, &hello("Ann")).await.unwrap();
    let bytes = world.bytes().await;
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("ann@example.com") && !holds("a-very-secret-token"));
    // An envelope in another row does not open, and nobody tries it for ever.
    world
        .execute("UPDATE mails SET content = (SELECT content FROM mails WHERE kind = 'reset') WHERE kind = 'welcome'")
        .await;
    let taken = world.store.take_mails(10, later()).await.unwrap();
    assert_eq!(taken.iter().map(|mail| mail.mail.kind()).collect::<Vec<_>>(), ["reset"]);
    let outbox = world.store.outbox(10).await.unwrap();
    assert_eq!((outbox[0].kind.as_str(), outbox[0].state.as_str()), ("welcome", "failed"));
}

#[tokio::test]
async fn what_is_done_goes_after_a_while_and_what_waits_stays() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    for outcome in [Delivered::Sent, Delivered::Shown, Delivered::Failed { trouble: String::new() }] {
        let id = world.store.queue_mail(ann.scope, ann.user.id, &hello("Ann")).await.unwrap();
        world.store.take_mails(1, later()).await.unwrap();
        world.store.settle_mail(id, 1, &outcome).await.unwrap();
    }
    let waits = world.store.queue_mail(ann.scope, ann.user.id, &hello("Ann")).await.unwrap();
    let shown = world.store.outbox(10).await.unwrap();
    assert!(shown.iter().any(|mail| mail.state == "shown" && mail.mail == Some(hello("Ann"))));
    assert_eq!(world.store.remove_mails(Timestamp::now().plus_millis(-60_000)).await.unwrap(), 0);
    assert_eq!(world.store.remove_mails(later()).await.unwrap(), 3);
    let left = world.store.outbox(10).await.unwrap();
    assert_eq!(left.iter().map(|mail| mail.id).collect::<Vec<_>>(), [waits]);
}

#[tokio::test]
async fn what_does_not_happen_sends_no_mail() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let token = new_token(TokenPurpose::Reset, "the same token twice");
    world.store.hand_out_token(ann.scope, ann.user.id, &token).await.unwrap();
    match world.store.hand_out_token(ann.scope, ann.user.id, &token).await {
        Err(StoreError::Exists(name)) => assert_eq!(name, "account_tokens_token_hash_key"),
        other => panic!("{other:?}"),
    }
    assert_eq!(world.store.outbox(10).await.unwrap().len(), 1);
}
