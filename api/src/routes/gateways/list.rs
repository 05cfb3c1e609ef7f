//! Looking at gateways.

use super::wire::Gateway;
use crate::error::{ApiError, OrNotFound};
use crate::extract::{Id, Json, ListQuery, Query, Session};
use crate::state::AppState;
use crate::wire::List;
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
    session: Session,
    Query(query): Query<ListQuery>,
) -> Result<Json<List<Gateway>>, ApiError> {
    let page = state.store().gateways(session.scope, query.page()?).await?;
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
    session: Session,
    Id(id): Id<GatewayId>,
) -> Result<Json<Gateway>, ApiError> {
    let gateway = state.store().gateway(session.scope, id).await.or_not_found("gateway")?;
    Ok(Json(Gateway::new(&state.engine, gateway)))
}
