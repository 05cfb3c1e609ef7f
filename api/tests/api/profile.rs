//! Profiles: how a person is called, their time zone and language, and of what a mail tells them.

use crate::app::TestApp;
use insta::assert_json_snapshot;
use serde_json::{Value, json};

#[tokio::test]
async fn a_profile_is_shown_and_changed_under_every_spelling() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let shown = app.get(&ada, "/user/profile").await;
    assert_json_snapshot!("profile", shown.snapshot(), { ".**.id" => "[id]", ".**.created_at" => "[time]" });
    assert_eq!(app.get(&ada, "/users/me").await.json(), shown.json());

    let change = async |method: &str, path: &str, body: Value| {
        let answer = app.request(method, path).bearer(&ada.token).json(body).send().await;
        answer.expect(200);
        answer.json()
    };
    let one = change("PATCH", "/user/profile", json!({"name": " Ada Lovelace "})).await;
    assert_eq!((&one["name"], &one["time_zone"]), (&json!("Ada Lovelace"), &json!(null)));
    let two = change("PUT", "/user/profile", json!({"time_zone": "Europe/London"})).await;
    assert_eq!((&two["name"], &two["time_zone"]), (&json!("Ada Lovelace"), &json!("Europe/London")));
    let mails = json!({"gateways": false, "security": true});
    let three = change("PATCH", "/users/me", json!({"language": "pt-BR", "mails": mails})).await;
    assert_eq!(three["language"], "pt-BR");
    assert_eq!(three["mails"], json!({"limits": true, "gateways": false, "security": true}));
    // Nothing at all, and what is so already, is no change.
    assert_eq!(change("PATCH", "/users/me", json!({})).await, three);
    assert_eq!(change("PATCH", "/users/me", json!({"name": "Ada Lovelace"})).await, three);
    assert_eq!(app.get(&ada, "/user/profile").await.json(), three);

    let me = app.get(&ada, "/auth/me").await.json();
    assert_eq!(
        [&me["user"]["name"], &me["tenant"]["name"], &me["language"], &me["time_zone"]],
        ["Ada Lovelace", "Ada Lovelace", "pt-BR", "Europe/London"]
    );
    let four = change("PATCH", "/users/me", json!({"time_zone": null})).await;
    assert_eq!(four["time_zone"], json!(null));

    let log = app.get(&ada, "/audit-log?action=account.update").await.json();
    let told: Vec<_> = log["items"].as_array().unwrap().iter().map(|one| &one["detail"]).collect();
    let settings = |name: bool, settings: &[&str]| json!({"name": name, "settings": settings});
    assert_eq!(
        told,
        [
            &settings(false, &["time_zone"]),
            &settings(false, &["language", "mail_gateways"]),
            &settings(false, &["time_zone"]),
            &settings(true, &[]),
        ]
    );
}

#[tokio::test]
async fn wrong_fields_of_a_profile_are_all_named_and_nothing_is_changed() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let before = app.get(&ada, "/user/profile").await.json();
    let body = json!({
        "name": "", "language": "English", "time_zone": "Mars/Olympus", "mails": {"security": false, "limits": false}
    });
    let answer = app.request("PUT", "/user/profile").bearer(&ada.token).json(body).send().await;
    answer.expect_problem(422, "validation_failed");
    let problem = answer.json();
    let fields: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|error| &error["field"]).collect();
    assert_eq!(fields, ["name", "language", "time_zone", "mails.security"]);
    for (body, field) in [
        (json!({"mails": {"limits": "often"}}), "mails.limits"),
        (json!({"mails": 3}), "mails"),
        (json!({"time_zone": 3}), "time_zone"),
    ] {
        let answer = app.request("PATCH", "/users/me").bearer(&ada.token).json(body).send().await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.json()["errors"][0]["field"], field);
    }
    assert_eq!(app.get(&ada, "/user/profile").await.json(), before);
}
