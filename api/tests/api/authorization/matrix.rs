//! The matrix: every operation × nobody, a session that was ended, that has expired, or whose token has, a stranger with a session or a key, a key
//! of each scope, an expired and a revoked key, and the owner with a session or with the key that it takes.

use super::things::Things;
use super::{Operation, needs_session, operations};
use crate::app::{ALL_SCOPES, Answer, PASSWORD, Person, TestApp};
use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};
use std::time::Duration;
use twobot_domain::Timestamp;
use twobot_redis::Rule;

/// What is not done though its caller may: the operation, the status, and why.
pub(super) const NOT_DONE: [(&str, u16, &str); 4] = [
    ("replayExecution", 409, "nothing ran yet"),
    (
        "confirmTwoFactor",
        409,
        "it was not begun; `two_factor` goes the whole way, as with the following ones",
    ),
    ("renewRecoveryCodes", 409, "it is off"),
    ("disableTwoFactor", 409, "it is off"),
];

/// What ends something that other operations need, so that it is tried after them: the later the larger.
const LAST: [(&str, u8); 22] = [
    // What is confirmed must not have been begun.
    ("beginTwoFactor", 1),
    ("disconnectGateway", 1),
    ("deleteNotification", 1),
    ("uninstallPlugin", 1),
    ("postUninstallPlugin", 1),
    ("retryDeadLetter", 1),
    ("retryDeadLetters", 2),
    ("discardDeadLetters", 2),
    ("stopWorkspace", 2),
    ("revokeApiKey", 2),
    ("revokeSession", 2),
    ("deleteGateway", 3),
    // The plugin that was uninstalled.
    ("installPlugin", 3),
    ("logout", 3),
    ("closeAccount", 4),
    ("deleteData", 4),
    ("keepAccount", 5),
    ("suspendTenant", 6),
    ("changePassword", 6),
    ("setTenantPlan", 7),
    ("resumeTenant", 7),
    ("revokeSessions", 7),
];

/// Operations that need a session or a key, in an order in which each finds what it needs.
pub(super) fn guarded() -> Vec<Operation> {
    let mut all: Vec<_> = operations().into_iter().filter(needs_session).collect();
    let place = |operation: &Operation| {
        LAST.iter().find(|(id, _)| *id == operation.id).map_or(0, |(_, place)| *place)
    };
    all.sort_by_key(place);
    all
}

/// Whether only operators may call it.
pub(super) fn is_of_operators(operation: &Operation) -> bool {
    operation.path.starts_with("/admin/")
}

/// Makes the call of an operation on somebody's things.
pub(super) async fn call(app: &TestApp, operation: &Operation, of: &Things, token: Option<&str>) -> Answer {
    let (path, _) = of.path(operation);
    let mut request = app.request(&operation.method, &path);
    if let Some(token) = token {
        request = request.bearer(token);
    }
    if operation.method != "GET" {
        request = request.json(of.body(operation));
    }
    request.begin().await
}

/// What of a cell of the matrix is not as it should be.
pub(super) fn told(
    wrong: &mut Vec<String>,
    operation: &Operation,
    who: &str,
    answer: &Answer,
    expected: (u16, &str),
) {
    let code = answer.json()["code"].as_str().unwrap_or_default().to_owned();
    if (answer.status, code.as_str()) != expected {
        let name = format!("{} {} ({})", operation.method, operation.path, operation.id);
        wrong.push(format!("{name} by {who}: {} {code}, not {expected:?}", answer.status));
    }
}

/// One key for each scope.
pub(super) async fn keys(app: &TestApp, who: &Person) -> Vec<(&'static str, String, String)> {
    let mut keys = Vec::new();
    for scope in ALL_SCOPES {
        let (id, token) = app.key(who, &[scope]).await;
        keys.push((scope, id, token));
    }
    keys
}

/// Lets keys go on that have made many requests: how many they may make is looked at elsewhere.
pub(super) async fn forget_requests(app: &TestApp, keys: &[(&str, String, String)]) {
    let rule = Rule { name: "api-key", limit: 1, period: Duration::from_secs(1) };
    for (_, id, _) in keys {
        let id: uuid::Uuid = id.parse().unwrap();
        app.config.windows.forgive(&rule, &[id.as_bytes()]).await;
    }
}

/// Tokens of sessions of somebody that open nothing any more, and what ended each.
async fn dead_sessions(app: &TestApp, who: &Person) -> [(&'static str, String); 3] {
    let me = app.get(who, "/auth/me").await.json();
    let credentials = json!({"email": me["user"]["email"], "password": PASSWORD});
    let mut database = SqliteConnection::connect(&app.database()).await.unwrap();
    let mut dead = [
        ("a session that was ended", ""),
        ("a session that has expired", "UPDATE sessions SET expires_at = $1 WHERE id = $2"),
        ("a token that has expired", "UPDATE sessions SET access_until = $1 WHERE id = $2"),
    ]
    .map(|(how, change)| (how, change, String::new()));
    for (_, change, token) in &mut dead {
        let opened = app.request("POST", "/auth/login").json(credentials.clone()).send().await.json();
        opened["token"].as_str().unwrap().clone_into(token);
        let session = app.store().authenticate(token).await.unwrap().unwrap().session;
        if change.is_empty() {
            app.request("POST", "/auth/logout").bearer(token).send().await.expect(204);
        } else {
            let change = sqlx::query(*change).bind(Timestamp::now().plus_millis(-1).0).bind(session.uuid());
            assert_eq!(change.execute(&mut database).await.unwrap().rows_affected(), 1);
        }
    }
    database.close().await.unwrap();
    dead.map(|(how, _, token)| (how, token))
}

#[tokio::test]
async fn nobody_does_what_they_may_not() {
    let app = TestApp::patient().await;
    let (ann, eve) = (app.register("ann").await, app.register("eve").await);
    let things = Things::of(&app, &ann).await;
    app.store().set_plan(eve.scope, "enterprise").await.unwrap();
    let of_ann = keys(&app, &ann).await;
    let (_, of_eve) = app.key(&eve, &ALL_SCOPES).await;
    let (_, expired) = app.expired_key(&ann, "0123456789").await;
    let (id, revoked) = app.key(&ann, &ALL_SCOPES).await;
    app.request("DELETE", &format!("/api-keys/{id}")).bearer(&ann.token).send().await.expect(204);

    let dead = dead_sessions(&app, &ann).await;
    let before = state(&app, &ann).await;
    let mut wrong = Vec::new();
    let (mut cells, mut opened) = (0, 0);
    for operation in guarded() {
        let (_, names_a_thing) = things.path(&operation);
        let cell = async |token: Option<&str>| call(&app, &operation, &things, token).await;
        told(&mut wrong, &operation, "nobody", &cell(None).await, (401, "unauthenticated"));
        for (how, token) in &dead {
            told(&mut wrong, &operation, how, &cell(Some(token)).await, (401, "unauthenticated"));
        }
        told(&mut wrong, &operation, "an expired key", &cell(Some(&expired)).await, (401, "api_key_expired"));
        told(&mut wrong, &operation, "a revoked key", &cell(Some(&revoked)).await, (401, "api_key_revoked"));
        for (scope, _, token) in &of_ann {
            let expected = match &operation.scope {
                Some(taken) if taken == scope => continue,
                Some(_) => (403, "scope_missing"),
                None => (403, "session_required"),
            };
            told(&mut wrong, &operation, scope, &cell(Some(token)).await, expected);
            cells += 1;
        }
        // A stranger does with their own what they like, and does not come across anything of hers.
        let mut strangers = vec![("a stranger", &eve.token)];
        if operation.scope.is_some() {
            strangers.push(("a stranger's key", &of_eve));
            opened += 1;
        }
        for (who, token) in strangers {
            if ["logout", "revokeSessions"].contains(&operation.id.as_str()) {
                continue;
            }
            let answer = cell(Some(token)).await;
            if is_of_operators(&operation) {
                told(&mut wrong, &operation, who, &answer, (403, "operator_required"));
            } else if names_a_thing {
                told(&mut wrong, &operation, who, &answer, (404, "not_found"));
            } else if ![200, 201, 202, 204, 409].contains(&answer.status) {
                wrong.push(format!("{} by {who}: {} {}", operation.id, answer.status, answer.text()));
            }
            let text = answer.text();
            for id in things.ids() {
                if text.contains(id) {
                    wrong.push(format!("{} tells {who} of {id}: {text}", operation.id));
                }
            }
        }
        forget_requests(&app, &of_ann).await;
    }
    assert!(wrong.is_empty(), "{} cells are wrong: {wrong:#?}", wrong.len());
    assert!(
        cells > 500 && opened > 40,
        "only {cells} cells were tried, and {opened} operations are open to keys"
    );
    assert_eq!(state(&app, &ann).await, before, "somebody changed something of ann's");
}

#[tokio::test]
async fn everybody_does_what_they_may() {
    let app = TestApp::patient().await;
    let (ann, kim) = (app.register("ann").await, app.register("kim").await);
    let (of_ann, of_kim) = (Things::of(&app, &ann).await, Things::of(&app, &kim).await);
    let of_scope = keys(&app, &kim).await;
    let op = app.register("op").await;
    let operator = app.store().authenticate(&op.token).await.unwrap().unwrap().user.id;
    app.store().set_operator(op.scope, operator, true).await.unwrap();
    let mut wrong = Vec::new();
    let mut done = 0;
    for operation in guarded() {
        let mut callers = vec![("the owner", &of_ann, &ann.token)];
        if is_of_operators(&operation) {
            callers = vec![("an operator", &of_kim, &op.token)];
        }
        if let Some(scope) = &operation.scope {
            let key = of_scope.iter().find(|(name, _, _)| name == scope);
            let Some((_, _, token)) = key else { panic!("{}: there is no scope {scope}", operation.id) };
            callers.push(("the owner's key", &of_kim, token));
        }
        for (who, things, token) in callers {
            // Who signs out does so elsewhere: here other operations are still to be tried.
            let token = if operation.id == "logout" { &things.elsewhere } else { token };
            let answer = call(&app, &operation, things, Some(token)).await;
            let expected =
                NOT_DONE.iter().find(|(id, _, _)| *id == operation.id).map(|(_, status, _)| *status);
            let right = match expected {
                Some(status) => answer.status == status,
                None => (200..300).contains(&answer.status),
            };
            if !right {
                wrong.push(format!("{} by {who}: {} {}", operation.id, answer.status, answer.text()));
            }
            if !operation.answers.contains(&answer.status.to_string()) {
                wrong.push(format!("{} does not say that it answers {}", operation.id, answer.status));
            }
            done += 1;
        }
        forget_requests(&app, &of_scope).await;
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(done > 90, "only {done} calls were made");
}

#[tokio::test]
async fn what_is_open_to_all_does_not_look_at_keys() {
    let app = TestApp::patient().await;
    let ann = app.register("ann").await;
    let (_, expired) = app.expired_key(&ann, "0123456789").await;
    for operation in operations().iter().filter(|operation| !needs_session(operation)) {
        let path = operation.path.replace("{connector}", "telegram").replace("{gatewayId}", "x");
        let ask = || app.request(&operation.method, &path).header("content-type", "application/json");
        let (bare, with_key) = (ask().send().await, ask().bearer(&expired).send().await);
        assert_eq!(
            (bare.status, &bare.json()["code"]),
            (with_key.status, &with_key.json()["code"]),
            "{path}"
        );
    }
}

/// All that a tenant sees of their own.
pub(super) async fn state(app: &TestApp, who: &Person) -> Vec<Value> {
    let paths = [
        "/gateways",
        "/user/plugins",
        "/executions",
        "/dead-letters",
        "/notifications",
        "/audit-log?limit=200",
        "/workspace/status",
        "/api-keys",
    ];
    let mut all = Vec::new();
    for path in paths {
        let answer = app.get(who, path).await;
        answer.expect(200);
        let mut seen = answer.json();
        // When a refused key was used is noted; whether it is, is looked at elsewhere.
        for item in seen["items"].as_array_mut().into_iter().flatten() {
            if let Some(used) = item.get_mut("last_used_at") {
                *used = json!(null);
            }
        }
        all.push(seen);
    }
    all
}
