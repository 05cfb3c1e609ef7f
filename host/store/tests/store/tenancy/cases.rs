//! One call or more for every method that takes a scope.

use super::{Case, case};
use crate::estate::{appointment, effect_event, failure, limit_warning, named, new_try, note, schedule};
use crate::world::{
    limits, new_api_key, new_challenge, new_execution, new_gateway, new_inbound, new_install, new_session,
    new_token, page, set, trouble, usage, writes,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use twobot_domain::manifest::Capability;
use twobot_domain::{
    AuditAction, AuditOutcome, ChatMessageId, EffectOrigin, Mail, Role, SessionId, Timestamp,
};
use twobot_store::StoreError;
use twobot_store::account_tokens::TokenPurpose;
use twobot_store::accounts::{NewUser, WorkspaceState};
use twobot_store::audit::AuditFilter;
use twobot_store::chat::{Author, NewChatMessage};
use twobot_store::connections::ToConnect;
use twobot_store::dead_letters::{DeadLetterFilter, DeadLetterKind, EditedEvent};
use twobot_store::effects::Tried;
use twobot_store::executions::{Beyond, ExecutionFilter, WorkKind};
use twobot_store::gateways::{DeliveryOutcome, GatewayStatus};
use twobot_store::idempotency::Begun;
use twobot_store::inbound::{Accepted, Decoded};
use twobot_store::installs::InstallState;
use twobot_store::operators::Oversight;
use twobot_store::profiles::ProfileChange;
use twobot_store::retention::Retention;
use twobot_store::sessions::{Device, Renewed};
use twobot_store::two_factor::{CodeTry, Finished, Proof};
use twobot_store::usage::Resolution;
use twobot_store::versions::{Expected, Versioned};
use uuid::Uuid;

/// Every case. A call by the stranger must find nothing of the owner's (`false` or not found) and change nothing of it.
pub(super) fn all() -> Vec<Case> {
    [
        accounts(),
        two_factor(),
        api_keys(),
        gateways(),
        installs(),
        inbound(),
        executions(),
        outcomes(),
        dead_letters(),
        effects(),
        chat(),
        rest(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The right of an operator who calls: one of the tenant whose scope it is.
async fn oversight(c: &super::Call) -> Result<Oversight, StoreError> {
    let new = NewUser {
        email: format!("{}@operators.example.com", c.scope.tenant()),
        name: "Op".to_owned(),
        password_hash: "$argon2id$other".to_owned(),
        role: Role::Member,
    };
    let user = c.store.add_user(c.scope, &new).await?;
    c.store.set_operator(c.scope, user, true).await?;
    let token = format!("operator of {}", c.scope.tenant());
    c.store.open_session(c.scope, user, &new_session(&token)).await?;
    let signed_in = c.store.authenticate(&token).await?.ok_or(StoreError::NotFound)?;
    signed_in.operator.ok_or(StoreError::NotFound)
}

fn accounts() -> Vec<Case> {
    vec![
        case("workspace", |c| async move {
            let workspace = c.store.workspace(c.scope).await?;
            let (gateway, install) = (c.of.gateway, c.of.install);
            let found = [
                workspace.gateway(gateway).await.is_ok(),
                workspace.gateway_secrets(gateway).await.is_ok(),
                workspace.install(install).await.is_ok(),
                !workspace.bound_gateways(install).await?.is_empty(),
                !workspace.subscribers(gateway).await?.is_empty(),
            ];
            assert!(found.iter().all(|one| *one == found[0]), "{found:?}");
            Ok(found[0])
        }),
        case("tenant", |c| async move { Ok(c.store.tenant(c.scope).await?.id == c.of.scope.tenant()) }),
        case("set_password", |c| async move {
            c.store.set_password(c.scope, c.of.user, "$argon2id$other").await.map(|()| false)
        }),
        case("open_session", |c| async move {
            c.store.open_session(c.scope, c.of.user, &new_session("another token")).await.map(|_| true)
        }),
        case("knows_device", |c| async move {
            c.store.knows_device(c.scope, c.of.user, &SecretString::from("kept")).await
        }),
        case("session_holds", |c| async move { c.store.session_holds(c.scope, c.of.session).await }),
        case("sessions", |c| async move { Ok(!c.store.sessions(c.scope, c.of.user).await?.is_empty()) }),
        case("renew_session", |c| async move {
            let renewal = c.of.renewal.expose_secret();
            let renewed = c.store.renew_session(c.scope, renewal, &Device::default()).await?;
            Ok(matches!(renewed, Renewed::Yes { .. }))
        }),
        case("revoke_session", |c| async move {
            c.store.revoke_session(c.scope, c.of.user, c.of.session).await.map(|()| true)
        }),
        case("revoke_sessions", |c| async move {
            Ok(!c.store.revoke_sessions(c.scope, c.of.user, None).await?.is_empty())
        }),
        case("close_session", |c| async move {
            c.store.close_session(c.scope, c.of.session).await.map(|()| false)
        }),
        case("queue_mail", |c| async move {
            let mail = Mail::Welcome { name: "Ann".to_owned() };
            c.store.queue_mail(c.scope, c.of.user, &mail).await.map(|_| true)
        }),
        case("hand_out_token", |c| async move {
            let token = new_token(TokenPurpose::Reset, "another token");
            c.store.hand_out_token(c.scope, c.of.user, &token).await.map(|_| true)
        }),
        case("verify_email", |c| async move {
            let welcome = Mail::Welcome { name: "Ann".to_owned() };
            c.store
                .verify_email(c.scope, c.of.user, &format!("verify {}", c.of.user), &welcome)
                .await
                .map(|_| true)
        }),
        case("reset_password", |c| async move {
            let token = format!("reset {}", c.of.user);
            c.store
                .reset_password(c.scope, c.of.user, &token, "$argon2id$other")
                .await
                .map(|ended| !ended.is_empty())
        }),
        case("change_password", |c| async move {
            c.store
                .change_password(c.scope, c.of.user, "$argon2id$other", SessionId::new())
                .await
                .map(|ended| !ended.is_empty())
        }),
        case("add_user", |c| async move {
            let new = NewUser {
                email: format!("joins@{}.example.com", c.scope.tenant()),
                name: "Jo".to_owned(),
                password_hash: "$argon2id$other".to_owned(),
                role: Role::Member,
            };
            c.store.add_user(c.scope, &new).await.map(|_| false)
        }),
        case(
            "set_user_role",
            |c| async move { c.store.set_user_role(c.scope, c.of.user, Role::Owner).await },
        ),
        case("set_operator", |c| async move { c.store.set_operator(c.scope, c.of.user, true).await }),
        case("people", |c| async move {
            let people = c.store.people(c.scope).await?;
            Ok(people.iter().any(|person| person.id == c.of.user))
        }),
        case("suspend", |c| async move {
            let right = oversight(&c).await?;
            c.store.suspend(c.scope, right, "unpaid", &note(AuditAction::TenantSuspend)).await.map(|()| false)
        }),
        case("resume", |c| async move {
            let right = oversight(&c).await?;
            c.store.set_workspace_state(c.scope, WorkspaceState::Suspended).await?;
            c.store.resume(c.scope, right, &note(AuditAction::TenantResume)).await.map(|_| false)
        }),
        case("move_to_plan", |c| async move {
            let right = oversight(&c).await?;
            let note = note(AuditAction::TenantPlan);
            c.store.move_to_plan(c.scope, right, "business", &note).await.map(|()| false)
        }),
        case("profile", |c| async move { c.store.profile(c.scope, c.of.user).await.map(|_| true) }),
        case("change_profile", |c| async move {
            let change = ProfileChange { name: Some("Eve".to_owned()), ..ProfileChange::default() };
            c.store.change_profile(c.scope, c.of.user, &change).await.map(|_| true)
        }),
        case("warn_of_limit", |c| async move {
            c.store.warn_of_limit(c.scope, &limit_warning("kv_bytes", 70)).await.map(|_| false)
        }),
        case("tell_outage", |c| async move {
            let all = c.store.outages_to_tell(Timestamp::now(), 100).await?;
            let outage = all.iter().find(|one| one.gateway == c.of.gateway).ok_or(StoreError::NotFound)?;
            c.store.tell_outage(c.scope, outage, "It is down", "").await
        }),
        case("set_workspace_state", |c| async move {
            c.store.set_workspace_state(c.scope, WorkspaceState::Stopped).await.map(|()| false)
        }),
        case("set_plan", |c| async move { c.store.set_plan(c.scope, "pro").await.map(|()| false) }),
        case("close_account", |c| async move {
            c.store
                .close_account(c.scope, c.of.session, Timestamp::now())
                .await
                .map(|ended| !ended.is_empty())
        }),
        case("keep_account", |c| async move {
            c.store.close_account(c.scope, c.of.session, Timestamp::now()).await?;
            c.store.keep_account(c.scope).await.map(|()| false)
        }),
        case("remove_account", |c| async move {
            let now = Timestamp::now();
            c.store.close_account(c.scope, c.of.session, now).await?;
            c.store.remove_account(c.scope, now).await.map(|_| false)
        }),
    ]
}

fn two_factor() -> Vec<Case> {
    vec![
        case("two_factor", |c| async move {
            Ok(c.store.two_factor(c.scope, c.of.user).await?.enabled_at.is_some())
        }),
        case("begin_two_factor", |c| async move {
            c.store.lift_two_factor(c.scope, c.of.user).await?;
            c.store.begin_two_factor(c.scope, c.of.user, &SecretString::from("another")).await.map(|()| true)
        }),
        case("pending_two_factor", |c| async move {
            if c.scope == c.of.scope {
                c.store.lift_two_factor(c.scope, c.of.user).await?;
                c.store.begin_two_factor(c.scope, c.of.user, &SecretString::from("another")).await?;
            }
            Ok(c.store.pending_two_factor(c.scope, c.of.user).await?.is_some())
        }),
        case("enable_two_factor", |c| async move {
            let mut setup = c.of.setup;
            if c.scope == c.of.scope {
                c.store.lift_two_factor(c.scope, c.of.user).await?;
                c.store.begin_two_factor(c.scope, c.of.user, &SecretString::from("another")).await?;
                setup = c.store.pending_two_factor(c.scope, c.of.user).await?.unwrap().id;
            }
            c.store.enable_two_factor(c.scope, c.of.user, setup, 1, &[]).await.map(|()| true)
        }),
        case("replace_recovery_codes", |c| async move {
            let proof = Proof::Code { setup: c.of.setup, step: 10 };
            c.store.replace_recovery_codes(c.scope, c.of.user, &proof, &[]).await.map(|()| true)
        }),
        case("disable_two_factor", |c| async move {
            let proof = Proof::Recovery(SecretString::from("recovery 0"));
            c.store.disable_two_factor(c.scope, c.of.user, &proof).await.map(|()| true)
        }),
        case("lift_two_factor", |c| async move { c.store.lift_two_factor(c.scope, c.of.user).await }),
        case("take_code_try", |c| async move {
            Ok(matches!(c.store.take_code_try(c.scope, c.of.user).await?, CodeTry::Taken { .. }))
        }),
        case("open_challenge", |c| async move {
            c.store.open_challenge(c.scope, c.of.user, &new_challenge("another")).await.map(|()| true)
        }),
        case("finish_challenge", |c| async move {
            let proof = Proof::Code { setup: c.of.setup, step: 10 };
            let (token, new) = (format!("finish {}", c.of.user), new_session("another token"));
            let finished = c.store.finish_challenge(c.scope, c.of.user, &token, &proof, &new).await?;
            Ok(matches!(finished, Finished::Yes(_)))
        }),
    ]
}

fn api_keys() -> Vec<Case> {
    vec![
        // The owner's key counts for the owner's limit only.
        case("create_api_key", |c| async move {
            let limit = if c.scope == c.of.scope { 2 } else { 1 };
            c.store
                .create_api_key(c.scope, &new_api_key(c.of.user, "another"), Some(limit))
                .await
                .map(|_| true)
        }),
        case("api_key", |c| async move { c.store.api_key(c.scope, c.of.api_key).await.map(|_| true) }),
        case("api_keys", |c| async move { Ok(!c.store.api_keys(c.scope, page(50)).await?.items.is_empty()) }),
        case("rename_api_key", |c| async move {
            c.store.rename_api_key(c.scope, c.of.api_key, "Mine").await.map(|_| true)
        }),
        case("rotate_api_key", |c| async move {
            let token = SecretString::from("mine");
            c.store.rotate_api_key(c.scope, c.of.api_key, &token, Timestamp(9)).await.map(|_| true)
        }),
        case("revoke_api_key", |c| async move {
            c.store.revoke_api_key(c.scope, c.of.api_key).await.map(|()| true)
        }),
        case("note_key_use", |c| async move { c.store.note_key_use(c.scope, c.of.api_key).await }),
    ]
}

fn gateways() -> Vec<Case> {
    vec![
        // The owner's gateway counts for the owner's limit only.
        case("create_gateway", |c| async move {
            let limit = if c.scope == c.of.scope { 2 } else { 1 };
            c.store.create_gateway(c.scope, &new_gateway("Another"), Some(limit)).await.map(|_| false)
        }),
        case("gateway", |c| async move { c.store.gateway(c.scope, c.of.gateway).await.map(|_| true) }),
        case("gateways", |c| async move { Ok(!c.store.gateways(c.scope, page(50)).await?.items.is_empty()) }),
        case("gateway_secrets", |c| async move {
            c.store.gateway_secrets(c.scope, c.of.gateway).await.map(|_| true)
        }),
        case("change_gateway", |c| async move {
            c.store.change_gateway(c.scope, c.of.gateway, "Mine", &json!({}), None).await.map(|_| true)
        }),
        case("set_gateway_enabled", |c| async move {
            c.store.set_gateway_enabled(c.scope, c.of.gateway, true).await.map(|()| false)
        }),
        case("set_gateway_status", |c| async move {
            let (status, trouble) = (GatewayStatus::Error, trouble("down"));
            c.store
                .set_gateway_status(c.scope, c.of.gateway, status, Some(&trouble), None)
                .await
                .map(|()| false)
        }),
        case("to_connect", |c| async move { Ok(!c.store.to_connect(c.scope).await?.is_empty()) }),
        case("connection_done", |c| async move {
            c.store.connection_done(c.scope, c.of.gateway, 1).await.map(|()| false)
        }),
        case("set_connection_status", |c| async move {
            let wish = ToConnect { gateway: c.of.gateway, asked: 1 };
            let status = GatewayStatus::Connected;
            c.store.set_connection_status(c.scope, wish, status, None, None).await.map(|()| true)
        }),
        case("count_delivery", |c| async move {
            c.store.count_delivery(c.scope, c.of.gateway, DeliveryOutcome::Refused).await.map(|()| false)
        }),
        case("count_delivery", |c| async move {
            c.store.count_delivery(c.scope, c.of.gateway, DeliveryOutcome::Duplicate).await.map(|()| false)
        }),
        case("inbound_of", |c| async move {
            Ok(!c.store.inbound_of(c.scope, c.of.gateway, page(50)).await?.items.is_empty())
        }),
        case("outbound_of", |c| async move {
            Ok(!c.store.outbound_of(c.scope, c.of.gateway, page(50)).await?.items.is_empty())
        }),
        case("note_try", |c| async move {
            let tried = new_try(c.of.gateway, EffectOrigin::Queued(c.of.effect), "posted", Some(503));
            c.store.note_try(c.scope, &tried).await.map(|()| false)
        }),
        case("note_try", |c| async move {
            let tried = new_try(c.of.gateway, EffectOrigin::Inline(c.of.done), "another", None);
            c.store.note_try(c.scope, &tried).await.map(|()| false)
        }),
        case("set_poll_cursor", |c| async move {
            c.store.set_poll_cursor(c.scope, c.of.gateway, 9).await.map(|()| false)
        }),
        case("delete_gateway", |c| async move {
            c.store.delete_gateway(c.scope, c.of.gateway).await.map(|()| false)
        }),
    ]
}

fn installs() -> Vec<Case> {
    vec![
        // The owner's plugin counts for the owner's limit only, and its slug is taken for the owner only.
        case("create_install", |c| async move {
            let (slug, limit) = if c.scope == c.of.scope { ("another", 2) } else { ("analytics", 1) };
            c.store.create_install(c.scope, &new_install(slug, &[]), Some(limit)).await.map(|_| false)
        }),
        case("create_install", |c| async move {
            c.store.create_install(c.scope, &new_install("greedy", &[c.of.gateway]), None).await.map(|_| true)
        }),
        case("install", |c| async move { c.store.install(c.scope, "analytics").await.map(|_| true) }),
        case(
            "install_by_id",
            |c| async move { c.store.install_by_id(c.scope, c.of.install).await.map(|_| true) },
        ),
        case("installs", |c| async move { Ok(!c.store.installs(c.scope).await?.is_empty()) }),
        case(
            "subscribers",
            |c| async move { Ok(!c.store.subscribers(c.scope, c.of.gateway).await?.is_empty()) },
        ),
        case("bound_gateways", |c| async move {
            Ok(!c.store.bound_gateways(c.scope, c.of.install).await?.is_empty())
        }),
        case("bind_gateways", |c| async move {
            let none = [("chat".to_owned(), Vec::new())].into_iter().collect();
            c.store.bind_gateways(c.scope, c.of.install, &none).await.map(|()| false)
        }),
        case("configure_install", |c| async move {
            c.store.configure_install(c.scope, c.of.install, &json!({"mine": true})).await.map(|()| false)
        }),
        case("set_install_state", |c| async move {
            c.store.set_install_state(c.scope, c.of.install, InstallState::Paused, None).await.map(|()| false)
        }),
        case("set_install_version", |c| async move {
            c.store
                .set_install_version(c.scope, c.of.install, "6.6.6", "sha256:evil", &[])
                .await
                .map(|()| false)
        }),
        case("hold_install", |c| async move {
            c.store.hold_install(c.scope, c.of.install, &trouble("decide")).await.map(|()| false)
        }),
        case("set_grants", |c| async move {
            c.store.set_grants(c.scope, c.of.install, &[Capability::Ai], &[]).await.map(|()| false)
        }),
        case("delete_install", |c| async move {
            c.store.delete_install(c.scope, c.of.install).await.map(|()| false)
        }),
    ]
}

fn inbound() -> Vec<Case> {
    vec![
        case("accept", |c| async move {
            c.store.accept(c.scope, new_inbound(c.of.gateway, "fresh")).await.map(|_| true)
        }),
        case("accept_then", |c| async move {
            c.store.accept_then(c.scope, new_inbound(c.of.gateway, "fresh"), |_| ()).await.map(|_| true)
        }),
        // That a delivery was there before is nobody else's business either.
        case("accept", |c| async move {
            let again = new_inbound(c.of.gateway, &c.of.provider_id);
            Ok(c.store.accept(c.scope, again).await? == Accepted::Duplicate)
        }),
        case("inbound", |c| async move { c.store.inbound(c.scope, c.of.inbound).await.map(|_| true) }),
        case("postpone_inbound", |c| async move {
            c.store.postpone_inbound(c.scope, c.of.inbound, Timestamp(9)).await.map(|()| false)
        }),
        case("finish_inbound", |c| async move {
            // Known from elsewhere, as it were: the stranger can not even read it.
            let delivery = c.store.inbound(c.of.scope, c.of.inbound).await?;
            let decoded = Decoded::NotHandled("nothing".to_owned());
            c.store.finish_inbound(c.scope, &delivery, &decoded, &usage()).await.map(|_| false)
        }),
        case("event", |c| async move { c.store.event(c.scope, c.of.event).await.map(|_| true) }),
    ]
}

fn executions() -> Vec<Case> {
    vec![
        case("executions", |c| async move {
            let all = ExecutionFilter::default();
            Ok(!c.store.executions(c.scope, &all, page(50)).await?.items.is_empty())
        }),
        case("executions", |c| async move {
            let filter = ExecutionFilter { slug: Some("analytics".to_owned()), state: None };
            Ok(!c.store.executions(c.scope, &filter, page(50)).await?.items.is_empty())
        }),
        case("executions", |c| async move {
            let state = Some("waiting".to_owned());
            let filter = ExecutionFilter { slug: Some("analytics".to_owned()), state };
            Ok(!c.store.executions(c.scope, &filter, page(50)).await?.items.is_empty())
        }),
        case("execution", |c| async move { c.store.execution(c.scope, c.of.done).await.map(|_| true) }),
        case("execution_logs", |c| async move {
            Ok(!c.store.execution_logs(c.scope, c.of.done).await?.is_empty())
        }),
        case("execution_stats", |c| async move {
            let stats = c.store.execution_stats(c.scope, c.of.install, Timestamp(0)).await?;
            Ok(stats.executions > 0 || stats.last_at.is_some())
        }),
        case("waiting_events", |c| async move { Ok(c.store.waiting_events(c.scope).await? > 0) }),
        case(
            "waiting",
            |c| async move { Ok(!c.store.waiting(c.scope, WorkKind::Inbound, 9).await?.is_empty()) },
        ),
        case("waiting", |c| async move {
            Ok(!c.store.waiting(c.scope, WorkKind::Execution, 9).await?.is_empty())
        }),
        case(
            "waiting",
            |c| async move { Ok(!c.store.waiting(c.scope, WorkKind::Effect, 9).await?.is_empty()) },
        ),
        case("waiting_beyond", |c| async move {
            let beyond = Beyond { after: Uuid::nil(), installs: Vec::new(), lanes: Vec::new() };
            let mut found = false;
            for kind in [WorkKind::Inbound, WorkKind::Execution, WorkKind::Effect] {
                found |= !c.store.waiting_beyond(c.scope, kind, &beyond, 9).await?.is_empty();
            }
            Ok(found)
        }),
        case("queued_execution", |c| async move {
            c.store.queued_execution(c.scope, c.of.waiting).await.map(|_| true)
        }),
        case("journal", |c| async move { Ok(!c.store.journal(c.scope, c.of.waiting).await?.is_empty()) }),
        case("unknown_calls", |c| async move {
            Ok(!c.store.unknown_calls(c.scope, c.of.failed).await?.is_empty())
        }),
        case("journal_intent", |c| async move {
            c.store.journal_intent(c.scope, c.of.waiting, 1, "{}", &[]).await.map(|_| false)
        }),
        case("journal_intent", |c| async move {
            c.store.journal_intent(c.scope, c.of.waiting, 0, "{}", &[]).await.map(|_| false)
        }),
        case("journal_again", |c| async move {
            c.store.journal_again(c.scope, c.of.waiting, 0, true).await.map(|()| false)
        }),
        case("journal_result", |c| async move {
            c.store.journal_result(c.scope, c.of.waiting, 0, Some("{}"), &usage()).await.map(|()| false)
        }),
    ]
}

fn outcomes() -> Vec<Case> {
    vec![
        case("begin_action", |c| async move {
            c.store.begin_action(c.scope, &new_execution(c.of.install, None)).await.map(|()| true)
        }),
        case("finish_execution", |c| async move {
            let mut commit = writes([], [("count", set("666"))]);
            commit.appointments.push(appointment("reminder", 9));
            c.store
                .finish_execution(c.scope, c.of.waiting, c.of.install, &limits(), &commit)
                .await
                .map(|_| false)
        }),
        case("fail_execution", |c| async move {
            c.store.fail_execution(c.scope, c.of.waiting, c.of.install, &failure(None)).await.map(|_| true)
        }),
        case("postpone_execution", |c| async move {
            let trouble = trouble("later");
            c.store.postpone_execution(c.scope, c.of.waiting, &trouble, Timestamp(9)).await.map(|()| false)
        }),
        case("put_off_execution", |c| async move {
            let (trouble, used) = (trouble("later"), usage());
            let put_off = c.store.put_off_execution(c.scope, c.of.waiting, &trouble, Timestamp(9), &used);
            put_off.await.map(|()| false)
        }),
    ]
}

fn dead_letters() -> Vec<Case> {
    vec![
        case("begin_action_with", |c| async move {
            let new = new_execution(c.of.install, None);
            c.store.begin_action_with(c.scope, &new, Timestamp(5), Some("{}")).await.map(|()| true)
        }),
        case(
            "replay_record",
            |c| async move { c.store.replay_record(c.scope, c.of.done).await.map(|_| true) },
        ),
        case("origin", |c| async move { c.store.origin(c.scope, c.of.done).await.map(|_| true) }),
        case("remove_recordings", |c| async move {
            c.store.remove_recordings(c.scope, 0, uuid::Uuid::nil(), 9).await.map(|_| false)
        }),
        case("dead_letters", |c| async move {
            let all = DeadLetterFilter::default();
            Ok(!c.store.dead_letters(c.scope, &all, page(50)).await?.items.is_empty())
        }),
        case("dead_letters", |c| async move {
            let of_gateway = DeadLetterFilter { gateway: Some(c.of.gateway), ..DeadLetterFilter::default() };
            Ok(!c.store.dead_letters(c.scope, &of_gateway, page(50)).await?.items.is_empty())
        }),
        case("count_dead_letters", |c| async move {
            Ok(c.store.count_dead_letters(c.scope, &DeadLetterFilter::default()).await? > 0)
        }),
        case("dead_letter", |c| async move {
            c.store.dead_letter(c.scope, c.of.failed.uuid()).await.map(|_| true)
        }),
        case("dead_letter_payload", |c| async move {
            let (kind, id) = (DeadLetterKind::Delivery, c.of.malformed.uuid());
            c.store.dead_letter_payload(c.scope, kind, id).await.map(|_| true)
        }),
        case("dead_letter_payload", |c| async move {
            let (kind, id) = (DeadLetterKind::Execution, c.of.failed.uuid());
            c.store.dead_letter_payload(c.scope, kind, id).await.map(|_| true)
        }),
        case("dead_letter_payload", |c| async move {
            let (kind, id) = (DeadLetterKind::Effect, c.of.effect.uuid());
            c.store.dead_letter_payload(c.scope, kind, id).await.map(|_| true)
        }),
        case("retry_dead_letters", |c| async move {
            let which = [(DeadLetterKind::Execution, c.of.failed.uuid())];
            c.store.retry_dead_letters(c.scope, &which).await.map(|changed| changed > 0)
        }),
        case("retry_dead_letters", |c| async move {
            let which = [(DeadLetterKind::Delivery, c.of.malformed.uuid())];
            c.store.retry_dead_letters(c.scope, &which).await.map(|changed| changed > 0)
        }),
        case("discard_dead_letters", |c| async move {
            let which = [
                (DeadLetterKind::Execution, c.of.failed.uuid()),
                (DeadLetterKind::Delivery, c.of.malformed.uuid()),
            ];
            c.store.discard_dead_letters(c.scope, &which).await.map(|changed| changed > 0)
        }),
        case("retry_execution_edited", |c| async move {
            let edited = EditedEvent { payload: "{}".to_owned(), kind: "message" };
            c.store.retry_execution_edited(c.scope, c.of.failed, &edited).await.map(|_| true)
        }),
        case("retry_delivery_edited", |c| async move {
            c.store.retry_delivery_edited(c.scope, c.of.malformed, "{}").await.map(|_| true)
        }),
    ]
}

fn effects() -> Vec<Case> {
    vec![
        case(
            "queued_effect",
            |c| async move { c.store.queued_effect(c.scope, c.of.effect).await.map(|_| true) },
        ),
        case("effects_of", |c| async move { Ok(!c.store.effects_of(c.scope, c.of.done).await?.is_empty()) }),
        case(
            "begin_effect",
            |c| async move { c.store.begin_effect(c.scope, c.of.effect).await.map(|()| false) },
        ),
        case("delay_effect", |c| async move {
            c.store
                .delay_effect(c.scope, c.of.effect, Tried::NotBegun, &trouble("wait"), Timestamp(1), &usage())
                .await
                .map(|()| false)
        }),
        case("effect_sent", |c| async move {
            c.store.effect_sent(c.scope, c.of.effect, &usage()).await.map(|()| false)
        }),
        case("postpone_effect", |c| async move {
            let (until, trouble) = (Timestamp(9), trouble("later"));
            c.store
                .postpone_effect(c.scope, c.of.effect, Tried::NotBegun, &trouble, until, &usage())
                .await
                .map(|()| false)
        }),
        case("effect_failed", |c| async move {
            let (event, execution) = effect_event(c.of.gateway, c.of.install);
            let trouble = trouble("gone");
            c.store
                .effect_failed(
                    c.scope,
                    c.of.effect,
                    Tried::Unsure,
                    &trouble,
                    &usage(),
                    Some((&event, &execution)),
                )
                .await
                .map(|()| false)
        }),
    ]
}

fn chat() -> Vec<Case> {
    vec![
        case("create_conversation", |c| async move {
            c.store.create_conversation(c.scope, c.of.gateway, "Mine").await.map(|_| true)
        }),
        case("conversation", |c| async move {
            c.store.conversation(c.scope, c.of.conversation).await.map(|_| true)
        }),
        case("conversations", |c| async move {
            Ok(!c.store.conversations(c.scope, c.of.gateway, page(50)).await?.items.is_empty())
        }),
        case("add_chat_message", |c| async move {
            let message = NewChatMessage::plain(Author::Person, "Eve", "psst");
            c.store.add_chat_message(c.scope, c.of.conversation, &message).await.map(|_| true)
        }),
        case("add_chat_message", |c| async move {
            let mut message = NewChatMessage::plain(Author::Person, "Eve", "what did I say?");
            message.client_id = Some("mine".to_owned());
            c.store.add_chat_message(c.scope, c.of.conversation, &message).await.map(|_| true)
        }),
        case("chat_message", |c| async move {
            c.store.chat_message(c.scope, c.of.conversation, c.of.question).await.map(|_| true)
        }),
        case("chat_messages", |c| async move {
            Ok(!c.store.chat_messages(c.scope, c.of.conversation, page(50)).await?.items.is_empty())
        }),
        case("chat_messages_since", |c| async move {
            let begin = ChatMessageId::from_uuid(uuid::Uuid::nil());
            Ok(!c.store.chat_messages_since(c.scope, c.of.conversation, begin).await?.is_empty())
        }),
        case("edit_chat_message", |c| async move {
            let (conversation, id) = (c.of.conversation, c.of.answer);
            c.store.edit_chat_message(c.scope, conversation, id, "x", "plain", &json!([])).await.map(|_| true)
        }),
        case("delete_chat_message", |c| async move {
            c.store.delete_chat_message(c.scope, c.of.conversation, c.of.answer).await.map(|()| false)
        }),
    ]
}

fn rest() -> Vec<Case> {
    vec![
        case("kv_get", |c| async move {
            Ok(!c.store.kv_get(c.scope, c.of.install, "b", &["count".to_owned()]).await?.is_empty())
        }),
        case(
            "kv_keys",
            |c| async move { Ok(!c.store.kv_keys(c.scope, c.of.install, "b").await?.is_empty()) },
        ),
        case("kv_totals", |c| async move { Ok(c.store.kv_totals(c.scope).await?.keys > 0) }),
        case("remove_history", |c| async move {
            let later = Timestamp::now().plus_millis(60_000);
            let nothing = Retention { since: later, rows: 1, at_least_since: later };
            // What has effects that wait is not removed.
            c.store.effect_sent(c.scope, c.of.effect, &usage()).await?;
            c.store.remove_history(c.scope, &nothing, 100).await.map(|removed| removed > 0)
        }),
        case("record_audit", |c| async move {
            c.store.record_audit(c.scope, &note(AuditAction::AuthLogin)).await.map(|_| false)
        }),
        case("audit_log", |c| async move {
            let all = AuditFilter::default();
            Ok(!c.store.audit_log(c.scope, &all, page(50)).await?.items.is_empty())
        }),
        case("audit_log", |c| async move {
            let filter = AuditFilter {
                action: Some("capability.denied".to_owned()),
                actor: Some(c.of.install.uuid()),
                outcome: Some(AuditOutcome::Denied),
                ..AuditFilter::default()
            };
            Ok(!c.store.audit_log(c.scope, &filter, page(50)).await?.items.is_empty())
        }),
        case("remove_audit", |c| async move {
            let later = Timestamp::now().plus_millis(60_000);
            c.store.remove_audit(c.scope, later, 100).await.map(|removed| removed > 0)
        }),
        case("verify_audit", |c| async move { Ok(c.store.verify_audit(c.scope).await?.sound > 0) }),
        case("begin_request", |c| async move {
            let begun = c.store.begin_request(c.scope, &named(c.of.user, "begun")).await?;
            Ok(matches!(begun, Begun::Unanswered(_)))
        }),
        case("answer_request", |c| async move {
            let answer = SecretString::from("another");
            c.store.answer_request(c.scope, c.of.request, &answer).await.map(|()| false)
        }),
        case("forget_request", |c| async move {
            c.store.forget_request(c.scope, c.of.request).await.map(|()| false)
        }),
        case("check_expected", |c| async move {
            for of in [
                Versioned::Gateway(c.of.gateway),
                Versioned::ApiKey(c.of.api_key),
                Versioned::Plugin(c.store.install_by_id(c.of.scope, c.of.install).await?.slug),
            ] {
                let store = c.store.expecting(Expected { of, versions: None });
                store.check_expected(c.scope).await?;
            }
            Ok(true)
        }),
        case("notify", |c| async move { c.store.notify(c.scope, "info", "Hi", "").await.map(|_| false) }),
        case("notifications", |c| async move {
            Ok(!c.store.notifications(c.scope, page(50)).await?.items.is_empty())
        }),
        case("read_notification", |c| async move {
            c.store.read_notification(c.scope, c.of.notification).await.map(|()| false)
        }),
        case("read_all_notifications", |c| async move {
            c.store.read_all_notifications(c.scope).await.map(|()| false)
        }),
        case("delete_notification", |c| async move {
            c.store.delete_notification(c.scope, c.of.notification).await.map(|()| false)
        }),
        case("set_schedules", |c| async move {
            let other = [schedule("daily", "* * * * *", 9), schedule("more", "* * * * *", 9)];
            c.store.set_schedules(c.scope, c.of.install, &other).await.map(|()| false)
        }),
        case("set_schedules", |c| async move {
            c.store.set_schedules(c.scope, c.of.install, &[]).await.map(|()| false)
        }),
        case("appointments", |c| async move { Ok(c.store.appointments(c.scope, c.of.install).await? > 0) }),
        case("usage", |c| async move { Ok(!c.store.usage(c.scope, 0, i64::MAX).await?.is_empty()) }),
        case("usage_by", |c| async move {
            Ok(!c.store.usage_by(c.scope, Resolution::Minute, 0, i64::MAX).await?.is_empty())
        }),
        case("executions_today", |c| async move { Ok(c.store.executions_today(c.scope).await? > 0) }),
        case("usage_differences", |c| async move {
            Ok(!c.store.usage_differences(c.scope, Timestamp::now()).await?.is_empty())
        }),
        case("repair_usage", |c| async move {
            Ok(c.store.repair_usage(c.scope, Timestamp::now()).await?.sums > 0)
        }),
    ]
}
