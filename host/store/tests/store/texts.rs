//! Texts that not every database would keep as they are.

use crate::estate::{line, new_effect};
use crate::world::{World, set, writes};
use twobot_domain::InstallId;
use twobot_store::StoreError;
use twobot_store::chat::{Author, NewChatMessage};
use twobot_store::executions::WorkKind;

#[tokio::test]
async fn a_nul_is_shown_as_what_it_is() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let (gateway, install) = (ann.gateway("Bot").await, ann.install("plugin", &[]).await);
    let id = ann.act(install).await;
    let mut commit = writes([], []);
    commit.logs.push(line("a\0b"));
    ann.finish(id, install, &commit).await.unwrap();
    assert_eq!(world.store.execution_logs(ann.scope, id).await.unwrap()[0].message, "a\u{FFFD}b");
    world.store.notify(ann.scope, "info", "\0", "\0").await.unwrap();
    let place = ann.conversation(gateway).await;
    let message = NewChatMessage::plain(Author::Person, "Ann\0", "hello\0");
    let (message, _) = world.store.add_chat_message(ann.scope, place, &message).await.unwrap();
    assert_eq!((message.author_name.as_str(), message.text.as_str()), ("Ann\u{FFFD}", "hello\u{FFFD}"));
    assert!(world.store.login("ann@example.com\0").await.unwrap().is_none());
    // JSON has a way of its own to write it.
    let config = serde_json::json!({"greeting": "a\0b"});
    world.store.configure_install(ann.scope, install, &config).await.unwrap();
    assert_eq!(world.store.install_by_id(ann.scope, install).await.unwrap().config, config);
}

#[tokio::test]
async fn keys_are_listed_by_their_bytes() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let install = ann.install("plugin", &[]).await;
    let keys =
        ["a", "B", "b", "\u{e4}", "z", "_", "Z", "10", "9", "a b", "ab", "\u{1F600}", "\u{FFFD}", "A", "-"];
    ann.commit(install, &writes([], keys.map(|key| (key, set("1"))))).await.unwrap();
    let mut expected = keys.map(str::to_owned).to_vec();
    expected.sort();
    assert_eq!(world.store.kv_keys(ann.scope, install, "b").await.unwrap(), expected);
    // What differs in any byte is another key.
    assert_eq!(world.store.kv_totals(ann.scope).await.unwrap().keys, keys.len() as u64);
}

#[tokio::test]
async fn a_lane_of_any_length_is_a_lane() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let (gateway, install) = (ann.gateway("Bot").await, ann.install("plugin", &[]).await);
    // Random, since an index may take a long text that can be made short.
    let long: String = (0..500).map(|_| InstallId::new().to_string()).collect();
    let lanes = ["short".to_owned(), long.clone(), format!("{long}!"), long];
    let mut commit = writes([], []);
    commit.effects = lanes.iter().map(|_| new_effect(gateway)).collect();
    for (effect, lane) in commit.effects.iter_mut().zip(&lanes) {
        effect.lane.clone_from(lane);
    }
    ann.commit(install, &commit).await.unwrap();
    let work = world.store.waiting(ann.scope, WorkKind::Effect, 9).await.unwrap();
    let lanes: Vec<_> = work.iter().map(|work| work.lane.as_str()).collect();
    assert_eq!(lanes.len(), 4);
    assert_eq!(lanes[0], "short");
    assert_eq!(lanes[1], lanes[3]);
    assert_ne!(lanes[1], lanes[2]);
}

#[tokio::test]
async fn what_is_there_is_named_the_same_by_every_database() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let (gateway, install) = (ann.gateway("Bot").await, ann.install("plugin", &[]).await);
    ann.deliver(gateway, "1").await;
    let execution = crate::world::new_execution(install, None);
    world.store.begin_action(ann.scope, &execution).await.unwrap();
    let name = |result| match result {
        Err(StoreError::Exists(name)) => name,
        other => panic!("{other:?}"),
    };
    let twice = world.store.begin_action(ann.scope, &execution).await;
    assert_eq!(name(twice), "executions_pkey");
    let open = async || {
        let new = crate::world::new_session("token");
        world.store.open_session(ann.scope, ann.user.id, &new).await.map(drop)
    };
    open().await.unwrap();
    assert_eq!(name(open().await), "sessions_token_hash_key");
    let again = crate::world::new_install("plugin", &[]);
    let again = world.store.create_install(ann.scope, &again, None).await.map(drop);
    assert_eq!(name(again), "installs_slug_unique");
    let again = world.store.register(&crate::world::account("ANN@example.com")).await.map(drop);
    assert_eq!(name(again), "users_email_unique");
}
