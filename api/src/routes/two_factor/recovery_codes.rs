//! New recovery codes.

use super::wire::{Proof, RecoveryCodes};
use crate::error::ApiError;
use crate::extract::{ClientAddress, Json, Origin, Session};
use crate::second_factor::new_recovery_codes;
use crate::state::AppState;
use axum::extract::State;
use twobot_domain::AuditAction;
use twobot_store::StoreError;

/// Make new recovery codes
///
/// Those before are worth nothing then. Wants the password, and a code of the authenticator or a recovery code.
#[utoipa::path(
    post,
    path = "/user/two-factor/recovery-codes",
    operation_id = "renewRecoveryCodes",
    tag = "auth",
    request_body = Proof,
    responses(
        (status = 200, description = "The new ones. They are not shown again.", body = RecoveryCodes),
        (status = 403, description = "`wrong_password`: the present one is another; `wrong_code`: the code is another one or was used; `csrf_failed`: the cookie came along, but not from one of 2Bot's pages."),
        (status = 409, description = "`two_factor_off`: two-factor sign-in is off."),
        (status = 429, description = "`rate_limited`: too many tries; `Retry-After` says how long to wait."),
    )
)]
pub(super) async fn renew(
    State(state): State<AppState>,
    session: Session,
    ClientAddress(address): ClientAddress,
    origin: Origin,
    Json(body): Json<Proof>,
) -> Result<Json<RecoveryCodes>, ApiError> {
    let note = super::note(AuditAction::AuthRecoveryCodes, &session, &origin);
    let proof = super::prove(&state, &session, address, body, &note).await?;
    let codes = new_recovery_codes().map_err(ApiError::internal)?;
    let store = state.store().noting(note.clone());
    match store.replace_recovery_codes(session.scope, session.user.id, &proof, &codes).await {
        Err(StoreError::NotFound) => return Err(super::refuse(&state, &session, &note, false).await?),
        other => other?,
    }
    state.engine.mail_waits();
    Ok(Json(RecoveryCodes::new(&codes)))
}
