//! Choosing a new password by what a mail carried.

use super::wire::PasswordReset;
use crate::error::ApiError;
use crate::extract::{ClientAddress, Json, Origin, Unsaid, require_same_origin};
use crate::password::{hash_password, validate_password};
use crate::state::AppState;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use secrecy::ExposeSecret;
use twobot_domain::AuditAction;
use twobot_store::StoreError;
use twobot_store::account_tokens::TokenPurpose;

/// Choose a new password by a mail
///
/// With the token of the mail that `POST /auth/forgot-password` sends. It works once, within an hour, and ends every session of the
/// account. A mail tells of the change.
#[utoipa::path(
    post,
    path = "/auth/reset-password",
    operation_id = "resetPassword",
    tag = "auth",
    security(()),
    request_body = PasswordReset,
    responses(
        (status = 204, description = "The password is the new one; sign in with it."),
        (status = 400, description = "`invalid_token`: it was used, it is too old, or it is none; `malformed_json`: the body is not JSON."),
        (status = 403, description = "`csrf_failed`: another site sent this."),
        (status = 429, description = "`rate_limited`: too many tries; `Retry-After` says how long to wait."),
    )
)]
pub(super) async fn reset_password(
    State(state): State<AppState>,
    ClientAddress(address): ClientAddress,
    origin: Origin,
    headers: HeaderMap,
    Json(body): Json<PasswordReset>,
) -> Result<StatusCode, ApiError> {
    require_same_origin(&headers, state.config.public_url.as_ref(), Unsaid::Accept)?;
    let password = body.password.expose_secret();
    validate_password(password).map_err(|message| ApiError::invalid_field("password", message))?;
    state.throttle().take_token(address).await.map_err(super::too_many)?;
    let token = body.token.expose_secret().trim();
    // Looked at before hashing, which nobody without a token should make us do.
    let holder = state.store().token_holder(TokenPurpose::Reset, token).await?;
    let (scope, user) = holder.ok_or_else(ApiError::invalid_token)?;
    let hash = hash_password(password).await.map_err(ApiError::internal)?;
    let note = super::signing(AuditAction::AuthPasswordReset, &user, &origin);
    let ended = match state.store().noting(note).reset_password(scope, user.id, token, &hash).await {
        // Another request was faster.
        Err(StoreError::NotFound) => return Err(ApiError::invalid_token()),
        other => other?,
    };
    super::end_streams(&state, ended);
    state.throttle().forgive(address, &user.email).await;
    state.engine.mail_waits();
    Ok(StatusCode::NO_CONTENT)
}
