//! What was given up and waits for a person's decision.

mod change;
mod count;
mod filter;
mod list;
mod many;
mod show;
mod wire;

use crate::state::AppState;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(count::count))
        .routes(routes!(show::show))
        .routes(routes!(change::retry))
        .routes(routes!(change::discard))
        .routes(routes!(many::retry))
        .routes(routes!(many::discard))
}
