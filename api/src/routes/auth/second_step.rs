//! The second step of signing in, where two-factor sign-in is on.

use super::wire::{Challenge, SecondStep, SignedIn};
use crate::error::ApiError;
use crate::extract::{ClientAddress, DeviceOf, Json, Origin, Unsaid, require_same_origin};
use crate::second_factor::Shown;
use crate::state::AppState;
use crate::token;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use secrecy::ExposeSecret;
use serde_json::json;
use twobot_domain::{AuditAction, AuditOutcome, Mail, Timestamp};
use twobot_store::accounts::Login;
use twobot_store::two_factor::{ChallengeTry, Finished, NewChallenge};

/// How long a sign-in waits for a code.
const CHALLENGE_MILLIS: i64 = 5 * 60 * 1_000;

/// Answers a right password with what the second step begins with. Nobody is signed in by it.
pub(super) async fn begin(state: &AppState, login: &Login, known: bool) -> Result<Response, ApiError> {
    let token = token::new_token().map_err(ApiError::internal)?;
    let expires_at = Timestamp::now().plus_millis(CHALLENGE_MILLIS);
    let new = NewChallenge { token, known, expires_at };
    state.store().open_challenge(login.scope, login.user.id, &new).await?;
    Ok(Json(Challenge::new(&new)).into_response())
}

/// Sign in: the second step
///
/// Where two-factor sign-in is on, `POST /auth/login` answers with a `challenge` instead of tokens. This finishes it, with a code of the
/// authenticator or a recovery code, within five minutes and five tries. Each code signs in once. After ten wrong ones in a row there is a
/// wait for the account, longer each time, but for browsers that have signed in before.
#[utoipa::path(
    post,
    path = "/auth/login/two-factor",
    operation_id = "loginTwoFactor",
    tag = "auth",
    security(()),
    request_body = SecondStep,
    responses(
        (status = 200, description = "Signed in.", body = SignedIn),
        (status = 401, description = "`invalid_challenge`: it is too old, had too many wrong codes, or is finished; begin with the password."),
        (status = 403, description = "`wrong_code`: the code is another one or was used; `csrf_failed`: another site sent this."),
        (status = 429, description = "`rate_limited`: too many tries; `Retry-After` says how long to wait."),
    )
)]
pub(super) async fn login_two_factor(
    State(state): State<AppState>,
    ClientAddress(address): ClientAddress,
    origin: Origin,
    device: DeviceOf,
    headers: HeaderMap,
    Json(body): Json<SecondStep>,
) -> Result<Response, ApiError> {
    require_same_origin(&headers, state.config.public_url.as_ref(), Unsaid::Accept)?;
    let shown = Shown::read(body.code, body.recovery_code)?;
    state.throttle().take_code(address).await.map_err(super::too_many)?;
    let token = body.challenge.expose_secret().trim();
    let (scope, user, setup, last) = match state.store().take_challenge_try(token).await? {
        ChallengeTry::Unknown => return Err(ApiError::invalid_challenge()),
        ChallengeTry::Locked { until } => return Err(super::too_many_codes(until)),
        ChallengeTry::Taken { scope, user, setup, last } => (scope, user, setup, last),
    };
    let note = super::signing(AuditAction::AuthLogin, &user, &origin);
    let finished = match shown.proof(&setup)? {
        None => Finished::Worthless,
        Some(proof) => {
            let opening = super::Opening::of(&state, scope, device).await?;
            let note = note.clone().with(json!({"second_step": shown.kind()}));
            let store = state.store().noting(note);
            match store.finish_challenge(scope, user.id, token, &proof, &opening.new).await? {
                Finished::Yes(ended) => {
                    state.throttle().forgive(address, &user.email).await;
                    return opening.answer(&state, *user, ended, StatusCode::OK);
                }
                other => other,
            }
        }
    };
    if finished == Finished::Gone {
        return Err(ApiError::invalid_challenge());
    }
    let failed = note.ending(AuditOutcome::Failure).with(json!({"step": "code"}));
    state.store().record_audit(scope, &failed).await?;
    if last {
        let mail = Mail::WrongCodes { name: user.name.clone(), at: Timestamp::now() };
        state.store().queue_mail(scope, user.id, &mail).await?;
        state.engine.mail_waits();
    }
    Err(ApiError::wrong_code())
}
