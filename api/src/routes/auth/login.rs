//! Signing in.

use super::wire::{Credentials, SignedIn};
use crate::error::ApiError;
use crate::extract::{ClientAddress, DeviceOf, Json, Origin, Unsaid, require_same_origin};
use crate::password::check_password;
use crate::state::AppState;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use secrecy::ExposeSecret;
use twobot_domain::{AuditAction, AuditOutcome};

/// Sign in
///
/// Opens a session. The answer sets the cookies, and carries for programs a token of 15 minutes and a refresh token that renews it
/// (`POST /auth/refresh`). A session lasts 7 days without being renewed, and 30 at most; where the plan allows no more of them, the one
/// that was not used for the longest time ends. After five tries for an account from one network address there is a wait of up to 15
/// minutes.
#[utoipa::path(
    post,
    path = "/auth/login",
    operation_id = "login",
    tag = "auth",
    security(()),
    request_body = Credentials,
    responses(
        (status = 200, description = "Signed in.", body = SignedIn),
        (status = 401, description = "`invalid_credentials`: the address or the password is wrong."),
        (status = 403, description = "`csrf_failed`: another site sent this."),
        (status = 429, description = "`rate_limited`: too many tries; `Retry-After` says how long to wait."),
    )
)]
pub(super) async fn login(
    State(state): State<AppState>,
    ClientAddress(address): ClientAddress,
    origin: Origin,
    device: DeviceOf,
    headers: HeaderMap,
    Json(credentials): Json<Credentials>,
) -> Result<Response, ApiError> {
    require_same_origin(&headers, state.config.public_url.as_ref(), Unsaid::Accept)?;
    let email = credentials.email.trim();
    state.throttle().take(address, email).await.map_err(super::too_many)?;
    let login = state.store().login(email).await?;
    let hash = login.as_ref().map(|login| login.password_hash.clone());
    let right =
        check_password(credentials.password.expose_secret(), hash).await.map_err(ApiError::internal)?;
    match login {
        Some(login) if right => {
            state.throttle().forgive(address, email).await;
            super::sign_in(&state, login.scope, login.user, device, &origin, StatusCode::OK).await
        }
        Some(login) => {
            let note =
                super::signing(AuditAction::AuthLogin, &login.user, &origin).ending(AuditOutcome::Failure);
            let store = state.store().clone();
            // Not waited for: an account that exists must not take longer to refuse than one that does not.
            tokio::spawn(async move {
                if let Err(error) = store.record_audit(login.scope, &note).await {
                    tracing::error!(%error, "a failed sign-in could not be recorded");
                }
            });
            Err(ApiError::invalid_credentials())
        }
        None => Err(ApiError::invalid_credentials()),
    }
}
