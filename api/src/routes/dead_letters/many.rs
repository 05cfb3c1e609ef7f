//! Deciding on many dead letters.

use super::filter::Filter;
use super::wire::BatchResult;
use crate::error::ApiError;
use crate::extract::{Caller, Json};
use crate::state::AppState;
use axum::extract::State;
use twobot_engine::dead_letters::Batch;

impl From<Batch> for BatchResult {
    fn from(batch: Batch) -> Self {
        Self { changed: batch.changed, skipped: batch.skipped, more: batch.more }
    }
}

/// Run many again
///
/// As they are, the newest first: at most 200 at once, and no more than there is room for in the queue.
#[utoipa::path(
    post,
    path = "/dead-letters/retry",
    operation_id = "retryDeadLetters",
    tag = "dead letters",
    request_body = Filter,
    responses(
        (status = 200, description = "How many it were.", body = BatchResult),
        (status = 404, description = "`not_found`: the `gateway` that is filtered by is none of this workspace."),
        (status = 503, description = "`queue_full`: too many events are waiting."),
    )
)]
pub(super) async fn retry(
    State(state): State<AppState>,
    caller: Caller,
    Json(filter): Json<Filter>,
) -> Result<Json<BatchResult>, ApiError> {
    let filter = filter.of(&state, caller.scope).await?;
    let batch = state.engine.retry_dead_letters(caller.scope, &caller.by(), &filter).await?;
    Ok(Json(batch.into()))
}

/// Discard many
///
/// The newest first: at most 200 at once.
#[utoipa::path(
    post,
    path = "/dead-letters/discard",
    operation_id = "discardDeadLetters",
    tag = "dead letters",
    request_body = Filter,
    responses(
        (status = 200, description = "How many it were.", body = BatchResult),
        (status = 404, description = "`not_found`: the `gateway` that is filtered by is none of this workspace."),
    )
)]
pub(super) async fn discard(
    State(state): State<AppState>,
    caller: Caller,
    Json(filter): Json<Filter>,
) -> Result<Json<BatchResult>, ApiError> {
    let filter = filter.of(&state, caller.scope).await?;
    let batch = state.engine.discard_dead_letters(caller.scope, &caller.by(), &filter).await?;
    Ok(Json(batch.into()))
}
