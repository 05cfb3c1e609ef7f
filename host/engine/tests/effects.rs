//! Effects happen once, as far as the world allows: what is done where it is not known whether one was.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;

use common::{FakeTelegram, TestHost};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use twobot_domain::manifest::WhenUnknown;
use twobot_domain::{GatewayError, GatewayId};
use twobot_store::TenantScope;
use twobot_store::effects::EffectRecord;

/// A provider that answers when it may: a place in the first semaphore for each call that came so far.
fn gated() -> (FakeTelegram, Arc<Semaphore>, Arc<Semaphore>) {
    let (arrived, release) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let gate = Some((Arc::clone(&arrived), Arc::clone(&release)));
    (FakeTelegram { gate, ..FakeTelegram::default() }, arrived, release)
}

fn lost() -> GatewayError {
    GatewayError::OutcomeUnknown("the connection broke".to_owned())
}

fn away() -> GatewayError {
    GatewayError::Unavailable("nobody listens".to_owned())
}

/// A host with the probe, which listens to a bot.
struct Scene {
    host: TestHost,
    scope: TenantScope,
    bot: GatewayId,
}

impl Scene {
    async fn new(telegram: FakeTelegram) -> Self {
        let host = TestHost::with_probe_and(telegram).await;
        let scope = host.tenant("pro").await;
        let bot = host.bot(scope).await;
        host.install(scope, "probe", "channels", bot, json!({})).await;
        Self { host, scope, bot }
    }

    /// The provider fails in this way, call by call, and then works.
    async fn failing(failures: impl IntoIterator<Item = GatewayError>) -> Self {
        let scene = Self::new(FakeTelegram::default()).await;
        scene.host.telegram.send_failures.lock().extend(failures);
        scene
    }

    /// Lets the probe take a step.
    async fn take(&self, step: &str) {
        let gateway = self.bot.to_string();
        let arguments = json!({"chat_id": 1, "text": "hello"}).to_string();
        let step = match step {
            "send_call" | "perform_call" => {
                json!({step: {"gateway": gateway, "operation": "sendMessage", "arguments": arguments}})
            }
            _ => json!({step: {"gateway": gateway, "text": "hello"}}),
        };
        self.host.say(self.bot, 1, 1, &json!({"steps": [step]}).to_string()).await;
    }

    /// The host goes away while the provider is asked, and another takes its place.
    async fn interrupted(step: &str) -> Self {
        let (telegram, arrived, _) = gated();
        let Self { host, scope, bot } = {
            let scene = Self::new(telegram).await;
            scene.take(step).await;
            scene.host.until("the provider is asked", async || arrived.available_permits() == 1).await;
            scene
        };
        let host = host.crash_and_restart_with_probe(FakeTelegram::default()).await;
        host.settled(scope).await;
        Self { host, scope, bot }
    }

    async fn settled(&self) -> EffectRecord {
        self.host.settled(self.scope).await;
        self.effect().await
    }

    async fn effect(&self) -> EffectRecord {
        let first = &self.host.executions(self.scope).await[0];
        self.host.engine.store().effects_of(self.scope, first.id).await.unwrap().remove(0)
    }

    /// What the probe's only inline effect was answered.
    async fn answer(&self) -> Value {
        self.host.settled(self.scope).await;
        let first = &self.host.executions(self.scope).await[0];
        let journal = self.host.engine.store().journal(self.scope, first.id).await.unwrap();
        serde_json::from_str(journal[0].result.as_ref().unwrap()).unwrap()
    }

    /// What the plugin is told of an effect that was given up.
    async fn told(&self) -> Value {
        let executions = self.host.executions(self.scope).await;
        assert_eq!(executions[1].event_kind, "effect_failed");
        let event = self.host.engine.store().event(self.scope, executions[1].event.unwrap()).await.unwrap();
        serde_json::from_str(&event.payload).unwrap()
    }

    /// How often the provider that runs now was asked to do something.
    fn asked(&self) -> usize {
        let calls = self.host.telegram.calls.lock();
        calls.iter().filter(|(operation, _)| operation != "getMe").count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_interrupted_twice_waits_before_it_is_tried_again() {
    let (first, arrived, _) = gated();
    let scene = Scene::new(first).await;
    scene.take("send").await;
    scene.host.until("the provider is asked", async || arrived.available_permits() == 1).await;
    let (scope, bot) = (scene.scope, scene.bot);
    let (second, arrived, _) = gated();
    let host = scene.host.crash_and_restart_with_probe(second).await;
    host.until("it is asked again at once", async || arrived.available_permits() == 1).await;
    let host = host.crash_and_restart_with_probe(FakeTelegram::default()).await;
    let scene = Scene { host, scope, bot };
    scene.host.until("the second try is counted", async || scene.effect().await.attempt == 2).await;
    let effect = scene.effect().await;
    assert_eq!((effect.state.as_str(), effect.repeats, scene.asked()), ("waiting", 1, 0));
    assert_eq!(effect.trouble.unwrap().code, "gateway_outcome_unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_waited_for_its_turn_when_the_process_ended_was_not_done() {
    let waits = Arc::new(Semaphore::new(0));
    let telegram = FakeTelegram { no_turn: Some(Arc::clone(&waits)), ..FakeTelegram::default() };
    let Scene { host, scope, bot } = {
        let scene = Scene::new(telegram).await;
        scene.take("send").await;
        scene.host.until("it waits for its turn", async || waits.available_permits() == 1).await;
        scene
    };
    let host = host.crash_and_restart_with_probe(FakeTelegram::default()).await;
    let scene = Scene { host, scope, bot };
    let effect = scene.settled().await;
    assert_eq!((effect.state.as_str(), effect.attempt, effect.repeats), ("sent", 1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_may_have_been_sent_is_sent_again_and_counted() {
    let scene = Scene::failing([lost(), GatewayError::TimedOut]).await;
    scene.take("send").await;
    let effect = scene.settled().await;
    assert_eq!((effect.state.as_str(), effect.attempt, effect.repeats), ("sent", 3, 2));
    assert_eq!(scene.asked(), 3);
    let keys = scene.host.telegram.keys.lock().clone();
    assert!(keys.len() == 3 && keys.iter().all(|key| *key == keys[0] && key.len() == 64), "{keys:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_surely_was_not_sent_is_tried_again_and_is_no_repetition() {
    let scene = Scene::failing([away(), GatewayError::RateLimited(Some(0)), away()]).await;
    scene.take("send").await;
    let effect = scene.settled().await;
    assert_eq!((effect.state.as_str(), effect.attempt, effect.repeats), ("sent", 3, 0));
    assert_eq!(scene.asked(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_have_been_sent_stays_so_however_surely_the_next_try_did_nothing() {
    let refused = GatewayError::Rejected { code: "403".to_owned(), message: "blocked".to_owned() };
    let scene = Scene::failing([lost(), away(), refused]).await;
    scene.take("send").await;
    let effect = scene.settled().await;
    assert_eq!((effect.state.as_str(), effect.attempt, effect.repeats), ("failed", 3, 0));
    let trouble = effect.trouble.unwrap();
    assert_eq!(trouble.code, "gateway_outcome_unknown");
    assert!(trouble.detail.contains("blocked"), "{trouble:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_said_may_be_done_twice_is_given_up_and_told() {
    for failure in [lost(), GatewayError::TimedOut] {
        let scene = Scene::failing([failure]).await;
        scene.take("send_call").await;
        let effect = scene.settled().await;
        assert_eq!((effect.state.as_str(), effect.attempt, effect.repeats), ("failed", 1, 0));
        let trouble = effect.trouble.unwrap();
        assert_eq!(trouble.code, "gateway_outcome_unknown");
        assert!(trouble.title.contains("It is not known whether “Bot”"), "{trouble:?}");
        assert!(trouble.advice.contains("not done again"), "{trouble:?}");
        assert_eq!(scene.asked(), 1);
        let told = scene.told().await.to_string();
        assert!(told.contains("gateway_outcome_unknown") && told.contains("\"attempts\":1"), "{told}");
    }
    // What surely was not done is tried again all the same.
    let scene = Scene::failing([away(), GatewayError::RateLimited(Some(0))]).await;
    scene.take("send_call").await;
    let effect = scene.settled().await;
    assert_eq!((effect.state.as_str(), effect.attempt, effect.repeats), ("sent", 2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_be_done_twice_is_done_again_and_nothing_is_said() {
    let scene = Scene::failing([lost(), GatewayError::TimedOut]).await;
    scene.take("send_edit").await;
    let effect = scene.settled().await;
    assert_eq!((effect.state.as_str(), effect.attempt, effect.repeats), ("sent", 3, 0));
    let refused = GatewayError::Rejected { code: "400".to_owned(), message: "gone".to_owned() };
    let scene = Scene::failing([lost(), refused]).await;
    scene.take("send_edit").await;
    let trouble = scene.settled().await.trouble.unwrap();
    assert_eq!(trouble.code, "gateway_rejected", "whether it was done does not matter: {trouble:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_an_effect_without_an_outcome_is_resolved_as_its_gateway_says() {
    let scene = Scene::interrupted("send").await;
    let effect = scene.effect().await;
    assert_eq!(
        (effect.state.as_str(), effect.attempt, effect.repeats),
        ("sent", 2, 1),
        "better twice than never"
    );
    assert_eq!(scene.asked(), 1);

    let scene = Scene::interrupted("send_call").await;
    let effect = scene.effect().await;
    assert_eq!(
        (effect.state.as_str(), effect.attempt, effect.repeats),
        ("failed", 1, 0),
        "better never than twice"
    );
    assert!(effect.trouble.unwrap().detail.contains("interrupted"));
    assert_eq!(scene.asked(), 0);
    assert!(scene.told().await.to_string().contains("gateway_outcome_unknown"));

    let scene = Scene::interrupted("send_edit").await;
    let effect = scene.effect().await;
    assert_eq!((effect.state.as_str(), effect.attempt, effect.repeats), ("sent", 1, 0), "twice is as once");
    assert_eq!(scene.asked(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_an_inline_effect_without_an_answer_is_resolved_in_the_same_way() {
    let scene = Scene::interrupted("perform").await;
    assert!(scene.answer().await.get("Ok").is_some());
    assert_eq!(scene.asked(), 1);

    let scene = Scene::interrupted("perform_call").await;
    let answer = scene.answer().await;
    assert!(answer["Err"]["outcome_unknown"].as_str().unwrap().contains("interrupted"), "{answer}");
    assert_eq!(scene.asked(), 0);

    let scene = Scene::interrupted("perform_edit").await;
    assert!(scene.answer().await.get("Ok").is_some());
    assert_eq!(scene.asked(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_waits_is_told_whether_it_may_have_been_done() {
    for (step, failure, expected) in [
        ("perform", lost(), "outcome_unknown"),
        ("perform", GatewayError::TimedOut, "outcome_unknown"),
        ("perform", away(), "unavailable"),
        ("perform_call", GatewayError::TimedOut, "outcome_unknown"),
        ("perform_edit", lost(), "unavailable"),
    ] {
        let scene = Scene::failing([failure.clone()]).await;
        scene.take(step).await;
        let answer = scene.answer().await;
        assert!(answer["Err"].get(expected).is_some(), "{step}, {failure}: {answer}");
        assert_eq!(scene.asked(), 1, "it is the plugin's to ask again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_told_to_stop_waits_for_what_was_begun() {
    let (telegram, arrived, release) = gated();
    let scene = Scene::new(telegram).await;
    scene.take("send").await;
    scene.host.until("the provider is asked", async || arrived.available_permits() == 1).await;
    let stop = scene.host.engine.stop(Duration::from_secs(60));
    tokio::join!(stop, async { release.add_permits(1) });
    let effect = scene.effect().await;
    assert_eq!((effect.state.as_str(), effect.repeats), ("sent", 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_built_in_gateways_say_what_the_guide_says() {
    use WhenUnknown::{Insist, Repeat, Report};
    let host = TestHost::new().await;
    let says = |kind: &str, call: &str| {
        host.engine.catalogue().gateway_kind(kind).unwrap().manifest.when_unknown(call)
    };
    for (call, telegram, web_chat) in [
        ("send_message", Insist, Repeat),
        ("edit_message", Repeat, Repeat),
        ("delete_message", Repeat, Repeat),
        ("answer_callback", Repeat, Repeat),
        ("answer_join_request", Repeat, Report),
        ("react", Repeat, Report),
        ("show_typing", Repeat, Repeat),
        ("provider", Report, Report),
    ] {
        assert_eq!((says("telegram-bot", call), says("web-chat", call)), (telegram, web_chat), "{call}");
    }
    // Receivers drop repeats by the id that every try carries.
    assert_eq!((says("web-hook", "send_message"), says("web-hook", "provider")), (Repeat, Repeat));
}
