//! Ids of another tenant in queries and bodies: they are as if they were not there. Where an operation takes an id is found in the
//! document, so that one that is added and not tried here fails.

use super::operations;
use super::things::Things;
use crate::app::TestApp;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Every place where an operation takes an id, other than in its path: `operation query name` or `operation body name`.
fn places() -> BTreeSet<String> {
    let document = serde_json::to_value(twobot_api::openapi()).unwrap();
    let mut found = BTreeSet::new();
    for operation in operations() {
        for parameter in operation.description["parameters"].as_array().into_iter().flatten() {
            if parameter["in"] == "query" && takes_id(&parameter["schema"], &document) {
                found.insert(format!("{} query {}", operation.id, parameter["name"].as_str().unwrap()));
            }
        }
        let contents = operation.description["requestBody"]["content"].as_object();
        for content in contents.into_iter().flat_map(|contents| contents.values()) {
            let schema = resolved(&content["schema"], &document);
            for (name, field) in schema["properties"].as_object().into_iter().flatten() {
                if takes_id(field, &document) {
                    found.insert(format!("{} body {name}", operation.id));
                }
            }
        }
    }
    found
}

fn resolved<'a>(schema: &'a Value, document: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(place) => document.pointer(place.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

fn takes_id(schema: &Value, document: &Value) -> bool {
    let schema = resolved(schema, document);
    match schema {
        Value::Object(members) => {
            members.get("format") == Some(&json!("uuid"))
                || members.iter().any(|(name, member)| name != "example" && takes_id(member, document))
        }
        Value::Array(items) => items.iter().any(|item| takes_id(item, document)),
        _ => false,
    }
}

#[tokio::test]
async fn an_id_of_another_tenant_is_as_if_it_was_not_there() {
    let app = TestApp::patient().await;
    let (ann, eve) = (app.register("ann").await, app.register("eve").await);
    let (of_ann, of_eve) = (Things::of(&app, &ann).await, Things::of(&app, &eve).await);
    let user = app.get(&ann, "/auth/me").await.json()["user"]["id"].as_str().unwrap().to_owned();
    let conversation = of_eve.ids()[1];
    let (gateway, message) = (of_ann.gateway.as_str(), of_ann.message.as_str());
    let slots = |slot: &str| json!({"gateways": {slot: [gateway]}});
    let installed = "/user/plugins/analytics/uninstall";
    app.request("DELETE", installed).bearer(&eve.token).send().await.expect(204);

    let mut tried = BTreeSet::new();
    for (place, method, path, body) in [
        ("listDeadLetters query gateway", "GET", format!("/dead-letters?gateway={gateway}"), json!({})),
        (
            "countDeadLetters query gateway",
            "GET",
            format!("/dead-letters/count?gateway={gateway}"),
            json!({}),
        ),
        (
            "retryDeadLetters body gateway",
            "POST",
            "/dead-letters/retry".to_owned(),
            json!({"gateway": gateway}),
        ),
        (
            "discardDeadLetters body gateway",
            "POST",
            "/dead-letters/discard".to_owned(),
            json!({"gateway": gateway}),
        ),
        (
            "pressButton body message_id",
            "POST",
            format!("/conversations/{conversation}/callbacks"),
            json!({"message_id": message, "data": "x"}),
        ),
        (
            "bindGateways body gateways",
            "POST",
            "/user/plugins/auto-reply/gateways".to_owned(),
            slots("channels"),
        ),
        (
            "installPlugin body gateways",
            "POST",
            "/user/plugins/analytics/install".to_owned(),
            slots("sources"),
        ),
    ] {
        let request = app.request(method, &path).bearer(&eve.token);
        let request = if method == "GET" { request } else { request.json(body) };
        let answer = request.send().await;
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (404, &json!("not_found")),
            "{place}: {}",
            answer.text()
        );
        tried.insert(place.to_owned());
    }
    assert!(app.store().install(eve.scope, "analytics").await.is_err(), "it was installed all the same");

    // Who did something may long be gone, so that anyone's id is a question with an empty answer.
    let found = app.get(&eve, &format!("/audit-log?actor={user}")).await;
    found.expect(200);
    assert_eq!(found.json()["items"], json!([]));
    tried.insert("listAuditLog query actor".to_owned());
    // Where a stream begins: whatever the id is, only messages of the conversation in the path come.
    let mut events = app
        .request("GET", &format!("/conversations/{conversation}/stream?after={message}"))
        .bearer(&eve.token)
        .follow()
        .await;
    let text = json!({"text": "hello"});
    app.post(&eve, &format!("/conversations/{conversation}/messages"), text).await.expect(201);
    loop {
        let event = events.next_of("message").await;
        assert_ne!(event.data["id"], message);
        if event.data["text"] == "hello" {
            break;
        }
    }
    tried.insert("followConversation query after".to_owned());

    assert_eq!(tried, places(), "an operation takes an id that is not tried here, or one is gone");
}
