//! What each operation leaves in the audit log: who, what, on what, from where, and how it went. The operations come from the OpenAPI document: one
//! that changes something, and of which nobody said what it leaves, fails.

use super::matrix::{call, guarded, is_of_operators};
use super::things::{Things, dead_letter};
use crate::app::{Person, TestApp};
use std::collections::BTreeSet;
use twobot_domain::{AuditAction, Timestamp, UserId};
use twobot_store::accounts::WorkspaceState;
use twobot_store::audit::{AuditFilter, AuditRecord};
use twobot_store::{PageRequest, TenantScope};

/// What an operation leaves when it is done.
const NOTED: &[(&str, &str)] = &[
    ("logout", "auth.logout"),
    ("revokeSession", "auth.session_revoke"),
    ("revokeSessions", "auth.session_revoke"),
    ("changePassword", "auth.password_reset"),
    ("changeUser", "account.update"),
    ("changeProfile", "account.update"),
    ("putProfile", "account.update"),
    ("exportAccount", "account.export"),
    ("closeAccount", "account.close"),
    ("deleteData", "account.close"),
    ("keepAccount", "account.keep"),
    ("createApiKey", "apikey.create"),
    ("changeApiKey", "apikey.update"),
    ("rotateApiKey", "apikey.rotate"),
    ("revokeApiKey", "apikey.revoke"),
    ("startWorkspace", "workspace.start"),
    ("stopWorkspace", "workspace.stop"),
    ("createGateway", "gateway.create"),
    ("changeGateway", "gateway.update"),
    ("putGateway", "gateway.update"),
    ("connectGateway", "gateway.connect"),
    ("disconnectGateway", "gateway.disconnect"),
    ("deleteGateway", "gateway.delete"),
    ("installPlugin", "plugin.install"),
    ("configurePlugin", "plugin.configure"),
    ("putPluginConfig", "plugin.configure"),
    ("bindGateways", "plugin.configure"),
    ("grantPlugin", "plugin.grant"),
    ("enablePlugin", "plugin.enable"),
    ("disablePlugin", "plugin.disable"),
    ("uninstallPlugin", "plugin.uninstall"),
    ("postUninstallPlugin", "plugin.uninstall"),
    ("retryDeadLetter", "dead_letter.retry"),
    ("retryDeadLetters", "dead_letter.retry"),
    ("discardDeadLetter", "dead_letter.discard"),
    ("discardDeadLetters", "dead_letter.discard"),
    ("suspendTenant", "tenant.suspend"),
    ("resumeTenant", "tenant.resume"),
    ("setTenantPlan", "tenant.plan"),
    ("retryMail", "operator.mail_retry"),
];

/// What changes something and leaves nothing, and why.
const NOT_NOTED: &[(&str, &str)] = &[
    ("resendVerification", "a mail to oneself"),
    ("beginTwoFactor", "it is on once it is confirmed"),
    ("confirmTwoFactor", "not done here; `two_factor` goes the whole way, as with the next two"),
    ("renewRecoveryCodes", "not done here"),
    ("disableTwoFactor", "not done here"),
    ("createConversation", "what is said stands in the conversation itself, as with the next two"),
    ("postMessage", "stands in the conversation"),
    ("pressButton", "stands in the conversation"),
    ("readNotification", "what one has read oneself, as with the next three"),
    ("putNotificationRead", "read"),
    ("readAllNotifications", "read"),
    ("deleteNotification", "read"),
    ("testGateway", "asks and changes nothing"),
    ("runAction", "stands among the executions"),
    ("replayExecution", "changes nothing"),
];

/// Actions that no operation here does, and where they are looked at.
const ELSEWHERE: &[(&str, &str)] = &[
    ("auth.login", "api/tests/api/audit.rs: signing_in_and_out_and_failing_to_is_told"),
    ("auth.session_stolen", "api/tests/api/sessions.rs"),
    ("auth.verify_email", "api/tests/api/recovery.rs: who_registers_confirms_the_address_once"),
    ("auth.two_factor_enable", "api/tests/api/two_factor.rs"),
    ("auth.two_factor_disable", "api/tests/api/two_factor.rs"),
    ("auth.recovery_codes", "api/tests/api/two_factor.rs"),
    ("capability.denied", "api/tests/api/audit.rs: entries_are_found_by_what_who_how_and_when"),
    ("dead_letter.edit", "host/engine/tests/dead_letters.rs"),
    ("account.join", "host/tests/cli.rs: users_are_made_once_and_with_good_passwords_only"),
    ("operator.grant", "host/tests/cli.rs"),
    ("operator.revoke", "host/tests/cli.rs"),
    ("account.role", "no operation changes a role yet"),
];

/// Areas of what is not there yet.
const LATER: [&str; 2] = ["service", "billing"];

/// The rows that a request left in somebody's log.
async fn rows(app: &TestApp, scope: TenantScope, request: &str) -> Vec<AuditRecord> {
    let page = PageRequest { limit: 200, after: None };
    let all = app.store().audit_log(scope, &AuditFilter::default(), page).await.unwrap().items;
    all.into_iter().filter(|row| row.request_id.as_deref() == Some(request)).collect()
}

async fn user_of(app: &TestApp, who: &Person) -> UserId {
    app.store().authenticate(&who.token).await.unwrap().unwrap().user.id
}

#[test]
fn every_action_is_done_by_an_operation_that_is_tried() {
    let noted = NOTED.iter().map(|(_, action)| *action);
    let mut known: BTreeSet<_> = noted.chain(ELSEWHERE.iter().map(|(action, _)| *action)).collect();
    for action in AuditAction::ALL {
        let found = known.remove(action.as_str());
        assert_ne!(found, LATER.contains(&action.area()), "{action}: say here which operation does it");
    }
    assert!(known.is_empty(), "there are no such actions: {known:?}");
}

#[tokio::test]
async fn each_operation_leaves_who_did_what_on_what_from_where_and_how_it_went() {
    let app = TestApp::patient().await;
    let (ann, op) = (app.register("ann").await, app.register("op").await);
    let things = Things::of(&app, &ann).await;
    let (user, operator) = (user_of(&app, &ann).await, user_of(&app, &op).await);
    app.store().set_operator(op.scope, operator, true).await.unwrap();
    let begun = Timestamp::now();
    let (mut wrong, mut left) = (Vec::new(), 0);
    for operation in guarded().iter().filter(|one| one.method != "GET" || one.id == "exportAccount") {
        let id = operation.id.as_str();
        let noted = NOTED.iter().find(|(name, _)| *name == id).map(|(_, action)| *action);
        let silent = NOT_NOTED.iter().any(|(name, _)| *name == id);
        assert_ne!(noted.is_some(), silent, "{id}: say here what it leaves in the audit log");
        let (who, by, name) = match is_of_operators(operation) {
            true => (&op.token, operator, "op"),
            false => (&ann.token, user, "ann"),
        };
        let who = if id == "logout" { &things.elsewhere } else { who };
        if ["retryDeadLetters", "discardDeadLetters"].contains(&id) {
            // Those that were there are decided on by now.
            dead_letter(&app, &ann, &things.gateway, id).await;
        }
        if id == "startWorkspace" {
            // What runs already is not started.
            app.store().set_workspace_state(ann.scope, WorkspaceState::Stopped).await.unwrap();
        }
        let answer = call(&app, operation, &things, Some(who)).await;
        let request = answer.header("x-request-id");
        let mut found = rows(&app, ann.scope, request).await;
        if is_of_operators(operation) {
            let own = rows(&app, op.scope, request).await;
            // What is about nobody's tenant stands in the operator's own log only.
            found = if found.is_empty() { own } else { found };
        }
        let Some(action) = noted else {
            if !found.is_empty() {
                wrong.push(format!("{id} leaves {found:?}"));
            }
            continue;
        };
        let told = found.iter().any(|row| {
            row.action == action
                && row.actor_kind == "user"
                && row.actor_id == Some(by.uuid())
                && row.actor_name.starts_with(name)
                && !row.target_kind.is_empty()
                && !row.target_name.is_empty()
                && row.outcome == "success"
                && row.address.as_deref() == Some("203.0.113.7")
                && row.created_at >= begun
        });
        if !told {
            wrong.push(format!("{id} ({}) does not leave {action}: {found:?}", answer.status));
        }
        left += 1;
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(left > 30, "only {left} were tried");
    for scope in [ann.scope, op.scope] {
        assert_eq!(app.store().verify_audit(scope).await.unwrap().fault, None);
    }
}
