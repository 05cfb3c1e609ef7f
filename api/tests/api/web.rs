//! What a browser asks for beside the API.

use crate::app::TestApp;
use serde_json::json;
use twobot_domain::Timestamp;

#[tokio::test]
async fn the_reference_needs_nothing_from_outside() {
    let app = TestApp::start().await;
    let redirect = app.raw("GET", "/api/docs").send().await;
    redirect.expect(303);
    assert_eq!(redirect.header("location"), "/api/docs/");
    let page = app.raw("GET", "/api/docs/").send().await;
    page.expect(200);
    let html = page.text();
    assert!(!html.contains("http://") && !html.contains("https://"), "{html}");
    let mut scripts = 0;
    for tag in html.split("<script").skip(1) {
        let (attributes, rest) = tag.split_once('>').unwrap();
        let source = attributes.split("src=\"").nth(1).unwrap().split('"').next().unwrap();
        assert!(rest.trim_start().starts_with("</script>"), "an inline script can not run: {tag}");
        let file = app.raw("GET", &format!("/api/docs/{}", source.trim_start_matches("./"))).send().await;
        file.expect(200);
        scripts += 1;
    }
    assert!(scripts >= 2, "{html}");
    app.raw("GET", "/api/docs/gone.js").send().await.expect_problem(404, "not_found");
    let start = app.raw("GET", "/api/docs/swagger-initializer.js").send().await.text();
    assert!(start.contains("/api/v1/openapi.json"), "{start}");
}

#[tokio::test]
async fn the_document_is_served_as_it_stands() {
    let app = TestApp::start().await;
    let expected = serde_json::to_value(twobot_api::openapi()).unwrap();
    for path in ["/api/v1/openapi.json", "/api/openapi.json"] {
        let answer = app.raw("GET", path).send().await;
        answer.expect(200);
        assert_eq!(answer.json(), expected, "{path}");
    }
}

#[tokio::test]
async fn pages_are_the_dashboards_and_files_that_are_gone_are_not() {
    let app = TestApp::start().await;
    let page = app.raw("GET", "/").send().await;
    // Without a built dashboard there is a page that says how to build it.
    assert!([200, 503].contains(&page.status), "{}", page.status);
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(page.status == 200 || page.text().contains("cargo xtask web"));
    for path in ["/gateways", "/plugins/auto-reply"] {
        assert_eq!(app.raw("GET", path).send().await.text(), page.text(), "{path}");
    }
    app.raw("GET", "/assets/gone-1234.js").send().await.expect_problem(404, "not_found");
    app.raw("GET", "/../Cargo.toml").send().await.expect_problem(404, "not_found");
    if page.status == 200 {
        let tag = page.header("etag").to_owned();
        let again = app.raw("GET", "/").header("if-none-match", &tag).send().await;
        assert_eq!((again.status, again.body.len()), (304, 0));
    }
}

#[tokio::test]
async fn the_server_says_how_it_is() {
    let app = TestApp::start().await;
    let mut health = app.raw("GET", "/api/health").send().await.json();
    assert!(health["uptime_seconds"].take().is_u64());
    let checks = json!({"database": "ok", "runtime": "ok"});
    assert_eq!(health, json!({"status": "ok", "version": "1.2.3", "uptime_seconds": null, "checks": checks}));
    for path in ["/healthz", "/readyz", "/api/v1/health/live", "/api/health/ready"] {
        app.raw("GET", path).send().await.expect(200);
    }
    app.store().close().await;
    app.raw("GET", "/readyz").send().await.expect_problem(503, "unavailable");
    app.raw("GET", "/healthz").send().await.expect(200);
    assert_eq!(app.raw("GET", "/api/health").send().await.json()["checks"]["database"], "failing");
    // A broken database is our problem, and its words are not for the caller.
    let answer = app.request("GET", "/gateways").bearer("x").send().await;
    answer.expect_problem(500, "internal");
    assert!(!answer.text().to_lowercase().contains("pool"), "{}", answer.text());
}

#[tokio::test]
async fn the_status_tells_of_each_part_and_of_nothing_else() {
    let app = TestApp::start().await;
    let answer = app.raw("GET", "/api/status").send().await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let mut status = answer.json();
    assert!(status["uptime_seconds"].take().is_u64());
    let started = status["started_at"].take();
    assert!(started.as_str().unwrap() <= Timestamp::now().to_string().as_str(), "{started}");
    let part =
        |name: &str, state: &str, needed: bool| json!({"name": name, "state": state, "needed": needed});
    let parts = json!([
        part("database", "ok", true),
        part("sandboxes", "ok", true),
        part("redis", "off", false),
        part("mail_server", "off", false),
    ]);
    let all = json!({"status": "ok", "version": "1.2.3", "uptime_seconds": null, "started_at": null, "parts": parts});
    assert_eq!(status, all);

    let app = app.again(|config| config.mails_go_out = true);
    let status = app.raw("GET", "/api/v1/status").send().await.json();
    assert_eq!(status["parts"][3], part("mail_server", "ok", false));
    app.store().close().await;
    let answer = app.raw("GET", "/api/status").send().await;
    answer.expect(200);
    assert_eq!(answer.json()["status"], "failing");
    assert_eq!(answer.json()["parts"][0], part("database", "failing", true));
    assert!(!answer.text().contains("sqlite"), "{}", answer.text());
}

#[tokio::test]
async fn large_answers_are_compressed_and_streams_are_not() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let answer =
        app.request("GET", "/plugins").bearer(&ada.token).header("accept-encoding", "gzip").send().await;
    assert_eq!(answer.header("content-encoding"), "gzip");
    let mut events =
        app.request("GET", "/live").bearer(&ada.token).header("accept-encoding", "gzip").follow().await;
    app.web_chat(&ada).await;
    assert_eq!(events.next().await.unwrap().name, "gateway");
}
