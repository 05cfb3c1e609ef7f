//! Plugins in the workspace.

mod act;
mod change;
mod install;
mod list;
mod uninstall;
mod wire;

use crate::state::AppState;
use axum::routing::{post, put};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(list::get))
        .routes(routes!(install::install))
        .routes(routes!(change::configure))
        .route("/user/plugins/{slug}/config", put(change::configure))
        .routes(routes!(change::enable))
        .routes(routes!(change::disable))
        .routes(routes!(change::bind))
        .routes(routes!(change::grant))
        .routes(routes!(uninstall::uninstall))
        .route("/user/plugins/{slug}/uninstall", post(uninstall::uninstall))
}

/// Those that wait for a plugin.
pub(crate) fn slow_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(act::act))
}
