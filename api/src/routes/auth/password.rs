//! Changing one's password.

use super::wire::PasswordChange;
use crate::error::ApiError;
use crate::extract::{ClientAddress, Json, Origin, Session};
use crate::password::{check_password, hash_password, validate_password};
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use std::net::IpAddr;
use twobot_domain::{AuditAction, AuditOutcome};
use twobot_store::audit::Note;

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
    let note = super::signing(AuditAction::AuthPasswordReset, user, &origin);
    confirm_password(&state, &session, address, &body.current_password, &note).await?;
    let hash = hash_password(new).await.map_err(ApiError::internal)?;
    let ended = state.store().noting(note).change_password(session.scope, user.id, &hash, session.id).await?;
    super::end_streams(&state, ended);
    state.engine.mail_waits();
    Ok(StatusCode::NO_CONTENT)
}

/// Whether whoever holds the session also knows the password: asked before something that can not be undone. A wrong one is recorded as the
/// failure of what the note says.
///
/// # Errors
/// `wrong_password`; `rate_limited` after too many tries, which count with those to sign in.
pub(crate) async fn confirm_password(
    state: &AppState,
    session: &Session,
    address: IpAddr,
    password: &SecretString,
    note: &Note,
) -> Result<(), ApiError> {
    let email = &session.user.email;
    state.throttle().take(address, email).await.map_err(super::too_many)?;
    let login = state.store().login(email).await?.ok_or_else(ApiError::unauthenticated)?;
    let right = check_password(password.expose_secret(), Some(login.password_hash));
    if !right.await.map_err(ApiError::internal)? {
        state.store().record_audit(session.scope, &note.clone().ending(AuditOutcome::Failure)).await?;
        return Err(ApiError::wrong_password());
    }
    state.throttle().forgive(address, email).await;
    Ok(())
}
