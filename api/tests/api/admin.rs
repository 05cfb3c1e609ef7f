//! What operators do: tenants and the outbox.

use crate::app::{Person, TestApp};
use serde_json::{Value, json};
use twobot_domain::Mail;

async fn operator(app: &TestApp) -> Person {
    let op = app.register("op").await;
    let user = app.store().authenticate(&op.token).await.unwrap().unwrap().user.id;
    app.store().set_operator(op.scope, user, true).await.unwrap();
    op
}

async fn put(app: &TestApp, who: &Person, path: &str, body: Value) -> crate::app::Answer {
    app.request("PUT", path).bearer(&who.token).json(body).send().await
}

#[tokio::test]
async fn operators_find_a_tenant_and_see_nothing_of_what_it_keeps() {
    let app = TestApp::start().await;
    let (op, ada) = (operator(&app).await, app.register("ada").await);
    assert_eq!(app.get(&op, "/auth/me").await.json()["operator"], true);
    assert_eq!(app.get(&ada, "/auth/me").await.json()["operator"], false);
    app.telegram(&ada).await;
    let found = app.get(&op, "/admin/tenants?text=ada@&state=running&plan=free").await.json();
    let one = &found["items"][0];
    assert_eq!((found["items"].as_array().unwrap().len(), &one["owner"]), (1, &json!("ada@example.org")));
    let id = one["id"].as_str().unwrap();
    let shown = app.get(&op, &format!("/admin/tenants/{id}")).await;
    shown.expect(200);
    let tenant = shown.json();
    assert_eq!((&tenant["counts"]["gateways"], &tenant["people"][0]["role"]), (&json!(1), &json!("owner")));
    assert!(!shown.text().contains("110201543") && !shown.text().contains("Shop"), "{}", shown.text());
    for (query, field) in [("state=asleep", "state"), ("plan=gold", "plan")] {
        let answer = app.get(&op, &format!("/admin/tenants?{query}")).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.json()["errors"][0]["field"], field);
    }
    let nobody = app.get(&op, "/admin/tenants/01928f6e-3f57-7cc1-93c6-1f1f6a1f0a11").await;
    nobody.expect_problem(404, "not_found");
}

#[tokio::test]
async fn a_suspended_tenant_can_do_nothing_about_it_and_goes_on_when_resumed() {
    let app = TestApp::start().await;
    let (op, ada) = (operator(&app).await, app.register("ada").await);
    let at = |path: &str| format!("/admin/tenants/{}{path}", ada.scope.tenant());
    app.post(&op, &at("/suspend"), json!({"reason": " "})).await.expect_problem(422, "validation_failed");
    let suspended = app.post(&op, &at("/suspend"), json!({"reason": "unpaid"})).await;
    suspended.expect(200);
    assert_eq!(
        (&suspended.json()["state"], &suspended.json()["suspended_for"]),
        (&json!("suspended"), &json!("unpaid"))
    );
    app.post(&op, &at("/suspend"), json!({"reason": "twice"})).await.expect_problem(409, "conflict");
    app.post(&ada, "/workspace/start", json!({})).await.expect_problem(403, "suspended");
    app.post(&ada, "/user/plugins/analytics/install", json!({})).await.expect(201);
    let ran = app.post(&ada, "/user/plugins/analytics/actions/report", json!({"input": {}})).await;
    ran.expect_problem(403, "suspended");

    let resumed = app.post(&op, &at("/resume"), json!({})).await;
    resumed.expect(200);
    assert_eq!(
        (&resumed.json()["state"], &resumed.json()["suspended_at"]),
        (&json!("running"), &json!(null))
    );
    app.post(&op, &at("/resume"), json!({})).await.expect_problem(409, "conflict");
    put(&app, &op, &at("/plan"), json!({"plan": "gold"})).await.expect_problem(422, "validation_failed");
    for _ in 0..2 {
        let moved = put(&app, &op, &at("/plan"), json!({"plan": "business"})).await;
        assert_eq!(moved.json()["plan"]["id"], "business");
    }
    let log = app.get(&ada, "/audit-log?action=tenant").await.json();
    let told: Vec<_> =
        log["items"].as_array().unwrap().iter().map(|one| (&one["action"], &one["actor"]["name"])).collect();
    let name = json!("op");
    let all = [json!("tenant.plan"), json!("tenant.resume"), json!("tenant.suspend")];
    assert_eq!(told, all.iter().map(|action| (action, &name)).collect::<Vec<_>>());
    let own = app.get(&op, "/audit-log?action=tenant").await.json();
    assert_eq!(own["items"].as_array().unwrap().len(), 3);
    assert_eq!(log["items"][2]["detail"]["reason"], "unpaid");
    let check = app.get(&op, &at("/audit-log/verify")).await.json();
    assert_eq!((&check["fault"], &check["broken_at"]), (&json!(null), &json!(null)));
    assert!(check["sound"].as_u64().unwrap() >= 5);
}

#[tokio::test]
async fn what_a_mail_says_is_shown_only_where_nothing_sends_it() {
    for mails_go_out in [false, true] {
        let app = TestApp::start().await;
        let op = operator(&app).await;
        let user = app.store().authenticate(&op.token).await.unwrap().unwrap().user.id;
        let mail = Mail::Reset { name: "Op".to_owned(), token: "s3cret-token".to_owned(), minutes: 60 };
        let id = app.store().queue_mail(op.scope, user, &mail).await.unwrap();
        let app = app.again(|config| config.mails_go_out = mails_go_out);
        let list = app.get(&op, "/admin/mails?kind=reset&state=waiting&to=op@example.org").await;
        assert_eq!(list.json()["items"][0]["id"], json!(id), "{}", list.text());
        assert!(!list.text().contains("s3cret-token"));
        let shown = app.get(&op, &format!("/admin/mails/{id}")).await;
        shown.expect(200);
        assert_eq!(shown.text().contains("s3cret-token"), !mails_go_out, "{}", shown.text());
        app.post(&op, &format!("/admin/mails/{id}/retry"), json!({})).await.expect_problem(409, "conflict");
        app.get(&op, "/admin/mails?state=lost").await.expect_problem(422, "validation_failed");
    }
}
