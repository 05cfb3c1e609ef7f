//! Ending an API key.

use crate::error::ApiError;
use crate::extract::{Id, IfMatch, IfMatchHeader, Session};
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::json;
use twobot_domain::{ApiKeyId, AuditAction};
use twobot_store::versions::Versioned;

/// Revoke an API key
///
/// At once and for good, also where it was rotated and an old secret still held.
#[utoipa::path(
    delete,
    path = "/api-keys/{id}",
    operation_id = "revokeApiKey",
    tag = "api keys",
    params(("id" = Uuid, Path, description = "The key."), IfMatchHeader),
    responses((status = 204, description = "It is revoked."))
)]
pub(super) async fn revoke(
    State(state): State<AppState>,
    session: Session,
    Id(id): Id<ApiKeyId>,
    if_match: IfMatch,
) -> Result<StatusCode, ApiError> {
    let key = super::load(&state, &session, id).await?;
    let note = super::note(&session, AuditAction::ApiKeyRevoke, id.to_string(), &key.name)
        .with(json!({"prefix": key.prefix}));
    let store = if_match.store(&state, Versioned::ApiKey(id));
    store.noting(note).revoke_api_key(session.scope, id).await.map_err(super::gone)?;
    Ok(StatusCode::NO_CONTENT)
}
