//! Deleting a gateway.

use crate::error::ApiError;
use crate::extract::{Caller, Id, IfMatch, IfMatchHeader};
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use twobot_domain::GatewayId;
use twobot_store::versions::Versioned;

/// Delete a gateway
///
/// With its credentials, its conversations and what waits on it. Plugins lose the connection.
#[utoipa::path(
    delete,
    path = "/gateways/{id}",
    operation_id = "deleteGateway",
    tag = "gateways",
    params(("id" = Uuid, Path, description = "The gateway."), IfMatchHeader),
    responses((status = 204, description = "It is gone."))
)]
pub(super) async fn delete(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id<GatewayId>,
    if_match: IfMatch,
) -> Result<StatusCode, ApiError> {
    let engine = if_match.engine(&state, caller.scope, Versioned::Gateway(id)).await?;
    engine.delete_gateway(caller.scope, &caller.by(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
