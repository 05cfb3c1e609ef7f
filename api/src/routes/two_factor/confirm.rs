//! Turning two-factor sign-in on.

use super::wire::{Code, RecoveryCodes};
use crate::error::ApiError;
use crate::extract::{Json, Origin, Session};
use crate::second_factor::{new_recovery_codes, step_of};
use crate::state::AppState;
use axum::extract::State;
use twobot_domain::AuditAction;
use twobot_store::StoreError;

/// Turn two-factor sign-in on
///
/// With a code of the authenticator that was given what `POST /user/two-factor/setup` answered. From then on, signing in takes a code, too.
/// The answer has recovery codes, for when the authenticator is lost: ten, each good once. A mail tells of it. Sessions stay as they are.
#[utoipa::path(
    post,
    path = "/user/two-factor/confirm",
    operation_id = "confirmTwoFactor",
    tag = "auth",
    request_body = Code,
    responses(
        (status = 200, description = "It is on. The recovery codes are not shown again.", body = RecoveryCodes),
        (status = 403, description = "`wrong_code`: the authenticator shows another one, or its clock is wrong; `csrf_failed`: the cookie came along, but not from one of 2Bot's pages."),
        (status = 409, description = "`two_factor_not_begun`: nothing waits for a code."),
    )
)]
pub(super) async fn confirm(
    State(state): State<AppState>,
    session: Session,
    origin: Origin,
    Json(body): Json<Code>,
) -> Result<Json<RecoveryCodes>, ApiError> {
    let (scope, user) = (session.scope, session.user.id);
    let setup = state.store().pending_two_factor(scope, user).await?;
    let setup = setup.ok_or_else(ApiError::two_factor_not_begun)?;
    // Whoever asks was shown the secret just now: there is nothing to guess.
    let step = step_of(&setup.secret, &body.code)?.ok_or_else(ApiError::wrong_code)?;
    let codes = new_recovery_codes().map_err(ApiError::internal)?;
    let note = super::note(AuditAction::AuthTwoFactorEnable, &session, &origin);
    match state.store().noting(note).enable_two_factor(scope, user, setup.id, step, &codes).await {
        // Another request was faster.
        Err(StoreError::NotFound) => return Err(ApiError::two_factor_not_begun()),
        other => other?,
    }
    state.engine.mail_waits();
    Ok(Json(RecoveryCodes::new(&codes)))
}
