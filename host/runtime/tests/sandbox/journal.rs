//! Inline effects: journaled, so that a retry repeats none that was answered.

use crate::host::{Ended, Host, Tenant, bound, good, probe, refused, script};
use crate::outside::{FakeOutside, reply};
use serde_json::{Value, json};
use std::sync::Arc;
use twobot_domain::GatewayError;
use twobot_domain::manifest::WhenUnknown;
use twobot_runtime::contract::Outcome;
use twobot_runtime::{Failed, InlineAnswer, PluginRun, Ran};
use twobot_store::installs::BoundGateway;

struct Setting {
    tenant: Tenant,
    gateway: BoundGateway,
    model: BoundGateway,
    host: Host,
}

impl Setting {
    async fn new(outside: FakeOutside) -> Self {
        let host = Host::new().await;
        let mut tenant = host.tenant("journal").await;
        tenant.outside = Arc::new(outside);
        Self { tenant, gateway: bound("telegram-bot"), model: bound("ai"), host }
    }

    fn perform(&self, text: &str) -> Value {
        json!({ "perform": { "gateway": self.gateway.id.to_string(), "text": text } })
    }

    async fn run(&self, steps: Value) -> PluginRun {
        let mut run = self.tenant.run(&probe().await, script(steps));
        run.bound = vec![self.gateway.clone(), self.model.clone()];
        run
    }

    /// The next attempt of the same execution, with what the ones before it recorded.
    async fn retry(&self, before: &PluginRunId, steps: Value) -> Ran {
        let mut run = self.run(steps).await;
        run.execution = before.0;
        run.journal = self.tenant.store.journal(self.tenant.scope, before.0).await.unwrap();
        self.tenant.go(run).await
    }
}

struct PluginRunId(twobot_domain::ExecutionId);

fn chat(text: &str) -> Value {
    json!({ "chat": { "gateway": null, "messages": [text] } })
}

#[tokio::test]
async fn a_retry_gets_the_recorded_answers_and_does_not_ask_again() {
    let answers = [
        Ok(InlineAnswer::Perform(Outcome::Provider("{\"first\":1}".to_owned()))),
        Err(GatewayError::RateLimited(Some(7))),
        Ok(reply("thought")),
    ];
    let setting = Setting::new(FakeOutside::answering(answers)).await;
    let steps = json!([setting.perform("a"), setting.perform("b"), chat("c")]);
    let first = setting.run(steps.clone()).await;
    let id = PluginRunId(first.execution);
    let first = setting.tenant.go(first).await;
    assert_eq!(setting.tenant.outside.count(), 3);
    assert_eq!(first.usage.fuel.min(3_000), 3_000, "what the effects' sandboxes took is the attempt's");
    assert_eq!(setting.tenant.used().await.ai_tokens_in, 9, "what they used besides counts at once");

    let retry = setting.retry(&id, steps.clone()).await;
    assert_eq!(first.outcomes(), retry.outcomes());
    assert!(refused(&retry.outcomes()[1]).contains("RateLimited(Some(7))"), "errors are recorded too");
    assert_eq!(setting.tenant.outside.count(), 3, "nothing was asked again");
    assert_eq!(retry.usage.ai_tokens_in + first.usage.ai_tokens_in, 0, "which is no attempt's to count");
    assert_eq!(setting.tenant.used().await.ai_tokens_in, 9, "nor used again");

    // A third attempt that goes further asks only for what is new.
    let longer = json!([setting.perform("a"), setting.perform("b"), chat("c"), setting.perform("d")]);
    setting.retry(&id, longer).await.outcomes();
    assert_eq!(setting.tenant.outside.count(), 4);
}

#[tokio::test]
async fn another_path_drops_what_was_recorded_from_there_on() {
    let setting = Setting::new(FakeOutside::default()).await;
    let first = setting.run(json!([setting.perform("a"), setting.perform("b"), setting.perform("c")])).await;
    let id = PluginRunId(first.execution);
    setting.tenant.go(first).await.outcomes();
    assert_eq!(setting.tenant.outside.count(), 3);

    let other = json!([setting.perform("a"), setting.perform("x"), setting.perform("c")]);
    setting.retry(&id, other.clone()).await.outcomes();
    assert_eq!(setting.tenant.outside.count(), 5, "`a` is recorded; `x` and what follows it are asked");
    let journal = setting.tenant.store.journal(setting.tenant.scope, id.0).await.unwrap();
    assert_eq!(journal.len(), 3);
    assert!(journal[1].request.contains("\"x\"") && journal.iter().all(|entry| entry.result.is_some()));
    setting.retry(&id, other).await.outcomes();
    assert_eq!(setting.tenant.outside.count(), 5);
}

impl Setting {
    /// An execution whose host went away while it waited for the second of three answers, and its next attempt.
    async fn interrupted(&self, steps: Value) -> (PluginRunId, Ran) {
        let first = self.run(steps.clone()).await;
        let id = PluginRunId(first.execution);
        self.tenant.go(first).await.outcomes();
        self.tenant.store.journal_again(self.tenant.scope, id.0, 1, false).await.unwrap();
        let retry = self.retry(&id, steps).await;
        (id, retry)
    }

    /// How often the effects of an execution were repeated, as far as is known.
    async fn answered(&self, id: &PluginRunId) -> Vec<bool> {
        let journal = self.tenant.store.journal(self.tenant.scope, id.0).await.unwrap();
        journal.iter().map(|entry| entry.result.is_some()).collect()
    }
}

#[tokio::test]
async fn an_intent_without_an_answer_is_asked_again_where_that_does_no_harm() {
    for policy in [WhenUnknown::Repeat, WhenUnknown::Insist] {
        let outside = FakeOutside { when_unknown: Some(policy), ..FakeOutside::default() };
        let setting = Setting::new(outside).await;
        let steps = json!([setting.perform("a"), setting.perform("b"), setting.perform("c")]);
        let (id, retry) = setting.interrupted(steps.clone()).await;
        for outcome in &retry.outcomes() {
            good(outcome);
        }
        assert_eq!(setting.tenant.outside.count(), 4, "{policy:?}: `b` alone is asked again");
        let keys = setting.tenant.outside.keys.lock().clone();
        assert_eq!(keys[1], keys[3], "and is known by the same key");
        assert!(keys[0] != keys[1] && keys[1] != keys[2], "as no other is: {keys:?}");
        assert_eq!(setting.answered(&id).await, [true; 3], "{policy:?}");
        setting.retry(&id, steps).await.outcomes();
        assert_eq!(setting.tenant.outside.count(), 4, "now it is answered");
    }
}

#[tokio::test]
async fn an_intent_without_an_answer_is_told_where_asking_again_does_harm() {
    let setting = Setting::new(FakeOutside::default()).await;
    let steps = json!([setting.perform("a"), setting.perform("b"), setting.perform("c")]);
    let (id, retry) = setting.interrupted(steps.clone()).await;
    let outcomes = retry.outcomes();
    assert!(refused(&outcomes[1]).contains("OutcomeUnknown"), "{}", outcomes[1]);
    assert_eq!(setting.tenant.outside.count(), 3, "it is not asked again, nor is what was answered");
    assert_eq!(setting.answered(&id).await, [true; 3], "the next attempt is told the same");
    assert_eq!(setting.retry(&id, steps).await.outcomes(), outcomes);
    assert_eq!(setting.tenant.outside.count(), 3);

    // A model may always be asked again.
    let steps = json!([setting.perform("a"), chat("b")]);
    let (_, retry) = setting.interrupted(steps).await;
    good(&retry.outcomes()[1]);
}

#[tokio::test]
async fn an_intent_that_another_path_leaves_behind_is_told_and_not_done_later_either() {
    let setting = Setting::new(FakeOutside::default()).await;
    let begun = async |steps: Value, open: &[u64]| {
        let first = setting.run(steps).await;
        let id = PluginRunId(first.execution);
        setting.tenant.go(first).await.outcomes();
        for place in open {
            setting.tenant.store.journal_again(setting.tenant.scope, id.0, *place, false).await.unwrap();
        }
        id
    };
    let unknown = async |id: &PluginRunId| -> Vec<String> {
        let calls = setting.tenant.store.unknown_calls(setting.tenant.scope, id.0).await.unwrap();
        calls.into_iter().map(|call| format!("{} {}", call.trouble.code, call.trouble.title)).collect()
    };
    let [a, b, c, x] = ["a", "b", "c", "x"].map(|text| setting.perform(text));

    // The host went away while it waited for the second and third answers; the third only asks.
    let id = begun(json!([a, b, chat("c")]), &[1, 2]).await;
    let asked = setting.tenant.outside.count();
    setting.retry(&id, json!([a, x])).await.outcomes();
    assert_eq!(setting.tenant.outside.count(), asked + 1);
    let told = unknown(&id).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("gateway_outcome_unknown") && told[0].contains("“My telegram-bot”"), "{told:?}");
    // The third attempt comes to it again: what must not be done twice is not done now.
    let outcomes = setting.retry(&id, json!([a, x, b, c])).await.outcomes();
    assert!(refused(&outcomes[2]).contains("OutcomeUnknown"), "{}", outcomes[2]);
    good(&outcomes[3]);
    assert_eq!(setting.tenant.outside.count(), asked + 2, "`c` alone is asked");

    // What is only asked for at another place is not left behind.
    let id = begun(json!([a, b]), &[1]).await;
    let asked = setting.tenant.outside.count();
    let outcomes = setting.retry(&id, json!([b, a])).await.outcomes();
    assert!(refused(&outcomes[0]).contains("OutcomeUnknown"), "{}", outcomes[0]);
    assert_eq!((setting.tenant.outside.count(), unknown(&id).await.len()), (asked + 1, 0));

    // A path that ends before it leaves it to whoever commits the run.
    let id = begun(json!([a, b]), &[1]).await;
    let Ok(done) = setting.retry(&id, json!([a])).await.result else { panic!("it ends well") };
    assert_eq!(done.commit.left.iter().map(|left| left.seq).collect::<Vec<_>>(), [1]);
    let tenant = &setting.tenant;
    tenant
        .store
        .finish_execution(tenant.scope, id.0, tenant.install.id, &crate::host::plan(), &done.commit)
        .await
        .unwrap();
    assert_eq!(unknown(&id).await.len(), 1);
}

#[tokio::test]
async fn what_can_not_be_recorded_is_not_done() {
    let setting = Setting::new(FakeOutside::default()).await;
    // An execution that the database does not know.
    let run = setting.run(json!([setting.perform("a")])).await;
    let ran = crate::host::machine().run_plugin(&setting.tenant.store, run).await;
    assert!(matches!(ran.result, Err(Failed::Host(_))), "{:?}", ran.result);
    assert_eq!(setting.tenant.outside.count(), 0);
}

#[tokio::test]
async fn a_damaged_journal_is_the_hosts_failure_and_not_the_plugins() {
    let setting = Setting::new(FakeOutside::default()).await;
    let first = setting.run(json!([setting.perform("a")])).await;
    let id = PluginRunId(first.execution);
    setting.tenant.go(first).await.outcomes();
    let mut run = setting.run(json!([setting.perform("a")])).await;
    run.execution = id.0;
    run.journal = setting.tenant.store.journal(setting.tenant.scope, id.0).await.unwrap();
    run.journal[0].result = Some("not what was written".to_owned());
    let ran = setting.tenant.go(run).await;
    assert!(matches!(ran.result, Err(Failed::Host(_))), "{:?}", ran.result);
}

#[tokio::test]
async fn inline_effects_are_bounded_in_size_and_number() {
    let setting = Setting::new(FakeOutside::default()).await;
    let gateway = setting.gateway.id.to_string();
    let large = json!({ "repeat": "x", "times": 100 * 1024 });
    let steps = json!([
        { "perform": { "gateway": gateway, "text": large } },
        { "perform_call": { "gateway": gateway, "operation": large, "arguments": "{}" } },
        { "perform_call": { "gateway": gateway, "operation": "call", "arguments": { "repeat": "\"", "times": 60_000 } } },
        { "chat": { "gateway": null, "messages": [large] } },
        { "chat": { "gateway": null, "messages": [] } },
        { "chat_empty": { "count": 20_000 } },
    ]);
    let outcomes = setting.tenant.go(setting.run(steps).await).await.outcomes();
    for outcome in &outcomes {
        assert!(refused(outcome).contains("Invalid"), "{outcome}");
    }
    assert_eq!(setting.tenant.outside.count(), 0);

    let many = json!([{ "repeat": { "times": 105, "step": setting.perform("a") } }]);
    let outcomes = setting.tenant.go(setting.run(many).await).await.outcomes();
    assert_eq!(good(&outcomes[0])["good"], 100);
    assert!(refused(&good(&outcomes[0])["last"]).contains("OverLimit"));
    assert_eq!(setting.tenant.outside.count(), 100);
    setting.host.unhurt_by(&setting.tenant).await;
}

#[tokio::test]
async fn every_error_of_a_gateway_reaches_the_plugin_as_it_is() {
    let errors = [
        (GatewayError::NotBound("a".to_owned()), "NotBound(\"a\")"),
        (GatewayError::Denied("b".to_owned()), "Denied(\"b\")"),
        (GatewayError::Invalid("c".to_owned()), "Invalid(\"c\")"),
        (GatewayError::Unsupported("d".to_owned()), "Unsupported(\"d\")"),
        (GatewayError::Unauthorized("e".to_owned()), "Unauthorized(\"e\")"),
        (GatewayError::RateLimited(None), "RateLimited(None)"),
        (GatewayError::Rejected { code: "f".to_owned(), message: "g".to_owned() }, "Rejected"),
        (GatewayError::Unavailable("h".to_owned()), "Unavailable(\"h\")"),
        (GatewayError::TimedOut, "TimedOut"),
        (GatewayError::OutcomeUnknown("j".to_owned()), "OutcomeUnknown(\"j\")"),
        (GatewayError::OverLimit("i".to_owned()), "OverLimit(\"i\")"),
    ];
    let setting =
        Setting::new(FakeOutside::answering(errors.iter().map(|(error, _)| Err(error.clone())))).await;
    let steps: Value = errors.iter().map(|_| setting.perform("a")).collect();
    let outcomes = setting.tenant.go(setting.run(steps).await).await.outcomes();
    for ((_, expected), outcome) in errors.iter().zip(&outcomes) {
        assert!(refused(outcome).contains(expected), "{expected}: {outcome}");
    }
    // An answer of another kind than was asked for.
    let setting =
        Setting::new(FakeOutside::answering([Ok(reply("hello")), Ok(InlineAnswer::Perform(Outcome::Done))]))
            .await;
    let outcomes =
        setting.tenant.go(setting.run(json!([setting.perform("a"), chat("b")])).await).await.outcomes();
    outcomes.iter().for_each(|outcome| assert!(refused(outcome).contains("Unsupported"), "{outcome}"));
}
