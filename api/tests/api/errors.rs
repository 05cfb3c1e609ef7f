//! What is wrong with a request is said the same way everywhere.

use crate::app::TestApp;
use insta::assert_json_snapshot;
use serde_json::json;

#[tokio::test]
async fn a_wrong_body_is_told_where_it_is_wrong() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let post = |body: &str| {
        let request = app.request("POST", "/gateways").bearer(&ada.token);
        request.header("content-type", "application/json").body(body.to_owned()).send()
    };
    let cases = [
        ("syntax", "{\n  \"kind\": \"web-chat\",\n  name: 1\n}"),
        ("cut", "{\"kind\": \"web-chat\""),
        ("array", "[]"),
        ("type", "{\"kind\": \"web-chat\", \"name\": 7}"),
        ("missing", "{\"kind\": \"web-chat\"}"),
        ("empty", ""),
        ("values", "{\"kind\": \"pigeon\", \"name\": \"\", \"config\": 1, \"credentials\": []}"),
        (
            "schema",
            "{\"kind\": \"web-chat\", \"name\": \"Console\", \"config\": {\"greeting\": 1, \"more\": true}}",
        ),
    ];
    let mut answers = serde_json::Map::new();
    for (name, body) in cases {
        answers.insert(name.to_owned(), post(body).await.snapshot());
    }
    assert_json_snapshot!("wrong_bodies", answers, {".**.request_id" => "[id]"});
    let page = app.store().gateways(ada.scope, twobot_store::PageRequest::default()).await.unwrap();
    assert!(page.items.is_empty());
}

#[tokio::test]
async fn a_form_is_not_taken() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let request = app.request("POST", "/gateways").bearer(&ada.token).header("content-type", "text/plain");
    request
        .body("{\"kind\": \"web-chat\", \"name\": \"Console\"}")
        .send()
        .await
        .expect_problem(415, "unsupported_media_type");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let large = json!({"kind": "web-chat", "name": "x".repeat(1024 * 1024)});
    app.post(&ada, "/gateways", large).await.expect_problem(413, "body_too_large");
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let check = async |path: &str, fields: &[&str]| {
        let answer = app.get(&ada, path).await;
        answer.expect_problem(422, "validation_failed");
        let problem = answer.json();
        let found: Vec<_> = problem["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["field"].as_str().unwrap())
            .collect();
        assert_eq!(found, fields, "{path}");
    };
    check("/gateways?limit=0&cursor=x", &["limit", "cursor"]).await;
    check("/executions?limit=201", &["limit"]).await;
    check("/executions?state=gone", &["state"]).await;
    check("/usage?from=yesterday&to=2026-13-01", &["from", "to"]).await;
    check("/usage?from=2026-02-01&to=2026-01-01", &["from"]).await;
    check("/usage?resolution=second", &["resolution"]).await;
    check("/usage?resolution=hour&from=2026-01-01&to=2026-02-01", &["from"]).await;
    check("/usage?resolution=minute&from=2020-01-01&to=2020-01-01", &["from"]).await;
    check("/usage?resolution=minute&from=2026-01-01&to=2026-01-03", &["from"]).await;
    check("/analytics?from=2020-01-01&to=2026-01-01", &["from"]).await;
    check("/gateways?limit=1&limit=2", &["query"]).await;
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_too() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    for path in ["/api/v1/nothing", "/api/nothing", "/api", "/api/v1/gateways/"] {
        app.raw("GET", path).bearer(&ada.token).send().await.expect_problem(404, "not_found");
    }
    app.get(&ada, "/gateways/not-a-uuid").await.expect_problem(404, "not_found");
    let answer = app.request("DELETE", "/gateways").bearer(&ada.token).send().await;
    answer.expect_problem(405, "method_not_allowed");
    let mut allowed: Vec<_> = answer.header("allow").split(',').collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);
    app.raw("POST", "/somewhere").send().await.expect_problem(405, "method_not_allowed");
}

#[tokio::test]
async fn every_answer_has_an_id_and_the_headers_that_keep_browsers_safe() {
    let app = TestApp::start().await;
    for path in ["/api/v1/health", "/api/v1/nothing", "/", "/api/docs/", "/healthz"] {
        let answer = app.raw("GET", path).send().await;
        assert_eq!(answer.header("x-request-id").len(), 36, "{path}");
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("script-src 'self';") && policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("strict-transport-security"), "", "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
    }
    let answer = app.request("GET", "/health").send().await;
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn a_proxys_request_id_is_kept_if_it_is_harmless() {
    let app = TestApp::start().await;
    let sent = async |id: &str| {
        let answer = app.request("GET", "/health").header("x-request-id", id).send().await;
        answer.header("x-request-id") == id
    };
    assert!(sent("4bf92f3577b34da6").await);
    assert!(!sent("short").await);
    assert!(!sent("<script>alert(1)</script>").await);
    assert!(!sent(&"x".repeat(65)).await);
}
