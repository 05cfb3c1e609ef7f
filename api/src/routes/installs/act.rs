//! Running an action of a plugin.

use super::wire::{ActionRequest, ActionResult};
use crate::error::ApiError;
use crate::extract::{Caller, Json, Names};
use crate::state::AppState;
use axum::extract::State;
use serde_json::{Value, json};

/// Run an action of a plugin
///
/// Waits for its outcome. A failure is answered with the code that its execution carries, such as `fuel_exhausted` or
/// `handler_failed`, and with advice.
#[utoipa::path(
    post,
    path = "/user/plugins/{slug}/actions/{action}",
    operation_id = "runAction",
    tag = "plugins",
    params(
        ("slug" = String, Path, description = "An installed plugin."),
        ("action" = String, Path, description = "One of the plugin's actions."),
    ),
    request_body = ActionRequest,
    responses(
        (status = 200, description = "What it answered.", body = ActionResult),
        (status = 403, description = "`suspended`: the operator suspended the account."),
        (status = 409, description = "`conflict`: the plugin is not enabled."),
        (status = 422, description = "`validation_failed`: the input does not fit; or the code of what went wrong in the plugin."),
        (status = 502, description = "`gateway_unavailable`: a provider that it needs can not be reached."),
        (status = 503, description = "`queue_full`: too many events are waiting."),
    )
)]
pub(super) async fn act(
    State(state): State<AppState>,
    caller: Caller,
    Names((slug, action)): Names<(String, String)>,
    Json(request): Json<ActionRequest>,
) -> Result<Json<ActionResult>, ApiError> {
    let input = if request.input == Value::Null { json!({}) } else { request.input };
    let run = state.engine.run_action(caller.scope, &slug, &action, input).await?;
    Ok(Json(ActionResult { output: run.output, execution_id: run.execution }))
}
