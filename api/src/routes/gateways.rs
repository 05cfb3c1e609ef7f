//! The tenant's gateways.

mod change;
mod connect;
mod create;
mod delete;
mod deliveries;
mod list;
mod test;
mod wire;

use crate::state::AppState;
use axum::routing::put;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(list::get, change::change, delete::delete))
        .route("/gateways/{id}", put(change::change))
        .routes(routes!(connect::connect))
        .routes(routes!(connect::disconnect))
        .routes(routes!(deliveries::inbound))
        .routes(routes!(deliveries::outbound))
}

/// Those that wait for a provider.
pub(crate) fn slow_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(test::test))
}
