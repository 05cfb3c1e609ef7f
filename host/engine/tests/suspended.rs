//! Tenants that an operator suspended.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;

use common::{SECRET_HEADER, TestHost, message};
use serde_json::json;
use sqlx::{Connection as _, SqliteConnection};
use std::collections::HashMap;
use twobot_domain::Timestamp;
use twobot_engine::WebhookError;

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_to_a_suspended_tenant_are_taken_for_a_day_and_nothing_runs() {
    let host = TestHost::new().await;
    let scope = host.tenant("pro").await;
    let bot = host.bot(scope).await;
    let rules = json!({"rules": [{"match": "any", "text": "", "reply": "echo {text}"}]});
    host.install(scope, "auto-reply", "channels", bot, rules).await;
    let url = format!("sqlite:{}", host.folder.path().join("test.db").display());
    let suspended = async |hours: i64| {
        let mut database = SqliteConnection::connect(&url).await.unwrap();
        let since = Timestamp::now().plus_millis(-hours * 3_600_000);
        let change = sqlx::query("UPDATE tenants SET state = 'suspended', suspended_at = $1").bind(since.0);
        change.execute(&mut database).await.unwrap();
        database.close().await.unwrap();
        host.engine.tenant_suspended(scope);
    };
    suspended(23).await;
    host.say(bot, 1, 1, "hi").await;
    assert_eq!(host.engine.store().waiting_events(scope).await.unwrap(), 1, "it is kept");
    suspended(25).await;
    let headers = HashMap::from([(SECRET_HEADER.to_owned(), "right".to_owned())]);
    let refused = host.engine.webhook("telegram", bot, &headers, &message(2, 1, "hi")).await;
    assert!(matches!(refused, Err(WebhookError::Suspended)), "{refused:?}");
    assert!(host.telegram.sent().is_empty());
}
