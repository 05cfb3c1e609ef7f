//! Accounts and sessions.

use crate::app::{PASSWORD, TestApp};
use insta::assert_json_snapshot;
use serde_json::json;
use tokio::task::JoinSet;

#[tokio::test]
async fn an_account_is_made_and_signed_in() {
    let app = TestApp::start().await;
    let body = json!({"email": "Ada@Example.org ", "password": PASSWORD, "name": " Ada Lovelace "});
    let answer = app.request("POST", "/auth/register").json(body).send().await;
    assert_json_snapshot!("registered", answer.snapshot(), {".**.id" => "[id]", ".**.created_at" => "[time]", ".**.token" => "[token]", ".**.refresh_token" => "[token]", ".**.expires_in" => "[seconds]"});
    let token = answer.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(token.len(), 43);
    assert_eq!(
        answer.header("set-cookie"),
        format!("twobot_session={token}; Path=/; Max-Age=900; HttpOnly; SameSite=Lax")
    );

    let me = app.request("GET", "/auth/me").bearer(&token).send().await;
    assert_json_snapshot!("me", me.snapshot(), {".**.id" => "[id]", ".**.created_at" => "[time]"});
    for alias in ["/api/auth/session", "/api/v1/auth/session"] {
        let same = app.raw("GET", alias).cookie(&token).send().await;
        assert_eq!(same.json(), me.json(), "{alias}");
    }

    let login = app.store().login("ada@example.org").await.unwrap().unwrap();
    assert!(login.password_hash.starts_with("$argon2id$"), "{}", login.password_hash);
}

#[tokio::test]
async fn an_address_has_one_account() {
    let app = TestApp::start().await;
    app.register("ada").await;
    let body = json!({"email": "ADA@example.org", "password": PASSWORD, "name": "Eve"});
    let answer = app.request("POST", "/auth/register").json(body).send().await;
    answer.expect_problem(409, "email_taken");
    assert_eq!(app.store().login("ada@example.org").await.unwrap().unwrap().user.name, "ada");
}

#[tokio::test]
async fn every_wrong_field_is_named_at_once() {
    let app = TestApp::start().await;
    let body = json!({"email": "nobody", "password": "secret", "name": ""});
    let answer = app.request("POST", "/auth/register").json(body).send().await;
    assert_json_snapshot!("register_invalid", answer.snapshot(), {".**.request_id" => "[id]"});
    assert!(app.store().login("nobody").await.unwrap().is_none());
}

#[tokio::test]
async fn a_closed_server_makes_no_accounts() {
    let app = TestApp::with(|config| config.registration_open = false).await;
    let body = json!({"email": "ada@example.org", "password": PASSWORD, "name": "Ada"});
    app.request("POST", "/auth/register").json(body).send().await.expect_problem(403, "registration_closed");
    assert!(app.store().login("ada@example.org").await.unwrap().is_none());
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_look_the_same() {
    let app = TestApp::start().await;
    app.register("ada").await;
    let sign_in = |email: &str, password: &str| {
        app.request("POST", "/auth/login").json(json!({"email": email, "password": password})).send()
    };
    let wrong = sign_in("ada@example.org", "Wrong-Engine-1").await;
    let unknown = sign_in("bob@example.org", "Wrong-Engine-1").await;
    wrong.expect_problem(401, "invalid_credentials");
    unknown.expect_problem(401, "invalid_credentials");
    assert_eq!(wrong.json()["detail"], unknown.json()["detail"]);
    let right = sign_in("ada@example.org", PASSWORD).await;
    right.expect(200);
    let token = right.json()["token"].as_str().unwrap().to_owned();
    app.request("GET", "/auth/me").bearer(&token).send().await.expect(200);
}

#[tokio::test]
async fn guessing_is_slowed_down() {
    let app = TestApp::start().await;
    app.register("ada").await;
    let sign_in = |password: &str| {
        let body = json!({"email": "ada@example.org", "password": password});
        app.request("POST", "/auth/login").json(body).send()
    };
    for _ in 0..5 {
        sign_in("Wrong-Engine-1").await.expect(401);
    }
    let answer = sign_in(PASSWORD).await;
    answer.expect_problem(429, "rate_limited");
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=900).contains(&wait), "{wait}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_guesses_at_once_five_are_looked_at_and_then_it_is_locked() {
    let app = TestApp::start().await;
    app.register("ada").await;
    let sign_in = |email: &str, password: &str| {
        let body = json!({"email": email, "password": password});
        app.request("POST", "/auth/login").json(body).send()
    };
    // An address without an account is locked in the same way, so that the lock tells nothing either.
    for email in ["ada@example.org", "nobody@example.org"] {
        let mut all = JoinSet::new();
        for number in 0..25 {
            all.spawn(sign_in(email, &format!("Wrong-Engine-{number}")));
        }
        let answers = all.join_all().await;
        let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
        assert_eq!((count(401), count(429)), (5, 20), "{email}");
        let locked = sign_in(email, PASSWORD).await;
        locked.expect_problem(429, "rate_limited");
        assert!(locked.header("retry-after").parse::<u64>().unwrap() > 800);
    }
}

#[tokio::test]
async fn signing_out_ends_the_session() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let answer = app.request("POST", "/auth/logout").bearer(&ada.token).send().await;
    answer.expect(204);
    assert!(answer.header("set-cookie").starts_with("twobot_session=; Path=/; Max-Age=0"));
    let answer = app.get(&ada, "/auth/me").await;
    answer.expect_problem(401, "unauthenticated");
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    assert!(app.store().authenticate(&ada.token).await.unwrap().is_none());
}

#[tokio::test]
async fn other_sites_can_not_use_the_cookie() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let make = |headers: &[(&str, &str)]| {
        let request = app.request("POST", "/gateways").json(json!({"kind": "web-chat", "name": "Console"}));
        headers.iter().fold(request, |request, (name, value)| request.header(name, value))
    };
    let foreign: [&[(&str, &str)]; 4] = [
        &[],
        &[("origin", "https://evil.example")],
        &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
        &[("sec-fetch-site", "same-site")],
    ];
    for headers in foreign {
        make(headers).cookie(&ada.token).send().await.expect_problem(403, "csrf_failed");
    }
    let page = app.store().gateways(ada.scope, twobot_store::PageRequest::default()).await.unwrap();
    assert!(page.items.is_empty());

    make(&[("origin", "http://localhost:8080")]).cookie(&ada.token).send().await.expect(201);
    make(&[("origin", "https://evil.example")]).bearer(&ada.token).send().await.expect(201);
    // Reading is not guarded: other sites can not see the answer.
    app.request("GET", "/gateways")
        .cookie(&ada.token)
        .header("origin", "https://evil.example")
        .send()
        .await
        .expect(200);
}

#[tokio::test]
async fn other_sites_can_not_sign_anyone_in() {
    let app = TestApp::start().await;
    app.register("ada").await;
    let body = json!({"email": "ada@example.org", "password": PASSWORD});
    let request = app.request("POST", "/auth/login").header("origin", "https://evil.example").json(body);
    request.send().await.expect_problem(403, "csrf_failed");
}

#[tokio::test]
async fn under_tls_the_cookie_is_sent_over_tls_only() {
    let app = TestApp::with(|config| config.secure_cookies = true).await;
    let body = json!({"email": "ada@example.org", "password": PASSWORD, "name": "Ada"});
    let answer = app.request("POST", "/auth/register").json(body).send().await;
    assert!(answer.header("set-cookie").ends_with("; Secure"));
    assert!(answer.header("strict-transport-security").starts_with("max-age="));
}
