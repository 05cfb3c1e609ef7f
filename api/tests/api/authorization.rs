//! Who reaches what. The operations come from the OpenAPI document: one that is added and not covered here fails.
//!
//! `matrix` tries every operation with every kind of caller, `roles` with every role of a tenant's people, and `noted` what each leaves in the audit log; `references` puts ids of another tenant into queries and bodies.

mod matrix;
mod noted;
mod references;
mod roles;
mod things;

use crate::app::TestApp;
use serde_json::{Value, json};

/// Operations that need no session, and why.
const PUBLIC: [(&str, &str); 12] = [
    ("register", "makes the account"),
    ("login", "makes the session"),
    ("loginTwoFactor", "shows what the first step answered"),
    ("refreshSession", "shows what renews a session"),
    ("verifyEmail", "shows a token of a mail"),
    ("forgotPassword", "is for who can not sign in, and says nothing"),
    ("resetPassword", "shows a token of a mail"),
    ("deliverWebhook", "providers show a secret of their own"),
    ("getHealth", "says nothing of any tenant"),
    ("getLiveness", "says nothing of any tenant"),
    ("getReadiness", "says nothing of any tenant"),
    ("getStatus", "says nothing of any tenant"),
];

struct Operation {
    method: String,
    path: String,
    id: String,
    /// The scope of keys that may call it.
    scope: Option<String>,
    /// The statuses that it says it answers with.
    answers: Vec<String>,
    /// All that the document says of it.
    description: Value,
}

fn operations() -> Vec<Operation> {
    let document = serde_json::to_value(twobot_api::openapi()).unwrap();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "put", "post", "delete", "patch"] {
            if let Some(operation) = item.get(method) {
                let id = operation["operationId"].as_str().unwrap().to_owned();
                let is_public = operation.get("security") == Some(&json!([{}]));
                assert_eq!(
                    is_public,
                    PUBLIC.iter().any(|(name, _)| *name == id),
                    "{id} is public, or is not, against the list here"
                );
                let opens = operation["security"].as_array().into_iter().flatten();
                let scope = opens.filter_map(|one| one["api_key"][0].as_str()).next().map(str::to_owned);
                let answers = operation["responses"].as_object().unwrap().keys().cloned().collect();
                all.push(Operation {
                    method: method.to_uppercase(),
                    path: path.clone(),
                    id,
                    scope,
                    answers,
                    description: operation.clone(),
                });
            }
        }
    }
    assert!(all.len() > 40, "the document lost its operations");
    all
}

fn needs_session(operation: &Operation) -> bool {
    PUBLIC.iter().all(|(id, _)| *id != operation.id)
}

#[tokio::test]
async fn every_operation_wants_a_session() {
    let app = TestApp::patient().await;
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
