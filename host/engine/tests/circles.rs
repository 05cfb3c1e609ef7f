//! What a plugin's own doings lead to, one by another, comes to an end or slows down.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;

use common::TestHost;
use serde_json::json;
use twobot_domain::{GatewayError, Timestamp};

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_answers_its_own_failures_is_stopped() {
    let host = TestHost::new().await;
    let scope = host.tenant("pro").await;
    let bot = host.bot(scope).await;
    let refused = || GatewayError::Invalid("the chat is gone".to_owned());
    host.telegram.send_failures.lock().extend(std::iter::repeat_with(refused).take(100));
    host.install(scope, "misbehaving", "channels", bot, json!({"mode": "circle"})).await;
    host.say(bot, 1, 1, "hello").await;
    host.settled(scope).await;
    let runs = host.executions(scope).await;
    let kinds: Vec<_> = runs.iter().map(|run| run.event_kind.as_str()).collect();
    assert_eq!((runs.len(), kinds[0]), (11, "message"));
    assert!(kinds[1..].iter().all(|kind| *kind == "effect_failed"), "{kinds:?}");
    assert_eq!(host.telegram.sent().len(), 11);
    // The last one says why it ended there; those before say what failed.
    let store = host.engine.store();
    let trouble =
        async |run: usize| store.effects_of(scope, runs[run].id).await.unwrap()[0].trouble.clone().unwrap();
    let last = trouble(10).await;
    assert_eq!(last.code, "circle");
    assert!(last.detail.contains("the chat is gone") && last.detail.contains("10 times"), "{}", last.detail);
    assert_ne!(trouble(9).await.code, "circle");
    // What comes from outside begins anew.
    host.say(bot, 2, 1, "hello again").await;
    host.settled(scope).await;
    assert_eq!(host.executions(scope).await.len(), 22);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_wakes_itself_at_once_is_slowed_down() {
    let host = TestHost::new().await;
    let scope = host.tenant("pro").await;
    let bot = host.bot(scope).await;
    host.install(scope, "misbehaving", "channels", bot, json!({"mode": "wake"})).await;
    host.say(bot, 1, 1, "hello").await;
    let store = host.engine.store();
    let wakings =
        async || host.executions(scope).await.into_iter().filter(|run| run.event_kind == "scheduled");
    host.until("it has woken itself ten times", async || {
        wakings().await.filter(|run| run.state == "succeeded").count() == 10
    })
    .await;
    // The next time is a minute away, and is still part of the same circle.
    let now = Timestamp::now();
    assert!(store.due_schedules(now.plus_millis(30_000), 10).await.unwrap().is_empty());
    let next = store.due_schedules(now.plus_millis(60_000), 10).await.unwrap();
    assert_eq!((next.len(), next[0].name.as_str(), next[0].depth), (1, "again", 11));
    let last = wakings().await.next_back().unwrap();
    let logs = store.execution_logs(scope, last.id).await.unwrap();
    assert!(
        logs.iter().any(|line| line.level == "warn" && line.message.starts_with("circle: ")),
        "its owner can read why: {logs:?}"
    );
    let first = wakings().await.next().unwrap();
    let logs = store.execution_logs(scope, first.id).await.unwrap();
    assert!(logs.iter().all(|line| line.level != "warn"), "{logs:?}");
}
