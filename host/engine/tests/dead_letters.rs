//! What was given up is run again or discarded by a person, and each decision is in the audit log.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;

use common::{FakeTelegram, TestHost};
use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use twobot_domain::{ExecutionId, FailureClass, GatewayError, GatewayId};
use twobot_engine::EngineError;
use twobot_store::audit::{AuditFilter, By};
use twobot_store::dead_letters::{DeadLetter, DeadLetterFilter, DeadLetterKind};
use twobot_store::page::MAX_PAGE;
use twobot_store::{PageRequest, TenantScope};

async fn probe(host: &TestHost) -> (TenantScope, GatewayId) {
    let scope = host.tenant("pro").await;
    let bot = host.bot(scope).await;
    host.install(scope, "probe", "channels", bot, json!({})).await;
    (scope, bot)
}

/// Sends a message now, and then ends in this way.
fn script(bot: GatewayId, text: &str, ending: &Value) -> String {
    let arguments = json!({"chat_id": 1, "text": text}).to_string();
    let call = json!({"gateway": bot.to_string(), "operation": "sendMessage", "arguments": arguments});
    json!({"steps": [{"perform_call": call}], "ending": ending}).to_string()
}

async fn letters(host: &TestHost, scope: TenantScope) -> Vec<DeadLetter> {
    let all = DeadLetterFilter::default();
    host.engine.store().dead_letters(scope, &all, PageRequest::default()).await.unwrap().items
}

/// What persons did with dead letters, newest first, with how many it were.
async fn told(host: &TestHost, scope: TenantScope) -> Vec<(String, Value)> {
    let filter = AuditFilter { action: Some("dead_letter".to_owned()), ..AuditFilter::default() };
    let page = host.engine.store().audit_log(scope, &filter, PageRequest::default()).await.unwrap();
    let detail = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    page.items.iter().map(|row| (row.action.clone(), detail(&row.detail)["count"].clone())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_run_again_repeats_no_call_that_was_answered() {
    let host = TestHost::with_probe("storage send").await;
    let (scope, bot) = probe(&host).await;
    host.say(bot, 1, 1, &script(bot, "once", &json!({"failed": "not today"}))).await;
    host.settled(scope).await;
    let letter = letters(&host, scope).await.remove(0);
    assert_eq!((letter.kind, letter.trouble.code.as_str()), (DeadLetterKind::Execution, "handler_failed"));
    assert_eq!((letter.class, letter.attempt), (Some(FailureClass::Plugin), 1));

    let again = host.engine.retry_dead_letter(scope, &By::system(), letter.id, None).await.unwrap();
    assert_eq!(again.id, letter.id);
    host.settled(scope).await;
    let execution = host.executions(scope).await.remove(0);
    assert_eq!(
        (execution.state.as_str(), execution.attempt),
        ("failed", 1),
        "it ran once more, with all its tries"
    );
    assert_eq!(host.telegram.sent(), ["once"], "its call was answered from the journal");
    assert_eq!(told(&host, scope).await, [("dead_letter.retry".to_owned(), json!(1))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrected_event_is_a_new_one_and_takes_the_journal_along() {
    let host = TestHost::with_probe("storage send").await;
    let (scope, bot) = probe(&host).await;
    host.say(bot, 1, 1, &script(bot, "once", &json!({"failed": "wrong"}))).await;
    host.settled(scope).await;
    let letter = letters(&host, scope).await.remove(0);
    let store = host.engine.store();
    let payload = store.dead_letter_payload(scope, letter.kind, letter.id).await.unwrap().unwrap();
    let mut payload: Value = serde_json::from_str(&payload).unwrap();

    let retry = async |payload: &Value| {
        host.engine.retry_dead_letter(scope, &By::system(), letter.id, Some(payload.clone())).await
    };
    let field = |answer: Result<_, EngineError>| match answer {
        Err(EngineError::Invalid(errors)) => errors[0].field.clone(),
        other => panic!("{other:?}"),
    };
    for (pointer, value, named) in [
        ("/Message/text", json!(7), "payload.Message.text"),
        ("/Message/conversation/id", json!(null), "payload.Message.conversation.id"),
    ] {
        let mut wrong = payload.clone();
        *wrong.pointer_mut(pointer).unwrap() = value;
        assert_eq!(field(retry(&wrong).await), named);
    }
    let mut wrong = payload.clone();
    wrong["Message"]["txt"] = json!("x");
    assert_eq!(field(retry(&wrong).await), "payload.Message.txt");
    assert_eq!(field(retry(&json!({"Nothing": {}})).await), "payload");
    let other_kind = json!({"Scheduled": {"name": "daily", "data": null, "due_at": 0}});
    assert_eq!(field(retry(&other_kind).await), "payload");
    assert_eq!(letters(&host, scope).await.len(), 1, "what was refused changed nothing");

    payload["Message"]["text"] = json!(script(bot, "once", &json!("well")));
    let new = retry(&payload).await.unwrap();
    host.settled(scope).await;
    let executions = host.executions(scope).await;
    let states: Vec<_> = executions.iter().map(|one| one.state.as_str()).collect();
    assert_eq!(states, ["failed", "succeeded"]);
    assert_eq!(executions[1].retry_of, Some(executions[0].id));
    assert_eq!(executions[1].id.uuid(), new.id);
    assert_eq!(host.telegram.sent(), ["once"], "the same call is answered from the old one's journal");
    assert!(letters(&host, scope).await.is_empty());
    assert_eq!(told(&host, scope).await[0].0, "dead_letter.edit");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_effect_is_delivered_once_more_by_a_persons_decision() {
    let host = TestHost::new().await;
    let scope = host.tenant("pro").await;
    let bot = host.bot(scope).await;
    let rules = json!({"rules": [{"match": "any", "text": "", "reply": "echo {text}"}]});
    host.install(scope, "auto-reply", "channels", bot, rules).await;
    host.telegram.send_failures.lock().push_back(GatewayError::Unauthorized("Unauthorized".to_owned()));
    host.say(bot, 1, 1, "hi").await;
    host.settled(scope).await;
    let letter = letters(&host, scope).await.remove(0);
    assert_eq!((letter.kind, letter.what.as_str()), (DeadLetterKind::Effect, "send_message"));
    let edited = host.engine.retry_dead_letter(scope, &By::system(), letter.id, Some(json!({}))).await;
    assert!(matches!(edited, Err(EngineError::Invalid(_))));
    host.engine.retry_dead_letter(scope, &By::system(), letter.id, None).await.unwrap();
    host.settled(scope).await;
    assert_eq!(host.telegram.sent(), ["echo hi"; 2]);
    assert!(letters(&host, scope).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_run_again_or_discarded_by_what_they_have_in_common() {
    let host = TestHost::with_probe("storage send").await;
    let (scope, bot) = probe(&host).await;
    for number in 0..4 {
        let ending = if number % 2 == 0 { json!({"failed": "a"}) } else { json!("well") };
        let text = if number == 3 {
            json!({"steps": [{"panic": {"message": "x"}}]}).to_string()
        } else {
            script(bot, "x", &ending)
        };
        host.say(bot, number, number, &text).await;
    }
    host.settled(scope).await;
    assert_eq!(letters(&host, scope).await.len(), 3);
    let by = By::system();
    let of_code =
        |code: &str| DeadLetterFilter { code: Some(code.to_owned()), ..DeadLetterFilter::default() };
    let discarded = host.engine.discard_dead_letters(scope, &by, &of_code("trapped")).await.unwrap();
    assert_eq!((discarded.changed, discarded.skipped, discarded.more), (1, 0, false));
    let none = DeadLetterFilter { gateway: Some(GatewayId::new()), ..DeadLetterFilter::default() };
    assert_eq!(host.engine.retry_dead_letters(scope, &by, &none).await.unwrap().changed, 0);
    let retried = host.engine.retry_dead_letters(scope, &by, &of_code("handler_failed")).await.unwrap();
    assert_eq!((retried.changed, retried.skipped), (2, 0));
    host.settled(scope).await;
    assert_eq!(letters(&host, scope).await.len(), 2, "they failed again");
    let rows = [("dead_letter.retry".to_owned(), json!(2)), ("dead_letter.discard".to_owned(), json!(1))];
    assert_eq!(told(&host, scope).await, rows, "what changed nothing is not told");

    // While the plugin is off, nothing of it is run again.
    host.engine.disable_plugin(scope, &by, "probe").await.unwrap();
    let skipped = host.engine.retry_dead_letters(scope, &by, &DeadLetterFilter::default()).await.unwrap();
    assert_eq!((skipped.changed, skipped.skipped, skipped.more), (0, 2, false));
    let id = letters(&host, scope).await[0].id;
    assert!(matches!(
        host.engine.retry_dead_letter(scope, &by, id, None).await,
        Err(EngineError::Conflict(_))
    ));
    host.engine.discard_dead_letter(scope, &by, id).await.unwrap();
    let again = host.engine.discard_dead_letter(scope, &by, id).await;
    assert!(matches!(again, Err(EngineError::NotFound(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_run_does_not_hide_what_can() {
    let host = TestHost::with_probe("storage send").await;
    let (scope, bot) = probe(&host).await;
    host.say(bot, 1, 1, &script(bot, "x", &json!({"failed": "a"}))).await;
    host.settled(scope).await;
    // More than one request looks at, and without their events. Their ids make them the newest.
    let url = format!("sqlite:{}", host.folder.path().join("test.db").display());
    let mut database = SqliteConnection::connect(&url).await.unwrap();
    let lost = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) \
         INSERT INTO executions (id, tenant_id, install_id, cause, event_kind, lane, state, next_at, created_at) \
         SELECT unhex(printf('ff%030x', i)), tenant_id, install_id, cause, event_kind, lane, state, next_at, created_at FROM n, executions";
    sqlx::query(lost).bind(2 * MAX_PAGE).execute(&mut database).await.unwrap();
    database.close().await.unwrap();
    let retried =
        host.engine.retry_dead_letters(scope, &By::system(), &DeadLetterFilter::default()).await.unwrap();
    assert_eq!((retried.changed, retried.skipped, retried.more), (1, u64::from(MAX_PAGE) * 2, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_was_not_understood_is_decoded_again_as_corrected() {
    let host = TestHost::new().await;
    let scope = host.tenant("pro").await;
    let bot = host.bot(scope).await;
    host.install(
        scope,
        "auto-reply",
        "channels",
        bot,
        json!({"rules": [{"match": "any", "text": "", "reply": "ok"}]}),
    )
    .await;
    let headers = [(common::SECRET_HEADER.to_owned(), "right".to_owned())].into();
    let body = json!({"update_id": 5, "message": "no object"}).to_string();
    host.engine.webhook("telegram", bot, &headers, &body).await.unwrap();
    host.settled(scope).await;
    let letter = letters(&host, scope).await.remove(0);
    assert_eq!(
        (letter.kind, letter.trouble.code.as_str()),
        (DeadLetterKind::Delivery, "delivery_not_decoded")
    );
    let right: Value = serde_json::from_str(&common::message(5, 1, "hi")).unwrap();
    host.engine.retry_dead_letter(scope, &By::system(), letter.id, Some(right)).await.unwrap();
    host.until("it is answered", async || host.telegram.sent() == ["ok"]).await;
    assert!(letters(&host, scope).await.is_empty());
}

/// A provider that keeps whoever calls it waiting, and says when one came.
fn waiting() -> (FakeTelegram, Arc<Semaphore>) {
    let arrived = Arc::new(Semaphore::new(0));
    let gate = Some((Arc::clone(&arrived), Arc::new(Semaphore::new(0))));
    (FakeTelegram { gate, ..FakeTelegram::default() }, arrived)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_each_time_that_the_process_ends_is_given_up() {
    let (telegram, mut arrived) = waiting();
    let mut host = TestHost::with_probe_and(telegram).await;
    let (scope, bot) = probe(&host).await;
    // A message, which is sent again where it is not known whether it was.
    let call = json!({"gateway": bot.to_string(), "text": "hello"});
    host.say(bot, 1, 1, &json!({"steps": [{"perform": call}]}).to_string()).await;
    // Those whom nobody stops any more; they wait for ever.
    let mut dead = Vec::new();
    // It is tried at once after the first death, and given up after the eighth; in between it would wait for minutes.
    for deaths in [0, 7] {
        arrived.acquire().await.unwrap().forget();
        assert!(letters(&host, scope).await.is_empty(), "it is tried again");
        let (telegram, next) = waiting();
        let (old, new) = host.die_and_restart(telegram, deaths).await;
        dead.push(old);
        (host, arrived) = (new, next);
    }
    let letter = letters(&host, scope).await.remove(0);
    assert_eq!((letter.trouble.code.as_str(), letter.class), ("process_died", Some(FailureClass::Platform)));
    // By a person's decision it runs once more, with all its lives.
    host.engine.retry_dead_letter(scope, &By::system(), letter.id, None).await.unwrap();
    arrived.acquire().await.unwrap().forget();
    let queued =
        host.engine.store().queued_execution(scope, ExecutionId::from_uuid(letter.id)).await.unwrap();
    assert_eq!(queued.deaths, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_is_stopped_kills_nobody() {
    let (telegram, arrived) = waiting();
    let host = TestHost::with_probe_and(telegram).await;
    let (scope, bot) = probe(&host).await;
    // A message, which is sent again where it is not known whether it was.
    let call = json!({"gateway": bot.to_string(), "text": "hello"});
    host.say(bot, 1, 1, &json!({"steps": [{"perform": call}]}).to_string()).await;
    arrived.acquire().await.unwrap().forget();
    host.engine.stop(Duration::ZERO).await;
    let (_old, host) = host.die_and_restart(FakeTelegram::default(), 0).await;
    host.settled(scope).await;
    let execution = host.executions(scope).await.remove(0);
    assert_eq!(execution.state, "succeeded");
}
