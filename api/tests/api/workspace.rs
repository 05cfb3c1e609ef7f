//! The workspace, its usage, and what its owner is told.

use crate::app::TestApp;
use insta::assert_json_snapshot;
use serde_json::json;
use twobot_store::accounts::WorkspaceState;

#[tokio::test]
async fn a_workspace_is_stopped_and_started() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    assert_json_snapshot!("workspace", app.get(&ada, "/workspace/status").await.snapshot());
    let state = async || app.store().tenant(ada.scope).await.unwrap().state;
    let stopped = app.post(&ada, "/workspace/stop", json!({})).await;
    assert_eq!((stopped.status, &stopped.json()["state"]), (200, &json!("stopped")));
    assert_eq!(state().await, WorkspaceState::Stopped);
    app.post(&ada, "/workspace/start", json!({})).await.expect(200);
    assert_eq!(state().await, WorkspaceState::Running);

    app.store().set_workspace_state(ada.scope, WorkspaceState::Suspended).await.unwrap();
    app.post(&ada, "/workspace/start", json!({})).await.expect_problem(403, "suspended");
    assert_eq!(state().await, WorkspaceState::Suspended);
}

#[tokio::test]
async fn usage_has_every_day_of_its_range() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    app.post(&ada, "/user/plugins/analytics/install", json!({})).await.expect(201);
    app.post(&ada, "/user/plugins/analytics/actions/report", json!({})).await.expect(200);
    let usage = app.get(&ada, "/usage").await.json();
    assert_eq!(usage["days"].as_array().unwrap().len(), 30);
    assert_eq!((&usage["totals"]["executions"], &usage["days"][29]["executions"]), (&json!(1), &json!(1)));
    assert_eq!(usage["totals"]["fuel"], usage["days"][29]["fuel"]);
    assert_eq!(usage["limits"]["ai_tokens_per_month"], 10_000);
    let past = app.get(&ada, "/usage?from=2026-01-30&to=2026-02-01").await.json();
    let dates: Vec<_> =
        past["days"].as_array().unwrap().iter().map(|day| day["date"].as_str().unwrap()).collect();
    assert_eq!(dates, ["2026-01-30", "2026-01-31", "2026-02-01"]);
    assert_eq!(past["totals"]["executions"], 0);
    assert_eq!(past["periods"], json!([]));
}

#[tokio::test]
async fn usage_is_told_by_minute_hour_and_day_summed_or_not() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    app.post(&ada, "/user/plugins/analytics/install", json!({})).await.expect(201);
    app.post(&ada, "/user/plugins/analytics/actions/report", json!({})).await.expect(200);
    let today = twobot_domain::Timestamp::now().plus_millis(-3_600_000).to_string();
    let from = &today[..10];
    for summed in [false, true] {
        let mut fuel = Vec::new();
        for (resolution, ends_with) in
            [("minute", ":00.000Z"), ("hour", ":00:00.000Z"), ("day", "T00:00:00.000Z")]
        {
            let usage = app.get(&ada, &format!("/usage?resolution={resolution}&from={from}")).await.json();
            assert_eq!(usage["resolution"], resolution);
            assert_eq!(usage["totals"]["executions"], 1, "{usage}");
            let periods = usage["periods"].as_array().unwrap();
            assert_eq!((periods.len(), &periods[0]["executions"]), (1, &json!(1)), "{summed}");
            assert!(periods[0]["at"].as_str().unwrap().ends_with(ends_with), "{usage}");
            fuel.push(periods[0]["fuel"].as_u64().unwrap());
        }
        assert!(fuel[0] > 0 && fuel.iter().all(|one| *one == fuel[0]), "{fuel:?}");
        let later = twobot_domain::Timestamp::now().plus_millis(600_000);
        app.store().sum_usage(later, 10).await.unwrap();
    }
}

#[tokio::test]
async fn notifications_are_read_and_removed() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let first = app.store().notify(ada.scope, "problem", "First", "text").await.unwrap();
    app.store().notify(ada.scope, "info", "Second", "").await.unwrap();
    let list = async || app.get(&ada, "/notifications").await;
    assert_json_snapshot!("notifications", list().await.snapshot(), {".**.id" => "[id]", ".**.created_at" => "[time]"});

    let read = app.request("PATCH", &format!("/notifications/{first}/read")).bearer(&ada.token);
    read.send().await.expect(204);
    let reads = |answer: serde_json::Value| -> Vec<bool> {
        answer["items"].as_array().unwrap().iter().map(|item| item["read"].as_bool().unwrap()).collect()
    };
    assert_eq!(reads(list().await.json()), [false, true]);
    app.post(&ada, "/notifications/mark-all-read", json!({})).await.expect(204);
    assert_eq!(reads(list().await.json()), [true, true]);
    app.request("DELETE", &format!("/notifications/{first}")).bearer(&ada.token).send().await.expect(204);
    assert_eq!(list().await.json()["items"].as_array().unwrap().len(), 1);
}
