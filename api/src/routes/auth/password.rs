//! Changing one's password.

use super::wire::PasswordChange;
use crate::error::ApiError;
use crate::extract::{ClientAddress, Json, Origin, Session};
use crate::password::{check_password, hash_password, validate_password};
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use secrecy::ExposeSecret;
use twobot_domain::{AuditAction, AuditOutcome};

/// Change the password
///
/// Wants the present one, and ends all other sessions of the account. A mail tells of the change. Wrong tries count with those to sign
/// in.
#[utoipa::path(
    put,
    path = "/user/password",
    operation_id = "changePassword",
    tag = "auth",
    request_body = PasswordChange,
    responses(
        (status = 204, description = "The password is the new one."),
        (status = 403, description = "`wrong_password`: the present one is another; `csrf_failed`: the cookie came along, but not from one of 2Bot's pages."),
        (status = 429, description = "`rate_limited`: too many tries; `Retry-After` says how long to wait."),
    )
)]
pub(super) async fn change_password(
    State(state): State<AppState>,
    session: Session,
    ClientAddress(address): ClientAddress,
    origin: Origin,
    Json(body): Json<PasswordChange>,
) -> Result<StatusCode, ApiError> {
    let new = body.new_password.expose_secret();
    validate_password(new).map_err(|message| ApiError::invalid_field("new_password", message))?;
    let user = &session.user;
    state.throttle().take(address, &user.email).await.map_err(super::too_many)?;
    let login = state.store().login(&user.email).await?.ok_or_else(ApiError::unauthenticated)?;
    let present = body.current_password.expose_secret();
    let note = super::signing(AuditAction::AuthPasswordReset, user, &origin);
    if !check_password(present, Some(login.password_hash)).await.map_err(ApiError::internal)? {
        state.store().record_audit(session.scope, &note.ending(AuditOutcome::Failure)).await?;
        return Err(ApiError::wrong_password());
    }
    state.throttle().forgive(address, &user.email).await;
    let hash = hash_password(new).await.map_err(ApiError::internal)?;
    let ended = state.store().noting(note).change_password(session.scope, user.id, &hash, session.id).await?;
    super::end_streams(&state, ended);
    state.engine.mail_waits();
    Ok(StatusCode::NO_CONTENT)
}
