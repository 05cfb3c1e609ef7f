//! Testing a gateway's connection.

use super::wire::{Account, GatewayTest};
use crate::error::ApiError;
use crate::extract::{Caller, Id, Json};
use crate::state::AppState;
use crate::wire::Trouble;
use axum::extract::State;
use std::time::Instant;
use twobot_domain::GatewayId;

/// Test a gateway
///
/// Asks the provider who we are, with the stored credentials. A refusal is an answer too: look at `ok`.
#[utoipa::path(
    post,
    path = "/gateways/{id}/test",
    operation_id = "testGateway",
    tag = "gateways",
    params(("id" = Uuid, Path, description = "The gateway.")),
    responses(
        (status = 200, description = "What the provider said.", body = GatewayTest),
        (status = 403, description = "`suspended`: the operator suspended the account."),
    )
)]
pub(super) async fn test(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id<GatewayId>,
) -> Result<Json<GatewayTest>, ApiError> {
    let started = Instant::now();
    let outcome = state.engine.test_gateway(caller.scope, id).await?;
    let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let ok = outcome.is_ok();
    let (account, trouble) = match outcome {
        Ok(account) => (Some(Account::from(account)), None),
        Err(trouble) => (None, Some(Trouble::from(trouble))),
    };
    Ok(Json(GatewayTest { ok, account, trouble, took_ms }))
}
