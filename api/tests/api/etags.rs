//! Changes that are made only if nobody made another one meanwhile.

use crate::app::{Answer, Person, TestApp};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// A change of something: its method and path, and a body by a number.
type Change = (&'static str, String, fn(usize) -> Value);

/// Everything that has a version: where it stands, and how it can be changed.
async fn things(app: &TestApp, who: &Person) -> Vec<(String, Vec<Change>)> {
    let gateway = app.web_chat(who).await;
    app.post(who, "/user/plugins/auto-reply/install", json!({})).await.expect(201);
    let (key, _) = app.key(who, &["read:plugins"]).await;
    let (gateway, key) = (format!("/gateways/{gateway}"), format!("/api-keys/{key}"));
    let plugin = "/user/plugins/auto-reply".to_owned();
    let named = |number: usize| json!({"name": format!("Name {number}")});
    let rules = |number: usize| json!({"config": {"rules": [{"match": "any", "text": "", "reply": format!("{number}")}]}});
    vec![
        (gateway.clone(), vec![("PATCH", gateway.clone(), named), ("PUT", gateway, named)]),
        (
            plugin.clone(),
            vec![
                ("PATCH", format!("{plugin}/config"), rules),
                ("PUT", format!("{plugin}/config"), rules),
                ("PUT", format!("{plugin}/grants"), |_| json!({"grants": []})),
                ("POST", format!("{plugin}/gateways"), |_| json!({"gateways": {"channels": []}})),
            ],
        ),
        (key.clone(), vec![("PATCH", key.clone(), named), ("POST", format!("{key}/rotate"), |_| json!({}))]),
    ]
}

async fn send(app: &TestApp, who: &Person, change: &Change, number: usize, tag: &str) -> Answer {
    let (method, path, body) = change;
    app.request(method, path).bearer(&who.token).header("if-match", tag).json(body(number)).send().await
}

/// What its owner decided of a thing. How its connection is changes by itself.
fn decided(mut thing: Value) -> Value {
    for name in ["status", "status_reason", "account", "updated_at"] {
        thing.as_object_mut().unwrap().remove(name);
    }
    thing
}

#[tokio::test]
async fn a_change_goes_by_the_version_that_it_names() {
    let app = TestApp::patient().await;
    let ada = app.register("ada").await;
    let mut number = 0;
    for (at, changes) in things(&app, &ada).await {
        for change in &changes {
            number += 1;
            let before = app.get(&ada, &at).await;
            let tag = before.header("etag").to_owned();
            assert_eq!(before.json()["etag"], tag, "{at}");
            assert!(tag.starts_with('"') && tag.len() == 34, "{tag}");
            assert_eq!(app.get(&ada, &at).await.header("etag"), tag, "looking changes nothing");

            let changed = send(&app, &ada, change, number, &tag).await;
            changed.expect(200);
            let new = app.get(&ada, &at).await.header("etag").to_owned();
            assert_ne!(new, tag, "{at}");
            assert_eq!(changed.header("etag"), new, "{at}");

            let after = decided(app.get(&ada, &at).await.json());
            for stale in [tag.as_str(), "\"\"", "x", &format!("W/{new}")] {
                let refused = send(&app, &ada, change, number + 100, stale).await;
                refused.expect_problem(412, "precondition_failed");
            }
            assert_eq!(decided(app.get(&ada, &at).await.json()), after, "nothing was changed");
            send(&app, &ada, change, number + 200, &format!("{tag}, {new}")).await.expect(200);
            send(&app, &ada, change, number + 300, "*").await.expect(200);
            let (method, path, body) = change;
            let unsaid = app.request(method, path).bearer(&ada.token).json(body(number + 400));
            unsaid.send().await.expect(200);
        }
    }
}

#[tokio::test]
async fn what_was_changed_meanwhile_is_not_deleted() {
    let app = TestApp::patient().await;
    let ada = app.register("ada").await;
    for (at, changes) in things(&app, &ada).await {
        let old = app.get(&ada, &at).await.header("etag").to_owned();
        send(&app, &ada, &changes[0], 1, &old).await.expect(200);
        let now = app.get(&ada, &at).await.header("etag").to_owned();
        let path = if at.contains("plugins") { format!("{at}/uninstall") } else { at.clone() };
        let delete =
            |tag: &str| app.request("DELETE", &path).bearer(&ada.token).header("if-match", tag).send();
        delete(&old).await.expect_problem(412, "precondition_failed");
        assert_eq!(app.get(&ada, &at).await.header("etag"), now);
        delete(&now).await.expect(204);
        delete(&now).await.expect_problem(404, "not_found");
        delete("*").await.expect_problem(404, "not_found");
    }
}

#[tokio::test]
async fn what_happens_by_itself_is_no_other_version() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let gateway = format!("/gateways/{}", app.web_chat(&ada).await);
    let before = app.get(&ada, &gateway).await;
    app.post(&ada, &format!("{gateway}/disconnect"), json!({})).await.expect(200);
    let after = app.get(&ada, &gateway).await;
    assert_ne!(before.json()["status"], after.json()["status"]);
    assert_eq!(before.header("etag"), after.header("etag"));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_know_the_same_version_exactly_one_changes_it() {
    let app = TestApp::patient().await;
    let ada = app.register("ada").await;
    for (at, changes) in things(&app, &ada).await {
        for (method, path, body) in changes {
            let tag = app.get(&ada, &at).await.header("etag").to_owned();
            let mut all = JoinSet::new();
            for number in 0..12 {
                let request = app.request(method, &path).bearer(&ada.token).header("if-match", &tag);
                all.spawn(request.json(body(1_000 + number)).send());
            }
            let statuses: Vec<_> = all.join_all().await.iter().map(|answer| answer.status).collect();
            assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{path} {statuses:?}");
            assert_eq!(statuses.iter().filter(|status| **status == 412).count(), 11, "{path} {statuses:?}");
        }
    }
}
