//! Making an account, signing in and out, and who is signed in.

mod forgot;
mod login;
mod logout;
mod me;
mod password;
mod refresh;
mod register;
mod reset;
mod second_step;
mod sessions;
mod verify;
mod wire;

pub(crate) use password::confirm_password;

use crate::error::ApiError;
use crate::extract::{DeviceOf, Json, Origin};
use crate::state::AppState;
use crate::token;
use axum::http::StatusCode;
use axum::http::header::HeaderName;
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::get;
use secrecy::ExposeSecret;
use twobot_domain::{AuditAction, Mail, SessionId, Timestamp};
use twobot_redis::Taken;
use twobot_store::TenantScope;
use twobot_store::account_tokens::{NewToken, Pending, TokenPurpose};
use twobot_store::accounts::User;
use twobot_store::audit::{Note, Target};
use twobot_store::sessions::{ACCESS_MILLIS, NewSession, SessionKeys};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How long a token confirms an address.
const VERIFICATION_HOURS: u32 = 24;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(register::register))
        .routes(routes!(login::login))
        .routes(routes!(second_step::login_two_factor))
        .routes(routes!(logout::logout))
        .routes(routes!(refresh::refresh))
        .routes(routes!(sessions::list, sessions::revoke_all))
        .routes(routes!(sessions::revoke))
        .routes(routes!(me::me))
        .routes(routes!(verify::verify_email))
        .routes(routes!(verify::resend))
        .routes(routes!(forgot::forgot_password))
        .routes(routes!(reset::reset_password))
        .routes(routes!(password::change_password))
        .route("/auth/session", get(me::me))
}

/// Someone signing in or out, as the audit log tells it.
fn signing(action: AuditAction, user: &User, origin: &Origin) -> Note {
    let target = Target { kind: "user", id: user.id.to_string(), name: user.name.clone() };
    Note::new(&origin.by(user), action, target)
}

/// That somebody has to wait.
pub(crate) fn too_many(refused: Taken) -> ApiError {
    ApiError::rate_limited(refused.resets.as_secs() + 1)
}

/// A token that goes out with a mail which asks whether the address is theirs.
fn verification(name: &str, pending: Option<Pending>) -> Result<NewToken, ApiError> {
    let token = token::new_token().map_err(ApiError::internal)?;
    Ok(NewToken {
        purpose: TokenPurpose::Verify,
        expires_at: Timestamp::now().plus_millis(i64::from(VERIFICATION_HOURS) * 3_600_000),
        mail: Mail::Verify {
            name: name.to_owned(),
            token: token.expose_secret().to_owned(),
            hours: VERIFICATION_HOURS,
        },
        token,
        pending,
    })
}

/// Tells the live streams of sessions that these have ended.
pub(crate) fn end_streams(state: &AppState, ended: Vec<SessionId>) {
    for session in ended {
        // No stream may be open; then nobody is to be told.
        let _ = state.signed_out.send(session);
    }
}

/// That somebody has to wait until a moment before codes are looked at again.
pub(crate) fn too_many_codes(until: Timestamp) -> ApiError {
    let millis = until.millis().saturating_sub(Timestamp::now().millis());
    ApiError::rate_limited(millis / 1_000 + 1)
}

/// A session that is to be opened.
struct Opening {
    new: NewSession,
    device_cookie: (HeaderName, String),
}

impl Opening {
    async fn of(state: &AppState, scope: TenantScope, device: DeviceOf) -> Result<Self, ApiError> {
        let tenant = state.store().tenant(scope).await?;
        let most = state.engine.plans().get_or_default(&tenant.plan).limits.sessions;
        let DeviceOf { device, kept } = device;
        // A new value where it has none: whoever signs in here the next time is no new device.
        let kept = kept.map_or_else(token::new_token, Ok).map_err(ApiError::internal)?;
        let device_cookie = token::device_cookie(&state.config, &kept);
        let new = NewSession { keys: SessionKeys::new(), device, kept: Some(kept), most };
        Ok(Self { new, device_cookie })
    }

    /// Answers with the session that was opened: the tokens in the body for programs, the cookies for browsers.
    fn answer(
        self,
        state: &AppState,
        user: User,
        ended: Vec<SessionId>,
        status: StatusCode,
    ) -> Result<Response, ApiError> {
        end_streams(state, ended);
        state.engine.mail_waits();
        let [session, renewal] = token::session_cookies(&state.config, &self.new.keys);
        let cookies = [session, renewal, self.device_cookie];
        let until = Timestamp::now().plus_millis(ACCESS_MILLIS);
        let body = wire::SignedIn::new(user, wire::Tokens::new(&self.new.keys, until))?;
        Ok((status, AppendHeaders(cookies), Json(body)).into_response())
    }
}

/// Opens a session and answers with it.
async fn sign_in(
    state: &AppState,
    scope: TenantScope,
    user: User,
    device: DeviceOf,
    origin: &Origin,
    status: StatusCode,
) -> Result<Response, ApiError> {
    let opening = Opening::of(state, scope, device).await?;
    let store = state.store().noting(signing(AuditAction::AuthLogin, &user, origin));
    let ended = store.open_session(scope, user.id, &opening.new).await?;
    opening.answer(state, user, ended, status)
}
