//! Renewing a session.

use super::wire::{Refresh, Tokens};
use crate::error::ApiError;
use crate::extract::{DeviceOf, Json, Origin, Unsaid, require_same_origin};
use crate::state::AppState;
use crate::token::{self, Carrier};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use secrecy::{ExposeSecret, SecretString};
use twobot_domain::{AuditAction, AuditOutcome};
use twobot_store::sessions::Renewed;

/// Renew the session
///
/// Replaces the token and the refresh token by new ones. Programs send the refresh token in the body and find the new ones in the
/// answer; browsers send it as a cookie and get new cookies. Each refresh token works once; for 30 seconds it is answered with the same
/// new ones again, so that two who ask at once both go on. Used later than that, somebody else must have it: the session ends, and
/// its owner gets a mail.
#[utoipa::path(
    post,
    path = "/auth/refresh",
    operation_id = "refreshSession",
    tag = "auth",
    security(()),
    request_body = Refresh,
    responses(
        (status = 200, description = "The new tokens, for who sent one in the body.", body = Tokens),
        (status = 204, description = "The new tokens are in the cookies, for who sent a cookie."),
        (status = 401, description = "`unauthenticated`: there is no such session, or it has ended."),
        (status = 403, description = "`csrf_failed`: the cookie came along, but not from one of 2Bot's pages."),
        (status = 429, description = "`rate_limited`: renewed too often; `Retry-After` says how long to wait."),
    )
)]
pub(super) async fn refresh(
    State(state): State<AppState>,
    origin: Origin,
    DeviceOf { device, .. }: DeviceOf,
    headers: HeaderMap,
    Json(body): Json<Refresh>,
) -> Result<Response, ApiError> {
    let (shown, carrier) = shown(&state, &headers, body)?;
    let shown = shown.expose_secret().trim();
    let owner = state.store().session_owner(shown).await?;
    let (scope, user, session) = owner.ok_or_else(ApiError::unauthenticated)?;
    state.throttle().take_renewal(session).await.map_err(super::too_many)?;
    let note = super::signing(AuditAction::AuthSessionStolen, &user, &origin).ending(AuditOutcome::Denied);
    match state.store().noting(note).renew_session(scope, shown, &device).await? {
        Renewed::Yes { keys, .. } if carrier == Carrier::Cookie => {
            let cookies = token::session_cookies(&state.config, &keys);
            Ok((StatusCode::NO_CONTENT, AppendHeaders(cookies)).into_response())
        }
        Renewed::Yes { keys, access_until, .. } => Ok(Json(Tokens::new(&keys, access_until)).into_response()),
        Renewed::Stolen => {
            super::end_streams(&state, vec![session]);
            state.engine.mail_waits();
            Err(ApiError::unauthenticated())
        }
        Renewed::Unknown => Err(ApiError::unauthenticated()),
    }
}

/// The refresh token of a request. The body wins: who puts it there means it.
fn shown(state: &AppState, headers: &HeaderMap, body: Refresh) -> Result<(SecretString, Carrier), ApiError> {
    let public_url = state.config.public_url.as_ref();
    if let Some(token) = body.refresh_token {
        require_same_origin(headers, public_url, Unsaid::Accept)?;
        return Ok((token, Carrier::Bearer));
    }
    let token = token::renewal_of(headers).ok_or_else(ApiError::unauthenticated)?;
    require_same_origin(headers, public_url, Unsaid::Refuse)?;
    Ok((token, Carrier::Cookie))
}
