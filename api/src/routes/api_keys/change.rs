//! Changing an API key.

use super::wire::{ApiKey, ApiKeyChanges};
use crate::error::ApiError;
use crate::extract::{Id, Json, Session};
use crate::state::AppState;
use crate::validate::Validation;
use axum::extract::State;
use twobot_domain::{ApiKeyId, AuditAction};

/// Rename an API key
///
/// Scopes and the end of a key do not change: make another one.
#[utoipa::path(
    patch,
    path = "/api-keys/{id}",
    operation_id = "changeApiKey",
    tag = "api keys",
    params(("id" = Uuid, Path, description = "The key.")),
    request_body = ApiKeyChanges,
    responses((status = 200, description = "The key as it is now.", body = ApiKey))
)]
pub(super) async fn change(
    State(state): State<AppState>,
    session: Session,
    Id(id): Id<ApiKeyId>,
    Json(changes): Json<ApiKeyChanges>,
) -> Result<Json<ApiKey>, ApiError> {
    let mut check = Validation::default();
    let name = changes.name.as_deref().map(|name| check.name("name", name));
    check.finish()?;
    let key = super::load(&state, &session, id).await?;
    let Some(name) = name.filter(|name| *name != key.name) else { return ApiKey::new(key).map(Json) };
    let note = super::note(&session, AuditAction::ApiKeyUpdate, id.to_string(), &name);
    let key =
        state.store().noting(note).rename_api_key(session.scope, id, &name).await.map_err(super::gone)?;
    ApiKey::new(key).map(Json)
}
