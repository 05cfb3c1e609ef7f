//! Reports.

use crate::app::TestApp;
use serde_json::json;

#[tokio::test]
async fn every_report_of_an_enabled_plugin_is_run() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    assert_eq!(app.get(&ada, "/analytics").await.json()["items"], json!([]));
    app.post(&ada, "/user/plugins/analytics/install", json!({})).await.expect(201);

    let answer = app.get(&ada, "/analytics?from=2026-01-01&to=2026-01-03").await;
    answer.expect(200);
    let reports = answer.json();
    assert_eq!(reports["items"].as_array().unwrap().len(), 1);
    let report = &reports["items"][0];
    assert_eq!(report["plugin"], json!({"slug": "analytics", "name": "Analytics"}));
    assert_eq!((&report["action"], &report["trouble"]), (&json!("report"), &json!(null)));
    let days = report["output"]["days"].as_array().unwrap();
    assert_eq!((days.len(), &days[0]["date"]), (3, &json!("2026-01-01")));

    app.post(&ada, "/user/plugins/analytics/disable", json!({})).await.expect(200);
    assert_eq!(app.get(&ada, "/analytics").await.json()["items"], json!([]));
}

#[tokio::test]
async fn a_report_that_fails_says_why() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    // Without its storage it can not report.
    app.post(&ada, "/user/plugins/analytics/install", json!({"grants": []})).await.expect(201);
    let answer = app.get(&ada, "/analytics").await;
    answer.expect(200);
    let report = &answer.json()["items"][0];
    assert_eq!(report["output"], json!(null));
    let trouble = &report["trouble"];
    assert!(
        !trouble["title"].as_str().unwrap().is_empty() && !trouble["advice"].as_str().unwrap().is_empty(),
        "{trouble}"
    );
}
