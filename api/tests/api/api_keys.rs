//! API keys: making, showing once, rotating, revoking, and what is refused.

use crate::app::{ALL_SCOPES, Answer, Person, TestApp, well_formed};
use insta::assert_json_snapshot;
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// What a key finds at `/gateways`.
async fn ask(app: &TestApp, token: &str) -> Answer {
    app.request("GET", "/gateways").bearer(token).send().await
}

async fn make(app: &TestApp, who: &Person, body: Value) -> Answer {
    app.post(who, "/api-keys", body).await
}

#[tokio::test]
async fn a_key_is_made_shown_once_and_used() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let body = json!({"name": " Deploy ", "scopes": ["write:gateways", "read:gateways", "read:gateways"]});
    let made = make(&app, &ada, body).await;
    assert_json_snapshot!("api_key_made", made.snapshot(), {
        ".**.id" => "[id]", ".**.created_at" => "[time]", ".**.prefix" => "[prefix]", ".**.token" => "[token]",
        ".**.etag" => "[etag]",
    });
    let key = made.json()["key"].clone();
    let token = made.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(token.len(), 65);
    assert!(token.starts_with(&format!("{}_", key["prefix"].as_str().unwrap())), "{key} {token}");

    let found = ask(&app, &token).await;
    found.expect(200);
    assert_eq!((found.header("x-ratelimit-limit"), found.header("x-ratelimit-remaining")), ("100", "99"));
    assert!(found.header("x-ratelimit-reset").parse::<u64>().unwrap() <= 60);
    let path = format!("/api-keys/{}", key["id"].as_str().unwrap());
    let shown = app.get(&ada, &path).await;
    shown.expect(200);
    assert!(shown.json()["last_used_at"].is_string(), "{}", shown.text());
    let list = app.get(&ada, "/api-keys").await;
    assert_eq!(list.json()["items"], json!([shown.json()]));
    for answer in [&shown, &list, &app.get(&ada, "/audit-log").await] {
        assert!(!answer.text().contains(&token[16..]), "the secret is shown again: {}", answer.text());
    }
    // Another site's page can not make a browser send it, so where the request comes from does not matter.
    app.request("POST", "/gateways")
        .bearer(&token)
        .header("origin", "https://evil.example")
        .json(json!({"kind": "web-chat", "name": "Console"}))
        .send()
        .await
        .expect(201);
    // Also beside a cookie: who sets the header means it.
    let both = app.request("GET", "/audit-log").bearer(&token).cookie(&ada.token);
    both.send().await.expect_problem(403, "session_required");
}

#[tokio::test]
async fn what_a_key_does_is_told_as_the_keys_doing() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let (id, token) = app.key(&ada, &["write:gateways"]).await;
    let body = json!({"kind": "web-chat", "name": "Console"});
    app.request("POST", "/gateways").bearer(&token).json(body).send().await.expect(201);
    let at = format!("/api-keys/{id}");
    let patch = app.request("PATCH", &at).bearer(&ada.token).json(json!({"name": "Cron"})).send().await;
    assert_eq!(patch.json()["name"], "Cron", "{}", patch.text());
    // The same name again is no change.
    app.request("PATCH", &at).bearer(&ada.token).json(json!({"name": "Cron"})).send().await.expect(200);
    app.post(&ada, &format!("{at}/rotate"), json!({"grace_seconds": 0})).await.expect(200);
    app.request("DELETE", &at).bearer(&ada.token).send().await.expect(204);
    let log = app.get(&ada, "/audit-log").await.json();
    let mut all: Vec<_> = log["items"].as_array().unwrap().iter().collect();
    all.reverse();
    let told: Vec<_> = all
        .iter()
        .map(|one| (one["actor"]["name"].as_str().unwrap(), one["action"].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ("ada", "auth.login"),
            ("ada", "apikey.create"),
            ("ada (API key Script)", "gateway.create"),
            ("ada (API key Script)", "gateway.connect"),
            ("ada", "apikey.update"),
            ("ada", "apikey.rotate"),
            ("ada", "apikey.revoke"),
        ]
    );
    assert_eq!(all[2]["actor"]["id"], all[0]["actor"]["id"]);
    assert_eq!(all[2]["address"], "203.0.113.7");
    assert_eq!(all[1]["target"], json!({"kind": "apikey", "id": id, "name": "Script"}));
    assert_eq!(all[1]["detail"]["scopes"], json!(["write:gateways"]));
    assert!(!log.to_string().contains(&token[16..]));
}

#[tokio::test]
async fn a_plan_allows_so_many_keys() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let body = || json!({"name": "Script", "scopes": ["read:plugins"]});
    for (plan, allowed) in [("free", 1), ("starter", 2), ("pro", 5), ("business", 10), ("enterprise", 20)] {
        app.store().set_plan(ada.scope, plan).await.unwrap();
        loop {
            let answer = make(&app, &ada, body()).await;
            if answer.status == 201 {
                continue;
            }
            answer.expect_problem(403, "limit_reached");
            let problem = answer.json();
            assert_eq!(problem["limit"], "api_keys");
            assert_eq!((&problem["used"], &problem["allowed"]), (&json!(allowed), &json!(allowed)));
            assert_eq!(problem["plan"].as_str().unwrap().to_lowercase(), plan);
            break;
        }
        let count = app.get(&ada, "/api-keys").await.json()["items"].as_array().unwrap().len();
        assert_eq!(count, allowed);
    }
    let denied = app.get(&ada, "/audit-log?action=apikey&outcome=denied").await.json();
    assert_eq!(denied["items"].as_array().unwrap().len(), 5);
    assert_eq!(denied["items"][0]["detail"], json!({"limit": "api_keys", "used": 20, "allowed": 20}));
    // What is revoked makes room.
    let list = app.get(&ada, "/api-keys").await.json();
    let path = format!("/api-keys/{}", list["items"][0]["id"].as_str().unwrap());
    app.request("DELETE", &path).bearer(&ada.token).send().await.expect(204);
    make(&app, &ada, body()).await.expect(201);
}

#[tokio::test]
async fn wrong_fields_of_a_key_are_named() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    for (body, field) in [
        (json!({"scopes": ["read:plugins"]}), "name"),
        (json!({"name": " ", "scopes": ["read:plugins"]}), "name"),
        (json!({"name": "x".repeat(101), "scopes": ["read:plugins"]}), "name"),
        (json!({"name": "x"}), "scopes"),
        (json!({"name": "x", "scopes": []}), "scopes"),
        (json!({"name": "x", "scopes": ["read:everything"]}), "scopes[0]"),
        (json!({"name": "x", "scopes": ["read:plugins"], "expires_at": "tomorrow"}), "expires_at"),
        (
            json!({"name": "x", "scopes": ["read:plugins"], "expires_at": "2020-01-01T00:00:00Z"}),
            "expires_at",
        ),
        (
            json!({"name": "x", "scopes": ["read:plugins"], "expires_at": "2120-01-01T00:00:00Z"}),
            "expires_at",
        ),
    ] {
        let answer = make(&app, &ada, body).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.json()["errors"][0]["field"], field, "{}", answer.text());
    }
    let (id, _) = app.key(&ada, &["read:plugins"]).await;
    for grace in [json!(-1), json!(604_801), json!(i64::MAX), json!("a day"), json!(1.5)] {
        let answer = app.post(&ada, &format!("/api-keys/{id}/rotate"), json!({"grace_seconds": grace})).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.json()["errors"][0]["field"], "grace_seconds", "{grace}");
    }
    let answer = app
        .request("PATCH", &format!("/api-keys/{id}"))
        .bearer(&ada.token)
        .json(json!({"name": ""}))
        .send()
        .await;
    answer.expect_problem(422, "validation_failed");
}

#[tokio::test]
async fn a_rotated_key_has_a_new_secret_and_the_old_one_for_a_while() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let (id, first) = app.key(&ada, &["read:gateways"]).await;
    let rotate = async |body: Value| {
        let answer = app.post(&ada, &format!("/api-keys/{id}/rotate"), body).await;
        answer.expect(200);
        let until = answer.json()["key"]["old_secret_until"].clone();
        (answer.json()["token"].as_str().unwrap().to_owned(), until)
    };
    // A day, where nothing else is said.
    let (second, until) = rotate(json!({})).await;
    assert!(until.is_string());
    assert_eq!(first[..16], second[..16], "the prefix stays");
    assert_ne!(first, second);
    for token in [&first, &second] {
        ask(&app, token).await.expect(200);
    }
    let (third, until) = rotate(json!({"grace_seconds": 0})).await;
    assert!(until.is_null());
    ask(&app, &third).await.expect(200);
    ask(&app, &second).await.expect_problem(401, "api_key_replaced");
    ask(&app, &first).await.expect_problem(401, "invalid_api_key");
    let (_, old) = app.expired_key(&ada, "abcdefghij").await;
    ask(&app, &old).await.expect_problem(401, "api_key_expired");
}

#[tokio::test]
async fn an_expired_key_is_refused_and_can_not_be_rotated() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let (id, token) = app.expired_key(&ada, "abcdefghij").await;
    let answer = ask(&app, &token).await;
    answer.expect_problem(401, "api_key_expired");
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    assert_eq!(app.get(&ada, &format!("/api-keys/{id}")).await.json()["expired"], true);
    app.post(&ada, &format!("/api-keys/{id}/rotate"), json!({})).await.expect_problem(409, "conflict");
    // It takes its place until it is revoked.
    make(&app, &ada, json!({"name": "x", "scopes": ["read:plugins"]}))
        .await
        .expect_problem(403, "limit_reached");
}

#[tokio::test]
async fn a_revoked_key_is_refused_and_gone() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let (id, token) = app.key(&ada, &ALL_SCOPES).await;
    let path = format!("/api-keys/{id}");
    app.request("DELETE", &path).bearer(&ada.token).send().await.expect(204);
    ask(&app, &token).await.expect_problem(401, "api_key_revoked");
    app.request("DELETE", &path).bearer(&ada.token).send().await.expect_problem(404, "not_found");
    app.post(&ada, &format!("{path}/rotate"), json!({})).await.expect_problem(404, "not_found");
    assert_eq!(app.get(&ada, "/api-keys").await.json()["items"], json!([]));
}

#[tokio::test]
async fn what_is_no_key_is_refused_whatever_is_wrong_with_it() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let (_, token) = app.key(&ada, &ALL_SCOPES).await;
    let wrong_end = format!("{}{}", &token[..64], if token.ends_with('0') { '1' } else { '0' });
    let of_nobody = well_formed("0000000000", 'a');
    let wrong_secret = well_formed(&token[5..15], 'a');
    for wrong in ["2bot_", "2bot__", "2bot_x", &token[..64], &wrong_end, &of_nobody, &wrong_secret] {
        let answer = ask(&app, wrong).await;
        answer.expect_problem(401, "invalid_api_key");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    // A key is no session's token.
    app.request("GET", "/gateways").cookie(&token).send().await.expect_problem(401, "unauthenticated");
    // Where there is nothing, a key is told so like anyone.
    app.request("PUT", "/gateways").bearer(&token).send().await.expect_problem(405, "method_not_allowed");
    app.request("GET", "/secrets").bearer(&token).send().await.expect_problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_requests_of_a_key_at_once_exactly_as_many_pass_as_may() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let (_, token) = app.key(&ada, &["read:gateways"]).await;
    let mut all = JoinSet::new();
    for _ in 0..130 {
        all.spawn(app.request("GET", "/gateways").bearer(&token).send());
    }
    let answers = all.join_all().await;
    let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(200), count(429)), (100, 30));
}

#[tokio::test]
async fn a_key_makes_so_many_requests_a_minute() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.register("ada").await, app.register("bob").await);
    let (_, token) = app.key(&ada, &["read:gateways"]).await;
    let (_, other) = app.key(&bob, &["read:gateways"]).await;
    for left in (0..100).rev() {
        // What is refused counts, too.
        let path = if left % 2 == 0 { "/gateways" } else { "/audit-log" };
        let answer = app.request("GET", path).bearer(&token).send().await;
        answer.expect(if left % 2 == 0 { 200 } else { 403 });
    }
    let answer = ask(&app, &token).await;
    answer.expect_problem(429, "rate_limited");
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=61).contains(&wait), "{wait}");
    ask(&app, &other).await.expect(200);
    app.get(&ada, "/gateways").await.expect(200);
}
