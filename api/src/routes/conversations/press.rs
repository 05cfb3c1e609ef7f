//! Pressing buttons.

use super::wire::PressedButton;
use crate::error::ApiError;
use crate::extract::{Caller, Id, Json};
use crate::state::AppState;
use crate::validate::Validation;
use axum::extract::State;
use axum::http::StatusCode;
use twobot_domain::ConversationId;

const MAX_DATA: usize = 1024;

/// Press a button
///
/// It is durable once this answers. What it does comes over the stream.
#[utoipa::path(
    post,
    path = "/conversations/{id}/callbacks",
    operation_id = "pressButton",
    tag = "web chat",
    params(("id" = Uuid, Path, description = "The conversation.")),
    request_body = PressedButton,
    responses(
        (status = 202, description = "The bot will be told."),
        (status = 403, description = "`suspended`: the operator suspended the account more than a day ago."),
        (status = 503, description = "`queue_full`: too many events are waiting; `Retry-After` says how long to wait."),
    )
)]
pub(super) async fn press(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id<ConversationId>,
    Json(pressed): Json<PressedButton>,
) -> Result<StatusCode, ApiError> {
    let mut check = Validation::default();
    check.text("data", &pressed.data, MAX_DATA);
    check.finish()?;
    let name = caller.name();
    state.engine.press_chat_button(caller.scope, id, name, pressed.message_id, &pressed.data).await?;
    Ok(StatusCode::ACCEPTED)
}
