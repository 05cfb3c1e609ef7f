//! What happened: executions, with their logs and effects.

mod list;
mod replay;
mod show;
mod summary;
mod wire;

pub(crate) use replay::Replay;
pub(crate) use wire::{Effect, ExecutionLog};

use crate::state::AppState;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list::list)).routes(routes!(show::show))
}

/// What waits for a sandbox.
pub(crate) fn slow_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(replay::replay))
}
