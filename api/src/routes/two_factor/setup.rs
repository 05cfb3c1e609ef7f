//! Beginning to set two-factor sign-in up.

use super::wire::{Password, Setup};
use crate::error::ApiError;
use crate::extract::{ClientAddress, Json, Origin, Session};
use crate::routes::auth::confirm_password;
use crate::second_factor::{new_secret, otpauth_uri};
use crate::state::AppState;
use axum::extract::State;
use secrecy::ExposeSecret;
use twobot_domain::AuditAction;
use twobot_store::StoreError;

/// Begin to set two-factor sign-in up
///
/// Answers what an authenticator (any that knows RFC 6238: SHA-1, six digits, 30 seconds) is to be given. Nothing changes until
/// `POST /user/two-factor/confirm` shows a code of it, within an hour. Begun again, what was given before is worth nothing. Wrong
/// passwords count with the tries to sign in.
#[utoipa::path(
    post,
    path = "/user/two-factor/setup",
    operation_id = "beginTwoFactor",
    tag = "auth",
    request_body = Password,
    responses(
        (status = 200, description = "What the authenticator is to be given. It is not shown again.", body = Setup),
        (status = 403, description = "`wrong_password`: the present one is another; `csrf_failed`: the cookie came along, but not from one of 2Bot's pages."),
        (status = 409, description = "`two_factor_on`: it is on already."),
        (status = 429, description = "`rate_limited`: too many tries; `Retry-After` says how long to wait."),
    )
)]
pub(super) async fn begin(
    State(state): State<AppState>,
    session: Session,
    ClientAddress(address): ClientAddress,
    origin: Origin,
    Json(body): Json<Password>,
) -> Result<Json<Setup>, ApiError> {
    let note = super::note(AuditAction::AuthTwoFactorEnable, &session, &origin);
    confirm_password(&state, &session, address, &body.password, &note).await?;
    let secret = new_secret().map_err(ApiError::internal)?;
    let otpauth_uri = otpauth_uri(&secret, &session.user.email)?;
    match state.store().begin_two_factor(session.scope, session.user.id, &secret).await {
        Err(StoreError::Exists(_)) => Err(ApiError::two_factor_on()),
        other => {
            other?;
            Ok(Json(Setup { secret: secret.expose_secret().to_owned(), otpauth_uri }))
        }
    }
}
