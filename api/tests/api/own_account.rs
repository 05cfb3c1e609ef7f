//! Taking everything with one, and leaving.

use crate::app::{Answer, PASSWORD, Person, TestApp};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use twobot_store::accounts::NewAccount;
use twobot_store::export::Export;
use twobot_store::sessions::{Device, NewSession, SessionKeys};

/// The files of an archive.
fn files(answer: &Answer) -> BTreeMap<String, String> {
    assert_eq!(answer.header("content-type"), "application/zip");
    assert_eq!(answer.header("content-encoding"), "", "it is packed already");
    let mut archive = zip::ZipArchive::new(Cursor::new(&answer.body)).unwrap();
    let mut files = BTreeMap::new();
    for place in 0..archive.len() {
        let mut file = archive.by_index(place).unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        files.insert(file.name().unwrap().into_owned(), text);
    }
    files
}

async fn close(app: &TestApp, who: &Person, password: &str) -> Answer {
    app.request("DELETE", "/users/me").bearer(&who.token).json(json!({"password": password})).send().await
}

async fn closes_at(app: &TestApp, who: &Person) -> Value {
    app.get(who, "/auth/me").await.json()["tenant"]["closes_at"].clone()
}

#[tokio::test]
async fn everything_comes_as_an_archive_without_what_opens_something() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.register("ada").await, app.register("bob").await);
    let gateway = app.telegram(&ada).await;
    let strange = app.web_chat(&bob).await;
    let answer = app.get(&ada, "/users/me/export").await;
    answer.expect(200);
    assert!(answer.header("content-disposition").starts_with("attachment; filename=\"2bot-export-2"));
    let files = files(&answer);
    let names: Vec<_> = Export::files().collect();
    assert_eq!(
        files.len(),
        names.len() + 1,
        "each kind has a file, also where there is nothing: {:?}",
        files.keys()
    );
    assert!(files["README.txt"].contains("Everything that 2Bot keeps of this account"));
    let told: Value = serde_json::from_str(files["gateways.jsonl"].lines().next().unwrap()).unwrap();
    assert_eq!((told["id"].as_str(), told["kind"].as_str()), (Some(gateway.as_str()), Some("telegram-bot")));
    let all: String = files.values().cloned().collect();
    for secret in ["AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", "$argon2id", strange.as_str(), ada.token.as_str()] {
        assert!(!all.contains(secret), "{secret}");
    }
    let log = app.get(&ada, "/audit-log?action=account.export").await.json();
    assert_eq!(log["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_plugins_keep_in_files_comes_along() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.register("ada").await, app.register("bob").await);
    for who in [&ada, &bob] {
        app.post(who, "/user/plugins/analytics/install", json!({})).await.expect(201);
    }
    let (of_ada, of_bob) = (app.directory(&ada, "analytics").await, app.directory(&bob, "analytics").await);
    std::fs::create_dir_all(of_ada.join("reports/empty")).unwrap();
    std::fs::create_dir_all(&of_bob).unwrap();
    std::fs::write(of_bob.join("his"), "Bob's own").unwrap();
    // More than is read at once, and nothing that packs to nothing.
    let long: String = (0..40_000).map(|number| format!("{number} ")).collect();
    std::fs::write(of_ada.join("reports/long.txt"), &long).unwrap();
    std::fs::write(of_ada.join("..\\..\\evil.exe"), "no way out").unwrap();
    let answer = app.get(&ada, "/users/me/export").await;
    answer.expect(200);
    let files = files(&answer);
    let kept: Vec<_> = files.keys().filter(|name| name.starts_with("files/")).map(String::as_str).collect();
    assert_eq!(
        kept,
        [
            "files/analytics/..%5C..%5Cevil.exe",
            "files/analytics/reports/",
            "files/analytics/reports/empty/",
            "files/analytics/reports/long.txt",
        ]
    );
    assert_eq!(files["files/analytics/reports/long.txt"], long);
    assert!(files.values().all(|text| !text.contains("Bob's own")));
    assert!(files["README.txt"].contains("files/"));
}

#[tokio::test]
async fn three_archives_an_hour() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.register("ada").await, app.register("bob").await);
    for _ in 0..3 {
        app.get(&ada, "/users/me/export").await.expect(200);
    }
    app.get(&ada, "/users/me/export").await.expect_problem(429, "rate_limited");
    app.get(&bob, "/users/me/export").await.expect(200);
}

#[tokio::test]
async fn an_account_is_closed_by_its_password_and_can_be_kept() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let elsewhere =
        app.request("POST", "/auth/login").json(json!({"email": "ada@example.org", "password": PASSWORD}));
    let elsewhere = elsewhere.send().await.json()["token"].as_str().unwrap().to_owned();
    let gateway = app.web_chat(&ada).await;
    let open = app.request("GET", "/auth/me").bearer(&elsewhere).send().await;
    open.expect(200);
    app.post(&ada, "/users/me/keep", json!({})).await.expect_problem(409, "conflict");

    close(&app, &ada, "Wrong-Password-1").await.expect_problem(403, "wrong_password");
    assert_eq!(closes_at(&app, &ada).await, Value::Null);
    let closed = close(&app, &ada, PASSWORD).await;
    closed.expect(202);
    let when = closed.json()["closes_at"].clone();
    assert!(when.is_string() && closes_at(&app, &ada).await == when);

    // Nothing runs any more, nobody else is signed in, and who asked may still look.
    app.request("GET", "/auth/me").bearer(&elsewhere).send().await.expect_problem(401, "unauthenticated");
    assert_eq!(app.get(&ada, "/workspace/status").await.json()["state"], "stopped");
    assert_eq!(app.get(&ada, &format!("/gateways/{gateway}")).await.json()["enabled"], false);
    app.post(&ada, "/workspace/start", json!({})).await.expect_problem(409, "conflict");
    // By its other name, and nothing is postponed.
    let again = app.post(&ada, "/users/me/delete-data", json!({"password": PASSWORD})).await;
    again.expect(202);
    assert_eq!(again.json()["closes_at"], when);

    app.post(&ada, "/users/me/keep", json!({})).await.expect(204);
    assert_eq!(closes_at(&app, &ada).await, Value::Null);
    app.post(&ada, "/workspace/start", json!({})).await.expect(200);
    let log = app.get(&ada, "/audit-log?action=account").await.json();
    let told: Vec<_> =
        log["items"].as_array().unwrap().iter().map(|one| (&one["action"], &one["outcome"])).collect();
    let expected = [
        ("account.keep", "success"),
        ("account.close", "success"),
        ("account.close", "success"),
        ("account.close", "failure"),
    ];
    assert_eq!(
        told,
        expected
            .map(|(action, outcome)| (json!(action), json!(outcome)))
            .iter()
            .map(|(a, b)| (a, b))
            .collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn a_password_is_not_guessed_here_either() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    for _ in 0..5 {
        close(&app, &ada, "Wrong-Password-1").await.expect_problem(403, "wrong_password");
    }
    close(&app, &ada, PASSWORD).await.expect_problem(429, "rate_limited");
}

#[tokio::test]
async fn only_the_owner_takes_everything_or_leaves() {
    let app = TestApp::start().await;
    let account = NewAccount {
        email: "max@example.org".to_owned(),
        name: "max".to_owned(),
        password_hash: "none".to_owned(),
        role: "member".to_owned(),
        plan: "free".to_owned(),
    };
    let (scope, user) = app.store().register(&account).await.unwrap();
    let token = "the token of a member".to_owned();
    let keys = SessionKeys { access: SecretString::from(token.clone()), ..SessionKeys::new() };
    let device = Device { name: "curl".to_owned(), network: "203.0.113.0/24".to_owned() };
    let session = NewSession { keys, device, kept: None, most: None };
    app.store().open_session(scope, user.id, &session).await.unwrap();
    let max = Person { token, refresh_token: String::new(), scope };
    app.get(&max, "/users/me/export").await.expect_problem(403, "role_required");
    close(&app, &max, PASSWORD).await.expect_problem(403, "role_required");
    app.post(&max, "/users/me/keep", json!({})).await.expect_problem(403, "role_required");
}
