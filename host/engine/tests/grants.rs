//! Owners decide what plugins may do: a new version that asks for more stays off until they have, and loses nothing meanwhile.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;

use common::TestHost;
use serde_json::{Value, json};
use twobot_domain::manifest::Capability::{Notify, Send, Storage};
use twobot_domain::{ActorKind, GatewayId};
use twobot_engine::{EngineError, InstallOptions};
use twobot_store::audit::{AuditFilter, AuditRecord, By};
use twobot_store::installs::{Bindings, Install, InstallState};
use twobot_store::{PageRequest, TenantScope};

/// A message that makes the probe count.
fn counting() -> String {
    json!({"steps": [{"increment": {"bucket": "b", "key": "n", "delta": 1}}]}).to_string()
}

async fn count(host: &TestHost, scope: TenantScope) -> String {
    let install = probe(host, scope).await;
    let found = host.engine.store().kv_get(scope, install.id, "b", &["n".to_owned()]).await.unwrap();
    found.get("n").map(|stored| String::from_utf8(stored.value.clone()).unwrap()).unwrap_or_default()
}

async fn probe(host: &TestHost, scope: TenantScope) -> Install {
    host.engine.store().install(scope, "probe").await.unwrap()
}

async fn audit(host: &TestHost, scope: TenantScope) -> Vec<AuditRecord> {
    let all = AuditFilter::default();
    let mut rows = host.engine.store().audit_log(scope, &all, PageRequest::default()).await.unwrap().items;
    rows.reverse();
    rows
}

/// Installs the probe, granting all that it asks for.
async fn install(host: &TestHost, scope: TenantScope, bot: GatewayId) {
    let bindings = Bindings::from([("channels".to_owned(), vec![bot])]);
    let options = InstallOptions { bindings, ..InstallOptions::default() };
    host.engine.install_plugin(scope, &By::system(), "probe", options).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_asks_for_more_is_off_until_its_owner_has_decided_and_its_events_wait() {
    let host = TestHost::with_probe("storage").await;
    let scope = host.tenant("pro").await;
    let bot = host.bot(scope).await;
    install(&host, scope, bot).await;
    let rules = json!({"rules": [{"match": "any", "text": "", "reply": "here"}]});
    host.install(scope, "auto-reply", "channels", bot, rules).await;
    host.say(bot, 1, 1, &counting()).await;
    host.settled(scope).await;
    assert_eq!(count(&host, scope).await, "1");

    let host = host.restart_with_probe("storage send notify").await;
    let held = probe(&host, scope).await;
    assert_eq!((held.state, held.waits), (InstallState::Paused, true));
    let trouble = held.trouble.clone().unwrap();
    assert_eq!(trouble.code, "permissions_needed");
    assert!(
        trouble.detail.contains("act through your gateways; post to your dashboard"),
        "{}",
        trouble.detail
    );
    assert_eq!(host.engine.undecided(&held), [Send, Notify]);
    let told = host.engine.store().notifications(scope, PageRequest::default()).await.unwrap().items;
    assert_eq!((told.len(), told[0].title.as_str()), (1, "Probe (test) asks for more"));
    assert_eq!(count(&host, scope).await, "1", "its data is there");

    // Its events wait; those of another plugin do not.
    for update in 2..5 {
        host.say(bot, update, 1, &counting()).await;
    }
    host.until("the other plugin has answered", async || host.telegram.sent().len() == 3).await;
    let waiting = async || {
        let all = host.executions(scope).await;
        all.iter().filter(|one| one.slug == "probe" && one.state == "waiting").count()
    };
    assert_eq!(waiting().await, 3);
    // Nothing starts it but the decision.
    let enabled = host.engine.enable_plugin(scope, &By::system(), "probe").await;
    assert!(matches!(enabled, Err(EngineError::Trouble(why)) if why.code == "permissions_needed"));
    let acted = host.engine.run_action(scope, "probe", "script", json!({"steps": []})).await;
    assert!(matches!(acted, Err(EngineError::Trouble(why)) if why.code == "permissions_needed"));
    let wrong = host.engine.grant_plugin(scope, &By::system(), "probe", vec!["ai".parse().unwrap()]).await;
    assert!(matches!(wrong, Err(EngineError::Invalid(fields)) if fields[0].field == "grants"));
    assert_eq!((waiting().await, count(&host, scope).await), (3, "1".to_owned()));

    // Also another start does not, and tells nothing twice.
    let host = host.restart_with_probe("storage send notify").await;
    assert!(probe(&host, scope).await.waits);
    assert_eq!(
        host.engine.store().notifications(scope, PageRequest::default()).await.unwrap().items.len(),
        1
    );

    let decided =
        host.engine.grant_plugin(scope, &By::system(), "probe", vec![Notify, Storage]).await.unwrap();
    assert_eq!((decided.state, decided.grants), (InstallState::Enabled, vec![Storage, Notify]));
    host.settled(scope).await;
    assert_eq!(count(&host, scope).await, "4");

    let rows: Vec<_> = audit(&host, scope)
        .await
        .into_iter()
        .filter(|row| row.target_id == "probe")
        .map(|row| (row.actor_kind, row.action, row.outcome, row.detail))
        .collect();
    let row = |action: &str, outcome: &str, detail: Value| {
        (ActorKind::System.as_str().to_owned(), action.to_owned(), outcome.to_owned(), detail.to_string())
    };
    let version = env!("CARGO_PKG_VERSION");
    let expected = [
        row("plugin.install", "success", json!({"version": version, "granted": ["storage"]})),
        row("plugin.disable", "success", json!({"reason": "permissions_needed"})),
        row("plugin.enable", "denied", json!({"reason": "permissions_needed"})),
        row(
            "plugin.grant",
            "success",
            json!({"version": version, "granted": ["storage", "notify"], "refused": ["send"]}),
        ),
    ];
    assert_eq!(rows, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_asks_for_no_more_just_runs() {
    let host = TestHost::with_probe("storage send").await;
    let scope = host.tenant("pro").await;
    let bot = host.bot(scope).await;
    install(&host, scope, bot).await;
    // What was refused once is decided as well.
    host.engine.grant_plugin(scope, &By::system(), "probe", vec![Storage]).await.unwrap();
    let mut host = host;
    for (update, asks) in [(1, "storage"), (2, "send storage"), (3, "storage send ")] {
        host = host.restart_with_probe(asks).await;
        let install = probe(&host, scope).await;
        assert_eq!((install.state, install.grants), (InstallState::Enabled, vec![Storage]), "{asks}");
        host.say(bot, update, 1, &counting()).await;
        host.settled(scope).await;
        assert_eq!(count(&host, scope).await, update.to_string());
    }
    // One that was switched off stays off, and asks when it is switched on.
    host.engine.disable_plugin(scope, &By::system(), "probe").await.unwrap();
    let host = host.restart_with_probe("storage send ai").await;
    let install = probe(&host, scope).await;
    assert_eq!((install.state, install.waits), (InstallState::Disabled, false));
    let enabled = host.engine.enable_plugin(scope, &By::system(), "probe").await;
    assert!(matches!(enabled, Err(EngineError::Trouble(_))));
    // And when the operator takes the new version back, there is nothing to decide.
    let host = host.restart_with_probe("storage send").await;
    host.engine.enable_plugin(scope, &By::system(), "probe").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_waits_goes_on_when_there_is_nothing_to_decide_any_more() {
    let host = TestHost::with_probe("storage").await;
    let scope = host.tenant("pro").await;
    let bot = host.bot(scope).await;
    install(&host, scope, bot).await;
    let host = host.restart_with_probe("storage ai").await;
    host.say(bot, 1, 1, &counting()).await;
    host.until("it is decoded", async || host.executions(scope).await.len() == 1).await;
    assert!(probe(&host, scope).await.waits);
    let host = host.restart_with_probe("storage").await;
    host.settled(scope).await;
    assert_eq!(count(&host, scope).await, "1");
    assert_eq!(probe(&host, scope).await.state, InstallState::Enabled);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_plugin_was_denied_stands_in_the_audit_log_once_for_each_run() {
    let host = TestHost::with_probe("storage send notify").await;
    let scope = host.tenant("pro").await;
    let bot = host.bot(scope).await;
    install(&host, scope, bot).await;
    host.engine.grant_plugin(scope, &By::system(), "probe", vec![Storage]).await.unwrap();
    let notify = json!({"repeat": {"times": 3, "step": {"notify": {"title": "a", "text": "b"}}}});
    let send = json!({"send": {"gateway": bot.to_string(), "text": "hello"}});
    for (update, ending) in [(1, json!("well")), (2, json!({"failed": "no"}))] {
        let script = json!({"steps": [notify, send], "ending": ending});
        host.say(bot, update, 1, &script.to_string()).await;
        host.settled(scope).await;
    }
    let denied: Vec<_> =
        audit(&host, scope).await.into_iter().filter(|row| row.action == "capability.denied").collect();
    let runs = host.executions(scope).await;
    assert_eq!(runs.iter().map(|run| run.state.as_str()).collect::<Vec<_>>(), ["succeeded", "failed"]);
    let expected: Vec<_> = runs
        .iter()
        .flat_map(|run| [("notify", 3, run.id), ("send", 1, run.id)])
        .map(|(capability, count, run)| {
            (capability.to_owned(), json!({"execution": run.to_string(), "count": count}))
        })
        .collect();
    let told: Vec<(String, Value)> = denied
        .iter()
        .map(|row| (row.target_id.clone(), serde_json::from_str(&row.detail).unwrap()))
        .collect();
    assert_eq!(told, expected);
    assert!(denied.iter().all(|row| row.actor_name == "probe" && row.outcome == "denied"));
    assert_eq!(host.engine.store().verify_audit(scope).await.unwrap().fault, None);
}
