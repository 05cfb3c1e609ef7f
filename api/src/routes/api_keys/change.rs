//! Changing an API key.

use super::wire::{ApiKey, ApiKeyChanges};
use crate::error::ApiError;
use crate::extract::{Id, IfMatch, IfMatchHeader, Json, Session};
use crate::state::AppState;
use crate::validate::Validation;
use crate::wire::Tagged;
use axum::extract::State;
use twobot_domain::{ApiKeyId, AuditAction};
use twobot_store::versions::Versioned;

/// Rename an API key
///
/// Scopes and the end of a key do not change: make another one.
#[utoipa::path(
    patch,
    path = "/api-keys/{id}",
    operation_id = "changeApiKey",
    tag = "api keys",
    params(("id" = Uuid, Path, description = "The key."), IfMatchHeader),
    request_body = ApiKeyChanges,
    responses((status = 200, description = "The key as it is now.", body = ApiKey))
)]
pub(super) async fn change(
    State(state): State<AppState>,
    session: Session,
    Id(id): Id<ApiKeyId>,
    if_match: IfMatch,
    Json(changes): Json<ApiKeyChanges>,
) -> Result<Tagged<ApiKey>, ApiError> {
    let mut check = Validation::default();
    let name = changes.name.as_deref().map(|name| check.name("name", name));
    check.finish()?;
    let store = if_match.store(&state, Versioned::ApiKey(id));
    store.check_expected(session.scope).await.map_err(super::gone)?;
    let key = super::load(&state, &session, id).await?;
    let Some(name) = name.filter(|name| *name != key.name) else { return ApiKey::new(key).map(Tagged) };
    let note = super::note(&session, AuditAction::ApiKeyUpdate, id.to_string(), &name);
    let key = store.noting(note).rename_api_key(session.scope, id, &name).await.map_err(super::gone)?;
    ApiKey::new(key).map(Tagged)
}
