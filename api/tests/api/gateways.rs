//! Gateways.

use crate::app::TestApp;
use insta::assert_json_snapshot;
use secrecy::ExposeSecret;
use serde_json::json;
use twobot_domain::GatewayId;

#[tokio::test]
async fn a_gateway_is_made_changed_and_deleted() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let body =
        json!({"kind": "web-chat", "name": " Console ", "config": {"greeting": "hi"}, "connect": false});
    let made = app.post(&ada, "/gateways", body).await;
    assert_json_snapshot!("gateway_made", made.snapshot(), {".**.id" => "[id]", ".**.created_at" => "[time]", ".**.updated_at" => "[time]", ".**.etag" => "[etag]"});
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/gateways/{id}");

    for (method, name) in [("PATCH", "First"), ("PUT", "Second")] {
        let changed = app.request(method, &path).bearer(&ada.token).json(json!({"name": name})).send().await;
        changed.expect(200);
        assert_eq!(changed.json()["name"], name);
        assert_eq!(changed.json()["config"], json!({"greeting": "hi"}), "what is left out stays");
    }
    let stored = app.store().gateway(ada.scope, id.parse().unwrap()).await.unwrap();
    assert_eq!((stored.name.as_str(), stored.enabled), ("Second", false));

    let wrong =
        app.request("PATCH", &path).bearer(&ada.token).json(json!({"name": "", "config": {"greeting": 1}}));
    wrong.send().await.expect_problem(422, "validation_failed");

    app.request("DELETE", &path).bearer(&ada.token).send().await.expect(204);
    app.get(&ada, &path).await.expect_problem(404, "not_found");
    assert_eq!(app.get(&ada, "/gateways").await.json(), json!({"items": [], "next_cursor": null}));
}

#[tokio::test]
async fn credentials_go_in_and_never_come_out() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let id = app.telegram(&ada).await;
    let secrets = app.store().gateway_secrets(ada.scope, id.parse().unwrap()).await.unwrap();
    assert!(secrets.credentials.expose_secret().contains("110201543:AAH"));
    for path in ["/gateways".to_owned(), format!("/gateways/{id}")] {
        let answer = app.get(&ada, &path).await;
        answer.expect(200);
        for secret in ["AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", secrets.webhook_secret.expose_secret()] {
            assert!(!answer.text().contains(secret), "{path}");
        }
    }
    let gateway = app.get(&ada, &format!("/gateways/{id}")).await.json();
    assert_eq!(gateway["has_credentials"], true);
    assert_eq!(gateway["webhook_url"], format!("https://bots.example.org/api/webhooks/telegram/{id}"));
}

#[tokio::test]
async fn credentials_must_fit_the_kind() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let body = json!({"kind": "telegram-bot", "name": "Shop", "credentials": {"token": "no token"}});
    let answer = app.post(&ada, "/gateways", body).await;
    answer.expect_problem(422, "validation_failed");
    assert_eq!(answer.json()["errors"][0]["field"], "credentials.token");
    assert!(!answer.text().contains("no token"), "what was entered must not be echoed: {}", answer.text());
}

#[tokio::test]
async fn a_provider_that_can_not_be_reached_is_an_answer_and_no_error() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let id = app.telegram(&ada).await;
    let answer = app.post(&ada, &format!("/gateways/{id}/test"), json!({})).await;
    answer.expect(200);
    let test = answer.json();
    assert_eq!((&test["ok"], &test["account"]), (&json!(false), &json!(null)));
    assert_eq!(test["trouble"]["code"], "gateway_unavailable");
    assert!(!test["trouble"]["advice"].as_str().unwrap().is_empty());
    assert!(!answer.text().contains("AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"));
}

#[tokio::test]
async fn the_plan_limits_how_many_there_are() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let body = || json!({"kind": "web-chat", "name": "Console"});
    app.post(&ada, "/gateways", body()).await.expect(201);
    app.post(&ada, "/gateways", body()).await.expect(201);
    let answer = app.post(&ada, "/gateways", body()).await;
    answer.expect_problem(403, "limit_reached");
    assert_json_snapshot!("gateway_limit", answer.snapshot(), {".**.request_id" => "[id]"});
}

#[tokio::test]
async fn lists_come_in_pages() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let (first, second) = (app.web_chat(&ada).await, app.web_chat(&ada).await);
    let page = app.get(&ada, "/gateways?limit=1").await.json();
    assert_eq!(page["items"][0]["id"], first);
    let cursor = page["next_cursor"].as_str().unwrap();
    let page = app.get(&ada, &format!("/gateways?limit=1&cursor={cursor}")).await.json();
    assert_eq!((&page["items"][0]["id"], &page["next_cursor"]), (&json!(second), &json!(null)));
}

#[tokio::test]
async fn a_gateway_is_switched_on_and_off() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let id = app.web_chat(&ada).await;
    let enabled = async |id: &str| {
        let id: GatewayId = id.parse().unwrap();
        app.store().gateway(ada.scope, id).await.unwrap().enabled
    };
    assert!(enabled(&id).await);
    let off = app.post(&ada, &format!("/gateways/{id}/disconnect"), json!({})).await;
    off.expect(200);
    assert_eq!(off.json()["status"], "disconnected");
    assert!(!enabled(&id).await);
    app.post(&ada, &format!("/gateways/{id}/connect"), json!({})).await.expect(200);
    assert!(enabled(&id).await);
}

#[tokio::test]
async fn every_kind_says_what_it_needs() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let kinds = app.get(&ada, "/gateway-kinds").await.json();
    let names: Vec<_> =
        kinds["items"].as_array().unwrap().iter().map(|kind| kind["kind"].as_str().unwrap()).collect();
    assert_eq!(names, ["ai", "telegram-bot", "web-chat", "web-hook"]);
    for kind in kinds["items"].as_array().unwrap() {
        assert_eq!(kind["credentials_schema"]["type"], "object", "{kind}");
        assert_eq!(kind["config_schema"]["type"], "object", "{kind}");
    }
}
