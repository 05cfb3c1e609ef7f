//! Web hooks through the whole engine: what arrives becomes an event, and what goes out is signed, tried again and logged.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;

use common::TestHost;
use serde_json::{Value, json};
use twobot_domain::GatewayId;
use twobot_engine::WebhookError;
use twobot_gateways::Headers;
use twobot_store::audit::By;
use twobot_store::inbound::{Accepted, InboundRecord};
use twobot_store::outbound::{OutboundRecord, OutboundState};
use twobot_store::{PageRequest, TenantScope};
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A host with the probe, and a web hook that believes a token and delivers to a receiver.
struct Scene {
    host: TestHost,
    scope: TenantScope,
    hook: GatewayId,
    receiver: MockServer,
}

impl Scene {
    /// The receiver answers in these ways, one after the other, and then with the last of them.
    async fn new(answers: &[ResponseTemplate]) -> Self {
        let receiver = MockServer::start().await;
        Mock::given(method("HEAD")).respond_with(ResponseTemplate::new(405)).mount(&receiver).await;
        for (number, answer) in answers.iter().enumerate() {
            let mock = Mock::given(method("POST")).respond_with(answer.clone());
            let is_last = number + 1 == answers.len();
            if is_last { mock } else { mock.up_to_n_times(1) }.mount(&receiver).await;
        }
        let host = TestHost::with_probe_and_egress("storage send", &receiver.address().to_string()).await;
        let scope = host.tenant("pro").await;
        let config = json!({"verification": "token", "url": format!("{}/hooks", receiver.uri())});
        let credentials = json!({"secret": "a token of a test", "signing_secret": SECRET});
        let by = By::system();
        let made = host.engine.create_gateway(scope, &by, "web-hook", "Hook", config, Some(credentials));
        let hook = made.await.unwrap().id;
        host.engine.connect_gateway(scope, &by, hook).await.unwrap();
        host.until("the gateway is connected", async || {
            host.engine.store().gateway(scope, hook).await.unwrap().status.as_str() == "connected"
        })
        .await;
        host.install(scope, "probe", "channels", hook, json!({})).await;
        Self { host, scope, hook, receiver }
    }

    async fn deliver(&self, id: &str, body: &str) -> Result<Accepted, WebhookError> {
        let headers = Headers::from([
            ("authorization".to_owned(), "Bearer a token of a test".to_owned()),
            ("idempotency-key".to_owned(), id.to_owned()),
        ]);
        self.host.engine.webhook("web-hook", self.hook, &headers, body).await
    }

    /// Has the probe take a step, and gives what it was answered.
    async fn take(&self, step: &str, document: &Value) -> Value {
        let gateway = self.hook.to_string();
        let call = json!({"gateway": gateway, "operation": "deliver", "arguments": document.to_string()});
        let steps = json!({"steps": [{step: call}]});
        let run = self.host.engine.run_action(self.scope, "probe", "script", steps).await.unwrap();
        self.host.settled(self.scope).await;
        run.output[0].clone()
    }

    async fn arrived(&self) -> Vec<InboundRecord> {
        let store = self.host.engine.store();
        store.inbound_of(self.scope, self.hook, PageRequest::default()).await.unwrap().items
    }

    async fn log(&self) -> Vec<OutboundRecord> {
        let store = self.host.engine.store();
        store.outbound_of(self.scope, self.hook, PageRequest::default()).await.unwrap().items
    }

    async fn posted(&self) -> Vec<Request> {
        let all = self.receiver.received_requests().await.unwrap();
        all.into_iter().filter(|request| request.method.as_str() == "POST").collect()
    }
}

fn header(request: &Request, name: &str) -> String {
    request.headers.get(name).unwrap().to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn any_document_becomes_an_event_and_a_repeat_does_not() {
    let scene = Scene::new(&[ResponseTemplate::new(200)]).await;
    // As large as a body may be, and twice as large as a text within JSON.
    let large = format!("\"{}\"", r#"\""#.repeat(512 * 1024 - 1));
    assert_eq!(large.len(), 1024 * 1024);
    for (id, body) in [("one", r#"{"type":"user.created"}"#), ("two", &large), ("three", "[1, 2]")] {
        assert!(matches!(scene.deliver(id, body).await, Ok(Accepted::New(_))), "{id}");
    }
    assert!(matches!(scene.deliver("one", "{}").await, Ok(Accepted::Duplicate)));
    assert!(matches!(scene.deliver("four", "a=b").await, Err(WebhookError::Malformed(_))));
    scene.host.settled(scene.scope).await;
    let arrived = scene.arrived().await;
    let told: Vec<_> =
        arrived.iter().map(|one| (one.provider_id.as_str(), one.state.as_str(), &one.note)).collect();
    assert_eq!(told, [("three", "decoded", &None), ("two", "decoded", &None), ("one", "decoded", &None)]);
    let counts = scene.host.engine.store().gateway(scene.scope, scene.hook).await.unwrap().counts;
    assert_eq!((counts.accepted, counts.duplicates, counts.refused), (3, 1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_performed_is_answered_and_logged() {
    let answer = ResponseTemplate::new(202).set_body_string("queued");
    let scene = Scene::new(&[answer, ResponseTemplate::new(404).set_body_string("no such hook")]).await;
    let outcome = scene.take("perform_call", &json!({"type": "order.paid", "data": {"id": 7}})).await;
    let posted = scene.posted().await;
    assert_eq!(posted[0].body, br#"{"type":"order.paid","data":{"id":7}}"#);
    let key = header(&posted[0], "webhook-id");
    let told = outcome.to_string();
    assert!(told.contains("202") && told.contains(&key), "{told}");
    let log = scene.log().await;
    assert_eq!((log[0].state, log[0].attempts, log[0].status), (OutboundState::Delivered, 1, Some(202)));
    assert_eq!((log[0].answer.as_str(), log[0].message.as_str()), ("queued", key.as_str()));
    assert_eq!(log[0].execution, scene.host.executions(scene.scope).await[0].id);

    let refused = scene.take("perform_call", &json!({"type": "order.paid"})).await.to_string();
    assert!(refused.contains("Rejected"), "{refused}");
    let log = scene.log().await;
    assert_eq!((log[0].state, log[0].attempts, log[0].status), (OutboundState::Failed, 1, Some(404)));
    assert_eq!(log[0].answer, "no such hook");
    assert!(log[0].problem.as_ref().unwrap().contains("no such hook"), "{:?}", log[0].problem);
    assert_eq!(scene.posted().await.len(), 2, "what is final is not tried again");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_queued_is_tried_again_under_the_same_id() {
    let answers = [ResponseTemplate::new(500).set_body_string("oops"), ResponseTemplate::new(204)];
    let scene = Scene::new(&answers).await;
    scene.take("send_call", &json!({"n": 1})).await;
    let posted = scene.posted().await;
    assert_eq!(posted.len(), 2);
    assert_eq!(header(&posted[0], "webhook-id"), header(&posted[1], "webhook-id"));
    assert_eq!(posted[0].body, posted[1].body);
    let log = scene.log().await;
    assert_eq!(log.len(), 1);
    assert_eq!((log[0].state, log[0].attempts, log[0].status), (OutboundState::Delivered, 2, Some(204)));
    assert_eq!((log[0].answer.as_str(), &log[0].problem), ("", &None));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_when_to_come_back_is_believed_and_who_is_gone_is_left_alone() {
    let wait = ResponseTemplate::new(503).insert_header("retry-after", "0");
    let scene = Scene::new(&[wait, ResponseTemplate::new(410)]).await;
    scene.take("send_call", &json!({"n": 1})).await;
    assert_eq!(scene.posted().await.len(), 2);
    let log = scene.log().await;
    assert_eq!((log[0].state, log[0].attempts, log[0].status), (OutboundState::Failed, 2, Some(410)));
    let execution = scene.host.executions(scene.scope).await.remove(0);
    let effect = scene.host.engine.store().effects_of(scene.scope, execution.id).await.unwrap().remove(0);
    let trouble = effect.trouble.unwrap();
    assert_eq!((effect.state.as_str(), trouble.code.as_str()), ("failed", "gateway_rejected"));
    assert!(trouble.detail.contains("gone for good"), "{}", trouble.detail);
    // A wait is no try.
    assert_eq!(effect.attempt, 1);
}
