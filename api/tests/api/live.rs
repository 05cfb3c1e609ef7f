//! What changes, as it changes.

use crate::app::TestApp;
use serde_json::json;

#[tokio::test]
async fn a_tenant_sees_what_changes_and_nothing_of_others() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.register("ada").await, app.register("eve").await);
    let mut events = app.request("GET", "/live").cookie(&ada.token).follow().await;
    app.web_chat(&eve).await;
    let gateway = app.web_chat(&ada).await;
    let event = events.next().await.unwrap();
    assert_eq!((event.name.as_str(), &event.data["id"]), ("gateway", &json!(gateway)));
    app.post(&ada, "/user/plugins/analytics/install", json!({})).await.expect(201);
    assert_eq!(events.next_of("install").await.data, json!({"slug": "analytics", "state": "enabled"}));
}

#[tokio::test]
async fn a_stop_of_the_server_ends_the_stream() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let mut events = app.request("GET", "/live").bearer(&ada.token).follow().await;
    app.config.shutdown.cancel();
    while events.next().await.is_some() {}
    app.raw("GET", "/readyz").send().await.expect_problem(503, "unavailable");
}
