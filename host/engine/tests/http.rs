//! A plugin calls another host, through the whole engine: as far as its manifest, its tenant and the operator allow.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;

use common::{FakeTelegram, TestHost};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::Semaphore;
use twobot_domain::{GatewayId, Timestamp};
use twobot_engine::InstallOptions;
use twobot_store::TenantScope;
use twobot_store::audit::By;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// A host whose operator opened these addresses, and whose catalogue has a plugin that asks for these.
async fn host(opened: &str, asks: &str) -> TestHost {
    TestHost::with_probe_and_egress(asks, opened).await
}

async fn run(host: &TestHost, scope: TenantScope, steps: Value) -> Vec<Value> {
    let run = host.engine.run_action(scope, "probe", "script", json!({ "steps": steps })).await.unwrap();
    run.output.as_array().cloned().unwrap()
}

async fn server() -> MockServer {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(200).set_body_string("from outside");
    Mock::given(method("GET")).and(path("/")).respond_with(answer).mount(&server).await;
    let away =
        ResponseTemplate::new(302).insert_header("location", "http://169.254.169.254/latest/meta-data");
    Mock::given(method("GET")).and(path("/away")).respond_with(away).mount(&server).await;
    server
}

fn get(url: &str) -> Value {
    json!({ "http_get": { "url": url } })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_calls_the_host_that_it_was_granted_and_the_operator_opened() {
    let server = server().await;
    let address = server.address().to_string();
    let host = host(&address, &format!("http:{address} http:169.254.169.254")).await;
    let scope = host.tenant("pro").await;
    host.engine.install_plugin(scope, &By::system(), "probe", InstallOptions::default()).await.unwrap();

    let steps = json!([
        get(&server.uri()),
        get(&format!("{}/away", server.uri())),
        get("http://169.254.169.254/latest/meta-data"),
        get("http://elsewhere.test/"),
    ]);
    let outcomes = run(&host, scope, steps).await;
    assert_eq!(outcomes[0], json!({ "ok": [200, "from outside"] }));
    assert_eq!(outcomes[1], json!({ "ok": [302, ""] }), "where it leads is for the plugin to ask");
    assert_eq!(outcomes[2], json!({ "error": "http_prohibited" }), "granted, but not open to tenants");
    assert_eq!(outcomes[3], json!({ "error": "http_denied" }), "not asked for");

    let received = server.received_requests().await.unwrap();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].headers["user-agent"], twobot_gateways::USER_AGENT);
    let (made, brought) = used(&host, scope).await;
    assert_eq!(made, 3);
    assert!(brought >= 12, "{brought}");
}

/// Requests that a tenant made, and bytes that came back.
async fn used(host: &TestHost, scope: TenantScope) -> (u64, u64) {
    let today = Timestamp::now().day();
    let days = host.engine.store().usage(scope, today - 1, today).await.unwrap();
    days.iter().fold((0, 0), |sum, (_, usage)| (sum.0 + usage.http_requests, sum.1 + usage.http_bytes_in))
}

/// A host with a provider that answers when it may, a tenant with a bot, and the probe, which asks both it and a server.
struct Scene {
    host: TestHost,
    scope: TenantScope,
    bot: GatewayId,
    server: MockServer,
    arrived: Arc<Semaphore>,
    release: Arc<Semaphore>,
}

impl Scene {
    fn asks(server: &MockServer) -> String {
        format!("storage send http:{}", server.address())
    }

    async fn new() -> Self {
        let (arrived, release) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let gate = Some((Arc::clone(&arrived), Arc::clone(&release)));
        let telegram = FakeTelegram { gate, ..FakeTelegram::default() };
        let server = server().await;
        let opened = server.address().to_string();
        let host = TestHost::with_probe_asking(telegram, &Self::asks(&server), &opened).await;
        let scope = host.tenant("pro").await;
        let bot = host.bot(scope).await;
        host.install(scope, "probe", "channels", bot, json!({})).await;
        Self { host, scope, bot, server, arrived, release }
    }

    fn perform(&self) -> Value {
        json!({ "perform": { "gateway": self.bot.to_string(), "text": "hello" } })
    }

    async fn asked(&self) {
        self.host.until("the provider is asked", async || self.arrived.available_permits() > 0).await;
    }

    async fn requests(&self) -> usize {
        self.server.received_requests().await.unwrap().len()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_counts_once_though_the_process_ends_before_its_run_is_committed() {
    let scene = Scene::new().await;
    let steps = json!({ "steps": [get(&scene.server.uri()), scene.perform()] });
    scene.host.say(scene.bot, 1, 1, &steps.to_string()).await;
    scene.asked().await;
    let answered = used(&scene.host, scene.scope).await;
    assert!(answered.0 == 1 && answered.1 >= 12, "it counts when it is answered: {answered:?}");

    let Scene { host, scope, server, .. } = scene;
    let host = host.crash_and_restart_asking(&Scene::asks(&server), &server.address().to_string()).await;
    host.settled(scope).await;
    assert_eq!(host.executions(scope).await[0].state, "succeeded");
    assert_eq!(server.received_requests().await.unwrap().len(), 1, "the answer was recorded");
    assert_eq!(used(&host, scope).await, answered);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_counts_once_though_its_run_is_repeated_since_another_was_faster() {
    let scene = Scene::new().await;
    let set = json!({ "set": { "bucket": "b", "key": "k", "value": "1" } });
    let steps = json!([
        { "get": { "bucket": "b", "key": "k" } },
        get(&scene.server.uri()),
        scene.perform(),
        set.clone(),
    ]);
    let (slow, ()) = tokio::join!(run(&scene.host, scene.scope, steps), async {
        scene.asked().await;
        run(&scene.host, scene.scope, json!([set])).await;
        scene.release.add_permits(1);
    });
    assert_eq!(slow.len(), 4);
    assert!(slow[0].to_string().contains('1'), "it ran again, and read what the other wrote: {slow:?}");
    assert_eq!((scene.requests().await, used(&scene.host, scene.scope).await.0), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_the_operator_did_not_open_is_not_called() {
    let server = server().await;
    let address = server.address().to_string();
    let host = host("", &format!("http:{address}")).await;
    let scope = host.tenant("pro").await;
    host.engine.install_plugin(scope, &By::system(), "probe", InstallOptions::default()).await.unwrap();
    let outcomes = run(&host, scope, json!([get(&server.uri())])).await;
    assert_eq!(outcomes[0], json!({ "error": "http_prohibited" }));
    let execution = &host.executions(scope).await[0];
    let logs = host.engine.store().execution_logs(scope, execution.id).await.unwrap();
    let said: Vec<_> = logs.iter().map(|line| line.message.as_str()).collect();
    assert!(said[0].contains(&format!("adding {address} to TWOBOT_EGRESS_ALLOW")), "{said:?}");
    assert_eq!(server.received_requests().await.unwrap().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_the_tenant_did_not_grant_is_not_called() {
    let server = server().await;
    let address = server.address().to_string();
    let host = host(&address, &format!("http:{address}")).await;
    let scope = host.tenant("pro").await;
    let options = InstallOptions { grants: Some(Vec::new()), ..InstallOptions::default() };
    host.engine.install_plugin(scope, &By::system(), "probe", options).await.unwrap();
    let outcomes = run(&host, scope, json!([get(&server.uri())])).await;
    assert_eq!(outcomes[0], json!({ "error": "http_denied" }));
    assert_eq!(server.received_requests().await.unwrap().len(), 0);
}
