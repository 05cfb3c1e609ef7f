//! Removing a plugin.

use crate::error::ApiError;
use crate::extract::{Caller, Names};
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;

/// Uninstall a plugin
///
/// With all that it kept. `POST` does the same.
#[utoipa::path(
    delete,
    path = "/user/plugins/{slug}/uninstall",
    operation_id = "uninstallPlugin",
    tag = "plugins",
    params(("slug" = String, Path, description = "An installed plugin.")),
    responses((status = 204, description = "It is gone."))
)]
pub(super) async fn uninstall(
    State(state): State<AppState>,
    caller: Caller,
    Names(slug): Names<String>,
) -> Result<StatusCode, ApiError> {
    state.engine.uninstall_plugin(caller.scope, &caller.by(), &slug).await?;
    Ok(StatusCode::NO_CONTENT)
}
