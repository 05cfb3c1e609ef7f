//! Replacing the secret of an API key.

use super::wire::{ApiKeyWithSecret, Rotation};
use crate::error::ApiError;
use crate::extract::{Id, IfMatch, IfMatchHeader, Json, Session};
use crate::key_token;
use crate::state::AppState;
use crate::wire::Tagged;
use axum::extract::State;
use serde_json::json;
use twobot_domain::{ApiKeyId, AuditAction, Timestamp};
use twobot_store::versions::Versioned;

/// Rotate an API key
///
/// Gives the key a new token, which is shown this once. The old one holds for a time of grace, so that programs can be changed one after
/// the other; rotating again ends that time for the token before.
#[utoipa::path(
    post,
    path = "/api-keys/{id}/rotate",
    operation_id = "rotateApiKey",
    tag = "api keys",
    params(("id" = Uuid, Path, description = "The key."), IfMatchHeader),
    request_body = Rotation,
    responses(
        (status = 200, description = "The key with its new token.", body = ApiKeyWithSecret),
        (status = 409, description = "`conflict`: the key has expired."),
    )
)]
pub(super) async fn rotate(
    State(state): State<AppState>,
    session: Session,
    Id(id): Id<ApiKeyId>,
    if_match: IfMatch,
    Json(rotation): Json<Rotation>,
) -> Result<Tagged<ApiKeyWithSecret>, ApiError> {
    let grace = rotation.grace()?;
    let key = super::load(&state, &session, id).await?;
    let now = Timestamp::now();
    if key.expires_at.is_some_and(|end| end <= now) {
        return Err(ApiError::conflict("The key has expired. Make a new one."));
    }
    let token = key_token::new_token(&key.prefix).map_err(ApiError::internal)?;
    let until = now.plus_millis(i64::from(grace) * 1000);
    let note = super::note(&session, AuditAction::ApiKeyRotate, id.to_string(), &key.name)
        .with(json!({"prefix": key.prefix, "grace_seconds": grace}));
    let store = if_match.store(&state, Versioned::ApiKey(id)).noting(note);
    let key = store.rotate_api_key(session.scope, id, &token, until).await.map_err(super::gone)?;
    ApiKeyWithSecret::new(key, &token).map(Tagged)
}
