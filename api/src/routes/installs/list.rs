//! Looking at installs.

use super::wire::Install;
use crate::error::{ApiError, OrNotFound};
use crate::extract::{Caller, Json, Names};
use crate::state::AppState;
use crate::wire::{List, Tagged};
use axum::extract::State;

/// List the installed plugins
///
/// Oldest first.
#[utoipa::path(
    get,
    path = "/user/plugins",
    operation_id = "listInstalls",
    tag = "plugins",
    responses((status = 200, description = "The installed plugins.", body = List<Install>))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<Json<List<Install>>, ApiError> {
    let mut items = Vec::new();
    for install in state.store().installs(caller.scope).await? {
        items.push(Install::load(&state, caller.scope, install).await?);
    }
    Ok(Json(List::whole(items)))
}

/// Look at an installed plugin
#[utoipa::path(
    get,
    path = "/user/plugins/{slug}",
    operation_id = "getInstall",
    tag = "plugins",
    params(("slug" = String, Path, description = "The plugin.")),
    responses((status = 200, description = "The installed plugin.", body = Install))
)]
pub(super) async fn get(
    State(state): State<AppState>,
    caller: Caller,
    Names(slug): Names<String>,
) -> Result<Tagged<Install>, ApiError> {
    let install = state.store().install(caller.scope, &slug).await.or_not_found("installed plugin")?;
    Install::load(&state, caller.scope, install).await.map(Tagged)
}
