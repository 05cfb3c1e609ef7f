//! Looking at gateways.

use super::wire::Gateway;
use crate::error::{ApiError, OrNotFound};
use crate::extract::{Caller, Id, Json, ListQuery, Query};
use crate::state::AppState;
use crate::wire::{List, Tagged};
use axum::extract::State;
use twobot_domain::GatewayId;

/// List the gateways
///
/// Oldest first.
#[utoipa::path(
    get,
    path = "/gateways",
    operation_id = "listGateways",
    tag = "gateways",
    params(ListQuery),
    responses((status = 200, description = "A page of gateways.", body = List<Gateway>))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<List<Gateway>>, ApiError> {
    let page = state.store().gateways(caller.scope, query.page()?).await?;
    List::of(page, |gateway| Ok(Gateway::new(&state.engine, gateway))).map(Json)
}

/// Look at a gateway
#[utoipa::path(
    get,
    path = "/gateways/{id}",
    operation_id = "getGateway",
    tag = "gateways",
    params(("id" = Uuid, Path, description = "The gateway.")),
    responses((status = 200, description = "The gateway.", body = Gateway))
)]
pub(super) async fn get(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id<GatewayId>,
) -> Result<Tagged<Gateway>, ApiError> {
    let gateway = state.store().gateway(caller.scope, id).await.or_not_found("gateway")?;
    Ok(Tagged(Gateway::new(&state.engine, gateway)))
}
