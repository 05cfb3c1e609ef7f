//! Where mails go out: registering tells nobody who has an account, and an account is used once its address is confirmed.

use crate::app::{Answer, PASSWORD, Person, TestApp};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use twobot_domain::Mail;

const OTHER: &str = "Difference-Engine-2";

async fn start() -> TestApp {
    TestApp::with(|config| config.mails_go_out = true).await
}

async fn send(app: &TestApp, path: &str, body: Value) -> Answer {
    app.request("POST", path).json(body).send().await
}

/// The mails so far, the oldest first.
async fn mails(app: &TestApp) -> Vec<(String, Mail)> {
    let mut all = app.store().outbox(100).await.unwrap();
    all.reverse();
    all.into_iter().map(|entry| (entry.recipient, entry.mail.unwrap())).collect()
}

async fn kinds(app: &TestApp) -> Vec<&'static str> {
    mails(app).await.iter().map(|(_, mail)| mail.kind()).collect()
}

/// Waits until that many mails are queued, which comes after the answers.
async fn wait_for(app: &TestApp, count: usize) {
    while mails(app).await.len() < count {
        tokio::task::yield_now().await;
    }
}

async fn register(app: &TestApp, name: &str, password: &str) -> Answer {
    let before = mails(app).await.len();
    let body = json!({"email": "ada@example.org", "password": password, "name": name});
    let answer = send(app, "/auth/register", body).await;
    if answer.status == 202 {
        wait_for(app, before + 1).await;
    }
    answer
}

/// The token of the newest mail to confirm an address.
async fn token(app: &TestApp) -> String {
    let found = mails(app).await.into_iter().rev().find_map(|(_, mail)| match mail {
        Mail::Verify { token, .. } => Some(token),
        _ => None,
    });
    found.expect("a mail to confirm the address")
}

async fn confirm(app: &TestApp, token: &str, password: Option<&str>) -> Answer {
    send(app, "/auth/verify-email", json!({"token": token, "password": password})).await
}

async fn sign_in(app: &TestApp, password: &str) -> Answer {
    send(app, "/auth/login", json!({"email": "ada@example.org", "password": password})).await
}

#[tokio::test]
async fn an_account_is_used_once_its_address_is_confirmed_by_who_knows_the_password() {
    let app = start().await;
    let answer = register(&app, "Ada", PASSWORD).await;
    answer.expect(202);
    assert!(answer.body.is_empty() && answer.cookie("twobot_session").is_none());
    let first = token(&app).await;
    // The right password does not sign in yet, and looks like a wrong one. A mail is sent again.
    sign_in(&app, PASSWORD).await.expect_problem(401, "invalid_credentials");
    wait_for(&app, 2).await;
    sign_in(&app, OTHER).await.expect_problem(401, "invalid_credentials");
    assert_eq!(kinds(&app).await, ["verify", "verify"]);

    let missing = confirm(&app, &first, None).await;
    missing.expect_problem(422, "validation_failed");
    assert_eq!(missing.json()["errors"][0]["field"], "password");
    confirm(&app, &first, Some("")).await.expect_problem(422, "validation_failed");
    confirm(&app, &first, Some(OTHER)).await.expect_problem(403, "wrong_password");
    sign_in(&app, PASSWORD).await.expect_problem(401, "invalid_credentials");
    confirm(&app, &token(&app).await, Some(PASSWORD)).await.expect(204);
    confirm(&app, &first, Some(PASSWORD)).await.expect_problem(400, "invalid_token");
    let ada = app.person(&sign_in(&app, PASSWORD).await).await;
    assert_eq!(app.get(&ada, "/auth/me").await.json()["user"]["email_verified"], true);
}

#[tokio::test]
async fn guesses_of_the_password_that_goes_with_a_link_are_counted() {
    let app = start().await;
    register(&app, "Ada", PASSWORD).await.expect(202);
    let token = token(&app).await;
    for _ in 0..5 {
        confirm(&app, &token, Some(OTHER)).await.expect_problem(403, "wrong_password");
    }
    confirm(&app, &token, Some(PASSWORD)).await.expect_problem(429, "rate_limited");
}

#[tokio::test]
async fn registering_tells_nobody_who_has_an_account() {
    let app = start().await;
    register(&app, "Ada", PASSWORD).await.expect(202);
    confirm(&app, &token(&app).await, Some(PASSWORD)).await.expect(204);
    let taken = register(&app, "Eve", OTHER).await;
    let body = json!({"email": "new@example.org", "password": OTHER, "name": "Eve"});
    let free = send(&app, "/auth/register", body).await;
    let seen = |answer: &Answer| {
        let mut names: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
        names.sort();
        (answer.status, answer.body.clone(), names)
    };
    assert_eq!(seen(&taken), seen(&free));
    wait_for(&app, 4).await;
    let told: Vec<_> = mails(&app).await.iter().map(|(to, mail)| (to.clone(), mail.kind())).collect();
    let to = |who: &str, kind| (format!("{who}@example.org"), kind);
    assert_eq!(
        told,
        [to("ada", "verify"), to("ada", "welcome"), to("ada", "already_registered"), to("new", "verify")]
    );
    // Nothing of the account was changed, and what does not fit is told for both.
    sign_in(&app, OTHER).await.expect_problem(401, "invalid_credentials");
    let ada = app.person(&sign_in(&app, PASSWORD).await).await;
    assert_eq!(app.get(&ada, "/auth/me").await.json()["user"]["name"], "Ada");
}

#[tokio::test]
async fn who_registers_with_the_address_of_another_gets_no_hold_of_it() {
    let app = start().await;
    // Eve is first, with ada's address. Ada does not know of it, and registers.
    register(&app, "Eve", OTHER).await.expect(202);
    let eves = token(&app).await;
    register(&app, "Ada", PASSWORD).await.expect(202);
    let adas = token(&app).await;
    // Ada opens eve's mail first: her password does not fit, so nothing happens.
    confirm(&app, &eves, Some(PASSWORD)).await.expect_problem(403, "wrong_password");
    confirm(&app, &adas, Some(PASSWORD)).await.expect(204);
    sign_in(&app, OTHER).await.expect_problem(401, "invalid_credentials");
    let ada = app.person(&sign_in(&app, PASSWORD).await).await;
    assert_eq!(app.get(&ada, "/auth/me").await.json()["user"]["name"], "Ada");
    assert_eq!(app.get(&ada, "/auth/me").await.json()["tenant"]["name"], "Ada");
    confirm(&app, &eves, Some(OTHER)).await.expect_problem(400, "invalid_token");
}

#[tokio::test]
async fn who_was_signed_in_before_the_address_was_confirmed_is_signed_out_by_it() {
    // The account is from before mails went out: somebody uses it, and never showed that the address is theirs.
    let mut app = TestApp::start().await;
    let eve: Person = app.register("ada").await;
    app.config.mails_go_out = true;
    app.router = twobot_api::router(app.engine.clone(), app.config.clone());
    register(&app, "Ada", OTHER).await.expect(202);
    app.get(&eve, "/auth/me").await.expect(200);
    confirm(&app, &token(&app).await, Some(OTHER)).await.expect(204);
    app.get(&eve, "/auth/me").await.expect_problem(401, "unauthenticated");
    sign_in(&app, PASSWORD).await.expect_problem(401, "invalid_credentials");
    sign_in(&app, OTHER).await.expect(200);
}

#[tokio::test]
async fn three_registrations_an_hour_for_an_address_and_from_an_address() {
    let proxy = [203, 0, 113, 7].into();
    let app = TestApp::with(|config| config.trusted_proxies = vec![proxy]).await;
    let register = |from: &str, email: &str| {
        let body = json!({"email": email, "password": PASSWORD, "name": "Ada"});
        app.request("POST", "/auth/register").header("x-forwarded-for", from).json(body).send()
    };
    for number in 0..3 {
        register("198.51.100.1", &format!("u{number}@example.org")).await.expect(201);
    }
    let refused = register("198.51.100.1", "u3@example.org").await;
    refused.expect_problem(429, "rate_limited");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 3_500);
    for host in 2..4 {
        register(&format!("198.51.100.{host}"), "u0@example.org").await.expect_problem(409, "email_taken");
    }
    register("198.51.100.4", "u0@example.org").await.expect_problem(429, "rate_limited");
    register("198.51.100.4", "u4@example.org").await.expect(201);
    // What does not fit is not counted.
    for _ in 0..5 {
        register("198.51.100.5", "nobody").await.expect_problem(422, "validation_failed");
    }
    register("198.51.100.5", "u5@example.org").await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_register_at_once_three_are_heard() {
    let proxy = [203, 0, 113, 7].into();
    let app = TestApp::with(|config| config.trusted_proxies = vec![proxy]).await;
    let register = |from: String, email: String| {
        let body = json!({"email": email, "password": PASSWORD, "name": "Ada"});
        app.request("POST", "/auth/register").header("x-forwarded-for", &from).json(body).send()
    };
    let (mut one_place, mut one_address) = (JoinSet::new(), JoinSet::new());
    for number in 0..20 {
        one_place.spawn(register("198.51.100.200".to_owned(), format!("u{number}@example.org")));
        one_address.spawn(register(format!("198.51.100.{number}"), "ada@example.org".to_owned()));
    }
    let count = |answers: &[Answer], status: u16| answers.iter().filter(|one| one.status == status).count();
    let (one_place, one_address) = (one_place.join_all().await, one_address.join_all().await);
    assert_eq!((count(&one_place, 201), count(&one_place, 429)), (3, 17));
    let taken = (count(&one_address, 201), count(&one_address, 409), count(&one_address, 429));
    assert_eq!(taken, (1, 2, 17), "one account, of three who were heard");
}

#[tokio::test]
async fn guesses_from_everywhere_end_and_the_owner_signs_in_nevertheless() {
    let proxy = [203, 0, 113, 7].into();
    let app = TestApp::with(|config| config.trusted_proxies = vec![proxy]).await;
    let sign_in = |from: String, password: &str, device: &str| {
        let body = json!({"email": "ada@example.org", "password": password});
        let request = app.request("POST", "/auth/login").header("x-forwarded-for", &from);
        request.header("cookie", &format!("twobot_device={device}")).json(body).send()
    };
    app.register("ada").await;
    let home = sign_in("192.0.2.1".to_owned(), PASSWORD, "").await.cookie("twobot_device").unwrap();
    let tries = (0..40).map(|host| sign_in(format!("198.51.100.{host}"), "Wrong-Engine-1", ""));
    let answers = futures::future::join_all(tries).await;
    let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(401), count(429)), (30, 10));
    sign_in("198.51.100.200".to_owned(), PASSWORD, "").await.expect_problem(429, "rate_limited");
    let foreign = "A".repeat(43);
    sign_in("198.51.100.201".to_owned(), PASSWORD, &foreign).await.expect_problem(429, "rate_limited");
    sign_in("198.51.100.202".to_owned(), PASSWORD, &home).await.expect(200);
}
