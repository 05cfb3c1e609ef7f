//! Replaying executions: the same comes out of it, and nothing is touched.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;

use common::TestHost;
use serde_json::{Value, json};
use twobot_domain::{ExecutionId, GatewayId, TenantId};
use twobot_engine::replay::{ReplayError, ReplayReport, With};
use twobot_engine::{AnswerFrom, EngineError};
use twobot_store::audit::By;
use twobot_store::{PageRequest, TenantScope};

const EVERYTHING: &str = "storage send notify schedule";

async fn probe(host: &TestHost) -> (TenantScope, GatewayId) {
    let scope = host.tenant("pro").await;
    let bot = host.bot(scope).await;
    host.install(scope, "probe", "channels", bot, json!({"mood": "good"})).await;
    (scope, bot)
}

async fn script(
    host: &TestHost,
    scope: TenantScope,
    steps: Value,
) -> Result<(ExecutionId, Value), EngineError> {
    let run = host.engine.run_action(scope, "probe", "script", json!({"steps": steps})).await?;
    Ok((run.execution, run.output))
}

/// A step that sends a message and waits until it is sent.
fn call(gateway: GatewayId, text: &str) -> Value {
    let arguments = json!({"chat_id": 1, "text": text}).to_string();
    json!({"perform_call": {"gateway": gateway.to_string(), "operation": "sendMessage", "arguments": arguments}})
}

/// Everything that a replay must leave alone.
async fn world(host: &TestHost, scope: TenantScope) -> Value {
    let store = host.engine.store();
    let executions: Vec<_> = host
        .executions(scope)
        .await
        .iter()
        .map(|one| (one.id.to_string(), one.state.clone(), one.attempt))
        .collect();
    let install = store.install(scope, "probe").await.unwrap();
    let kv = store.kv_totals(scope).await.unwrap();
    let notifications = store.notifications(scope, PageRequest::default()).await.unwrap().items.len();
    let usage: Vec<_> = store
        .usage(scope, 0, i64::MAX)
        .await
        .unwrap()
        .iter()
        .map(|(day, usage)| format!("{day} {usage:?}"))
        .collect();
    json!({
        "executions": executions,
        "kv": [kv.keys, kv.bytes],
        "value": format!("{:?}", store.kv_get(scope, install.id, "b", &["k".to_owned()]).await.unwrap()),
        "notifications": notifications,
        "appointments": store.appointments(scope, install.id).await.unwrap(),
        "usage": usage,
        "sent": host.telegram.sent(),
    })
}

async fn replayed(host: &TestHost, scope: TenantScope, id: ExecutionId, with: With) -> ReplayReport {
    let before = world(host, scope).await;
    let report = host.engine.replay(scope, id, with).await.unwrap();
    assert_eq!(world(host, scope).await, before, "a replay touched something");
    report
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_sees_what_the_run_saw_and_does_nothing() {
    let host = TestHost::with_probe(EVERYTHING).await;
    let (scope, bot) = probe(&host).await;
    let set = |value: &str| json!([{"set": {"bucket": "b", "key": "k", "value": value}}, {"increment": {"bucket": "b", "key": "n", "delta": 1}}]);
    script(&host, scope, set("then")).await.unwrap();
    let steps = json!([
        {"get": {"bucket": "b", "key": "k"}},
        {"get": {"bucket": "b", "key": "nothing"}},
        {"list_keys": {"bucket": "b", "cursor": null}},
        {"increment": {"bucket": "b", "key": "n", "delta": 5}},
        {"set": {"bucket": "b", "key": "new", "value": "mine"}},
        {"config_all": {}},
        {"bound": {"kind": null}},
        {"clocks": {}},
        {"random": {"bytes": 16}},
        {"send": {"gateway": bot.to_string(), "text": "hello"}},
        call(bot, "now"),
        {"notify": {"title": "Look", "text": "here"}},
        {"once": {"name": "later", "due_at": 4_000_000_000_000_u64, "data": null}},
        {"log": {"level": "info", "message": "done", "fields": [["a", "b"]]}},
    ]);
    let (execution, output) = script(&host, scope, steps).await.unwrap();
    host.settled(scope).await;

    // Meanwhile the world goes on.
    script(&host, scope, set("later")).await.unwrap();
    script(&host, scope, json!([{"set": {"bucket": "b", "key": "another", "value": "x"}}])).await.unwrap();
    host.engine.configure_plugin(scope, &By::system(), "probe", json!({"mood": "bad"})).await.unwrap();

    let report = replayed(&host, scope, execution, With::Recorded).await;
    assert_eq!(report.differences, []);
    assert_eq!(report.not_reproduced, Vec::<String>::new());
    assert_eq!(
        report.output,
        Some(output),
        "it was told the same, down to time, chance and the ids of effects"
    );
    assert_eq!((report.recorded.state, report.replayed.state), ("succeeded", "succeeded"));
    assert_eq!(report.digest, report.recorded_digest);
    assert_eq!(report.logs.last().unwrap().message, "done");
    assert!(matches!(report.asked.as_slice(), [one] if one.from == AnswerFrom::Record), "{:?}", report.asked);
    let deeds: Vec<_> =
        report.deeds.iter().map(|deed| format!("{} {}", deed.kind.as_str(), deed.what)).collect();
    assert_eq!(
        deeds,
        [
            "write add",
            "write set",
            "effect send_message",
            "notification info",
            "appointment at 2096-10-02T07:06:40.000Z"
        ]
    );
    assert_eq!(report.deeds[1].content.as_deref(), Some("mine"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_run_fails_again_with_its_log() {
    let host = TestHost::with_probe(EVERYTHING).await;
    let (scope, bot) = probe(&host).await;
    let text = json!({"steps": [
        call(bot, "first"),
        {"log": {"level": "warn", "message": "so far", "fields": []}},
        {"panic": {"message": "oh no"}},
    ]});
    host.say(bot, 1, 1, &text.to_string()).await;
    host.settled(scope).await;
    let failed = host.executions(scope).await.remove(0);
    assert_eq!(failed.trouble.as_ref().unwrap().code, "trapped");
    let report = replayed(&host, scope, failed.id, With::Recorded).await;
    assert_eq!(report.differences, []);
    assert_eq!(report.replayed.trouble.as_ref().unwrap().code, "trapped");
    assert!(report.logs.iter().any(|line| line.message == "so far"), "{:?}", report.logs);
    assert_eq!(host.telegram.sent(), ["first"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_build_is_shown_with_what_it_does_otherwise() {
    let host = TestHost::with_probe(EVERYTHING).await;
    let (scope, bot) = probe(&host).await;
    let steps = json!([
        call(bot, "hello"),
        {"notify": {"title": "Look", "text": "here"}},
    ]);
    let (execution, _) = script(&host, scope, steps).await.unwrap();
    // The next version asks for less: its call is denied to it.
    let host = host.restart_with_probe("storage notify").await;
    let report = replayed(&host, scope, execution, With::Current).await;
    assert_ne!(report.digest, report.recorded_digest);
    let kinds: Vec<_> = report.differences.iter().map(|one| (one.kind, one.at.as_str())).collect();
    assert_eq!(kinds, [("call", "1")], "{:?}", report.differences);
    assert!(report.differences[0].recorded.is_some() && report.differences[0].replayed.is_none());
    assert_eq!(report.denials.len(), 1);

    let gone = host.engine.replay(scope, execution, With::Recorded).await;
    assert!(matches!(gone, Err(ReplayError::ComponentGone(digest)) if digest == report.recorded_digest));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_is_kept_is_replayed_after_an_upgrade() {
    let host = TestHost::with_probe(EVERYTHING).await;
    let (scope, _) = probe(&host).await;
    let (execution, output) = script(&host, scope, json!([{"random": {"bytes": 8}}])).await.unwrap();
    let digest = host.engine.catalogue().plugin("probe").unwrap().digest.clone();
    let bytes = common::probe_asking(EVERYTHING);
    assert_eq!(twobot_runtime::digest_of(&bytes), digest);
    host.engine.store().keep_component(&digest, || bytes).await.unwrap();
    let host = host.restart_with_probe("storage notify").await;
    let report = replayed(&host, scope, execution, With::Recorded).await;
    assert_eq!((report.digest, report.output), (digest, Some(output)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_recorded_is_said() {
    let host = TestHost::with_probe("storage directory").await;
    let (scope, _) = probe(&host).await;
    // More than a recording holds.
    let value = json!({"repeat": "x", "times": 90_000});
    let set = |n: u32| json!({"set": {"bucket": "b", "key": format!("k{n}"), "value": value}});
    script(&host, scope, json!([set(1), set(2), set(3), set(4)])).await.unwrap();
    let keys = json!({"get_many": {"bucket": "b", "keys": ["k1", "k2", "k3", "k4"]}});
    let (execution, _) = script(&host, scope, json!([keys])).await.unwrap();
    let report = replayed(&host, scope, execution, With::Recorded).await;
    assert!(
        report.not_reproduced.iter().any(|note| note.contains("more than is recorded")),
        "{:?}",
        report.not_reproduced
    );
    assert!(report.differences.iter().any(|one| one.kind == "read"), "{:?}", report.differences);

    let (execution, _) = script(&host, scope, json!([{"write_file": {"path": "/data/a"}}])).await.unwrap();
    let report = replayed(&host, scope, execution, With::Recorded).await;
    assert!(
        report.not_reproduced.iter().any(|note| note.contains("directory")),
        "{:?}",
        report.not_reproduced
    );
    let lies = std::fs::read_dir(host.files()).map_or(0, Iterator::count);
    assert!(lies <= 1, "a replay made files");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_replays_anothers_and_nothing_is_replayed_that_never_ran() {
    let host = TestHost::with_probe(EVERYTHING).await;
    let (scope, bot) = probe(&host).await;
    let (execution, _) = script(&host, scope, json!([])).await.unwrap();
    let stranger = host.tenant("pro").await;
    assert_ne!(stranger.tenant(), TenantId::new());
    assert!(matches!(
        host.engine.replay(stranger, execution, With::Recorded).await,
        Err(ReplayError::NotFound)
    ));
    host.engine.disable_plugin(scope, &By::system(), "probe").await.unwrap();
    let install = host.engine.store().install(scope, "probe").await.unwrap();
    let new = twobot_store::executions::NewExecution {
        id: ExecutionId::new(),
        install: install.id,
        event: None,
        cause: twobot_store::executions::Cause::Action,
        event_kind: "script".to_owned(),
        lane: String::new(),
        depth: 0,
    };
    host.engine.store().begin_action(scope, &new).await.unwrap();
    assert!(
        matches!(host.engine.replay(scope, new.id, With::Recorded).await, Err(ReplayError::NothingRan)),
        "{bot}"
    );
}
