//! Who knocks where nothing runs: what is delivered to, asked of and written to tenants that are suspended, stopped or about to be removed.

use crate::app::{ALL_SCOPES, PASSWORD, Person, Request, TestApp};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};
use twobot_domain::Timestamp;
use twobot_store::gateways::DeliveryCounts;

const TOKEN: &str = "0123456789abcdef";

/// What somebody has on whose doors is knocked.
struct Estate {
    telegram: String,
    telegram_secret: String,
    hook: String,
    chat: String,
    conversation: String,
    key: String,
}

impl Estate {
    async fn of(app: &TestApp, who: &Person) -> Self {
        app.store().set_plan(who.scope, "pro").await.unwrap();
        let telegram = app.telegram(who).await;
        let secrets = app.store().gateway_secrets(who.scope, telegram.parse().unwrap()).await.unwrap();
        let hook = json!({
            "kind": "web-hook", "name": "Orders", "config": {"verification": "token"}, "credentials": {"secret": TOKEN},
        });
        let hook = app.post(who, "/gateways", hook).await.json()["id"].as_str().unwrap().to_owned();
        let chat = app.web_chat(who).await;
        let conversation = app.conversation(who, &chat).await;
        app.post(who, "/user/plugins/analytics/install", json!({})).await.expect(201);
        let (_, key) = app.key(who, &ALL_SCOPES).await;
        let telegram_secret = secrets.webhook_secret.expose_secret().to_owned();
        Self { telegram, telegram_secret, hook, chat, conversation, key }
    }

    fn update(&self, app: &TestApp, secret: &str, id: u64) -> Request {
        let body = json!({"update_id": id, "message": {"message_id": id, "date": 0, "chat": {"id": 1, "type": "private"}}});
        let request = app.raw("POST", &format!("/api/webhooks/telegram/{}", self.telegram));
        request.header("x-telegram-bot-api-secret-token", secret).json(body)
    }

    fn document(&self, app: &TestApp, secret: &str) -> Request {
        let request = app.raw("POST", &format!("/api/v1/webhooks/web-hook/{}", self.hook));
        request.header("authorization", &format!("Bearer {secret}")).json(json!({"order": 1}))
    }

    fn say(&self, app: &TestApp, token: &str, id: &str) -> Request {
        let request = app.request("POST", &format!("/conversations/{}/messages", self.conversation));
        request.bearer(token).json(json!({"text": "hello", "client_id": id}))
    }

    fn act(&self, app: &TestApp, token: &str) -> Request {
        app.request("POST", "/user/plugins/analytics/actions/report").bearer(token).json(json!({}))
    }

    async fn counts(&self, app: &TestApp, who: &Person) -> DeliveryCounts {
        app.store().gateway(who.scope, self.telegram.parse().unwrap()).await.unwrap().counts
    }
}

async fn operator(app: &TestApp) -> Person {
    let op = app.register("op").await;
    let user = app.store().authenticate(&op.token).await.unwrap().unwrap().user.id;
    app.store().set_operator(op.scope, user, true).await.unwrap();
    op
}

async fn suspend(app: &TestApp, op: &Person, who: &Person) {
    let path = format!("/admin/tenants/{}/suspend", who.scope.tenant());
    app.post(op, &path, json!({"reason": "unpaid"})).await.expect(200);
}

/// As if the suspension had begun so many hours ago.
async fn suspended_for(app: &TestApp, who: &Person, hours: i64) {
    let mut database = SqliteConnection::connect(&app.database()).await.unwrap();
    let since = Timestamp::now().plus_millis(-hours * 3_600_000);
    let change = sqlx::query("UPDATE tenants SET suspended_at = $1 WHERE state = 'suspended'").bind(since.0);
    assert_eq!(change.execute(&mut database).await.unwrap().rows_affected(), 1);
    database.close().await.unwrap();
    app.engine.tenant_suspended(who.scope);
}

#[tokio::test]
async fn what_arrives_for_a_suspended_tenant_is_kept_for_a_day_and_then_refused() {
    let app = TestApp::patient().await;
    let (op, ada) = (operator(&app).await, app.register("ada").await);
    let estate = Estate::of(&app, &ada).await;
    suspend(&app, &op, &ada).await;
    let secret = estate.telegram_secret.as_str();

    estate.update(&app, secret, 1).send().await.expect(200);
    estate.document(&app, TOKEN).send().await.expect(200);
    estate.say(&app, &ada.token, "1").send().await.expect(201);
    suspended_for(&app, &ada, 23).await;
    estate.update(&app, secret, 2).send().await.expect(200);
    assert_eq!(app.store().waiting_events(ada.scope).await.unwrap(), 4, "all of it waits");

    suspended_for(&app, &ada, 25).await;
    estate.update(&app, secret, 3).send().await.expect_problem(403, "suspended");
    estate.document(&app, TOKEN).send().await.expect_problem(403, "suspended");
    for token in [&ada.token, &estate.key] {
        estate.say(&app, token, "2").send().await.expect_problem(403, "suspended");
        let press = app.request("POST", &format!("/conversations/{}/callbacks", estate.conversation));
        let body = json!({"message_id": "01928f6e-3f57-7cc1-93c6-1f1f6a1f0a11", "data": "x"});
        press.bearer(token).json(body).send().await.expect_problem(403, "suspended");
    }
    // Who does not know the secret is told nothing of it.
    estate.update(&app, "wrong", 4).send().await.expect_problem(401, "invalid_webhook_secret");
    estate.document(&app, "wrong").send().await.expect_problem(401, "invalid_webhook_secret");
    assert_eq!(app.store().waiting_events(ada.scope).await.unwrap(), 4, "and nothing more");
    let counts = estate.counts(&app, &ada).await;
    assert_eq!((counts.accepted, counts.refused), (2, 2));
    let said = app.get(&ada, &format!("/conversations/{}/messages", estate.conversation)).await.json();
    assert_eq!(said["items"].as_array().unwrap().len(), 1, "what was refused is not shown as said");
}

#[tokio::test]
async fn nothing_of_a_suspended_tenant_runs_by_hand_or_by_key_and_everything_can_be_looked_at() {
    let app = TestApp::patient().await;
    let (op, ada) = (operator(&app).await, app.register("ada").await);
    let estate = Estate::of(&app, &ada).await;
    estate.act(&app, &ada.token).send().await.expect(200);
    let ran = app.get(&ada, "/executions").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
    suspend(&app, &op, &ada).await;

    let before = app.get(&ada, "/usage").await.json();
    for token in [&ada.token, &estate.key] {
        estate.act(&app, token).send().await.expect_problem(403, "suspended");
        for path in [format!("/executions/{ran}/replay"), format!("/gateways/{}/test", estate.chat)] {
            let asked = app.request("POST", &path).bearer(token).json(json!({})).send().await;
            asked.expect_problem(403, "suspended");
        }
        for path in ["/gateways", "/executions", "/usage", "/workspace/status"] {
            app.request("GET", path).bearer(token).send().await.expect(200);
        }
        let reports = app.request("GET", "/analytics").bearer(token).send().await.json();
        assert_eq!(reports["items"][0]["trouble"]["code"], "suspended", "{reports:#}");
    }
    for change in ["/workspace/start", "/workspace/stop"] {
        app.post(&ada, change, json!({})).await.expect_problem(403, "suspended");
    }
    assert_eq!(app.get(&ada, "/usage").await.json(), before, "nothing was used");
    assert_eq!(app.get(&ada, "/workspace/status").await.json()["state"], "suspended");
    // They may take everything along, and leave.
    app.get(&ada, "/users/me/export").await.expect(200);
    let login = json!({"email": "ada@example.org", "password": PASSWORD});
    app.request("POST", "/auth/login").json(login).send().await.expect(200);
}

#[tokio::test]
async fn what_arrives_for_a_stopped_workspace_waits_and_actions_run() {
    let app = TestApp::patient().await;
    let ada = app.register("ada").await;
    let estate = Estate::of(&app, &ada).await;
    app.post(&ada, "/workspace/stop", json!({})).await.expect(200);
    estate.update(&app, &estate.telegram_secret, 1).send().await.expect(200);
    estate.document(&app, TOKEN).send().await.expect(200);
    estate.say(&app, &estate.key, "1").send().await.expect(201);
    assert_eq!(app.store().waiting_events(ada.scope).await.unwrap(), 3);
    estate.update(&app, "wrong", 2).send().await.expect_problem(401, "invalid_webhook_secret");
    // A report is asked for by a person who waits for it, and stopped is what happens by itself.
    estate.act(&app, &estate.key).send().await.expect(200);
}

#[tokio::test]
async fn an_account_that_is_to_be_removed_takes_nothing_more() {
    let app = TestApp::patient().await;
    let ada = app.register("ada").await;
    let estate = Estate::of(&app, &ada).await;
    app.post(&ada, "/users/me/delete-data", json!({"password": PASSWORD})).await.expect(202);
    estate.update(&app, &estate.telegram_secret, 1).send().await.expect_problem(404, "not_found");
    estate.document(&app, TOKEN).send().await.expect_problem(404, "not_found");
    estate.say(&app, &ada.token, "1").send().await.expect_problem(409, "conflict");
    let with_key = app.request("GET", "/gateways").bearer(&estate.key).send().await;
    with_key.expect_problem(401, "api_key_revoked");
    assert_eq!(estate.counts(&app, &ada).await.refused, 1);
    assert_eq!(app.store().waiting_events(ada.scope).await.unwrap(), 0);
    let empty: Value = json!([]);
    let said = app.get(&ada, &format!("/conversations/{}/messages", estate.conversation)).await.json();
    assert_eq!(said["items"], empty);
}
