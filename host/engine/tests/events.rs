//! The way of an event, through the real components: in by webhook or poll, once, in order, and out again.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;

use common::{FakeTelegram, TestHost, message};
use serde_json::json;
use std::collections::HashMap;
use twobot_domain::{GatewayError, Timestamp};
use twobot_engine::WebhookError;
use twobot_gateways::{Batch, Delivery};
use twobot_store::accounts::WorkspaceState;
use twobot_store::audit::By;
use twobot_store::inbound::Accepted;

fn rules() -> serde_json::Value {
    json!({"rules": [{"match": "any", "text": "", "reply": "echo {text}"}]})
}

async fn messages_in(host: &TestHost, scope: twobot_store::TenantScope) -> (u64, u64) {
    let today = Timestamp::now().day();
    let days = host.engine.store().usage(scope, today - 1, today).await.unwrap();
    days.iter().fold((0, 0), |sum, (_, usage)| (sum.0 + usage.messages_in, sum.1 + usage.messages_out))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_is_answered_and_counted_once_however_often_it_comes() {
    let host = TestHost::new().await;
    let scope = host.tenant("pro").await;
    let bot = host.bot(scope).await;
    host.install(scope, "auto-reply", "channels", bot, rules()).await;
    host.install(scope, "analytics", "sources", bot, json!({})).await;

    assert!(matches!(host.say(bot, 1, 5, "hi").await, Accepted::New(_)));
    for _ in 0..5 {
        assert_eq!(host.say(bot, 1, 5, "hi").await, Accepted::Duplicate);
    }
    host.settled(scope).await;

    assert_eq!(host.telegram.sent(), ["echo hi"]);
    let executions = host.executions(scope).await;
    assert_eq!(executions.len(), 2, "one per plugin");
    assert!(
        executions.iter().all(|one| one.state == "succeeded" && one.fuel > 0 && one.peak_memory_bytes > 0)
    );
    assert_eq!(messages_in(&host, scope).await, (1, 1));
    let counts = host.engine.store().gateway(scope, bot).await.unwrap().counts;
    assert_eq!((counts.accepted, counts.duplicates), (1, 5));
    let report = host.engine.run_action(
        scope,
        "analytics",
        "report",
        json!({"from": "2023-11-14", "to": "2023-11-14"}),
    );
    assert_eq!(report.await.unwrap().output["total_messages"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_a_conversation_are_answered_in_order() {
    let host = TestHost::new().await;
    let scope = host.tenant("pro").await;
    let bot = host.bot(scope).await;
    host.install(scope, "auto-reply", "channels", bot, rules()).await;
    for update in 0..30 {
        host.say(bot, update, 100 + update % 3, &format!("{}", update / 3)).await;
    }
    host.settled(scope).await;
    let calls = host.telegram.calls.lock().clone();
    for chat in 100..103 {
        let texts: Vec<String> = calls
            .iter()
            .filter(|(operation, arguments)| {
                operation == "sendMessage" && arguments["chat_id"].to_string().contains(&chat.to_string())
            })
            .map(|(_, arguments)| arguments["text"].as_str().unwrap().to_owned())
            .collect();
        let expected: Vec<String> = (0..10).map(|number| format!("echo {number}")).collect();
        assert_eq!(texts, expected, "chat {chat}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_delivery_of_the_provider_is_turned_away_and_counted() {
    let host = TestHost::new().await;
    let scope = host.tenant("pro").await;
    let bot = host.bot(scope).await;
    let right = HashMap::from([(common::SECRET_HEADER.to_owned(), "right".to_owned())]);
    let wrong = HashMap::from([(common::SECRET_HEADER.to_owned(), "wrong".to_owned())]);
    let body = message(1, 1, "x");
    let say = async |connector: &str, id, headers: &HashMap<String, String>, body: &str| {
        host.engine.webhook(connector, id, headers, body).await.unwrap_err()
    };
    assert!(matches!(say("telegram", bot, &wrong, &body).await, WebhookError::WrongSecret));
    assert!(matches!(say("telegram", bot, &HashMap::new(), &body).await, WebhookError::WrongSecret));
    assert!(matches!(say("telegram", bot, &right, "{").await, WebhookError::Malformed(_)));
    assert!(matches!(say("telegram", bot, &right, "{}").await, WebhookError::Malformed(_)));
    assert!(matches!(say("openai", bot, &right, &body).await, WebhookError::NotFound));
    let unknown = twobot_domain::GatewayId::new();
    assert!(matches!(say("telegram", unknown, &right, &body).await, WebhookError::NotFound));
    let gateway = host.engine.store().gateway(scope, bot).await.unwrap();
    assert_eq!((gateway.counts.refused, gateway.counts.accepted), (5, 0));

    host.engine.disconnect_gateway(scope, &By::system(), bot).await.unwrap();
    assert!(matches!(say("telegram", bot, &right, &body).await, WebhookError::NotFound));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_decoded_to_nothing_is_recorded_as_not_handled() {
    let host = TestHost::new().await;
    let scope = host.tenant("pro").await;
    let bot = host.bot(scope).await;
    let right = HashMap::from([(common::SECRET_HEADER.to_owned(), "right".to_owned())]);
    host.engine.webhook("telegram", bot, &right, r#"{"update_id": 9, "from_the_future": {}}"#).await.unwrap();
    host.until("it is counted", async || {
        host.engine.store().gateway(scope, bot).await.unwrap().counts.not_handled == 1
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn polling_goes_on_only_from_what_is_durable() {
    let delivery = |update: i64| Delivery { provider_id: update.to_string(), body: message(update, 1, "hi") };
    let telegram = FakeTelegram { polls: true, ..FakeTelegram::default() };
    telegram.batches.lock().extend([
        Ok(Batch { deliveries: vec![delivery(10), delivery(11)], next_cursor: Some(12) }),
        Err(GatewayError::RateLimited(Some(0))),
        // The provider sends one again, as it does when it did not hear of the cursor.
        Ok(Batch { deliveries: vec![delivery(11), delivery(12)], next_cursor: Some(13) }),
    ]);
    let host = TestHost::with(telegram, "full").await;
    let scope = host.tenant("pro").await;
    let bot = host.bot(scope).await;
    host.install(scope, "analytics", "sources", bot, json!({})).await;
    host.until("all batches were taken", async || host.telegram.cursors.lock().len() == 4).await;
    assert_eq!(*host.telegram.cursors.lock(), [None, Some(12), Some(12), Some(13)]);
    let gateway = host.engine.store().gateway(scope, bot).await.unwrap();
    assert_eq!((gateway.counts.accepted, gateway.counts.duplicates, gateway.poll_cursor), (3, 1, Some(13)));
    assert_eq!(gateway.status.as_str(), "connected");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_workspace_keeps_its_events_and_a_restart_finds_them() {
    let host = TestHost::new().await;
    let scope = host.tenant("pro").await;
    let bot = host.bot(scope).await;
    host.install(scope, "auto-reply", "channels", bot, rules()).await;
    host.say(bot, 0, 1, "0").await;
    host.settled(scope).await;
    host.engine.store().set_workspace_state(scope, WorkspaceState::Stopped).await.unwrap();
    // So many that what looks for work has had its turn among them.
    for update in 1..=30 {
        host.say(bot, update, 1, &format!("{update}")).await;
    }
    assert_eq!(host.engine.store().waiting_events(scope).await.unwrap(), 30);

    let host = host.crash_and_restart().await;
    assert_eq!(
        host.engine.store().waiting_events(scope).await.unwrap(),
        30,
        "nothing is handled while it is stopped"
    );
    host.engine.store().set_workspace_state(scope, WorkspaceState::Running).await.unwrap();
    host.engine.workspace_changed(scope);
    host.settled(scope).await;
    assert_eq!(host.telegram.sent(), (1..=30).map(|update| format!("echo {update}")).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_flood_does_not_keep_another_waiting() {
    let host = TestHost::new().await;
    let (loud, quiet) = (host.tenant("pro").await, host.tenant("pro").await);
    let (loud_bot, quiet_bot) = (host.bot(loud).await, host.bot(quiet).await);
    host.install(loud, "auto-reply", "channels", loud_bot, rules()).await;
    host.install(quiet, "auto-reply", "channels", quiet_bot, rules()).await;
    // The loud one's events gather before any of them is handled, so that there is a crowd however fast the machine is.
    let store = host.engine.store();
    store.set_workspace_state(loud, WorkspaceState::Stopped).await.unwrap();
    for update in 0..300 {
        host.say(loud_bot, update, update, "loud").await;
    }
    store.set_workspace_state(loud, WorkspaceState::Running).await.unwrap();
    host.engine.workspace_changed(loud);
    host.say(quiet_bot, 1, 1, "quiet").await;
    host.settled(quiet).await;
    assert!(
        host.engine.store().waiting_events(loud).await.unwrap() > 0,
        "the quiet one was served among the loud one's"
    );
    host.settled(loud).await;
    assert_eq!(host.telegram.sent().len(), 301);
}
