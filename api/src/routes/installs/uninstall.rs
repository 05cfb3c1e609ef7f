//! Removing a plugin.

use crate::error::ApiError;
use crate::extract::{Caller, IfMatch, IfMatchHeader, Names};
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use twobot_store::versions::Versioned;

/// Uninstall a plugin
///
/// With all that it kept. `POST` does the same.
#[utoipa::path(
    delete,
    path = "/user/plugins/{slug}/uninstall",
    operation_id = "uninstallPlugin",
    tag = "plugins",
    params(("slug" = String, Path, description = "An installed plugin."), IfMatchHeader),
    responses((status = 204, description = "It is gone."))
)]
pub(super) async fn uninstall(
    State(state): State<AppState>,
    caller: Caller,
    Names(slug): Names<String>,
    if_match: IfMatch,
) -> Result<StatusCode, ApiError> {
    let engine = if_match.engine(&state, caller.scope, Versioned::Plugin(slug.clone())).await?;
    engine.uninstall_plugin(caller.scope, &caller.by(), &slug).await?;
    Ok(StatusCode::NO_CONTENT)
}
