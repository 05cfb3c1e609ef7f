//! Asking for a new password.

use super::wire::ForgottenPassword;
use crate::error::ApiError;
use crate::extract::{ClientAddress, Json, Unsaid, require_same_origin};
use crate::password::validate_email;
use crate::state::AppState;
use crate::token;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use secrecy::ExposeSecret;
use twobot_domain::{Mail, Timestamp};
use twobot_store::account_tokens::{NewToken, TokenPurpose};

/// How long a token lets someone choose a new password.
const MINUTES: u32 = 60;

/// Ask for a new password
///
/// Sends a mail to the address, if it has an account. The answer is the same if it has none, and takes as long. Three times an hour for
/// an address, and from a network address.
#[utoipa::path(
    post,
    path = "/auth/forgot-password",
    operation_id = "forgotPassword",
    tag = "auth",
    security(()),
    request_body = ForgottenPassword,
    responses(
        (status = 202, description = "If the address has an account, a mail is on its way."),
        (status = 403, description = "`csrf_failed`: another site sent this."),
        (status = 429, description = "`rate_limited`: too many mails; `Retry-After` says how long to wait."),
    )
)]
pub(super) async fn forgot_password(
    State(state): State<AppState>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    Json(body): Json<ForgottenPassword>,
) -> Result<StatusCode, ApiError> {
    require_same_origin(&headers, state.config.public_url.as_ref(), Unsaid::Accept)?;
    let email = body.email.trim().to_owned();
    validate_email(&email).map_err(|message| ApiError::invalid_field("email", message))?;
    state.throttle().take_reset(address, &email).await.map_err(super::too_many)?;
    // Not waited for: an address that has an account must not take longer than one that has none.
    tokio::spawn(async move {
        if let Err(error) = send(&state, &email).await {
            tracing::error!(
                cause = error.cause.unwrap_or_default(),
                "a mail for a new password could not be queued"
            );
        }
    });
    Ok(StatusCode::ACCEPTED)
}

async fn send(state: &AppState, email: &str) -> Result<(), ApiError> {
    let Some(login) = state.store().login(email).await? else { return Ok(()) };
    let token = token::new_token().map_err(ApiError::internal)?;
    let new = NewToken {
        purpose: TokenPurpose::Reset,
        expires_at: Timestamp::now().plus_millis(i64::from(MINUTES) * 60_000),
        mail: Mail::Reset {
            name: login.user.name,
            token: token.expose_secret().to_owned(),
            minutes: MINUTES,
        },
        token,
        pending: None,
    };
    state.store().hand_out_token(login.scope, login.user.id, &new).await?;
    state.engine.mail_waits();
    Ok(())
}
