//! Gateways: they may call their provider where the contract says so, and their failures stay their own.

use crate::host::{Host, MB, QUEUED_AT, Tenant, guest, limits, machine};
use crate::outside::FakeProvider;
use serde_json::{Value, json};
use std::sync::Arc;
use twobot_domain::{GatewayError, Trouble};
use twobot_runtime::contract::actions::ProviderCall;
use twobot_runtime::contract::{Action, ChatRequest, Decoded, Inbound, Malformed, Outcome, Payload, chat};
use twobot_runtime::{GatewayCall, GatewayComponent, GatewayRan, GatewayRun};

async fn gateway() -> Arc<GatewayComponent> {
    Arc::new(machine().load_gateway(guest("gateway-probe")).await.unwrap())
}

fn run(
    tenant: &Tenant,
    component: &Arc<GatewayComponent>,
    provider: &Arc<FakeProvider>,
    script: &Value,
) -> GatewayRun {
    GatewayRun {
        scope: tenant.scope,
        component: Arc::clone(component),
        config: json!({ "script": script.to_string() }),
        provider: provider.clone(),
        limits: limits(),
        seed: b"delivery".to_vec(),
        started_at: QUEUED_AT,
    }
}

struct Setting {
    host: Host,
    tenant: Tenant,
    component: Arc<GatewayComponent>,
    provider: Arc<FakeProvider>,
}

impl Setting {
    async fn new(provider: FakeProvider) -> Self {
        let host = Host::new().await;
        let tenant = host.tenant("gateway").await;
        Self { tenant, component: gateway().await, provider: Arc::new(provider), host }
    }

    fn run(&self, script: &Value) -> GatewayRun {
        run(&self.tenant, &self.component, &self.provider, script)
    }

    async fn decode(&self, script: Value) -> GatewayRan<Result<Decoded, Malformed>> {
        let delivery = Inbound { received_at: QUEUED_AT.millis(), body: script.to_string() };
        machine().decode(self.run(&script), delivery).await
    }

    async fn execute(&self, script: Value) -> GatewayRan<Result<Outcome, GatewayError>> {
        let call = ProviderCall { operation: "script".to_owned(), arguments: script.to_string() };
        machine().execute(self.run(&script), Action::Provider(call)).await
    }

    async fn chat(&self, script: Value) -> GatewayRan<Result<chat::ChatReply, GatewayError>> {
        let message = chat::ChatMessage { role: chat::Role::User, content: script.to_string() };
        let request =
            ChatRequest { model: None, messages: vec![message], temperature: None, max_tokens: None };
        machine().chat(self.run(&script), request).await
    }
}

#[track_caller]
fn fault<T: std::fmt::Debug>(ran: &GatewayRan<T>) -> &Trouble {
    match &ran.result {
        Err(GatewayCall::Fault(trouble)) => trouble,
        other => panic!("no fault: {other:?}"),
    }
}

fn call(operation: impl Into<Value>, arguments: impl Into<Value>) -> Value {
    json!({ "call": { "operation": operation.into(), "arguments": arguments.into() } })
}

#[tokio::test]
async fn decoding_may_not_call_the_provider_and_all_else_may() {
    let setting = Setting::new(FakeProvider::default()).await;
    let script = call("getMe", "{}");
    match setting.decode(script.clone()).await.result.unwrap().unwrap() {
        Decoded::NotHandled(reason) => assert!(reason.contains("Denied"), "{reason}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(setting.provider.asked.lock().len(), 0);

    setting.execute(script.clone()).await.result.unwrap().unwrap();
    setting.chat(script.clone()).await.result.unwrap().unwrap();
    machine().check(setting.run(&script)).await.result.unwrap().unwrap();
    assert_eq!(*setting.provider.asked.lock(), vec![("getMe".to_owned(), "{}".to_owned()); 3]);
}

#[tokio::test]
async fn errors_of_the_provider_reach_the_gateway_and_come_back() {
    let errors = [
        GatewayError::NotBound("a".to_owned()),
        GatewayError::Denied("b".to_owned()),
        GatewayError::Invalid("c".to_owned()),
        GatewayError::Unsupported("d".to_owned()),
        GatewayError::Unauthorized("e".to_owned()),
        GatewayError::RateLimited(Some(3)),
        GatewayError::Rejected { code: "403".to_owned(), message: "blocked".to_owned() },
        GatewayError::Unavailable("f".to_owned()),
        GatewayError::TimedOut,
        GatewayError::OutcomeUnknown("h".to_owned()),
        GatewayError::OverLimit("g".to_owned()),
    ];
    let setting = Setting::new(FakeProvider::answering(errors.iter().cloned().map(Err))).await;
    for error in errors {
        let answer = setting.execute(call("sendMessage", "{}")).await.result.unwrap();
        assert_eq!(answer, Err(error), "through the gateway and back, unchanged");
    }
}

#[tokio::test]
async fn calls_of_the_provider_are_bounded_both_ways() {
    let large = "x".repeat(1024 * 1024 + 1);
    let setting = Setting::new(FakeProvider::answering([Ok(large)])).await;
    let answer = setting.execute(call("getFile", "{}")).await.result.unwrap();
    assert!(matches!(answer, Err(GatewayError::Unavailable(_))), "too large an answer: {answer:?}");

    let text = |times: u64| json!({ "repeat": "x", "times": times });
    for script in [call("o", text(MB + 1)), call(text(129), "{}"), call(text(MB), "{}")] {
        let answer = setting.execute(script).await.result.unwrap();
        assert!(matches!(answer, Err(GatewayError::Invalid(_))), "{answer:?}");
    }
    assert_eq!(setting.provider.asked.lock().len(), 1, "what is too large does not get outside");
    setting.execute(call("o", text(MB))).await.result.unwrap().unwrap();
    let trouble = fault(&setting.execute(call("o", text(5 * MB))).await).clone();
    assert_eq!(trouble.code, "call_too_large");
}

#[tokio::test]
async fn what_a_gateway_does_wrong_ends_its_own_call() {
    let setting = Setting::new(FakeProvider::default()).await;
    for (script, code) in [
        (json!("spin"), "fuel_exhausted"),
        (json!("recurse"), "stack_overflow"),
        (json!({ "eat": 65_536 }), "memory_exceeded"),
        (json!("panic"), "trapped"),
        (json!({ "say": { "repeat": "x", "times": 5 * MB } }), "call_too_large"),
        (json!({ "refuse": { "repeat": "x", "times": 5 * MB } }), "call_too_large"),
    ] {
        assert_eq!(fault(&setting.decode(script.clone()).await).code, code);
        assert_eq!(fault(&setting.execute(script.clone()).await).code, code);
        assert_eq!(fault(&setting.chat(script.clone()).await).code, code);
        assert_eq!(fault(&machine().check(setting.run(&script)).await).code, code);
    }
    assert_eq!(fault(&setting.decode(json!({ "events": 30_000 })).await).code, "call_too_large");
    setting.host.unhurt_by(&setting.tenant).await;
}

#[tokio::test]
async fn texts_of_a_gateway_for_people_are_cut() {
    let setting = Setting::new(FakeProvider::default()).await;
    let text = json!({ "repeat": "x", "times": MB / 2 });
    let malformed = setting.decode(json!({ "refuse": text })).await.result.unwrap().unwrap_err();
    assert!(malformed.message.len() < 3_000);
    let Err(GatewayError::Unsupported(message)) =
        setting.execute(json!({ "refuse": text })).await.result.unwrap()
    else {
        panic!("it refused");
    };
    assert!(message.len() < 3_000);
    let account = machine().check(setting.run(&json!({ "say": text }))).await.result.unwrap().unwrap();
    assert!(account.id.len() < 3_000 && account.name.len() < 3_000 && account.details[0].1.len() < 3_000);
    setting.host.unhurt_by(&setting.tenant).await;
}

#[tokio::test]
async fn a_well_behaved_gateway_works() {
    let setting = Setting::new(FakeProvider::default()).await;
    let ran = setting.decode(json!({ "say": "hello" })).await;
    assert!(ran.usage.fuel > 0 && ran.usage.peak_memory_bytes > 0);
    let Decoded::Events(events) = ran.result.unwrap().unwrap() else { panic!("events") };
    let Payload::Message(message) = &events[0].payload else { panic!("a message") };
    assert_eq!(message.text.as_deref(), Some("hello"));
    let ran = setting.chat(json!({ "tokens": 7 })).await;
    assert_eq!((ran.usage.ai_tokens_in, ran.usage.ai_tokens_out), (7, 7));
    assert_eq!(
        setting.execute(json!({ "say": "{}" })).await.result.unwrap(),
        Ok(Outcome::Provider("{}".to_owned()))
    );
}
