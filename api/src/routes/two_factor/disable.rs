//! Turning two-factor sign-in off.

use super::wire::Proof;
use crate::error::ApiError;
use crate::extract::{ClientAddress, Json, Origin, Session};
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use twobot_domain::AuditAction;
use twobot_store::StoreError;

/// Turn two-factor sign-in off
///
/// Wants the password, and a code of the authenticator or a recovery code. The recovery codes go with it. A mail tells of it.
#[utoipa::path(
    post,
    path = "/user/two-factor/disable",
    operation_id = "disableTwoFactor",
    tag = "auth",
    request_body = Proof,
    responses(
        (status = 204, description = "It is off."),
        (status = 403, description = "`wrong_password`: the present one is another; `wrong_code`: the code is another one or was used; `csrf_failed`: the cookie came along, but not from one of 2Bot's pages."),
        (status = 409, description = "`two_factor_off`: it is off already."),
        (status = 429, description = "`rate_limited`: too many tries; `Retry-After` says how long to wait."),
    )
)]
pub(super) async fn disable(
    State(state): State<AppState>,
    session: Session,
    ClientAddress(address): ClientAddress,
    origin: Origin,
    Json(body): Json<Proof>,
) -> Result<StatusCode, ApiError> {
    let note = super::note(AuditAction::AuthTwoFactorDisable, &session, &origin);
    let proof = super::prove(&state, &session, address, body, &note).await?;
    let store = state.store().noting(note.clone());
    match store.disable_two_factor(session.scope, session.user.id, &proof).await {
        Err(StoreError::NotFound) => return Err(super::refuse(&state, &session, &note, false).await?),
        other => other?,
    }
    state.engine.mail_waits();
    Ok(StatusCode::NO_CONTENT)
}
