//! Requests that may be sent again.

use crate::app::{ALL_SCOPES, Answer, PASSWORD, Person, TestApp};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use twobot_store::idempotency::{Begun, MAX_ANSWER, NamedRequest};

async fn send(app: &TestApp, token: &str, path: &str, name: &str, body: &Value) -> Answer {
    app.request("POST", path).bearer(token).header("idempotency-key", name).json(body.clone()).send().await
}

async fn count(app: &TestApp, who: &Person, path: &str) -> usize {
    app.get(who, path).await.json()["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn what_is_sent_again_is_done_once_and_answered_the_same() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.register("ada").await, app.register("bob").await);
    let body = json!({"kind": "web-chat", "name": "Console"});
    let first = send(&app, &ada.token, "/gateways", "order-1", &body).await;
    first.expect(201);
    assert_eq!(first.header("idempotent-replayed"), "");
    // The quotes of the standard, and the other spelling of the path, are the same.
    for (name, path) in [("order-1", "/api/v1/gateways"), ("\"order-1\"", "/api/gateways")] {
        let again = app.raw("POST", path).bearer(&ada.token).header("idempotency-key", name);
        let again = again.json(body.clone()).send().await;
        again.expect(201);
        assert_eq!(again.header("idempotent-replayed"), "true");
        assert_eq!((again.json(), again.header("etag")), (first.json(), first.header("etag")));
        assert_eq!(again.header("content-type"), "application/json");
        assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
    }
    assert_eq!(count(&app, &ada, "/gateways").await, 1);

    let other = json!({"kind": "web-chat", "name": "Another"});
    send(&app, &ada.token, "/gateways", "order-1", &other)
        .await
        .expect_problem(422, "idempotency_key_reused");
    let path = format!("/gateways/{}/connect", first.json()["id"].as_str().unwrap());
    send(&app, &ada.token, &path, "order-1", &body).await.expect_problem(422, "idempotency_key_reused");
    assert_eq!(count(&app, &ada, "/gateways").await, 1);
    // Names are one's own, and a key's are not its owner's.
    send(&app, &bob.token, "/gateways", "order-1", &body).await.expect(201);
    let (_, key) = app.key(&ada, &ALL_SCOPES).await;
    let by_key = send(&app, &key, "/gateways", "order-1", &body).await;
    assert_eq!((by_key.status, by_key.header("idempotent-replayed")), (201, ""));
    assert_eq!(count(&app, &ada, "/gateways").await, 2);
}

#[tokio::test]
async fn what_takes_a_password_takes_it_each_time() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let body = json!({"password": PASSWORD});
    let first = send(&app, &ada.token, "/user/two-factor/setup", "a", &body).await;
    let again = send(&app, &ada.token, "/user/two-factor/setup", "a", &body).await;
    for answer in [&first, &again] {
        assert_eq!((answer.status, answer.header("idempotent-replayed")), (200, ""));
    }
    assert_ne!(first.json()["secret"], again.json()["secret"]);
    send(&app, &ada.token, "/user/two-factor/setup", "a", &json!({"password": "wrong"}))
        .await
        .expect_problem(403, "wrong_password");
}

#[tokio::test]
async fn a_problem_is_told_again_with_the_id_of_who_asks() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let wrong = json!({"kind": "web-chat", "name": ""});
    let first = send(&app, &ada.token, "/gateways", "a", &wrong).await;
    first.expect_problem(422, "validation_failed");
    let again = send(&app, &ada.token, "/gateways", "a", &wrong).await;
    again.expect_problem(422, "validation_failed");
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.json()["errors"], first.json()["errors"]);
    for name in ["", "\"", "two words", &"a".repeat(256)] {
        send(&app, &ada.token, "/gateways", name, &wrong).await.expect_problem(422, "validation_failed");
    }
}

#[tokio::test]
async fn what_speaks_of_the_moment_is_not_kept() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let gateway = app.web_chat(&ada).await;
    let chat = app.conversation(&ada, &gateway).await;
    let (path, body) = (format!("/conversations/{chat}/messages"), json!({"text": "hello"}));
    app.post(&ada, &format!("/gateways/{gateway}/disconnect"), json!({})).await.expect(200);
    send(&app, &ada.token, &path, "a", &body).await.expect_problem(409, "conflict");
    app.post(&ada, &format!("/gateways/{gateway}/connect"), json!({})).await.expect(200);
    send(&app, &ada.token, &path, "a", &body).await.expect(201);
    let again = send(&app, &ada.token, &path, "a", &body).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (201, "true"));
    assert_eq!(count(&app, &ada, &path).await, 1);
}

#[tokio::test]
async fn the_secret_of_a_new_key_is_given_again_and_kept_sealed() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let body = json!({"name": "Script", "scopes": ["read:plugins"]});
    let first = send(&app, &ada.token, "/api-keys", "a", &body).await;
    first.expect(201);
    let token = first.json()["token"].as_str().unwrap().to_owned();
    let again = send(&app, &ada.token, "/api-keys", "a", &body).await;
    assert_eq!(again.json()["token"], token);
    assert_eq!(count(&app, &ada, "/api-keys").await, 1);
    app.request("GET", "/plugins").bearer(&token).send().await.expect(200);
}

#[tokio::test]
async fn of_a_request_without_an_outcome_it_is_said_that_it_runs() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let body = json!({"kind": "web-chat", "name": "Console"});
    send(&app, &ada.token, "/gateways", "done", &body).await.expect(201);
    let user = app.store().authenticate(&ada.token).await.unwrap().unwrap().user.id.uuid();
    // Another process began it, and has not answered or never will.
    let fingerprint = {
        use sha2::{Digest, Sha256};
        let text = body.to_string();
        let mut hash = Sha256::new();
        for part in ["/gateways", "", text.as_str()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    };
    let named = NamedRequest { caller: user, name: "begun".to_owned(), request: fingerprint };
    let Begun::Now(id) = app.store().begin_request(ada.scope, &named).await.unwrap() else { panic!() };
    let running = send(&app, &ada.token, "/gateways", "begun", &body).await;
    running.expect_problem(409, "request_running");
    assert_eq!(running.header("retry-after"), "2");
    assert_eq!(count(&app, &ada, "/gateways").await, 1);
    app.store().answer_request(ada.scope, id, &"x".repeat(MAX_ANSWER + 1).into()).await.unwrap();
    send(&app, &ada.token, "/gateways", "begun", &body).await.expect_problem(409, "idempotency_not_kept");
    assert_eq!(count(&app, &ada, "/gateways").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_with_one_name_exactly_one_acts() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let body = json!({"kind": "web-chat", "name": "Console"});
    let mut all = JoinSet::new();
    for _ in 0..20 {
        let request = app.request("POST", "/gateways").bearer(&ada.token).header("idempotency-key", "one");
        all.spawn(request.json(body.clone()).send());
    }
    let answers = all.join_all().await;
    let new = answers.iter().filter(|one| one.status == 201 && one.header("idempotent-replayed").is_empty());
    assert_eq!(new.count(), 1);
    for answer in &answers {
        if answer.status != 201 {
            answer.expect_problem(409, "request_running");
        }
    }
    assert_eq!(count(&app, &ada, "/gateways").await, 1);
    send(&app, &ada.token, "/gateways", "one", &body).await.expect(201);
}
