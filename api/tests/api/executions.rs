//! Executions: what came of what a plugin asked to be done.

use crate::app::TestApp;
use serde_json::json;
use twobot_domain::{EffectId, ExecutionId, GatewayError, Usage};
use twobot_store::accounts::WorkspaceState;
use twobot_store::effects::Tried;
use twobot_store::executions::{Cause, Commit, NewEffect, NewExecution};
use twobot_store::journal::LeftCall;

#[tokio::test]
async fn an_execution_tells_what_may_have_been_done_twice_and_what_is_not_known() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let gateway = app.web_chat(&ada).await;
    let body = json!({"gateways": {"channels": [gateway]}});
    app.post(&ada, "/user/plugins/auto-reply/install", body).await.expect(201);
    let (store, scope) = (app.store(), ada.scope);
    // So that nobody but the test delivers what is queued.
    store.set_workspace_state(scope, WorkspaceState::Stopped).await.unwrap();
    let install = store.install(scope, "auto-reply").await.unwrap().id;
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
    store.begin_action(scope, &new).await.unwrap();
    let effect = || NewEffect {
        id: EffectId::new(),
        gateway: gateway.parse().unwrap(),
        kind: "send_message",
        action: "{}".to_owned(),
        lane: "lane".to_owned(),
    };
    let (twice, unknown) = (effect(), effect());
    let ids = [twice.id, unknown.id];
    // The host went away while the plugin waited, and the next attempt did not come to that call again.
    let lost = |what: &str| GatewayError::OutcomeUnknown(what.to_owned()).trouble("Console");
    store.journal_intent(scope, execution, 0, "{}", &[]).await.unwrap();
    let left = vec![LeftCall { seq: 0, trouble: lost("left behind") }];
    let commit = Commit { effects: vec![twice, unknown], left, ..Commit::default() };
    let limits = app.engine.limits(scope).await.unwrap();
    store.finish_execution(scope, execution, install, &limits, &commit).await.unwrap();

    for id in [ids[0], ids[0], ids[1]] {
        store.begin_effect(scope, id).await.unwrap();
    }
    store.effect_sent(scope, ids[0], &Usage::default()).await.unwrap();
    let trouble = GatewayError::OutcomeUnknown("the connection broke".to_owned()).trouble("Console");
    store.effect_failed(scope, ids[1], Tried::Unsure, &trouble, &Usage::default(), None).await.unwrap();

    let shown = app.get(&ada, &format!("/executions/{execution}")).await.json();
    let (calls, effects) = (&shown["unknown_calls"], shown["effects"].clone());
    assert_eq!(
        (calls.as_array().unwrap().len(), &calls[0]["error"]["code"]),
        (1, &json!("gateway_outcome_unknown"))
    );
    assert!(calls[0]["error"].to_string().contains("left behind"), "{calls}");
    let told = app.get(&ada, "/notifications").await.json().to_string();
    assert!(told.contains("It is not known whether “Console” did this"), "{told}");
    let shown = |at: usize| (effects[at]["state"].clone(), effects[at]["repeats"].clone());
    assert_eq!(shown(0), (json!("sent"), json!(1)));
    assert_eq!(shown(1), (json!("failed"), json!(0)));
    assert_eq!(effects[1]["error"]["code"], "gateway_outcome_unknown");
    assert!(
        effects[1]["error"].to_string().contains("It is not known whether “Console” did this"),
        "{effects}"
    );
}
