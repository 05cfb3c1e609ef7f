//! What happened: executions, with their logs and effects.

mod list;
mod show;
mod summary;
mod wire;

use crate::state::AppState;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list::list)).routes(routes!(show::show))
}
