//! Making an account, signing in and out, and who is signed in.

mod login;
mod logout;
mod me;
mod register;
mod wire;

use crate::error::ApiError;
use crate::extract::{Json, Origin};
use crate::state::AppState;
use crate::token;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use secrecy::ExposeSecret;
use twobot_domain::AuditAction;
use twobot_store::TenantScope;
use twobot_store::accounts::User;
use twobot_store::audit::{Note, Target};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(register::register))
        .routes(routes!(login::login))
        .routes(routes!(logout::logout))
        .routes(routes!(me::me))
        .route("/auth/session", get(me::me))
        .route("/users/me", get(me::me))
        .route("/user/profile", get(me::me))
}

/// Someone signing in or out, as the audit log tells it.
fn signing(action: AuditAction, user: &User, origin: &Origin) -> Note {
    let target = Target { kind: "user", id: user.id.to_string(), name: user.name.clone() };
    Note::new(&origin.by(user), action, target)
}

/// Opens a session and answers with it: the token in the body for programs, the cookie for browsers.
async fn sign_in(
    state: &AppState,
    scope: TenantScope,
    user: User,
    origin: &Origin,
    status: StatusCode,
) -> Result<Response, ApiError> {
    let token = token::new_token().map_err(ApiError::internal)?;
    let note = signing(AuditAction::AuthLogin, &user, origin);
    let store = state.store().noting(note);
    store.open_session(scope, user.id, token.expose_secret(), token::expiry()).await?;
    let cookie = token::session_cookie(&state.config, &token);
    let body = wire::SignedIn::new(user, token.expose_secret().to_owned())?;
    Ok((status, [(SET_COOKIE, cookie)], Json(body)).into_response())
}
