//! Looking at installs.

use super::wire::Install;
use crate::error::{ApiError, OrNotFound};
use crate::extract::{Json, Names, Session};
use crate::state::AppState;
use crate::wire::List;
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
    session: Session,
) -> Result<Json<List<Install>>, ApiError> {
    let mut items = Vec::new();
    for install in state.store().installs(session.scope).await? {
        items.push(Install::load(&state, session.scope, install).await?);
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
    session: Session,
    Names(slug): Names<String>,
) -> Result<Json<Install>, ApiError> {
    let install = state.store().install(session.scope, &slug).await.or_not_found("installed plugin")?;
    Install::load(&state, session.scope, install).await.map(Json)
}
