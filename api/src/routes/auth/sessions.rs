//! One's own sessions: where one is signed in, and ending that.

use super::wire;
use crate::error::ApiError;
use crate::extract::{Id, Json, Origin, Session};
use crate::state::AppState;
use crate::token;
use crate::wire::List;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{AppendHeaders, IntoResponse};
use twobot_domain::{AuditAction, SessionId};
use twobot_store::StoreError;

/// List sessions
///
/// Where the account is signed in, what was used last first. `current` is the session that asks.
#[utoipa::path(
    get,
    path = "/auth/sessions",
    operation_id = "listSessions",
    tag = "auth",
    responses((status = 200, description = "The sessions.", body = List<wire::Session>))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    session: Session,
) -> Result<Json<List<wire::Session>>, ApiError> {
    let sessions = state.store().sessions(session.scope, session.user.id).await?;
    let items = sessions.into_iter().map(|one| wire::Session::new(one, session.id)).collect();
    Ok(Json(List::whole(items)))
}

/// End a session
///
/// Signs that device out at once, also its live streams. It may be the session that asks.
#[utoipa::path(
    delete,
    path = "/auth/sessions/{id}",
    operation_id = "revokeSession",
    tag = "auth",
    params(("id" = uuid::Uuid, Path, description = "The session's id.")),
    responses(
        (status = 204, description = "It has ended."),
        (status = 404, description = "`not_found`: the account has no such session."),
    )
)]
pub(super) async fn revoke(
    State(state): State<AppState>,
    session: Session,
    origin: Origin,
    Id(id): Id<SessionId>,
) -> Result<StatusCode, ApiError> {
    let note = super::signing(AuditAction::AuthSessionRevoke, &session.user, &origin);
    match state.store().noting(note).revoke_session(session.scope, session.user.id, id).await {
        Err(StoreError::NotFound) => return Err(ApiError::not_found("session")),
        other => other?,
    }
    super::end_streams(&state, vec![id]);
    Ok(StatusCode::NO_CONTENT)
}

/// Sign out everywhere
///
/// Ends every session of the account, this one with them.
#[utoipa::path(
    delete,
    path = "/auth/sessions",
    operation_id = "revokeSessions",
    tag = "auth",
    responses((status = 204, description = "Signed out everywhere."))
)]
pub(super) async fn revoke_all(
    State(state): State<AppState>,
    session: Session,
    origin: Origin,
) -> Result<impl IntoResponse, ApiError> {
    let note = super::signing(AuditAction::AuthSessionRevoke, &session.user, &origin);
    let ended = state.store().noting(note).revoke_sessions(session.scope, session.user.id, None).await?;
    super::end_streams(&state, ended);
    Ok((StatusCode::NO_CONTENT, AppendHeaders(token::clearing_cookies(&state.config))))
}
