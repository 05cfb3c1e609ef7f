//! Deliveries of providers.

use crate::app::{Person, Request, TestApp};
use secrecy::ExposeSecret;
use serde_json::json;
use twobot_store::gateways::DeliveryCounts;

struct Bot {
    id: String,
    secret: String,
}

async fn bot(app: &TestApp, who: &Person) -> Bot {
    let id = app.telegram(who).await;
    let secrets = app.store().gateway_secrets(who.scope, id.parse().unwrap()).await.unwrap();
    Bot { id, secret: secrets.webhook_secret.expose_secret().to_owned() }
}

fn deliver(app: &TestApp, bot: &Bot, body: impl Into<axum::body::Body>) -> Request {
    app.raw("POST", &format!("/api/webhooks/telegram/{}", bot.id))
        .header("content-type", "application/json")
        .header("X-Telegram-Bot-Api-Secret-Token", &bot.secret)
        .body(body)
}

async fn counts(app: &TestApp, who: &Person, bot: &Bot) -> DeliveryCounts {
    app.store().gateway(who.scope, bot.id.parse().unwrap()).await.unwrap().counts
}

fn update(id: u64) -> String {
    let chat = json!({"id": 42, "type": "private", "first_name": "Ada"});
    let from = json!({"id": 42, "is_bot": false, "first_name": "Ada"});
    let message =
        json!({"message_id": 1, "date": 1_760_000_000, "chat": chat, "from": from, "text": "hello"});
    json!({"update_id": id, "message": message}).to_string()
}

#[tokio::test]
async fn a_delivery_is_durable_and_a_repeat_changes_nothing() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let bot = bot(&app, &ada).await;
    // What was accepted waits in the log as long as the workspace is stopped.
    app.post(&ada, "/workspace/stop", json!({})).await.expect(200);
    for _ in 0..2 {
        let answer = deliver(&app, &bot, update(7)).send().await;
        answer.expect(200);
        assert_eq!(answer.json(), json!({}));
    }
    let counts = counts(&app, &ada, &bot).await;
    assert_eq!((counts.accepted, counts.duplicates, counts.refused), (1, 1, 0));
    assert_eq!(app.store().waiting_events(ada.scope).await.unwrap(), 1);
}

#[tokio::test]
async fn what_is_wrong_is_refused_and_counted() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let bot = bot(&app, &ada).await;
    let wrong = Bot { id: bot.id.clone(), secret: "0".repeat(64) };
    deliver(&app, &wrong, update(1)).send().await.expect_problem(401, "invalid_webhook_secret");
    let without = app.raw("POST", &format!("/api/v1/webhooks/telegram/{}", bot.id)).body(update(1));
    without.send().await.expect_problem(401, "invalid_webhook_secret");
    deliver(&app, &bot, "{\"update_id\":").send().await.expect_problem(400, "malformed_json");
    deliver(&app, &bot, "{}").send().await.expect_problem(400, "malformed_json");
    deliver(&app, &bot, vec![0xff, 0xfe]).send().await.expect_problem(400, "malformed_json");
    let large = vec![b' '; 1024 * 1024 + 1];
    deliver(&app, &bot, large.clone()).send().await.expect_problem(413, "body_too_large");
    let announced = deliver(&app, &bot, "x").header("content-length", "1048577");
    announced.send().await.expect_problem(413, "body_too_large");
    let counts = counts(&app, &ada, &bot).await;
    assert_eq!((counts.accepted, counts.refused), (0, 7));
    assert_eq!(app.store().waiting_events(ada.scope).await.unwrap(), 0);
}

#[tokio::test]
async fn an_address_that_names_nothing_is_not_found() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let bot = bot(&app, &ada).await;
    let chat = app.web_chat(&ada).await;
    for path in [
        "/api/webhooks/telegram/01928f6e-3f57-7cc1-93c6-1f1f6a1f0a11".to_owned(),
        "/api/webhooks/telegram/nonsense".to_owned(),
        format!("/api/webhooks/telegram/{chat}"),
        format!("/api/webhooks/other/{}", bot.id),
    ] {
        let request = app.raw("POST", &path).header("X-Telegram-Bot-Api-Secret-Token", &bot.secret);
        request.body(update(1)).send().await.expect_problem(404, "not_found");
    }
}

#[tokio::test]
async fn when_too_much_waits_the_provider_is_asked_to_come_back() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let bot = bot(&app, &ada).await;
    app.post(&ada, "/workspace/stop", json!({})).await.expect(200);
    let limit = u64::from(app.engine.limits(ada.scope).await.unwrap().waiting_events);
    for id in 0..limit {
        deliver(&app, &bot, update(id)).send().await.expect(200);
    }
    let answer = deliver(&app, &bot, update(limit)).send().await;
    answer.expect_problem(503, "queue_full");
    assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
    assert_eq!(counts(&app, &ada, &bot).await.refused, 1);
}
