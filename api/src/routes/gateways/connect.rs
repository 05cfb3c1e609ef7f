//! Switching a gateway on and off.

use super::wire::Gateway;
use crate::error::ApiError;
use crate::extract::{Caller, Id};
use crate::state::AppState;
use crate::wire::Tagged;
use axum::extract::State;
use twobot_domain::GatewayId;

/// Connect a gateway
///
/// Answers at once with `connecting`; what came of it is told by `GET /live` and stands in the gateway's `status`.
#[utoipa::path(
    post,
    path = "/gateways/{id}/connect",
    operation_id = "connectGateway",
    tag = "gateways",
    params(("id" = Uuid, Path, description = "The gateway.")),
    responses((status = 200, description = "It is being connected.", body = Gateway))
)]
pub(super) async fn connect(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id<GatewayId>,
) -> Result<Tagged<Gateway>, ApiError> {
    let gateway = state.engine.connect_gateway(caller.scope, &caller.by(), id).await?;
    Ok(Tagged(Gateway::new(&state.engine, gateway)))
}

/// Disconnect a gateway
///
/// Nothing arrives any more and nothing is sent, until it is connected again.
#[utoipa::path(
    post,
    path = "/gateways/{id}/disconnect",
    operation_id = "disconnectGateway",
    tag = "gateways",
    params(("id" = Uuid, Path, description = "The gateway.")),
    responses((status = 200, description = "It is disconnected.", body = Gateway))
)]
pub(super) async fn disconnect(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id<GatewayId>,
) -> Result<Tagged<Gateway>, ApiError> {
    let gateway = state.engine.disconnect_gateway(caller.scope, &caller.by(), id).await?;
    Ok(Tagged(Gateway::new(&state.engine, gateway)))
}
