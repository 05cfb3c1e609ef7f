//! The web chat.

use crate::world::{World, page, trouble};
use serde_json::json;
use tokio::task::JoinSet;
use twobot_domain::ChatMessageId;
use twobot_store::StoreError;
use twobot_store::chat::{Author, NewChatMessage};

fn said(text: &str, client_id: Option<&str>) -> NewChatMessage {
    let mut message = NewChatMessage::plain(Author::Person, "Ann", text);
    message.client_id = client_id.map(str::to_owned);
    message
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_sent_again_is_there_once() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let gateway = ann.gateway("Chat").await;
    let (place, other) = (ann.conversation(gateway).await, ann.conversation(gateway).await);
    let mut tasks = JoinSet::new();
    for number in 0..20 {
        let ann = ann.clone();
        tasks.spawn(async move {
            let message = said(&format!("try {number}"), Some("mine"));
            ann.store.add_chat_message(ann.scope, place, &message).await.unwrap()
        });
    }
    let results = tasks.join_all().await;
    assert_eq!(results.iter().filter(|(_, new)| *new).count(), 1);
    assert!(
        results.iter().all(|(message, _)| message.id == results[0].0.id && message.text == results[0].0.text)
    );
    assert_eq!(world.number("SELECT count(*) FROM chat_messages").await, 1);

    // The same id in another conversation, another id and no id are other messages.
    let add = async |place, client_id: Option<&str>| {
        world.store.add_chat_message(ann.scope, place, &said("x", client_id)).await.unwrap().1
    };
    assert!(add(other, Some("mine")).await && add(place, Some("other")).await);
    assert!(add(place, None).await && add(place, None).await);
}

#[tokio::test]
async fn a_conversation_shows_its_newest_message() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let gateway = ann.gateway("Chat").await;
    let place = ann.conversation(gateway).await;
    let conversation = async || world.store.conversation(ann.scope, place).await.unwrap();
    assert!(conversation().await.last_message.is_none());
    let mut ids = Vec::new();
    for text in ["one", "two", "three"] {
        ids.push(world.store.add_chat_message(ann.scope, place, &said(text, None)).await.unwrap().0.id);
        let shown = conversation().await;
        let last = shown.last_message.unwrap();
        assert_eq!((last.text.as_str(), last.author), (text, Author::Person));
        assert_eq!(shown.updated_at, last.sent_at);
        let listed = world.store.conversations(ann.scope, gateway, page(9)).await.unwrap();
        assert_eq!(listed.items[0].last_message.as_ref().unwrap().text, text);
    }
    let since = async |id| -> Vec<_> {
        let missed = world.store.chat_messages_since(ann.scope, place, id).await.unwrap();
        missed.into_iter().map(|message| message.id).collect()
    };
    assert_eq!(since(ChatMessageId::from_uuid(uuid::Uuid::nil())).await, ids);
    assert_eq!(since(ids[0]).await, ids[1..]);
    assert!(since(ids[2]).await.is_empty());
}

#[tokio::test]
async fn everything_about_a_message_is_read_back() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let place = ann.conversation(ann.gateway("Chat").await).await;
    let new = NewChatMessage {
        author: Author::System,
        author_name: "2Bot".to_owned(),
        text: "It went wrong \u{1F600}".to_owned(),
        format: "markdown".to_owned(),
        buttons: json!([[{"text": "Try again", "data": "again"}]]),
        reply_to: Some("that".to_owned()),
        trouble: Some(trouble("trap")),
        client_id: None,
    };
    let (made, _) = world.store.add_chat_message(ann.scope, place, &new).await.unwrap();
    let read = world.store.chat_message(ann.scope, place, made.id).await.unwrap();
    assert_eq!((read.author, read.author_name, read.text), (new.author, new.author_name, new.text));
    assert_eq!((read.format, read.buttons, read.reply_to), (new.format, new.buttons, new.reply_to));
    assert_eq!((read.trouble, read.edited_at), (new.trouble, None));
}

#[tokio::test]
async fn only_what_a_bot_said_can_be_changed_and_only_in_its_place() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let gateway = ann.gateway("Chat").await;
    let (place, other) = (ann.conversation(gateway).await, ann.conversation(gateway).await);
    let not_found = |result| matches!(result, Err(StoreError::NotFound));
    let edit = async |place, id, text| {
        let buttons = json!([["b"]]);
        world.store.edit_chat_message(ann.scope, place, id, text, "html", &buttons).await
    };
    for (author, allowed) in [(Author::Person, false), (Author::System, false), (Author::Bot, true)] {
        let new = NewChatMessage::plain(author, "Someone", "before");
        let (message, _) = world.store.add_chat_message(ann.scope, place, &new).await.unwrap();
        assert!(not_found(world.store.chat_message(ann.scope, other, message.id).await.map(drop)));
        assert!(not_found(edit(other, message.id, "after").await.map(drop)));
        assert!(not_found(world.store.delete_chat_message(ann.scope, other, message.id).await));
        if allowed {
            let edited = edit(place, message.id, "after").await.unwrap();
            assert_eq!((edited.text.as_str(), edited.format.as_str()), ("after", "html"));
            assert_eq!((edited.buttons, edited.edited_at.is_some()), (json!([["b"]]), true));
            world.store.delete_chat_message(ann.scope, place, message.id).await.unwrap();
            assert!(not_found(world.store.delete_chat_message(ann.scope, place, message.id).await));
        } else {
            assert!(not_found(edit(place, message.id, "after").await.map(drop)), "{author:?}");
            assert!(
                not_found(world.store.delete_chat_message(ann.scope, place, message.id).await),
                "{author:?}"
            );
            let same = world.store.chat_message(ann.scope, place, message.id).await.unwrap();
            assert_eq!((same.text.as_str(), same.edited_at), ("before", None));
        }
    }
}
