//! What operators do: they look after all tenants, and after the outbox.

mod mails;
mod tenants;
mod wire;

use crate::error::ApiError;
use crate::state::AppState;
use twobot_store::StoreError;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(tenants::list))
        .routes(routes!(tenants::show))
        .routes(routes!(tenants::suspend))
        .routes(routes!(tenants::resume))
        .routes(routes!(tenants::plan))
        .routes(routes!(tenants::verify))
        .routes(routes!(tenants::plans))
        .routes(routes!(mails::list))
        .routes(routes!(mails::show))
        .routes(routes!(mails::retry))
}

/// Says what there is to say where something is not as the change wants it.
fn changed<T>(result: Result<T, StoreError>, otherwise: &str) -> Result<T, ApiError> {
    result.map_err(|error| match error {
        StoreError::Conflict => ApiError::conflict(otherwise),
        error => error.into(),
    })
}
