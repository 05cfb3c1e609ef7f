//! Nobody reaches anything without a session, and nobody reaches anything of another tenant. The operations come from the
//! OpenAPI document: one that is added and not covered here fails.

use crate::app::{Person, TestApp};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use twobot_domain::{ExecutionId, InboundId, Usage};
use twobot_store::executions::{Cause, NewExecution};
use twobot_store::inbound::{Accepted, Decoded, NewInbound};

/// Paths that are served beside those of the document.
const ALIASES: [(&str, &str); 8] = [
    ("GET", "/auth/session"),
    ("GET", "/users/me"),
    ("GET", "/user/profile"),
    ("PUT", "/gateways/{id}"),
    ("PUT", "/user/plugins/{slug}/config"),
    ("POST", "/user/plugins/{slug}/uninstall"),
    ("PUT", "/notifications/{id}/read"),
    ("GET", "/status"),
];

/// Operations that need no session, and why.
const PUBLIC: [(&str, &str); 11] = [
    ("register", "makes the account"),
    ("login", "makes the session"),
    ("refreshSession", "shows what renews a session"),
    ("verifyEmail", "shows a token of a mail"),
    ("forgotPassword", "is for who can not sign in, and says nothing"),
    ("resetPassword", "shows a token of a mail"),
    ("deliverWebhook", "providers show a secret of their own"),
    ("getHealth", "says nothing of any tenant"),
    ("getLiveness", "says nothing of any tenant"),
    ("getReadiness", "says nothing of any tenant"),
    ("/status", "is getHealth"),
];

struct Operation {
    method: String,
    path: String,
    id: String,
}

fn operations() -> Vec<Operation> {
    let document = serde_json::to_value(twobot_api::openapi()).unwrap();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "put", "post", "delete", "patch"] {
            if let Some(operation) = item.get(method) {
                let id = operation["operationId"].as_str().unwrap().to_owned();
                let is_public = operation.get("security").is_some();
                assert_eq!(
                    is_public,
                    PUBLIC.iter().any(|(name, _)| *name == id),
                    "{id} is public, or is not, against the list here"
                );
                all.push(Operation { method: method.to_uppercase(), path: path.clone(), id });
            }
        }
    }
    all.extend(ALIASES.map(|(method, path)| Operation {
        method: method.to_owned(),
        path: path.to_owned(),
        id: path.to_owned(),
    }));
    assert!(all.len() > 40, "the document lost its operations");
    all
}

fn needs_session(operation: &Operation) -> bool {
    PUBLIC.iter().all(|(id, _)| *id != operation.id)
}

#[tokio::test]
async fn every_operation_wants_a_session() {
    let app = TestApp::start().await;
    let id = "01928f6e-3f57-7cc1-93c6-1f1f6a1f0a11";
    for operation in operations().iter().filter(|operation| needs_session(operation)) {
        let path =
            operation.path.replace("{id}", id).replace("{slug}", "analytics").replace("{action}", "report");
        assert!(!path.contains('{'), "{path}: say here what to put for its parameter");
        for base in ["/api/v1", "/api"] {
            let request = || app.raw(&operation.method, &format!("{base}{path}"));
            let name = format!("{} {base}{path}", operation.method);
            for answer in [
                request().send().await,
                request().bearer("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").send().await,
                request().cookie("").send().await,
                request().header("authorization", "Basic YWRhOmFkYQ==").send().await,
            ] {
                assert_eq!(
                    (answer.status, &answer.json()["code"]),
                    (401, &json!("unauthenticated")),
                    "{name}"
                );
            }
        }
    }
}

/// A delivery that was given up.
async fn dead_letter(app: &TestApp, who: &Person, gateway: &str) -> InboundId {
    let delivery = NewInbound {
        gateway: gateway.parse().unwrap(),
        provider_id: "nonsense".to_owned(),
        body: "{}".to_owned(),
        waiting_limit: 10,
    };
    let Accepted::New(id) = app.store().accept(who.scope, delivery).await.unwrap() else {
        panic!("it is new");
    };
    let delivery = app.store().inbound(who.scope, id).await.unwrap();
    let decoded = Decoded::Failed("nonsense".to_owned());
    app.store().finish_inbound(who.scope, &delivery, &decoded, &Usage::default()).await.unwrap();
    id
}

/// Things of one tenant: the id to put into each path.
struct Things {
    gateway: String,
    conversation: String,
    notification: String,
    execution: String,
    dead_letter: String,
    session: String,
}

impl Things {
    async fn of(app: &TestApp, who: &Person) -> Self {
        let gateway = app.web_chat(who).await;
        let conversation = app.conversation(who, &gateway).await;
        let body = json!({"gateways": {"channels": [gateway]}});
        app.post(who, "/user/plugins/auto-reply/install", body).await.expect(201);
        let install = app.store().install(who.scope, "auto-reply").await.unwrap().id;
        let execution = ExecutionId::new();
        let new = NewExecution {
            id: execution,
            install,
            event: None,
            cause: Cause::Action,
            event_kind: "test".to_owned(),
            lane: String::new(),
            depth: 0,
        };
        app.store().begin_action(who.scope, &new).await.unwrap();
        let dead_letter = dead_letter(app, who, &gateway).await;
        let session = app.store().authenticate(&who.token).await.unwrap().unwrap().session;
        let notification = app.store().notify(who.scope, "info", "Hello", "").await.unwrap();
        Self {
            gateway,
            conversation,
            notification: notification.to_string(),
            execution: execution.to_string(),
            dead_letter: dead_letter.to_string(),
            session: session.to_string(),
        }
    }

    /// The path with the ids of these things. None for paths that name no stored thing.
    fn fill(&self, path: &str) -> Option<String> {
        let id = match path.split('/').nth(1)? {
            "gateways" => &self.gateway,
            "conversations" => &self.conversation,
            "notifications" => &self.notification,
            "executions" => &self.execution,
            "dead-letters" => &self.dead_letter,
            "auth" => &self.session,
            // The catalogue is everyone's; installs go by the plugin's name, of which the other tenant has none.
            "plugins" => return None,
            "user" => {
                return path
                    .contains("{slug}")
                    .then(|| path.replace("{slug}", "auto-reply").replace("{action}", "test"));
            }
            "webhooks" => return None,
            other if path.contains('{') => panic!("{path}: say here what the id in /{other} names"),
            _ => return None,
        };
        path.contains("{id}").then(|| path.replace("{id}", id))
    }

    /// A body that would do.
    fn body(&self, path: &str) -> Value {
        let bodies = BTreeMap::from([
            ("/gateways/{id}", json!({"name": "Mine now"})),
            ("/conversations/{id}/messages", json!({"text": "hello"})),
            ("/conversations/{id}/callbacks", json!({"message_id": self.notification, "data": "x"})),
            ("/user/plugins/{slug}/config", json!({"config": {}})),
            ("/user/plugins/{slug}/grants", json!({"grants": []})),
            ("/user/plugins/{slug}/gateways", json!({"gateways": {}})),
            ("/user/plugins/{slug}/actions/{action}", json!({"input": {"text": "hello"}})),
        ]);
        bodies.get(path).cloned().unwrap_or_else(|| json!({}))
    }
}

#[tokio::test]
async fn nobody_reaches_what_another_tenant_has() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.register("ada").await, app.register("eve").await);
    let things = Things::of(&app, &ada).await;
    let before = state(&app, &ada).await;
    let mut tried = 0;
    for operation in operations().iter().filter(|operation| needs_session(operation)) {
        // Whoever installs a plugin makes something of their own.
        if operation.id == "installPlugin" {
            continue;
        }
        let Some(path) = things.fill(&operation.path) else { continue };
        let request =
            app.request(&operation.method, &path).bearer(&eve.token).json(things.body(&operation.path));
        let answer = request.send().await;
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (404, &json!("not_found")),
            "{} {path}: {}",
            operation.method,
            answer.text()
        );
        tried += 1;
    }
    assert!(tried > 20, "only {tried} operations were tried");
    assert_eq!(state(&app, &ada).await, before, "eve changed something of ada's");

    // The same paths are ada's to use.
    for path in [
        format!("/gateways/{}", things.gateway),
        format!("/conversations/{}/messages", things.conversation),
        format!("/executions/{}", things.execution),
        format!("/dead-letters/{}", things.dead_letter),
        "/user/plugins/auto-reply".to_owned(),
    ] {
        app.get(&ada, &path).await.expect(200);
    }
}

#[tokio::test]
async fn another_tenants_gateway_can_not_be_bound() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.register("ada").await, app.register("eve").await);
    let gateway = app.web_chat(&ada).await;
    let body = json!({"gateways": {"channels": [gateway]}});
    let answer = app.post(&eve, "/user/plugins/auto-reply/install", body).await;
    answer.expect_problem(422, "validation_failed");
    assert_eq!(answer.json()["errors"][0]["field"], "gateways.channels");
    assert!(app.store().installs(eve.scope).await.unwrap().is_empty());
}

/// All that a tenant sees of their own.
async fn state(app: &TestApp, who: &Person) -> Vec<Value> {
    let mut all = Vec::new();
    for path in ["/gateways", "/user/plugins", "/executions", "/dead-letters", "/notifications", "/audit-log"]
    {
        all.push(app.get(who, path).await.json());
    }
    all
}
