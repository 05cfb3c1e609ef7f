//! The API while every thread for guests computes without end.

use crate::app::{PASSWORD, TestApp};
use serde_json::json;
use std::time::Duration;

/// Far more than it takes, so that a slow machine does not fail the test.
const PATIENCE: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_served_while_every_guest_thread_is_busy() {
    let app = TestApp::offering(&["tests/misbehaving"]).await;
    // This host has one thread for guests. The plans of three tenants together allow more than that.
    let mut people = Vec::new();
    for name in ["ada", "bob", "cem"] {
        let person = app.register(name).await;
        let gateway = app.web_chat(&person).await;
        let body = json!({"gateways": {"channels": [gateway]}, "config": {"mode": "loop"}});
        app.post(&person, "/user/plugins/misbehaving/install", body).await.expect(201);
        let conversation = app.conversation(&person, &gateway).await;
        people.push((person, format!("/conversations/{conversation}/messages")));
    }
    // From elsewhere: an address may register three accounts an hour.
    let account = json!({"email": "dan@example.org", "password": PASSWORD, "name": "dan"});
    let registering = app.request("POST", "/auth/register").with_address([203, 0, 113, 8]).json(account);
    let bystander = app.person(&registering.send().await).await;
    for (person, path) in &people {
        app.post(person, path, json!({"text": "hello", "client_id": "c"})).await.expect(201);
    }
    let busy = || {
        let occupied = people.iter().map(|(person, _)| app.engine.machine().occupied(person.scope.tenant()));
        occupied.filter(|occupied| occupied.plugins > 0).count()
    };
    let all_busy = async {
        while busy() < people.len() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, all_busy).await.expect("all of them compute");

    app.raw("GET", "/healthz").send().await.expect(200);
    app.raw("GET", "/readyz").send().await.expect(200);
    app.request("GET", "/health").send().await.expect(200);
    app.get(&bystander, "/user/profile").await.expect(200);
    assert!(busy() > 0, "they still computed after all of that");
}
