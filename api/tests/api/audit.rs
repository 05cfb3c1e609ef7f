//! Who did what: each change by a person leaves an entry, which can be found again.

use crate::app::{PASSWORD, Person, TestApp};
use serde_json::{Value, json};
use twobot_domain::Timestamp;
use twobot_store::audit::{By, Note, Target};

async fn entries(app: &TestApp, who: &Person, query: &str) -> Vec<Value> {
    let answer = app.get(who, &format!("/audit-log{query}")).await;
    answer.expect(200);
    answer.json()["items"].as_array().unwrap().clone()
}

fn told(entries: &[Value]) -> Vec<(&str, &str, &str)> {
    let text = |entry: &'_ Value, pointer: &str| -> &'static str {
        entry.pointer(pointer).and_then(Value::as_str).unwrap().to_owned().leak()
    };
    entries
        .iter()
        .rev()
        .map(|entry| (text(entry, "/action"), text(entry, "/target/name"), text(entry, "/outcome")))
        .collect()
}

#[tokio::test]
async fn each_change_by_a_person_is_told() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let gateway = app.telegram(&ada).await;
    let at = |path: &str| format!("/gateways/{gateway}{path}");
    let patch = |body: Value| app.request("PATCH", &at("")).bearer(&ada.token).json(body);
    let token = "110201543:BBHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";
    patch(json!({"name": "Shop 2", "credentials": {"token": token}})).send().await.expect(200);
    app.post(&ada, &at("/disconnect"), json!({})).await.expect(200);
    app.post(&ada, &at("/connect"), json!({})).await.expect(200);

    let slug = "/user/plugins/auto-reply";
    let body = json!({"gateways": {"channels": [gateway]}, "grants": ["storage", "send"]});
    app.post(&ada, &format!("{slug}/install"), body).await.expect(201);
    let put =
        |path: &str, body: Value| app.request("PUT", &format!("{slug}{path}")).bearer(&ada.token).json(body);
    put("/config", json!({"config": {"rules": []}})).send().await.expect(200);
    put("/grants", json!({"grants": ["send"]})).send().await.expect(200);
    app.post(&ada, &format!("{slug}/gateways"), json!({"gateways": {}})).await.expect(200);
    app.post(&ada, &format!("{slug}/disable"), json!({})).await.expect(200);
    let enabled = app.post(&ada, &format!("{slug}/enable"), json!({})).await;
    app.request("DELETE", &format!("{slug}/uninstall")).bearer(&ada.token).send().await.expect(204);
    app.request("DELETE", &at("")).bearer(&ada.token).send().await.expect(204);

    let all = entries(&app, &ada, "").await;
    let expected = [
        ("auth.login", "ada", "success"),
        ("gateway.create", "Shop", "success"),
        ("gateway.connect", "Shop", "success"),
        ("gateway.update", "Shop 2", "success"),
        ("gateway.disconnect", "Shop 2", "success"),
        ("gateway.connect", "Shop 2", "success"),
        ("plugin.install", "Auto-reply", "success"),
        ("plugin.configure", "Auto-reply", "success"),
        ("plugin.grant", "Auto-reply", "success"),
        ("plugin.configure", "Auto-reply", "success"),
        ("plugin.disable", "Auto-reply", "success"),
        ("plugin.enable", "Auto-reply", "success"),
        ("plugin.uninstall", "Auto-reply", "success"),
        ("gateway.delete", "Shop 2", "success"),
    ];
    assert_eq!(told(&all), expected);
    let user = app.get(&ada, "/auth/me").await.json()["user"]["id"].clone();
    for entry in &all {
        assert_eq!(entry["actor"], json!({"kind": "user", "id": user, "name": "ada"}), "{entry:#}");
        assert_eq!(entry["address"], "203.0.113.7");
    }
    // The request is the one that the answer named.
    assert_eq!(all[2]["request_id"], enabled.header("x-request-id"));
    assert_eq!(all[12]["target"], json!({"kind": "gateway", "id": gateway, "name": "Shop"}));
    assert_eq!(all[10]["detail"], json!({"name": true, "settings": [], "credentials": true}));
    assert_eq!(all[7]["detail"]["granted"], json!(["storage", "send"]));
    assert_eq!(all[6]["detail"], json!({"settings": ["rules"]}));
    assert_eq!(
        (&all[5]["detail"]["granted"], &all[5]["detail"]["refused"]),
        (&json!(["send"]), &json!(["storage", "ai"]))
    );
    // What a log must not tell.
    let text = serde_json::to_string(&all).unwrap();
    assert!(!text.contains(token) && !text.contains(PASSWORD) && !text.contains("110201543"), "{text}");
    assert_eq!(app.store().verify_audit(ada.scope).await.unwrap().fault, None);
}

#[tokio::test]
async fn what_changed_nothing_is_not_told_and_what_the_plan_forbids_is() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let slug = "/user/plugins/analytics";
    app.post(&ada, &format!("{slug}/enable"), json!({})).await.expect(404);
    app.post(&ada, &format!("{slug}/install"), json!({"grants": ["ai"]})).await.expect(422);
    app.post(&ada, "/gateways", json!({"kind": "telegram-bot", "name": "x"})).await.expect(422);
    for _ in 0..2 {
        app.web_chat(&ada).await;
    }
    app.post(&ada, "/gateways", json!({"kind": "web-chat", "name": "Third"})).await.expect(403);
    let all = entries(&app, &ada, "?outcome=denied").await;
    assert_eq!(told(&all), [("gateway.create", "Third", "denied")]);
    assert_eq!(all[0]["detail"], json!({"kind": "web-chat", "limit": "gateways", "used": 2, "allowed": 2}));
    assert_eq!(
        entries(&app, &ada, "").await.len(),
        6,
        "the sign-in, two gateways made and connected, one refused"
    );
}

#[tokio::test]
async fn signing_in_and_out_and_failing_to_is_told() {
    let app = TestApp::patient().await;
    let ada = app.register("ada").await;
    let login = |password: &str| {
        let body = json!({"email": "ada@example.org", "password": password});
        app.request("POST", "/auth/login").json(body).send()
    };
    login("Wrong-password-1").await.expect_problem(401, "invalid_credentials");
    // Nobody waits for that entry, so that the answer takes as long as for an account that does not exist.
    while entries(&app, &ada, "").await.len() < 2 {
        tokio::task::yield_now().await;
    }
    login(PASSWORD).await.expect(200);
    app.post(&ada, "/auth/logout", json!({})).await.expect(204);
    app.get(&ada, "/audit-log").await.expect_problem(401, "unauthenticated");
    let ada = app.person(&login(PASSWORD).await).await;
    let all = entries(&app, &ada, "?action=auth").await;
    let actions: Vec<_> = told(&all).into_iter().map(|(action, _, outcome)| (action, outcome)).collect();
    assert_eq!(
        actions,
        [
            ("auth.login", "success"),
            ("auth.login", "failure"),
            ("auth.login", "success"),
            ("auth.logout", "success"),
            ("auth.login", "success"),
        ]
    );
    // An address without an account is nobody's business.
    let eve = app.register("eve").await;
    let body = json!({"email": "nobody@example.org", "password": "x"});
    app.request("POST", "/auth/login").json(body).send().await.expect(401);
    assert_eq!(entries(&app, &eve, "").await.len(), 1);
}

#[tokio::test]
async fn entries_are_found_by_what_who_how_and_when() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    app.post(&ada, "/user/plugins/analytics/install", json!({"grants": []})).await.expect(201);
    let install = app.store().install(ada.scope, "analytics").await.unwrap();
    // The report is kept from its data, and says so.
    app.post(&ada, "/user/plugins/analytics/actions/report", json!({})).await;
    let denied = entries(&app, &ada, &format!("?actor={}", install.id)).await;
    assert_eq!(told(&denied), [("capability.denied", "storage", "denied")]);
    assert_eq!(
        denied[0]["actor"],
        json!({"kind": "plugin", "id": install.id.to_string(), "name": "analytics"})
    );
    assert!(denied[0]["detail"]["count"].as_u64().unwrap() >= 1, "{denied:?}");
    let execution = denied[0]["detail"]["execution"].as_str().unwrap();
    app.get(&ada, &format!("/executions/{execution}")).await.expect(200);

    let count = async |query: &str| entries(&app, &ada, query).await.len();
    let today = &Timestamp::now().to_string()[..10];
    assert_eq!(count("?action=plugin").await, 1);
    assert_eq!(count("?action=plugin.install&outcome=success").await, 1);
    assert_eq!(count("?action=plugin.enable").await, 0);
    assert_eq!(count(&format!("?from={today}&to={today}")).await, 3);
    assert_eq!(count("?to=2026-01-01").await, 0);
    let first = app.get(&ada, "/audit-log?limit=2").await.json();
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    let cursor = first["next_cursor"].as_str().unwrap();
    assert_eq!(
        told(&entries(&app, &ada, &format!("?cursor={cursor}")).await),
        [("auth.login", "ada", "success")]
    );

    let wrong = app.get(&ada, "/audit-log?action=plug&actor=me&outcome=maybe&from=today&to=2026-13-01").await;
    wrong.expect_problem(422, "validation_failed");
    let problem = wrong.json();
    let fields: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|error| &error["field"]).collect();
    assert_eq!(fields, ["action", "actor", "outcome", "from", "to"]);
    let order = app.get(&ada, "/audit-log?from=2026-02-01&to=2026-01-31").await;
    assert_eq!(order.json()["errors"][0]["field"], "from");
}

#[tokio::test]
async fn nobody_sees_what_another_tenant_did() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.register("ada").await, app.register("eve").await);
    let target = Target { kind: "plugin", id: "mine".to_owned(), name: "Mine".to_owned() };
    let note = Note::new(&By::system(), twobot_domain::AuditAction::PluginEnable, target);
    app.store().record_audit(ada.scope, &note).await.unwrap();
    let user = app.get(&ada, "/auth/me").await.json()["user"]["id"].as_str().unwrap().to_owned();
    assert_eq!(told(&entries(&app, &eve, "").await), [("auth.login", "eve", "success")]);
    assert!(entries(&app, &eve, &format!("?actor={user}")).await.is_empty());
    assert_eq!(entries(&app, &ada, &format!("?actor={user}")).await.len(), 1);
}
