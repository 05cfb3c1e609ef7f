//! Making a gateway.

use super::wire::{Gateway, NewGateway};
use crate::error::ApiError;
use crate::extract::{Caller, Json};
use crate::state::AppState;
use crate::validate::Validation;
use crate::wire::Tagged;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

/// Make a gateway
///
/// Checks credentials and settings against the schemas of the kind, then connects in the background: the answer says
/// `connecting`, and what came of it is told by `GET /live` and stands in the gateway's `status`.
#[utoipa::path(
    post,
    path = "/gateways",
    operation_id = "createGateway",
    tag = "gateways",
    request_body = NewGateway,
    responses(
        (status = 201, description = "The gateway exists.", body = Gateway),
        (status = 403, description = "`limit_reached`: the plan allows no more gateways; `csrf_failed`: another site sent this."),
    )
)]
pub(super) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    Json(new): Json<NewGateway>,
) -> Result<(StatusCode, Tagged<Gateway>), ApiError> {
    let mut check = Validation::default();
    let name = check.name("name", &new.name);
    let config = new.config.unwrap_or_else(|| json!({}));
    check.object("config", &config);
    // A form that was left empty sends an empty document; whether that will do, the kind's schema decides.
    let credentials = new.credentials.filter(|value| !value.is_null());
    if let Some(credentials) = &credentials {
        check.object("credentials", credentials);
    }
    if state.engine.catalogue().gateway_kind(&new.kind).is_none() {
        let kinds: Vec<_> =
            state.engine.catalogue().gateway_kinds().map(|entry| entry.manifest.kind.as_str()).collect();
        check.wrong("kind", format!("must be one of {}", kinds.join(", ")));
    }
    check.finish()?;

    let credentials = credentials.filter(|value| *value != Value::Object(serde_json::Map::new()));
    let made =
        state.engine.create_gateway(caller.scope, &caller.by(), &new.kind, &name, config, credentials).await;
    let mut gateway = match made {
        Ok(gateway) => gateway,
        Err(error) => return Err(ApiError::from(error).naming_plan(&state, caller.scope).await),
    };
    if new.connect.unwrap_or(true) {
        gateway = state.engine.connect_gateway(caller.scope, &caller.by(), gateway.id).await?;
    }
    Ok((StatusCode::CREATED, Tagged(Gateway::new(&state.engine, gateway))))
}
