//! The end of an account, and calling it off.

use crate::error::ApiError;
use crate::extract::{ClientAddress, Json, Origin, Session};
use crate::routes::auth;
use crate::state::AppState;
use crate::wire::Time;
use axum::extract::State;
use axum::http::StatusCode;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use twobot_domain::AuditAction;
use twobot_store::StoreError;
use utoipa::ToSchema;

/// Says that it is really the account's owner who asks.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct ClosingRequest {
    /// The present password.
    #[schema(value_type = String, format = Password, example = "Analytical-Engine-1")]
    password: SecretString,
}

/// An account that will be removed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Closing {
    /// When it is removed with all that it has. Until then it can be called off.
    closes_at: Time,
}

/// Delete the account
///
/// Stops the workspace, disconnects its gateways and ends all other sessions at once. Thirty days later everything of the account is removed;
/// until then `POST /users/me/keep` calls it off. Asked for again, nothing is postponed. Also `POST /users/me/delete-data`.
#[utoipa::path(
    delete,
    path = "/users/me",
    operation_id = "closeAccount",
    tag = "account",
    request_body = ClosingRequest,
    responses(
        (status = 202, description = "It will be removed.", body = Closing),
        (status = 403, description = "`wrong_password`: the present one is another; `role_required`: only the owner may; `csrf_failed`: the cookie came along, but not from one of 2Bot's pages."),
        (status = 429, description = "`rate_limited`: too many tries; `Retry-After` says how long to wait."),
    )
)]
pub(super) async fn close(
    State(state): State<AppState>,
    session: Session,
    ClientAddress(address): ClientAddress,
    origin: Origin,
    Json(body): Json<ClosingRequest>,
) -> Result<(StatusCode, Json<Closing>), ApiError> {
    let note = super::note(AuditAction::AccountClose, &origin.by(&session.user), &session.user);
    auth::confirm_password(&state, &session, address, &body.password, &note).await?;
    let (closes_at, ended) =
        state.engine.close_account(session.scope, &session.by(), note, session.id).await?;
    auth::end_streams(&state, ended);
    Ok((StatusCode::ACCEPTED, Json(Closing { closes_at: closes_at.into() })))
}

/// Keep the account
///
/// Calls its deletion off. The workspace stays stopped and gateways disconnected until they are started again.
#[utoipa::path(
    post,
    path = "/users/me/keep",
    operation_id = "keepAccount",
    tag = "account",
    responses(
        (status = 204, description = "It stays."),
        (status = 403, description = "`role_required`: only the owner may."),
        (status = 409, description = "`conflict`: its deletion was not asked for."),
    )
)]
pub(super) async fn keep(
    State(state): State<AppState>,
    session: Session,
    origin: Origin,
) -> Result<StatusCode, ApiError> {
    let note = super::note(AuditAction::AccountKeep, &origin.by(&session.user), &session.user);
    match state.store().noting(note).keep_account(session.scope).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(StoreError::NotFound) => Err(ApiError::conflict(
            "The deletion of this account was not asked for, or was called off before.",
        )),
        Err(error) => Err(error.into()),
    }
}
