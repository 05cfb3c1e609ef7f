//! What each person of a tenant may do, by their role, and a key by that of who made it. An operation that is not in the table fails.

use super::matrix::{NOT_DONE, call, forget_requests, guarded, is_of_operators, state, told};
use super::things::Things;
use crate::app::{ALL_SCOPES, Person, TestApp};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use twobot_domain::{ApiKeyId, ApiScope, Role};
use twobot_store::api_keys::NewApiKey;

/// What anyone of the tenant may do.
const MEMBER: &[&str] = &[
    "logout",
    "listSessions",
    "revokeSession",
    "revokeSessions",
    "resendVerification",
    "changePassword",
    "getMe",
    "getSession",
    "getTwoFactor",
    "beginTwoFactor",
    "confirmTwoFactor",
    "disableTwoFactor",
    "renewRecoveryCodes",
    "getUser",
    "getProfile",
    "changeUser",
    "changeProfile",
    "putProfile",
    "listApiKeys",
    "getApiKey",
    "getWorkspace",
    "getUsage",
    "getAnalytics",
    "listGatewayKinds",
    "listGateways",
    "getGateway",
    "listInboundDeliveries",
    "listOutboundDeliveries",
    "listConversations",
    "createConversation",
    "listMessages",
    "postMessage",
    "pressButton",
    "followConversation",
    "listPlugins",
    "getPlugin",
    "listInstalls",
    "getInstall",
    "listExecutions",
    "getExecution",
    "listDeadLetters",
    "countDeadLetters",
    "getDeadLetter",
    "listNotifications",
    "readNotification",
    "putNotificationRead",
    "readAllNotifications",
    "deleteNotification",
    "followWorkspace",
];
/// What takes an admin or the owner.
const ADMIN: &[&str] = &[
    "createApiKey",
    "changeApiKey",
    "revokeApiKey",
    "rotateApiKey",
    "startWorkspace",
    "stopWorkspace",
    "createGateway",
    "changeGateway",
    "putGateway",
    "deleteGateway",
    "connectGateway",
    "disconnectGateway",
    "testGateway",
    "installPlugin",
    "uninstallPlugin",
    "postUninstallPlugin",
    "configurePlugin",
    "putPluginConfig",
    "enablePlugin",
    "disablePlugin",
    "bindGateways",
    "grantPlugin",
    "runAction",
    "replayExecution",
    "retryDeadLetter",
    "discardDeadLetter",
    "retryDeadLetters",
    "discardDeadLetters",
    "listAuditLog",
];
/// What takes the owner.
const OWNER: &[&str] = &["closeAccount", "deleteData", "keepAccount", "exportAccount"];
/// What takes an operator of the platform, which no role in a tenant makes.
const OPERATOR: &[&str] = &[
    "listTenants",
    "getTenant",
    "suspendTenant",
    "resumeTenant",
    "setTenantPlan",
    "verifyAuditLog",
    "listPlans",
    "listMails",
    "getMail",
    "retryMail",
];

fn roles() -> BTreeMap<&'static str, Role> {
    let all = [(MEMBER, Role::Member), (ADMIN, Role::Admin), (OWNER, Role::Owner)];
    all.into_iter().flat_map(|(ids, role)| ids.iter().map(move |id| (*id, role))).collect()
}

/// A key with all scopes in somebody's name, however it came about: its maker's role may have been another then.
async fn key_of(app: &TestApp, who: &Person, prefix: &str) -> (ApiKeyId, String) {
    let token = crate::app::well_formed(prefix, 'k');
    let user = app.store().authenticate(&who.token).await.unwrap().unwrap().user.id;
    let new = NewApiKey {
        user,
        name: "Script".to_owned(),
        prefix: prefix.to_owned(),
        token: token.as_str().into(),
        scopes: ApiScope::ALL.to_vec(),
        expires_at: None,
    };
    let key = app.store().create_api_key(who.scope, &new, None).await.unwrap();
    (key.id, token)
}

#[test]
fn every_operation_has_a_role_and_no_other_is_named() {
    let (table, real) = (roles(), guarded());
    let real: BTreeSet<_> = real.iter().map(|operation| operation.id.as_str()).collect();
    let named: BTreeSet<_> = table.keys().chain(OPERATOR).copied().collect();
    let lists = [MEMBER, ADMIN, OWNER, OPERATOR];
    assert_eq!(lists.map(<[_]>::len).iter().sum::<usize>(), named.len(), "one stands there twice");
    let missing: Vec<_> = real.difference(&named).collect();
    let gone: Vec<_> = named.difference(&real).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "say here which role they take: {missing:?}; gone: {gone:?}"
    );
}

#[tokio::test]
async fn nobody_does_what_their_role_does_not_allow() {
    let app = TestApp::patient().await;
    let ann = app.register("ann").await;
    let things = Things::of(&app, &ann).await;
    let (mo, al) =
        (app.colleague(&ann, "mo", Role::Member).await, app.colleague(&ann, "al", Role::Admin).await);
    let (mo_key, mo_token) = key_of(&app, &mo, "mmmmmmmmmm").await;
    let (al_key, al_token) = key_of(&app, &al, "aaaaaaaaaa").await;
    let before = state(&app, &ann).await;
    let (table, mut wrong, mut cells) = (roles(), Vec::new(), 0);
    for operation in guarded() {
        if is_of_operators(&operation) {
            assert!(OPERATOR.contains(&operation.id.as_str()), "{}", operation.id);
            for (who, session) in
                [("a member", &mo.token), ("an admin", &al.token), ("the owner", &ann.token)]
            {
                let answer = call(&app, &operation, &things, Some(session)).await;
                told(&mut wrong, &operation, who, &answer, (403, "operator_required"));
            }
            continue;
        }
        let needed = table.get(operation.id.as_str()).copied().unwrap_or(Role::Owner);
        for (who, role, session, key) in [
            ("a member", Role::Member, &mo.token, &mo_token),
            ("an admin", Role::Admin, &al.token, &al_token),
        ] {
            if role >= needed {
                continue;
            }
            let answer = call(&app, &operation, &things, Some(session)).await;
            told(&mut wrong, &operation, who, &answer, (403, "role_required"));
            let answer = call(&app, &operation, &things, Some(key)).await;
            let expected = if operation.scope.is_some() { "role_required" } else { "session_required" };
            told(&mut wrong, &operation, &format!("the key of {who}"), &answer, (403, expected));
            cells += 2;
        }
        let keys = [("", mo_key.to_string(), String::new()), ("", al_key.to_string(), String::new())];
        forget_requests(&app, &keys).await;
    }
    assert!(wrong.is_empty(), "{} cells are wrong: {wrong:#?}", wrong.len());
    assert!(cells > 60, "only {cells} cells were tried");
    assert_eq!(state(&app, &ann).await, before, "somebody changed something of ann's");
}

#[tokio::test]
async fn a_member_does_what_their_role_allows() {
    does_what_is_allowed("member", Role::Member).await;
}

#[tokio::test]
async fn an_admin_does_what_their_role_allows() {
    does_what_is_allowed("admin", Role::Admin).await;
}

async fn does_what_is_allowed(who: &str, role: Role) {
    let app = TestApp::patient().await;
    let (table, mut wrong) = (roles(), Vec::new());
    let owner = app.register("owner").await;
    let of_owner = Things::of(&app, &owner).await;
    let person = app.colleague(&owner, who, role).await;
    let things = of_owner.seen_by(&app, &person).await;
    // Another tenant, for the key: some operations can be done once.
    let other = app.register("other").await;
    let of_other = Things::of(&app, &other).await;
    let colleague = app.colleague(&other, "colleague", role).await;
    let (key, token) = key_of(&app, &colleague, "0000000001").await;
    for operation in guarded().into_iter().filter(|operation| !is_of_operators(operation)) {
        if role < table.get(operation.id.as_str()).copied().unwrap_or(Role::Owner) {
            continue;
        }
        let session = if operation.id == "logout" { &things.elsewhere } else { &person.token };
        let mut callers = vec![(&things, session)];
        if operation.scope.is_some() {
            callers.push((&of_other, &token));
        }
        for (things, token) in callers {
            let answer = call(&app, &operation, things, Some(token)).await;
            let not_done =
                NOT_DONE.iter().any(|(id, status, _)| *id == operation.id && *status == answer.status);
            if !not_done && !(200..300).contains(&answer.status) {
                wrong.push(format!("{} by {who}: {} {}", operation.id, answer.status, answer.text()));
            }
        }
        forget_requests(&app, &[("", key.to_string(), String::new())]).await;
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn a_key_does_no_more_than_its_maker_may_now() {
    let app = TestApp::patient().await;
    let ann = app.register("ann").await;
    app.store().set_plan(ann.scope, "enterprise").await.unwrap();
    let al = app.colleague(&ann, "al", Role::Admin).await;
    let user = app.store().authenticate(&al.token).await.unwrap().unwrap().user.id;
    let (_, token) = app.key(&al, &ALL_SCOPES).await;
    let make = async || {
        let body = json!({"kind": "web-chat", "name": "Chat"});
        app.request("POST", "/gateways").bearer(&token).json(body).send().await
    };
    make().await.expect(201);
    assert!(app.store().set_user_role(ann.scope, user, Role::Member).await.unwrap());
    make().await.expect_problem(403, "role_required");
    app.request("GET", "/gateways").bearer(&token).send().await.expect(200);
    assert!(app.store().set_user_role(ann.scope, user, Role::Admin).await.unwrap());
    make().await.expect(201);
}
