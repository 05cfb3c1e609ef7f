//! Plugins: the catalogue, and what is installed from it.

use crate::app::TestApp;
use insta::assert_json_snapshot;
use serde_json::json;
use twobot_store::installs::InstallState;

#[tokio::test]
async fn the_catalogue_says_what_a_plugin_asks_for() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let plugins = app.get(&ada, "/plugins").await.json();
    let slugs: Vec<_> =
        plugins["items"].as_array().unwrap().iter().map(|plugin| plugin["slug"].as_str().unwrap()).collect();
    assert_eq!(slugs, ["analytics", "auto-reply"]);
    let plugin = app.get(&ada, "/plugins/auto-reply").await.json();
    assert_eq!(plugin, plugins["items"][1]);
    assert_eq!(plugin["capabilities"], json!(["storage", "send", "ai"]));
    assert_eq!(
        (&plugin["gateway_slots"][0]["name"], &plugin["gateway_slots"][0]["required"]),
        (&json!("channels"), &json!(true))
    );
    assert_eq!((plugin["installed"].as_bool(), plugin["digest"].as_str().unwrap().len()), (Some(false), 64));
    app.get(&ada, "/plugins/nothing").await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn a_plugin_is_installed_configured_run_and_removed() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let gateway = app.web_chat(&ada).await;

    // Without its required gateway it is installed, but gets nothing yet.
    let made = app.request("POST", "/user/plugins/auto-reply/install").bearer(&ada.token).send().await;
    made.expect(201);
    assert_json_snapshot!("installed", made.snapshot(), {
        ".**.id" => "[id]", ".**.created_at" => "[time]", ".**.updated_at" => "[time]", ".**.etag" => "[etag]", ".**.plugin" => "[plugin]", ".**.config" => "[config]"
    });
    app.post(&ada, "/user/plugins/auto-reply/install", json!({})).await.expect_problem(409, "conflict");
    let answer = app.post(&ada, "/user/plugins/auto-reply/enable", json!({})).await;
    answer.expect_problem(422, "validation_failed");
    assert_eq!(answer.json()["errors"][0]["field"], "gateways.channels");

    let bound = app
        .post(&ada, "/user/plugins/auto-reply/gateways", json!({"gateways": {"channels": [gateway]}}))
        .await;
    bound.expect(200);
    assert_eq!(
        bound.json()["gateways"]["channels"],
        json!([{"id": gateway, "name": "Console", "kind": "web-chat"}])
    );
    app.post(&ada, "/user/plugins/auto-reply/enable", json!({})).await.expect(200);

    let run =
        app.post(&ada, "/user/plugins/auto-reply/actions/test", json!({"input": {"text": "hello"}})).await;
    run.expect(200);
    let execution = run.json()["execution_id"].as_str().unwrap().to_owned();
    let record = app.get(&ada, &format!("/executions/{execution}")).await.json();
    assert_eq!((&record["state"], &record["trigger"]), (&json!("succeeded"), &json!("action")));
    assert_eq!(record["plugin"], json!({"slug": "auto-reply", "name": "Auto-reply"}));
    assert!(record["fuel"].as_u64().unwrap() > 0);
    let list = app.get(&ada, "/executions?plugin=auto-reply&state=succeeded").await.json();
    assert_eq!(list["items"][0]["id"], execution);
    assert_eq!(app.get(&ada, "/executions?state=failed").await.json()["items"], json!([]));

    let wrong =
        app.post(&ada, "/user/plugins/auto-reply/actions/test", json!({"input": {"words": "hello"}})).await;
    wrong.expect_problem(422, "validation_failed");
    app.post(&ada, "/user/plugins/auto-reply/actions/nothing", json!({}))
        .await
        .expect_problem(404, "not_found");

    for (method, path) in
        [("PATCH", "/api/user/plugins/auto-reply/config"), ("PUT", "/api/v1/user/plugins/auto-reply/config")]
    {
        let request = app.raw(method, path).bearer(&ada.token).json(json!({"config": {"nonsense": true}}));
        request.send().await.expect_problem(422, "validation_failed");
        app.raw(method, path).bearer(&ada.token).json(json!({"config": {}})).send().await.expect(200);
    }

    app.post(&ada, "/user/plugins/auto-reply/disable", json!({})).await.expect(200);
    assert_eq!(app.store().install(ada.scope, "auto-reply").await.unwrap().state, InstallState::Disabled);
    app.request("DELETE", "/user/plugins/auto-reply/uninstall").bearer(&ada.token).send().await.expect(204);
    app.get(&ada, "/user/plugins/auto-reply").await.expect_problem(404, "not_found");
    assert!(app.store().installs(ada.scope).await.unwrap().is_empty());
}

#[tokio::test]
async fn no_more_is_granted_than_is_asked_for() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let install = |grants| app.post(&ada, "/user/plugins/analytics/install", json!({"grants": grants}));
    install(json!(["ai"])).await.expect_problem(422, "validation_failed");
    install(json!(["everything"])).await.expect_problem(422, "validation_failed");
    let made = install(json!(["storage"])).await;
    made.expect(201);
    assert_eq!(made.json()["grants"], json!(["storage"]));
    assert_eq!(app.store().install(ada.scope, "analytics").await.unwrap().grants.len(), 1);
}

#[tokio::test]
async fn what_a_plugin_may_do_is_decided_by_its_owner() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    app.post(&ada, "/user/plugins/analytics/install", json!({})).await.expect(201);
    let decide =
        |body| app.request("PUT", "/user/plugins/analytics/grants").bearer(&ada.token).json(body).send();
    for wrong in [json!({"grants": ["ai"]}), json!({"grants": ["storage", "http:*"]})] {
        let answer = decide(wrong).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.json()["errors"][0]["field"], "grants");
    }
    for wrong in [json!({}), json!({"grants": "storage"}), json!({"grants": ["everything"]})] {
        decide(wrong).await.expect_problem(422, "validation_failed");
    }
    let nothing = decide(json!({"grants": []})).await;
    nothing.expect(200);
    assert_eq!((&nothing.json()["grants"], &nothing.json()["undecided"]), (&json!([]), &json!([])));
    app.post(&ada, "/user/plugins/analytics/actions/report", json!({})).await.expect(422);
    let all = decide(json!({"grants": ["storage", "storage"]})).await;
    assert_eq!(all.json()["grants"], json!(["storage"]));
    app.post(&ada, "/user/plugins/analytics/actions/report", json!({})).await.expect(200);
    let eve = app.register("eve").await;
    let body = json!({"grants": []});
    let request = app.request("PUT", "/user/plugins/analytics/grants").bearer(&eve.token).json(body);
    request.send().await.expect_problem(404, "not_found");
}
