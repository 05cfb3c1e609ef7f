//! Signing in.

use super::wire::{Credentials, LoginAnswer};
use crate::error::ApiError;
use crate::extract::{ClientAddress, DeviceOf, Json, Origin, Unsaid, require_same_origin};
use crate::password::check_password;
use crate::state::AppState;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use secrecy::ExposeSecret;
use twobot_domain::{AuditAction, AuditOutcome};
use twobot_store::account_tokens::Pending;
use twobot_store::accounts::Login;

/// Sign in
///
/// Opens a session. The answer sets the cookies, and carries for programs a token of 15 minutes and a refresh token that renews it
/// (`POST /auth/refresh`). A session lasts 7 days without being renewed, and 30 at most; where the plan allows no more of them, the one
/// that was not used for the longest time ends. After five tries for an account from one network address there is a wait of up to 15
/// minutes. Where two-factor sign-in is on (`two_factor_required`), nobody is signed in yet: `POST /auth/login/two-factor` takes the
/// `challenge` and a code.
#[utoipa::path(
    post,
    path = "/auth/login",
    operation_id = "login",
    tag = "auth",
    security(()),
    request_body = Credentials,
    responses(
        (status = 200, description = "Signed in; or, where two-factor sign-in is on, what the second step takes.", body = LoginAnswer),
        (status = 401, description = "`invalid_credentials`: the address or the password is wrong, or the address is not confirmed yet (then a mail is on its way)."),
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
    let known = match (&login, &device.kept) {
        (Some(login), Some(kept)) => state.store().knows_device(login.scope, login.user.id, kept).await?,
        _ => false,
    };
    if !known {
        state.throttle().take_unknown(email).await.map_err(super::too_many)?;
    }
    let hash = login.as_ref().map(|login| login.password_hash.clone());
    let right =
        check_password(credentials.password.expose_secret(), hash).await.map_err(ApiError::internal)?;
    match login {
        Some(login) if right && (login.user.email_verified_at.is_some() || !state.config.mails_go_out) => {
            // Tries are forgiven once somebody is in, so that who knows the password can not begin to guess codes again and again.
            if login.two_factor {
                return super::second_step::begin(&state, &login, known).await;
            }
            state.throttle().forgive(address, email).await;
            super::sign_in(&state, login.scope, login.user, device, &origin, StatusCode::OK).await
        }
        Some(login) => {
            if right {
                remind(&state, &login);
            }
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

/// Sends the mail that confirms the address again: who registered and signs in before that is told the same as who has no account, since
/// otherwise registering would tell after all. Not waited for, as everything that only an account causes.
fn remind(state: &AppState, login: &Login) {
    let (state, login) = (state.clone(), login.clone());
    tokio::spawn(async move {
        if state.throttle().take_verification(login.user.id).await.is_err() {
            return;
        }
        let sent = async {
            let pending = Pending { name: login.user.name.clone(), password_hash: login.password_hash };
            let token = super::verification(&login.user.name, Some(pending))?;
            state.store().hand_out_token(login.scope, login.user.id, &token).await?;
            state.engine.mail_waits();
            Ok::<_, ApiError>(())
        };
        if let Err(error) = sent.await {
            tracing::error!(
                cause = error.cause.unwrap_or_default(),
                "a mail to confirm an address could not be queued"
            );
        }
    });
}
