//! Requests are effects: recorded, so that a retry repeats none that was answered.

use super::{Setting, fetch};
use crate::host::{Ended, good, refused};
use crate::outside::{FakeOutside, answer};
use serde_json::{Value, json};
use twobot_domain::{ExecutionId, HttpError};
use twobot_runtime::{Failed, Ran};

impl Setting {
    /// The first attempt, and what the next ones are known by.
    async fn first(&self, steps: Value) -> (ExecutionId, Ran) {
        let run = self.run(steps);
        (run.execution, self.tenant.go(run).await)
    }

    /// The next attempt of the same execution.
    async fn retry(&self, execution: ExecutionId, steps: Value) -> Ran {
        let mut run = self.run(steps);
        run.execution = execution;
        run.journal = self.tenant.store.journal(self.tenant.scope, execution).await.unwrap();
        self.tenant.go(run).await
    }
}

/// A request that may be made twice, since it says by which key it is known.
fn keyed(body: &str) -> Value {
    json!({ "fetch": { "host": "api.test", "method": "POST", "path": "/", "body": body,
        "headers": [["idempotency-key", "order-7"]] } })
}

fn post(body: &str) -> Value {
    json!({ "fetch": { "host": "api.test", "method": "POST", "path": "/secret-path", "body": body,
        "headers": [["authorization", "Bearer secret-key"]] } })
}

#[tokio::test]
async fn a_retry_is_answered_from_the_record_and_calls_nobody() {
    let mut second = answer(404, &b"\xff\xfe"[..]);
    second.headers.append("x-kept", "yes".parse().unwrap());
    let answers = [Ok(answer(200, "first")), Ok(second), Err(HttpError::BodyTooLarge(9))];
    let setting = Setting::answering(answers).await;
    let steps = json!([fetch("api.test"), post("secret-body"), fetch("a.wild.test"), { "clocks": {} }, { "random": { "bytes": 4 } }]);
    let (execution, first) = setting.first(steps.clone()).await;
    assert_eq!(setting.tenant.outside.fetches(), 3);
    let retry = setting.retry(execution, steps).await;
    assert_eq!(first.outcomes(), retry.outcomes(), "time and chance, too");
    assert_eq!(setting.tenant.outside.fetches(), 3, "nobody was called again");
    assert_eq!((first.usage.http_requests, retry.usage.http_requests), (0, 0), "no attempt's to count");
    assert_eq!(setting.tenant.used().await.http_requests, 3);

    let journal = setting.tenant.store.journal(setting.tenant.scope, execution).await.unwrap();
    for entry in &journal {
        assert!(!entry.request.contains("secret"), "{}", entry.request);
    }
    assert!(journal[1].request.contains("POST http://api.test"), "{}", journal[1].request);
}

#[tokio::test]
async fn another_request_than_before_is_made() {
    let setting = Setting::new(FakeOutside::default()).await;
    let (execution, _) = setting.first(json!([post("a"), post("b"), post("c")])).await;
    setting.retry(execution, json!([post("a"), post("x"), post("c")])).await.outcomes();
    assert_eq!(setting.tenant.outside.fetches(), 5, "`a` is recorded; `x` and what follows it are not");
}

#[tokio::test]
async fn a_retry_asks_again_where_the_other_host_failed_and_nowhere_else() {
    let answers = [
        Ok(answer(201, "made")),
        Ok(answer(503, "busy")),
        Ok(answer(429, "busy")),
        Err(HttpError::TimedOut),
        Ok(answer(200, "last")),
    ];
    let setting = Setting::answering(answers).await;
    let steps: Value = ["a", "b", "c", "d", "e"].into_iter().map(keyed).collect();
    let (execution, first) = setting.first(steps.clone()).await;
    let first = first.outcomes();
    assert_eq!(
        (&good(&first[1])["status"], refused(&first[3])),
        (&json!(503), "ErrorCode::HttpResponseTimeout")
    );
    setting.tenant.outside.fetched.lock().clear();
    let retry = setting.retry(execution, steps.clone()).await.outcomes();
    let again: Vec<_> = setting.tenant.outside.fetched.lock().iter().map(|one| one.body.clone()).collect();
    assert_eq!(again, ["b", "c", "d"], "what was answered before and after them is not asked again");
    assert_eq!((&good(&retry[0])["body"], &good(&retry[4])["body"]), (&json!("made"), &json!("last")));
    assert_eq!(good(&retry[3])["body"], "hello");
    setting.retry(execution, steps).await.outcomes();
    assert_eq!(setting.tenant.outside.fetches(), 3, "now all are answered");
    assert_eq!(setting.tenant.used().await.http_requests, 5 + 3, "each that was made counts, kept or not");
}

#[tokio::test]
async fn a_request_that_does_harm_twice_is_made_again_only_where_nothing_was_done() {
    let answers = [
        Ok(answer(503, "busy")),
        Ok(answer(429, "busy")),
        Err(HttpError::Unreachable),
        Ok(answer(500, "failed")),
        Err(HttpError::TimedOut),
        Err(HttpError::Broken),
    ];
    let setting = Setting::answering(answers).await;
    let steps: Value = ["a", "b", "c", "d", "e", "f"].into_iter().map(post).collect();
    let (execution, first) = setting.first(steps.clone()).await;
    let first = first.outcomes();
    assert_eq!(refused(&first[2]), "ErrorCode::ConnectionRefused");
    for unknown in [&first[4], &first[5]] {
        assert_eq!(refused(unknown), "ErrorCode::HttpResponseIncomplete");
    }
    setting.tenant.outside.fetched.lock().clear();
    let retry = setting.retry(execution, steps.clone()).await.outcomes();
    let again: Vec<_> = setting.tenant.outside.fetched.lock().iter().map(|one| one.body.clone()).collect();
    assert_eq!(again, ["a", "b", "c"]);
    assert_eq!(retry[3..], first[3..], "what may have been done is told as before");
    setting.retry(execution, steps).await.outcomes();
    assert_eq!(setting.tenant.outside.fetches(), 3, "now all are answered");
}

#[tokio::test]
async fn a_request_without_an_answer_is_made_again_where_that_does_no_harm() {
    let setting = Setting::new(FakeOutside::default()).await;
    let steps = json!([fetch("api.test"), keyed("a"), post("b"), post("c")]);
    let (execution, _) = setting.first(steps.clone()).await;
    // The host went away while it waited for the first three.
    for seq in 0..3 {
        setting.tenant.store.journal_again(setting.tenant.scope, execution, seq, false).await.unwrap();
    }
    setting.tenant.outside.fetched.lock().clear();
    let retry = setting.retry(execution, steps.clone()).await;
    assert!(retry.logs.iter().any(|line| line.message.contains("it is not known")), "{:?}", retry.logs);
    let retry = retry.outcomes();
    assert_eq!(setting.tenant.outside.fetches(), 2);
    assert_eq!(refused(&retry[2]), "ErrorCode::HttpResponseIncomplete");
    for answered in [&retry[0], &retry[1], &retry[3]] {
        assert_eq!(good(answered)["body"], "hello");
    }
    assert_eq!(setting.retry(execution, steps).await.outcomes(), retry);
    assert_eq!(setting.tenant.outside.fetches(), 2);
}

#[tokio::test]
async fn what_is_asked_together_is_recorded_in_order() {
    let setting = Setting::answering((0..8).map(|number| Ok(answer(200, format!("answer {number}"))))).await;
    let calls: Vec<_> =
        (0..8).map(|number| json!({ "host": "api.test", "path": format!("/{number}") })).collect();
    let steps = json!([{ "fetch_all": { "calls": calls } }]);
    let (execution, first) = setting.first(steps.clone()).await;
    let retry = setting.retry(execution, steps).await;
    assert_eq!(first.outcomes(), retry.outcomes());
    assert_eq!(setting.tenant.outside.fetches(), 8);
}

#[tokio::test]
async fn what_can_not_be_recorded_is_not_sent() {
    let setting = Setting::new(FakeOutside::default()).await;
    // An execution that the database does not know.
    let run = setting.run(json!([fetch("api.test")]));
    let ran = crate::host::machine().run_plugin(&setting.tenant.store, run).await;
    assert!(matches!(ran.result, Err(Failed::Host(_))), "{:?}", ran.result);
    assert_eq!(setting.tenant.outside.fetches(), 0);
}

#[tokio::test]
async fn a_damaged_record_is_told_and_not_taken_for_an_answer() {
    let setting = Setting::new(FakeOutside::default()).await;
    let (execution, _) = setting.first(json!([fetch("api.test")])).await;
    let journal = setting.tenant.store.journal(setting.tenant.scope, execution).await.unwrap();
    let mut run = setting.run(json!([fetch("api.test")]));
    (run.execution, run.journal) = (execution, journal.clone());
    run.journal[0].result = Some("not what was written".to_owned());
    let ran = setting.tenant.go(run).await;
    assert!(matches!(ran.result, Err(Failed::Host(_))), "{:?}", ran.result);
    let mut run = setting.run(json!([fetch("api.test")]));
    (run.execution, run.journal) = (execution, journal);
    run.journal[0].result = run.journal[0].result.as_ref().map(|text| text.replace("200", "20000"));
    let outcomes = setting.tenant.go(run).await.outcomes();
    assert!(refused(&outcomes[0]).contains("damaged"), "{}", outcomes[0]);
    assert_eq!(setting.tenant.outside.fetches(), 1);
}
