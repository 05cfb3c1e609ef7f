//! The workspace: a tenant's running side.

use crate::error::ApiError;
use crate::extract::{Caller, Json, Session};
use crate::state::AppState;
use crate::wire::{Plan, WorkspaceState};
use axum::extract::State;
use serde::Serialize;
use twobot_domain::AuditAction;
use twobot_store::audit::{Note, Target};
use twobot_store::page::MAX_PAGE;
use twobot_store::{PageRequest, TenantScope, accounts};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(status)).routes(routes!(start)).routes(routes!(stop))
}

/// A workspace.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct Workspace {
    /// Whether events are handled.
    state: WorkspaceState,
    /// The plan that sets its limits.
    plan: Plan,
    /// What is in it.
    counts: Counts,
    /// Bytes that its plugins keep.
    storage_bytes: u64,
}

/// What is in a workspace.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Counts {
    /// Gateways.
    gateways: u64,
    /// Installed plugins.
    plugins: u64,
    /// Events that wait to be handled.
    waiting_events: u64,
}

/// Look at the workspace
#[utoipa::path(
    get,
    path = "/workspace/status",
    operation_id = "getWorkspace",
    tag = "workspace",
    responses((status = 200, description = "The workspace.", body = Workspace))
)]
async fn status(State(state): State<AppState>, caller: Caller) -> Result<Json<Workspace>, ApiError> {
    look(&state, caller.scope).await
}

/// Start the workspace
///
/// Handles what came in while it was stopped, then goes on.
#[utoipa::path(
    post,
    path = "/workspace/start",
    operation_id = "startWorkspace",
    tag = "workspace",
    responses(
        (status = 200, description = "It runs.", body = Workspace),
        (status = 403, description = "`suspended`: only the operator can start it again."),
        (status = 409, description = "`conflict`: the account is going to be deleted."),
    )
)]
async fn start(State(state): State<AppState>, session: Session) -> Result<Json<Workspace>, ApiError> {
    turn(&state, &session, accounts::WorkspaceState::Running).await
}

/// Stop the workspace
///
/// Events are still accepted and kept, up to the plan's limit, and are handled once it is started again.
#[utoipa::path(
    post,
    path = "/workspace/stop",
    operation_id = "stopWorkspace",
    tag = "workspace",
    responses(
        (status = 200, description = "It is stopped.", body = Workspace),
        (status = 403, description = "`suspended`: the operator has stopped it already."),
    )
)]
async fn stop(State(state): State<AppState>, session: Session) -> Result<Json<Workspace>, ApiError> {
    turn(&state, &session, accounts::WorkspaceState::Stopped).await
}

async fn turn(
    state: &AppState,
    session: &Session,
    to: accounts::WorkspaceState,
) -> Result<Json<Workspace>, ApiError> {
    let scope = session.scope;
    let tenant = state.store().tenant(scope).await?;
    if tenant.state == accounts::WorkspaceState::Suspended {
        return Err(ApiError::suspended(
            "The workspace is suspended. Only the operator of this server can change that.",
        ));
    }
    if tenant.closes_at.is_some() && to == accounts::WorkspaceState::Running {
        return Err(ApiError::conflict(
            "The account is going to be deleted. Call that off first, with `POST /users/me/keep`.",
        ));
    }
    if tenant.state != to {
        let action = match to {
            accounts::WorkspaceState::Running => AuditAction::WorkspaceStart,
            _ => AuditAction::WorkspaceStop,
        };
        let target = Target { kind: "workspace", id: tenant.id.to_string(), name: tenant.name };
        let note = Note::new(&session.by(), action, target);
        state.store().noting(note).set_workspace_state(scope, to).await?;
        state.engine.workspace_changed(scope);
    }
    look(state, scope).await
}

async fn look(state: &AppState, scope: TenantScope) -> Result<Json<Workspace>, ApiError> {
    let store = state.store();
    let tenant = store.tenant(scope).await?;
    Ok(Json(Workspace {
        state: tenant.state.into(),
        plan: state.engine.plans().get_or_default(&tenant.plan).into(),
        counts: counts(state, scope).await?,
        storage_bytes: store.kv_totals(scope).await?.bytes,
    }))
}

/// What is in a workspace.
///
/// # Errors
/// Only those of the database.
pub(crate) async fn counts(state: &AppState, scope: TenantScope) -> Result<Counts, ApiError> {
    Ok(Counts {
        gateways: count_gateways(state, scope).await?,
        plugins: state.store().installs(scope).await?.len() as u64,
        waiting_events: state.store().waiting_events(scope).await?,
    })
}

async fn count_gateways(state: &AppState, scope: TenantScope) -> Result<u64, ApiError> {
    let mut page = PageRequest { limit: MAX_PAGE, after: None };
    let mut count = 0;
    loop {
        let found = state.store().gateways(scope, page).await?;
        count += found.items.len() as u64;
        match found.next {
            Some(next) => page.after = Some(next),
            None => return Ok(count),
        }
    }
}
