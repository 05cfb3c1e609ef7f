//! Showing that an e-mail address is theirs.

use super::wire::Confirmation;
use crate::error::ApiError;
use crate::extract::{ClientAddress, Json, Origin, Session, Unsaid, require_same_origin};
use crate::password::check_password;
use crate::state::AppState;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use secrecy::ExposeSecret;
use twobot_domain::{AuditAction, Mail};
use twobot_store::StoreError;
use twobot_store::account_tokens::TokenPurpose;

/// Confirm an e-mail address
///
/// With the token of the mail that registering sends. It works once, within 24 hours. Where mails go out, the password that was chosen
/// with it is wanted, too: whoever reads the mail of a stranger's registration must not confirm it by a click.
#[utoipa::path(
    post,
    path = "/auth/verify-email",
    operation_id = "verifyEmail",
    tag = "auth",
    security(()),
    request_body = Confirmation,
    responses(
        (status = 204, description = "The address is confirmed."),
        (status = 400, description = "`invalid_token`: it was used, it is too old, or it is none; `malformed_json`: the body is not JSON."),
        (status = 403, description = "`csrf_failed`: another site sent this; `wrong_password`: another one was chosen with this link."),
        (status = 422, description = "`validation_failed`: the `password` is missing."),
        (status = 429, description = "`rate_limited`: too many tries; `Retry-After` says how long to wait."),
    )
)]
pub(super) async fn verify_email(
    State(state): State<AppState>,
    ClientAddress(address): ClientAddress,
    origin: Origin,
    headers: HeaderMap,
    Json(body): Json<Confirmation>,
) -> Result<StatusCode, ApiError> {
    require_same_origin(&headers, state.config.public_url.as_ref(), Unsaid::Accept)?;
    state.throttle().take_token(address).await.map_err(super::too_many)?;
    let token = body.token.expose_secret().trim();
    let holder = state.store().token_holder(TokenPurpose::Verify, token).await?;
    let (scope, user) = holder.ok_or_else(ApiError::invalid_token)?;
    if let Some(hash) = state.store().pending_password(token).await? {
        let password = body.password.as_ref().filter(|password| !password.expose_secret().is_empty());
        let password = password.ok_or_else(|| {
            ApiError::invalid_field(
                "password",
                "is missing: enter the one that you chose when you registered",
            )
        })?;
        state.throttle().take(address, &user.email).await.map_err(super::too_many)?;
        if !check_password(password.expose_secret(), Some(hash)).await.map_err(ApiError::internal)? {
            return Err(ApiError::wrong_password());
        }
        state.throttle().forgive(address, &user.email).await;
    }
    let note = super::signing(AuditAction::AuthEmailVerify, &user, &origin);
    let welcome = Mail::Welcome { name: user.name };
    let ended = match state.store().noting(note).verify_email(scope, user.id, token, &welcome).await {
        // Another request was faster.
        Err(StoreError::NotFound) => return Err(ApiError::invalid_token()),
        other => other?,
    };
    super::end_streams(&state, ended);
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
        let token = super::verification(&session.user.name, None)?;
        state.store().hand_out_token(session.scope, session.user.id, &token).await?;
        state.engine.mail_waits();
    }
    Ok(StatusCode::ACCEPTED)
}
