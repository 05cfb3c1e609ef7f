//! Showing that an e-mail address is theirs.

use super::wire::MailToken;
use crate::error::ApiError;
use crate::extract::{ClientAddress, Json, Origin, Session, Unsaid, require_same_origin};
use crate::state::AppState;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use secrecy::ExposeSecret;
use twobot_domain::{AuditAction, Mail};
use twobot_store::StoreError;
use twobot_store::account_tokens::TokenPurpose;

/// Confirm an e-mail address
///
/// With the token of the mail that registering sends. It works once, within 24 hours.
#[utoipa::path(
    post,
    path = "/auth/verify-email",
    operation_id = "verifyEmail",
    tag = "auth",
    security(()),
    request_body = MailToken,
    responses(
        (status = 204, description = "The address is confirmed."),
        (status = 400, description = "`invalid_token`: it was used, it is too old, or it is none; `malformed_json`: the body is not JSON."),
        (status = 403, description = "`csrf_failed`: another site sent this."),
        (status = 429, description = "`rate_limited`: too many tries; `Retry-After` says how long to wait."),
    )
)]
pub(super) async fn verify_email(
    State(state): State<AppState>,
    ClientAddress(address): ClientAddress,
    origin: Origin,
    headers: HeaderMap,
    Json(body): Json<MailToken>,
) -> Result<StatusCode, ApiError> {
    require_same_origin(&headers, state.config.public_url.as_ref(), Unsaid::Accept)?;
    state.throttle().take_token(address).await.map_err(super::too_many)?;
    let token = body.token.expose_secret().trim();
    let holder = state.store().token_holder(TokenPurpose::Verify, token).await?;
    let (scope, user) = holder.ok_or_else(ApiError::invalid_token)?;
    let note = super::signing(AuditAction::AuthEmailVerify, &user, &origin);
    let welcome = Mail::Welcome { name: user.name };
    match state.store().noting(note).verify_email(scope, user.id, token, &welcome).await {
        // Another request was faster.
        Err(StoreError::NotFound) => return Err(ApiError::invalid_token()),
        other => other?,
    }
    state.engine.mail_waits();
    Ok(StatusCode::NO_CONTENT)
}

/// Send the mail that confirms the address again
///
/// Three times an hour. Where the address is confirmed, nothing is sent.
#[utoipa::path(
    post,
    path = "/auth/verify-email/resend",
    operation_id = "resendVerification",
    tag = "auth",
    responses(
        (status = 202, description = "The mail is on its way."),
        (status = 429, description = "`rate_limited`: too many mails; `Retry-After` says how long to wait."),
    )
)]
pub(super) async fn resend(State(state): State<AppState>, session: Session) -> Result<StatusCode, ApiError> {
    if session.user.email_verified_at.is_none() {
        state.throttle().take_verification(session.user.id).await.map_err(super::too_many)?;
        let token = super::verification(&session.user.name)?;
        state.store().hand_out_token(session.scope, session.user.id, &token).await?;
        state.engine.mail_waits();
    }
    Ok(StatusCode::ACCEPTED)
}
