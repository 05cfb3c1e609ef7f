//! Every endpoint that the two systems before this one named, under the path and the method that each of them named: programs that were written for them
//! go on.

use crate::app::TestApp;
use serde_json::json;

/// Below `/api/v1` and `/api`: the method, and the path with what stands for its parameters.
const NAMED: &[(&str, &str)] = &[
    ("POST", "/auth/register"),
    ("POST", "/auth/login"),
    ("POST", "/auth/logout"),
    ("POST", "/auth/forgot-password"),
    ("POST", "/auth/reset-password"),
    ("POST", "/auth/verify-email"),
    ("GET", "/auth/me"),
    ("GET", "/auth/session"),
    ("GET", "/user/profile"),
    ("PUT", "/user/profile"),
    ("PUT", "/user/password"),
    ("GET", "/users/me"),
    ("PATCH", "/users/me"),
    ("DELETE", "/users/me"),
    ("GET", "/users/me/export"),
    ("POST", "/users/me/delete-data"),
    ("GET", "/gateways"),
    ("POST", "/gateways"),
    ("GET", "/gateways/{id}"),
    ("PUT", "/gateways/{id}"),
    ("PATCH", "/gateways/{id}"),
    ("DELETE", "/gateways/{id}"),
    ("POST", "/gateways/{id}/test"),
    ("POST", "/gateways/{id}/connect"),
    ("POST", "/gateways/{id}/disconnect"),
    ("GET", "/plugins"),
    ("GET", "/user/plugins"),
    ("POST", "/user/plugins/{slug}/install"),
    ("POST", "/user/plugins/{slug}/uninstall"),
    ("DELETE", "/user/plugins/{slug}/uninstall"),
    ("PUT", "/user/plugins/{slug}/config"),
    ("PATCH", "/user/plugins/{slug}/config"),
    ("POST", "/user/plugins/{slug}/enable"),
    ("POST", "/user/plugins/{slug}/disable"),
    ("POST", "/user/plugins/{slug}/gateways"),
    ("GET", "/api-keys"),
    ("POST", "/api-keys"),
    ("DELETE", "/api-keys/{id}"),
    ("POST", "/api-keys/{id}/rotate"),
    ("GET", "/notifications"),
    ("PATCH", "/notifications/{id}/read"),
    ("POST", "/notifications/mark-all-read"),
    ("DELETE", "/notifications/{id}"),
    ("GET", "/workspace/status"),
    ("POST", "/workspace/start"),
    ("POST", "/workspace/stop"),
    ("POST", "/webhooks/telegram/{gatewayId}"),
    ("GET", "/health"),
    ("GET", "/health/ready"),
    ("GET", "/health/live"),
    ("GET", "/status"),
];

/// At the root.
const AT_THE_ROOT: [&str; 2] = ["/healthz", "/readyz"];

/// What these answer who shows nothing: that they are there.
const OPEN: [(&str, u16); 10] = [
    ("/auth/register", 422),
    ("/auth/login", 422),
    ("/auth/forgot-password", 422),
    ("/auth/reset-password", 422),
    ("/auth/verify-email", 422),
    ("/webhooks/telegram/{gatewayId}", 401),
    ("/health", 200),
    ("/health/ready", 200),
    ("/health/live", 200),
    ("/status", 200),
];

#[tokio::test]
async fn every_endpoint_of_before_is_there_under_every_spelling() {
    let app = TestApp::patient().await;
    let ada = app.register("ada").await;
    let bot = app.telegram(&ada).await;
    let document = serde_json::to_value(twobot_api::openapi()).unwrap();
    let mut wrong = Vec::new();
    for (method, path) in NAMED {
        // The matrix of the authorisation tests calls what the document has, and has it succeed.
        let documented = document["paths"].as_object().unwrap().iter().any(|(known, item)| {
            let same = known.replace("{connector}", "telegram") == *path;
            same && item.get(method.to_lowercase()).is_some()
        });
        if !documented {
            wrong.push(format!("{method} {path} is not in the document"));
        }
        let expected = OPEN.iter().find(|(open, _)| open == path).map_or(401, |(_, status)| *status);
        let place = path.replace("{id}", &bot).replace("{slug}", "analytics").replace("{gatewayId}", &bot);
        for base in ["/api/v1", "/api"] {
            let request = app.raw(method, &format!("{base}{place}"));
            let request = if *method == "GET" { request } else { request.json(json!({})) };
            let answer = request.send().await;
            if answer.status != expected {
                wrong.push(format!("{method} {base}{path}: {} {}", answer.status, answer.text()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    for path in AT_THE_ROOT {
        app.raw("GET", path).send().await.expect(200);
    }
}
