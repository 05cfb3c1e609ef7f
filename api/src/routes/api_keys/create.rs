//! Making an API key.

use super::wire::{ApiKeyWithSecret, NewApiKey};
use crate::error::ApiError;
use crate::extract::{Json, Session};
use crate::key_token;
use crate::state::AppState;
use crate::validate::Validation;
use crate::wire::Tagged;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::DateTime;
use serde_json::json;
use std::collections::BTreeSet;
use twobot_domain::{ApiScope, AuditAction, AuditOutcome, Timestamp};
use twobot_store::{StoreError, api_keys};

/// The longest that a key may hold which ends by itself, in milliseconds: ten years.
const MAX_LIFE: i64 = 3_653 * 24 * 60 * 60 * 1000;

/// Make an API key
///
/// The answer has the key's token, which is shown this once: of it only a digest is kept.
#[utoipa::path(
    post,
    path = "/api-keys",
    operation_id = "createApiKey",
    tag = "api keys",
    request_body = NewApiKey,
    responses(
        (status = 201, description = "The key exists.", body = ApiKeyWithSecret),
        (status = 403, description = "`limit_reached`: the plan allows no more keys; `csrf_failed`: another site sent this."),
    )
)]
pub(super) async fn create(
    State(state): State<AppState>,
    session: Session,
    Json(new): Json<NewApiKey>,
) -> Result<(StatusCode, Tagged<ApiKeyWithSecret>), ApiError> {
    let mut check = Validation::default();
    let name = check.name("name", &new.name);
    let scopes: BTreeSet<_> = new.scopes.iter().map(|scope| ApiScope::from(*scope)).collect();
    if scopes.is_empty() {
        check.wrong("scopes", "must have at least one scope");
    }
    let expires_at = new.expires_at.as_deref().and_then(|text| expiry(&mut check, text));
    check.finish()?;

    let prefix = key_token::new_prefix().map_err(ApiError::internal)?;
    let token = key_token::new_token(&prefix).map_err(ApiError::internal)?;
    let scopes: Vec<_> = scopes.into_iter().collect();
    let names: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
    let note = super::note(&session, AuditAction::ApiKeyCreate, String::new(), &name)
        .with(json!({"prefix": prefix, "scopes": names, "expires_at": expires_at.map(|at| at.to_string())}));
    let limit = state.engine.limits(session.scope).await?.api_keys;
    let new =
        api_keys::NewApiKey { user: session.user.id, name, prefix, token: token.clone(), scopes, expires_at };
    match state.store().noting(note.clone()).create_api_key(session.scope, &new, limit).await {
        Ok(key) => Ok((StatusCode::CREATED, Tagged(ApiKeyWithSecret::new(key, &token)?))),
        Err(StoreError::Quota { name, used, allowed, unit }) => {
            let note = note
                .ending(AuditOutcome::Denied)
                .with(json!({"limit": name, "used": used, "allowed": allowed}));
            state.store().record_audit(session.scope, &note).await?;
            let error = ApiError::from(StoreError::Quota { name, used, allowed, unit });
            Err(error.naming_plan(&state, session.scope).await)
        }
        Err(error) => Err(error.into()),
    }
}

/// The end of a key, as its maker wrote it.
fn expiry(check: &mut Validation, text: &str) -> Option<Timestamp> {
    let Ok(moment) = DateTime::parse_from_rfc3339(text) else {
        check.wrong("expires_at", "must be a moment such as 2027-01-31T12:00:00Z");
        return None;
    };
    let (moment, now) = (Timestamp(moment.timestamp_millis()), Timestamp::now());
    if moment <= now || moment > now.plus_millis(MAX_LIFE) {
        check.wrong("expires_at", "must lie in the future, and not more than ten years from now");
    }
    Some(moment)
}
