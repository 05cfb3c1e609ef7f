//! The journal of inline effects.

use crate::world::{World, trouble, writes};
use twobot_domain::{ExecutionId, Usage};
use twobot_store::StoreError;
use twobot_store::executions::Commit;
use twobot_store::journal::{JournalEntry, LeftCall};

#[tokio::test]
async fn intents_come_before_answers_and_another_path_drops_the_rest() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let (gateway, install) = (ann.gateway("Bot").await, ann.install("plugin", &[]).await);
    let (id, other) = (ann.queue(gateway, install).await, ann.queue(gateway, install).await);
    let entries = async |id| -> Vec<(String, Option<String>)> {
        let entries = world.store.journal(ann.scope, id).await.unwrap();
        entries.into_iter().map(|JournalEntry { request, result }| (request, result)).collect()
    };
    let intend = async |id, seq, request| world.store.journal_intent(ann.scope, id, seq, request, &[]).await;
    let answer = async |id, seq, result| {
        world.store.journal_result(ann.scope, id, seq, Some(result), &Usage::default()).await
    };
    let entry = |request: &str, result: Option<&str>| (request.to_owned(), result.map(str::to_owned));

    intend(other, 0, "theirs").await.unwrap();
    intend(id, 0, "a").await.unwrap();
    assert_eq!(entries(id).await, [entry("a", None)], "the intent stands before the answer");
    answer(id, 0, "A").await.unwrap();
    intend(id, 1, "b").await.unwrap();
    answer(id, 1, "B").await.unwrap();
    intend(id, 2, "c").await.unwrap();
    assert_eq!(entries(id).await, [entry("a", Some("A")), entry("b", Some("B")), entry("c", None)]);
    // An answer to what was not asked is no entry.
    assert!(matches!(answer(id, 7, "?").await, Err(StoreError::NotFound)));
    assert_eq!(entries(id).await.len(), 3);

    // The retry asks for something else in the second place.
    intend(id, 1, "x").await.unwrap();
    assert_eq!(entries(id).await, [entry("a", Some("A")), entry("x", None)]);
    // The same again, after the host went away in between: no answer is made up.
    intend(id, 1, "x").await.unwrap();
    assert_eq!(entries(id).await, [entry("a", Some("A")), entry("x", None)]);
    assert_eq!(entries(other).await, [entry("theirs", None)]);

    let crashed = world.after_a_crash().await;
    assert_eq!(crashed.store.journal(ann.scope, id).await.unwrap().len(), 2, "an intent is durable");

    // Nothing may be done for an execution that is gone.
    assert!(matches!(intend(ExecutionId::new(), 0, "a").await, Err(StoreError::NotFound)));
    world.store.delete_install(ann.scope, install).await.unwrap();
    assert!(matches!(intend(id, 2, "c").await, Err(StoreError::NotFound)));
    assert_eq!(world.number("SELECT count(*) FROM journal").await, 0);
}

#[tokio::test]
async fn what_is_asked_again_has_no_answer_until_it_has_a_new_one() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let (gateway, install) = (ann.gateway("Bot").await, ann.install("plugin", &[]).await);
    let id = ann.queue(gateway, install).await;
    let store = &world.store;
    for (seq, request) in [(0, "a"), (1, "b")] {
        store.journal_intent(ann.scope, id, seq, request, &[]).await.unwrap();
        store.journal_result(ann.scope, id, seq, Some("answer"), &Usage::default()).await.unwrap();
    }
    store.journal_again(ann.scope, id, 0, true).await.unwrap();
    store.journal_again(ann.scope, id, 0, false).await.unwrap();
    let answers: Vec<_> =
        store.journal(ann.scope, id).await.unwrap().into_iter().map(|entry| entry.result).collect();
    assert_eq!(answers, [None, Some("answer".to_owned())], "what comes after it stays");
    assert_eq!(world.number("SELECT sum(repeats) FROM journal").await, 1);
    let nothing = store.journal_again(ann.scope, id, 2, true).await;
    assert!(matches!(nothing, Err(StoreError::NotFound)), "{nothing:?}");
}

#[tokio::test]
async fn what_another_path_leaves_behind_is_kept_and_told_once() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let (gateway, install) = (ann.gateway("Bot").await, ann.install("plugin", &[]).await);
    let id = ann.queue(gateway, install).await;
    let store = &world.store;
    let intend = async |seq, request: &str, left: &[LeftCall]| {
        store.journal_intent(ann.scope, id, seq, request, left).await.unwrap()
    };
    let answer = async |seq, answer| {
        store.journal_result(ann.scope, id, seq, answer, &Usage::default()).await.unwrap();
    };
    let left = |seq, name: &str| LeftCall { seq, trouble: trouble(name) };
    let unknown = async || -> Vec<String> {
        let calls = store.unknown_calls(ann.scope, id).await.unwrap();
        calls.into_iter().map(|call| call.trouble.code).collect()
    };
    let told = async || world.number("SELECT count(*) FROM notifications WHERE severity = 'warning'").await;

    // Answered, ended without an answer that is kept, and twice nobody knows.
    for (seq, request) in [(0, "a"), (1, "b"), (2, "c"), (3, "d")] {
        assert!(!intend(seq, request, &[]).await);
    }
    answer(0, Some("A")).await;
    answer(1, None).await;
    let all: Vec<_> = (0..4).map(|seq| left(seq, &format!("call-{seq}"))).collect();
    assert!(!intend(0, "x", &all).await, "nobody asked for this before");
    assert_eq!((unknown().await, told().await), (vec!["call-2".to_owned(), "call-3".to_owned()], 2));
    let journal = store.journal(ann.scope, id).await.unwrap();
    assert_eq!(
        journal,
        [JournalEntry { request: "x".to_owned(), result: None }],
        "a retry is given none of it"
    );

    // Asked for again, it may have been done before.
    assert!(intend(1, "d", &[]).await);
    assert!(!intend(2, "b", &[]).await, "it is known of this one that it came to an end");
    // What goes another way to its end leaves something behind as well; and what was asked again is open again.
    for seq in 0..3 {
        answer(seq, Some("answer")).await;
    }
    store.journal_again(ann.scope, id, 2, false).await.unwrap();
    let commit = Commit { left: vec![left(1, "call-1"), left(2, "last")], ..writes([], []) };
    ann.finish(id, install, &commit).await.unwrap();
    assert_eq!(unknown().await, ["call-2", "call-3", "last"]);
    assert_eq!((told().await, store.journal(ann.scope, id).await.unwrap().len()), (3, 2));
    world.store.delete_install(ann.scope, install).await.unwrap();
    assert_eq!(world.number("SELECT count(*) FROM journal").await, 0);
}
