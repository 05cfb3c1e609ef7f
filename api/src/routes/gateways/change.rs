//! Changing a gateway.

use super::wire::{Gateway, GatewayChanges};
use crate::error::ApiError;
use crate::extract::{Caller, Id, IfMatch, IfMatchHeader, Json};
use crate::state::AppState;
use crate::validate::Validation;
use crate::wire::Tagged;
use axum::extract::State;
use twobot_domain::GatewayId;
use twobot_engine::GatewayChange;
use twobot_store::versions::Versioned;

/// Change a gateway
///
/// What is left out stays. `PUT` does the same. A gateway that is switched on is connected anew.
#[utoipa::path(
    patch,
    path = "/gateways/{id}",
    operation_id = "changeGateway",
    tag = "gateways",
    params(("id" = Uuid, Path, description = "The gateway."), IfMatchHeader),
    request_body = GatewayChanges,
    responses((status = 200, description = "The gateway as it is now.", body = Gateway))
)]
pub(super) async fn change(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id<GatewayId>,
    if_match: IfMatch,
    Json(changes): Json<GatewayChanges>,
) -> Result<Tagged<Gateway>, ApiError> {
    let mut check = Validation::default();
    let name = changes.name.as_deref().map(|name| check.name("name", name));
    if let Some(config) = &changes.config {
        check.object("config", config);
    }
    if let Some(credentials) = &changes.credentials {
        check.object("credentials", credentials);
    }
    check.finish()?;
    let change = GatewayChange { name, config: changes.config, credentials: changes.credentials };
    let engine = if_match.engine(&state, caller.scope, Versioned::Gateway(id)).await?;
    let gateway = engine.change_gateway(caller.scope, &caller.by(), id, change).await?;
    Ok(Tagged(Gateway::new(&engine, gateway)))
}
