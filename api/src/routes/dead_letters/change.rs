//! Deciding on one dead letter.

use super::wire::{RetryRequest, RetryResult};
use crate::error::{ApiError, OrNotFound};
use crate::extract::{Caller, Id, Json};
use crate::state::AppState;
use crate::wire::DeadLetterKind;
use axum::extract::State;
use axum::http::StatusCode;
use uuid::Uuid;

/// Run again what was given up
///
/// As it is: an execution keeps its journal, its clock and its chance, so that no call that was answered is made again; an effect is
/// delivered once more; a delivery is decoded once more. With another `payload`, it becomes a new execution or delivery, which says
/// whose place it took; calls that it makes in the same words are answered from the old one's journal.
#[utoipa::path(
    post,
    path = "/dead-letters/{id}/retry",
    operation_id = "retryDeadLetter",
    tag = "dead letters",
    params(("id" = Uuid, Path, description = "The dead letter.")),
    request_body = RetryRequest,
    responses(
        (status = 200, description = "It waits for its turn.", body = RetryResult),
        (status = 409, description = "`conflict`: its plugin is off, or its event is no longer there."),
        (status = 422, description = "`validation_failed`: the payload is no event of the same kind; `errors` names the field."),
        (status = 503, description = "`queue_full`: too many events are waiting."),
    )
)]
pub(super) async fn retry(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id<Uuid>,
    Json(request): Json<RetryRequest>,
) -> Result<Json<RetryResult>, ApiError> {
    let letter = state.store().dead_letter(caller.scope, id).await.or_not_found("dead letter")?;
    let kind = DeadLetterKind::stored(letter.kind.as_str())?;
    let retried = state.engine.retry_dead_letter(caller.scope, &caller.by(), id, request.payload).await?;
    Ok(Json(RetryResult { id: retried.id, kind }))
}

/// Discard what was given up
///
/// It stays in the history as failed, and is no dead letter any more.
#[utoipa::path(
    post,
    path = "/dead-letters/{id}/discard",
    operation_id = "discardDeadLetter",
    tag = "dead letters",
    params(("id" = Uuid, Path, description = "The dead letter.")),
    responses((status = 204, description = "It is discarded."))
)]
pub(super) async fn discard(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id<Uuid>,
) -> Result<StatusCode, ApiError> {
    state.engine.discard_dead_letter(caller.scope, &caller.by(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
