//! Signing out.

use crate::error::ApiError;
use crate::extract::{Origin, Session};
use crate::state::AppState;
use crate::token;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{AppendHeaders, IntoResponse};
use twobot_domain::AuditAction;

/// Sign out
///
/// Ends the session that the request carries, and the live streams that it opened.
#[utoipa::path(
    post,
    path = "/auth/logout",
    operation_id = "logout",
    tag = "auth",
    responses((status = 204, description = "Signed out."))
)]
pub(super) async fn logout(
    State(state): State<AppState>,
    session: Session,
    origin: Origin,
) -> Result<impl IntoResponse, ApiError> {
    let note = super::signing(AuditAction::AuthLogout, &session.user, &origin);
    state.store().noting(note).close_session(session.scope, session.id).await?;
    // No stream may be open; then nobody is to be told.
    let _ = state.signed_out.send(session.id);
    Ok((StatusCode::NO_CONTENT, AppendHeaders(token::clearing_cookies(&state.config))))
}
