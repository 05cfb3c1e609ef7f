//! The web chat.

mod follow;
mod list;
mod messages;
mod press;
mod wire;

use crate::state::AppState;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list, list::create))
        .routes(routes!(messages::list, messages::post))
        .routes(routes!(press::press))
}

pub(crate) fn stream_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(follow::stream))
}
