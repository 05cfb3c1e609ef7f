//! Accounts that are closed, and removed when their time has come.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;

use common::TestHost;
use serde_json::json;
use twobot_domain::{AuditAction, SessionId, Timestamp};
use twobot_engine::closing::DAYS_TO_REGRET;
use twobot_store::accounts::WorkspaceState;
use twobot_store::audit::{By, Note, Target};
use twobot_store::{StoreError, TenantScope};

/// A workspace that answers, with a directory of its plugin.
async fn busy(host: &TestHost) -> (TenantScope, twobot_domain::GatewayId, std::path::PathBuf) {
    let scope = host.tenant("pro").await;
    let bot = host.bot(scope).await;
    let rules = json!({ "rules": [{ "match": "any", "text": "", "reply": "hi" }] });
    host.install(scope, "auto-reply", "channels", bot, rules).await;
    host.say(bot, 1, 7, "hello").await;
    host.settled(scope).await;
    let install = host.engine.store().install(scope, "auto-reply").await.unwrap().id;
    let place = host.files().join(scope.tenant().to_string()).join(install.to_string());
    std::fs::create_dir_all(&place).unwrap();
    std::fs::write(place.join("file"), "something").unwrap();
    (scope, bot, place)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_account_stops_at_once_and_goes_with_all_it_has_when_its_time_has_come() {
    let host = TestHost::new().await;
    let (scope, bot, files) = busy(&host).await;
    let (other, other_bot, other_files) = busy(&host).await;
    let target = Target { kind: "user", id: String::new(), name: "ann".to_owned() };
    let note = Note::new(&By::system(), AuditAction::AccountClose, target);
    let before = Timestamp::now();
    let (closes_at, _) =
        host.engine.close_account(scope, &By::system(), note, SessionId::new()).await.unwrap();
    let days = i64::from(DAYS_TO_REGRET) * 86_400_000;
    assert!(closes_at >= before.plus_millis(days) && closes_at <= Timestamp::now().plus_millis(days));
    let store = host.engine.store();
    assert!(!store.gateway(scope, bot).await.unwrap().enabled);
    assert_eq!(store.tenant(scope).await.unwrap().state, WorkspaceState::Stopped);
    assert!(store.gateway(other, other_bot).await.unwrap().enabled);

    // Nothing of it goes before its time, whatever is started.
    let host = host.crash_and_restart().await;
    let store = host.engine.store();
    assert_eq!(store.tenant(scope).await.unwrap().closes_at, Some(closes_at));
    // As if thirty days had passed.
    store.keep_account(scope).await.unwrap();
    store.close_account(scope, SessionId::new(), Timestamp::now()).await.unwrap();
    let host = host.crash_and_restart().await;
    let store = host.engine.store();
    host.until("the account is gone", async || {
        matches!(store.tenant(scope).await, Err(StoreError::NotFound)) && !files.exists()
    })
    .await;
    assert!(other_files.join("file").exists());
    assert!(!host.executions(other).await.is_empty());
}
