//! Two-factor sign-in: setting it up, its recovery codes, and turning it off.

mod confirm;
mod disable;
mod recovery_codes;
mod setup;
mod show;
mod wire;

use crate::error::ApiError;
use crate::extract::{Origin, Session};
use crate::routes::auth::{confirm_password, too_many_codes};
use crate::second_factor::Shown;
use crate::state::AppState;
use serde_json::json;
use std::net::IpAddr;
use twobot_domain::{AuditAction, AuditOutcome, Mail, Timestamp};
use twobot_store::audit::{Note, Target};
use twobot_store::two_factor::{CodeTry, Proof};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(show::show))
        .routes(routes!(setup::begin))
        .routes(routes!(confirm::confirm))
        .routes(routes!(recovery_codes::renew))
        .routes(routes!(disable::disable))
}

/// Something that is done to one's own two-factor sign-in, as the audit log tells it.
fn note(action: AuditAction, session: &Session, origin: &Origin) -> Note {
    let user = &session.user;
    let target = Target { kind: "user", id: user.id.to_string(), name: user.name.clone() };
    Note::new(&origin.by(user), action, target)
}

/// Whether whoever holds the session knows the password and has the authenticator or a recovery code: asked before two-factor sign-in is
/// changed. The answer is what they have shown; whether it was used before, the store finds out.
async fn prove(
    state: &AppState,
    session: &Session,
    address: IpAddr,
    body: wire::Proof,
    note: &Note,
) -> Result<Proof, ApiError> {
    let shown = Shown::read(body.code, body.recovery_code)?;
    if state.store().two_factor(session.scope, session.user.id).await?.enabled_at.is_none() {
        return Err(ApiError::two_factor_off());
    }
    confirm_password(state, session, address, &body.password, note).await?;
    let (setup, last) = match state.store().take_code_try(session.scope, session.user.id).await? {
        CodeTry::Off => return Err(ApiError::two_factor_off()),
        CodeTry::Locked { until } => return Err(too_many_codes(until)),
        CodeTry::Taken { setup, last } => (setup, last),
    };
    match shown.proof(&setup)? {
        Some(proof) => Ok(proof),
        None => Err(refuse(state, session, note, last).await?),
    }
}

/// Records that a code was wrong; where there have been many, its owner is told.
async fn refuse(state: &AppState, session: &Session, note: &Note, last: bool) -> Result<ApiError, ApiError> {
    let failed = note.clone().ending(AuditOutcome::Failure).with(json!({"step": "code"}));
    state.store().record_audit(session.scope, &failed).await?;
    if last {
        let mail = Mail::WrongCodes { name: session.user.name.clone(), at: Timestamp::now() };
        state.store().queue_mail(session.scope, session.user.id, &mail).await?;
        state.engine.mail_waits();
    }
    Ok(ApiError::wrong_code())
}
