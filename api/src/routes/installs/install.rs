//! Installing a plugin.

use super::wire::{Install, InstallRequest};
use crate::error::ApiError;
use crate::extract::{Caller, Json, Names};
use crate::state::AppState;
use crate::validate::Validation;
use crate::wire::Tagged;
use axum::extract::State;
use axum::http::StatusCode;
use twobot_engine::InstallOptions;

/// Install a plugin
///
/// Everything in the body may be left out, and so may the body.
#[utoipa::path(
    post,
    path = "/user/plugins/{slug}/install",
    operation_id = "installPlugin",
    tag = "plugins",
    params(("slug" = String, Path, description = "A plugin of the catalogue.")),
    request_body = InstallRequest,
    responses(
        (status = 201, description = "It is installed.", body = Install),
        (status = 403, description = "`limit_reached`: the plan allows no more plugins; `csrf_failed`: another site sent this."),
        (status = 409, description = "`conflict`: it is installed already."),
    )
)]
pub(super) async fn install(
    State(state): State<AppState>,
    caller: Caller,
    Names(slug): Names<String>,
    Json(request): Json<InstallRequest>,
) -> Result<(StatusCode, Tagged<Install>), ApiError> {
    let mut check = Validation::default();
    if let Some(config) = &request.config {
        check.object("config", config);
    }
    check.finish()?;
    let options = InstallOptions {
        config: request.config,
        bindings: request.gateways.unwrap_or_default(),
        grants: request.grants.map(|grants| grants.into_iter().map(Into::into).collect()),
        enable: request.enable,
    };
    match state.engine.install_plugin(caller.scope, &caller.by(), &slug, options).await {
        Ok(install) => Ok((StatusCode::CREATED, Tagged(Install::load(&state, caller.scope, install).await?))),
        Err(error) => Err(ApiError::from(error).naming_plan(&state, caller.scope).await),
    }
}
