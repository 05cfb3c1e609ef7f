//! What was given up, as people decide on it; and replaying it.

use crate::app::{Person, TestApp};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Far more than it takes, so that a slow machine does not fail a test.
const PATIENCE: Duration = Duration::from_secs(60);

/// Someone whose plugin does what the mode says, and the path of the conversation in which it is asked to.
async fn ada(app: &TestApp, mode: &str) -> (Person, String) {
    let ada = app.register("ada").await;
    let gateway = app.web_chat(&ada).await;
    let body = json!({"gateways": {"channels": [gateway]}, "config": {"mode": mode}});
    app.post(&ada, "/user/plugins/misbehaving/install", body).await.expect(201);
    let conversation = app.conversation(&ada, &gateway).await;
    (ada, format!("/conversations/{conversation}/messages"))
}

async fn letters(app: &TestApp, who: &Person, query: &str) -> Vec<Value> {
    let answer = app.get(who, &format!("/dead-letters{query}")).await;
    answer.expect(200);
    answer.json()["items"].as_array().unwrap().clone()
}

/// Says something, and waits until so many dead letters are there.
async fn say(app: &TestApp, who: &Person, path: &str, text: &str, count: usize) -> Vec<Value> {
    app.post(who, path, json!({"text": text, "client_id": text})).await.expect(201);
    let begun = Instant::now();
    loop {
        let letters = letters(app, who, "").await;
        if letters.len() == count {
            return letters;
        }
        assert!(begun.elapsed() < PATIENCE, "waited too long: {letters:?}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_given_up_is_listed_looked_at_and_discarded() {
    let app = TestApp::offering(&["tests/misbehaving"]).await;
    let (ada, path) = ada(&app, "fail").await;
    say(&app, &ada, &path, "one", 1).await;
    let all = say(&app, &ada, &path, "two", 2).await;
    let first = &all[0];
    assert_eq!(
        (&first["kind"], &first["what"], &first["attempts"]),
        (&json!("execution"), &json!("message"), &json!(1))
    );
    assert_eq!(first["reason"]["code"], "handler_failed");
    assert_eq!(first["failure"], json!({"fault": "plugin", "retry": "none"}));
    assert_eq!(first["plugin"]["slug"], "misbehaving");
    let id = first["id"].as_str().unwrap();

    let shown = app.get(&ada, &format!("/dead-letters/{id}")).await;
    shown.expect(200);
    assert_eq!(shown.json()["payload"]["Message"]["text"], "two");
    let execution = app.get(&ada, &format!("/executions/{id}")).await.json();
    assert_eq!((&execution["is_dead_letter"], &execution["failure"]), (&json!(true), &first["failure"]));

    let page = app.get(&ada, "/dead-letters?limit=1").await.json();
    let cursor = page["next_cursor"].as_str().unwrap();
    assert_eq!(letters(&app, &ada, &format!("?cursor={cursor}")).await, all[1..]);
    let count = async |query: &str| letters(&app, &ada, query).await.len();
    let gateway = first["gateway"]["id"].as_str().unwrap();
    let today = &first["created_at"].as_str().unwrap()[..10];
    for (query, expected) in [
        ("?kind=execution&plugin=misbehaving&code=handler_failed".to_owned(), 2),
        (format!("?gateway={gateway}&from={today}&to={today}"), 2),
        ("?kind=effect".to_owned(), 0),
        ("?kind=delivery".to_owned(), 0),
        ("?code=handler".to_owned(), 0),
        ("?plugin=analytics".to_owned(), 0),
        ("?to=2026-01-01".to_owned(), 0),
        ("?from=2100-01-01T00:00:00Z".to_owned(), 0),
    ] {
        assert_eq!(count(&query).await, expected, "{query}");
        let counted = app.get(&ada, &format!("/dead-letters/count{query}")).await.json();
        assert_eq!(counted, json!({"count": expected, "more": false}), "{query}");
    }
    app.get(&ada, "/dead-letters/count?kind=letter").await.expect_problem(422, "validation_failed");
    let mut events = app.request("GET", "/live").bearer(&ada.token).follow().await;
    let wrong = app.get(&ada, "/dead-letters?kind=letter&gateway=mine&from=today&to=2026-13-01").await;
    wrong.expect_problem(422, "validation_failed");
    let problem = wrong.json();
    let fields: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|error| &error["field"]).collect();
    assert_eq!(fields, ["kind", "gateway", "from", "to"]);

    app.post(&ada, &format!("/dead-letters/{id}/discard"), json!({})).await.expect(204);
    // Whoever looks at the list is told that it has changed.
    let told = events.next_of("execution").await.data;
    assert_eq!(told, json!({"id": id, "state": "failed", "plugin": "misbehaving"}));
    app.post(&ada, &format!("/dead-letters/{id}/discard"), json!({})).await.expect_problem(404, "not_found");
    assert_eq!(app.get(&ada, &format!("/executions/{id}")).await.json()["is_dead_letter"], false);
    let rest = app.post(&ada, "/dead-letters/discard", json!({"code": "handler_failed"})).await;
    rest.expect(200);
    assert_eq!(rest.json(), json!({"changed": 1, "skipped": 0, "more": false}));
    assert!(letters(&app, &ada, "").await.is_empty());
    let log = app.get(&ada, "/audit-log?action=dead_letter").await.json();
    let told: Vec<_> = log["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["action"], &one["target"]["kind"], &one["detail"]["count"]))
        .collect();
    assert_eq!(
        told,
        [
            (&json!("dead_letter.discard"), &json!("dead_letters"), &json!(1)),
            (&json!("dead_letter.discard"), &json!("execution"), &json!(1)),
        ]
    );
    assert!(!log.to_string().contains("two"), "no texts of people");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_given_up_is_run_again_as_it_is_or_corrected() {
    let app = TestApp::offering(&["tests/misbehaving"]).await;
    let (ada, path) = ada(&app, "fail").await;
    let all = say(&app, &ada, &path, "one", 1).await;
    let id = all[0]["id"].as_str().unwrap();
    let retry = format!("/dead-letters/{id}/retry");
    let payload = app.get(&ada, &format!("/dead-letters/{id}")).await.json()["payload"].clone();

    let mut wrong = payload.clone();
    wrong["Message"]["text"] = json!(["not", "a", "text"]);
    let refused = app.post(&ada, &retry, json!({"payload": wrong})).await;
    refused.expect_problem(422, "validation_failed");
    assert_eq!(refused.json()["errors"][0]["field"], "payload.Message.text");

    // It behaves from now on.
    let config = json!({"config": {"mode": "ok"}});
    app.request("PUT", "/user/plugins/misbehaving/config")
        .bearer(&ada.token)
        .json(config)
        .send()
        .await
        .expect(200);
    let mut right = payload;
    right["Message"]["text"] = json!("corrected");
    let retried = app.post(&ada, &retry, json!({"payload": right})).await;
    retried.expect(200);
    let new = retried.json()["id"].as_str().unwrap().to_owned();
    assert_ne!(new, id);
    let begun = Instant::now();
    loop {
        let execution = app.get(&ada, &format!("/executions/{new}")).await.json();
        if execution["state"] == "succeeded" {
            assert_eq!(execution["retry_of"], id);
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "waited too long: {execution}");
        tokio::task::yield_now().await;
    }
    app.post(&ada, &retry, json!({})).await.expect_problem(404, "not_found");

    app.request("PUT", "/user/plugins/misbehaving/config")
        .bearer(&ada.token)
        .json(json!({"config": {"mode": "fail"}}))
        .send()
        .await
        .expect(200);
    say(&app, &ada, &path, "two", 1).await;
    app.post(&ada, "/user/plugins/misbehaving/disable", json!({})).await.expect(200);
    let id = letters(&app, &ada, "").await[0]["id"].as_str().unwrap().to_owned();
    app.post(&ada, &format!("/dead-letters/{id}/retry"), json!({})).await.expect_problem(409, "conflict");
    let skipped = app.post(&ada, "/dead-letters/retry", json!({})).await;
    assert_eq!(skipped.json(), json!({"changed": 0, "skipped": 1, "more": false}));
    app.post(&ada, "/user/plugins/misbehaving/enable", json!({})).await.expect(200);
    let retried = app.post(&ada, "/dead-letters/retry", json!({"plugin": "misbehaving"})).await;
    assert_eq!(retried.json(), json!({"changed": 1, "skipped": 0, "more": false}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_execution_is_replayed() {
    let app = TestApp::offering(&["tests/misbehaving"]).await;
    let (ada, path) = ada(&app, "trap").await;
    let all = say(&app, &ada, &path, "one", 1).await;
    let id = all[0]["id"].as_str().unwrap();
    let before = app.get(&ada, "/usage").await.json();
    let replay = app.post(&ada, &format!("/executions/{id}/replay"), json!({})).await;
    replay.expect(200);
    let replay = replay.json();
    assert_eq!(replay["differences"], json!([]));
    assert_eq!(replay["replayed"]["state"], "failed");
    assert_eq!(replay["replayed"]["trouble"]["code"], "trapped");
    assert_eq!(replay["digest"], replay["recorded_digest"]);
    assert!(!replay["logs"].as_array().unwrap().is_empty(), "{replay}");
    assert!(replay["fuel"].as_u64().unwrap() > 0);
    assert_eq!(app.get(&ada, "/usage").await.json(), before, "nobody is billed");

    let current = app.post(&ada, &format!("/executions/{id}/replay"), json!({"component": "current"})).await;
    assert_eq!(current.json()["differences"], json!([]));
    let other = app.post(&ada, &format!("/executions/{id}/replay"), json!({"component": "mine"})).await;
    other.expect_problem(422, "validation_failed");
    let eve = app.register("eve").await;
    app.post(&eve, &format!("/executions/{id}/replay"), json!({})).await.expect_problem(404, "not_found");
}
