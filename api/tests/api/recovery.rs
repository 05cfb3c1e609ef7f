//! Confirming an address, and getting back in without the password.

use crate::app::{Answer, PASSWORD, Person, TestApp};
use serde_json::{Value, json};
use twobot_domain::Mail;

const NEW: &str = "Difference-Engine-2";

/// The mails that wait, by kind, the oldest first.
async fn mails(app: &TestApp) -> Vec<(String, Mail)> {
    let mut all: Vec<_> = app.store().outbox(100).await.unwrap();
    all.reverse();
    all.into_iter().map(|entry| (entry.recipient, entry.mail.unwrap())).collect()
}

async fn kinds(app: &TestApp) -> Vec<&'static str> {
    mails(app).await.iter().map(|(_, mail)| mail.kind()).collect()
}

/// The token of the newest mail of a kind.
async fn token(app: &TestApp, kind: &str) -> String {
    let mail = mails(app).await.into_iter().rev().find(|(_, mail)| mail.kind() == kind);
    match mail {
        Some((_, Mail::Verify { token, .. } | Mail::Reset { token, .. })) => token,
        other => panic!("no {kind} with a token: {other:?}"),
    }
}

async fn send(app: &TestApp, path: &str, body: Value) -> Answer {
    app.request("POST", path).json(body).send().await
}

async fn sign_in(app: &TestApp, password: &str) -> Answer {
    send(app, "/auth/login", json!({"email": "ada@example.org", "password": password})).await
}

async fn forgot(app: &TestApp, email: &str) {
    let before = mails(app).await.len();
    send(app, "/auth/forgot-password", json!({"email": email})).await.expect(202);
    // The mail is queued after the answer, so that the answer takes as long for an address without an account.
    while mails(app).await.len() == before {
        tokio::task::yield_now().await;
    }
}

async fn is_verified(app: &TestApp, who: &Person) -> bool {
    app.get(who, "/auth/me").await.json()["user"]["email_verified"].as_bool().unwrap()
}

#[tokio::test]
async fn who_registers_confirms_the_address_once() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    assert!(!is_verified(&app, &ada).await);
    let sent = mails(&app).await;
    assert_eq!((sent.len(), sent[0].0.as_str(), sent[0].1.kind()), (1, "ada@example.org", "verify"));
    let token = token(&app, "verify").await;
    for wrong in ["", "x", &token[1..]] {
        send(&app, "/auth/verify-email", json!({"token": wrong})).await.expect_problem(400, "invalid_token");
    }
    // A token is good for what it was made for only.
    let reset = json!({"token": token, "password": NEW});
    send(&app, "/auth/reset-password", reset).await.expect_problem(400, "invalid_token");
    assert!(!is_verified(&app, &ada).await);

    send(&app, "/auth/verify-email", json!({"token": format!(" {token} ")})).await.expect(204);
    assert!(is_verified(&app, &ada).await);
    assert_eq!(kinds(&app).await, ["verify", "welcome"]);
    send(&app, "/auth/verify-email", json!({"token": token})).await.expect_problem(400, "invalid_token");
    let told = app.get(&ada, "/audit-log?action=auth.verify_email").await.json();
    assert_eq!(told["items"][0]["outcome"], "success", "{told:#}");
}

#[tokio::test]
async fn the_mail_is_sent_again_three_times_an_hour_and_not_once_confirmed() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.register("ada").await, app.register("bob").await);
    let first = token(&app, "verify").await;
    for _ in 0..3 {
        app.post(&ada, "/auth/verify-email/resend", json!({})).await.expect(202);
    }
    let refused = app.post(&ada, "/auth/verify-email/resend", json!({})).await;
    refused.expect_problem(429, "rate_limited");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 3_500);
    assert_eq!(mails(&app).await.len(), 5);
    // Bob's first one, which nobody has made worthless.
    send(&app, "/auth/verify-email", json!({"token": first})).await.expect(204);
    for _ in 0..5 {
        app.post(&bob, "/auth/verify-email/resend", json!({})).await.expect(202);
    }
    assert_eq!(mails(&app).await.len(), 6, "the welcome is the last");
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_and_everyone_is_signed_out() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    forgot(&app, " ADA@example.org").await;
    let token = token(&app, "reset").await;
    let weak = send(&app, "/auth/reset-password", json!({"token": token, "password": "Password1!"})).await;
    weak.expect_problem(422, "validation_failed");
    assert_eq!(weak.json()["errors"][0]["field"], "password");
    app.get(&ada, "/auth/me").await.expect(200);

    let mut live = app.request("GET", "/live").bearer(&ada.token).follow().await;
    send(&app, "/auth/reset-password", json!({"token": token, "password": NEW})).await.expect(204);
    app.get(&ada, "/auth/me").await.expect_problem(401, "unauthenticated");
    while live.next().await.is_some() {}
    sign_in(&app, PASSWORD).await.expect_problem(401, "invalid_credentials");
    sign_in(&app, NEW).await.expect(200);
    let again = json!({"token": token, "password": "Another-Engine-3"});
    send(&app, "/auth/reset-password", again).await.expect_problem(400, "invalid_token");
    assert_eq!(kinds(&app).await, ["verify", "reset", "password_changed"]);
    let ada = app.person(&sign_in(&app, NEW).await).await;
    assert!(is_verified(&app, &ada).await, "the token was read there");
    let told = app.get(&ada, "/audit-log?action=auth.password_reset").await.json();
    assert_eq!(told["items"][0]["outcome"], "success", "{told:#}");
}

#[tokio::test]
async fn an_address_without_an_account_is_answered_the_same_and_gets_nothing() {
    let app = TestApp::start().await;
    app.register("ada").await;
    let known = send(&app, "/auth/forgot-password", json!({"email": "ada@example.org"})).await;
    let unknown = send(&app, "/auth/forgot-password", json!({"email": "eve@example.org"})).await;
    let seen = |answer: &Answer| {
        let mut names: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
        names.sort();
        (answer.status, answer.body.clone(), names)
    };
    assert_eq!(seen(&known), seen(&unknown));
    send(&app, "/auth/forgot-password", json!({"email": "nobody"}))
        .await
        .expect_problem(422, "validation_failed");
    while mails(&app).await.len() < 2 {
        tokio::task::yield_now().await;
    }
    assert!(mails(&app).await.iter().all(|(to, _)| to == "ada@example.org"));
}

#[tokio::test]
async fn of_many_who_ask_at_once_three_are_heard_for_an_account_and_from_an_address() {
    let proxy = [203, 0, 113, 7].into();
    let app = TestApp::with(|config| config.trusted_proxies = vec![proxy]).await;
    app.register("ada").await;
    let ask = |from: String, email: String| {
        let request = app.request("POST", "/auth/forgot-password").header("x-forwarded-for", &from);
        request.json(json!({"email": email})).send()
    };
    let count =
        |answers: Vec<Answer>, status: u16| answers.iter().filter(|answer| answer.status == status).count();
    // One account, from everywhere.
    let from_everywhere = (0..20).map(|host| ask(format!("198.51.100.{host}"), "ada@example.org".to_owned()));
    let answers = futures::future::join_all(from_everywhere).await;
    assert_eq!((count(answers, 202), mails(&app).await.len() <= 4), (3, true));
    // Accounts that are none are counted the same.
    let none = (20..40).map(|host| ask(format!("198.51.100.{host}"), "nobody@example.org".to_owned()));
    assert_eq!(count(futures::future::join_all(none).await, 202), 3);
    // Many addresses, from one place.
    let everyone = (0..20).map(|number| ask("198.51.100.200".to_owned(), format!("u{number}@example.org")));
    let answers = futures::future::join_all(everyone).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 429).count(), 17);
    assert_eq!(count(answers, 202), 3);
}

#[tokio::test]
async fn of_many_who_use_a_token_at_once_one_succeeds() {
    let app = TestApp::start().await;
    app.register("ada").await;
    forgot(&app, "ada@example.org").await;
    let token = token(&app, "reset").await;
    let tries = (0..8).map(|number| {
        send(
            &app,
            "/auth/reset-password",
            json!({"token": token, "password": format!("My-Own-Engine-{number}")}),
        )
    });
    let answers = futures::future::join_all(tries).await;
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 204).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 400).count(), 7, "{statuses:?}");
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it_and_ends_the_other_sessions() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let elsewhere = sign_in(&app, PASSWORD).await.json()["token"].as_str().unwrap().to_owned();
    let change = |present: &str, new: &str| {
        let body = json!({"current_password": present, "new_password": new});
        app.request("PUT", "/user/password").bearer(&ada.token).json(body).send()
    };
    change("Wrong-password-1", NEW).await.expect_problem(403, "wrong_password");
    let weak = change(PASSWORD, "short").await;
    weak.expect_problem(422, "validation_failed");
    assert_eq!(weak.json()["errors"][0]["field"], "new_password");
    change(PASSWORD, NEW).await.expect(204);

    app.get(&ada, "/auth/me").await.expect(200);
    let other = app.request("GET", "/auth/me").bearer(&elsewhere).send().await;
    other.expect_problem(401, "unauthenticated");
    sign_in(&app, PASSWORD).await.expect_problem(401, "invalid_credentials");
    sign_in(&app, NEW).await.expect(200);
    assert_eq!(kinds(&app).await, ["verify", "password_changed"]);
    let told = app.get(&ada, "/audit-log?action=auth.password_reset").await.json();
    let outcomes: Vec<_> = told["items"].as_array().unwrap().iter().map(|item| &item["outcome"]).collect();
    assert_eq!(outcomes, ["success", "failure"]);
}

#[tokio::test]
async fn of_many_guesses_of_the_present_password_five_are_looked_at() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let body = json!({"current_password": "Wrong-password-1", "new_password": NEW});
    let guesses =
        (0..12).map(|_| app.request("PUT", "/user/password").bearer(&ada.token).json(body.clone()).send());
    let answers = futures::future::join_all(guesses).await;
    let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(403), count(429)), (5, 7));
}

#[tokio::test]
async fn other_sites_can_neither_confirm_nor_reset() {
    let app = TestApp::start().await;
    for path in ["/auth/verify-email", "/auth/forgot-password", "/auth/reset-password"] {
        let body = json!({"token": "x", "email": "ada@example.org", "password": NEW});
        let request = app.request("POST", path).header("sec-fetch-site", "cross-site");
        request.json(body).send().await.expect_problem(403, "csrf_failed");
    }
}
