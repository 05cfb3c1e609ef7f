//! Looking at API keys.

use super::wire::ApiKey;
use crate::error::ApiError;
use crate::extract::{Id, Json, ListQuery, Query, Session};
use crate::state::AppState;
use crate::wire::{List, Tagged};
use axum::extract::State;
use twobot_domain::ApiKeyId;

/// List the API keys
///
/// Oldest first, without those that were revoked. Expired ones stay, and count for the plan, until they are revoked.
#[utoipa::path(
    get,
    path = "/api-keys",
    operation_id = "listApiKeys",
    tag = "api keys",
    params(ListQuery),
    responses((status = 200, description = "A page of keys.", body = List<ApiKey>))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    session: Session,
    Query(query): Query<ListQuery>,
) -> Result<Json<List<ApiKey>>, ApiError> {
    let page = state.store().api_keys(session.scope, query.page()?).await?;
    List::of(page, ApiKey::new).map(Json)
}

/// Look at an API key
#[utoipa::path(
    get,
    path = "/api-keys/{id}",
    operation_id = "getApiKey",
    tag = "api keys",
    params(("id" = Uuid, Path, description = "The key.")),
    responses((status = 200, description = "The key.", body = ApiKey))
)]
pub(super) async fn get(
    State(state): State<AppState>,
    session: Session,
    Id(id): Id<ApiKeyId>,
) -> Result<Tagged<ApiKey>, ApiError> {
    ApiKey::new(super::load(&state, &session, id).await?).map(Tagged)
}
