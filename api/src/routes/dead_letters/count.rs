//! Counting dead letters.

use super::filter::Filter;
use super::wire::DeadLetterCount;
use crate::error::ApiError;
use crate::extract::{Caller, Json, Query};
use crate::state::AppState;
use axum::extract::State;
use twobot_store::dead_letters::MOST_COUNTED;

/// Count what was given up
///
/// Those that the list has with the same filter, up to a thousand.
#[utoipa::path(
    get,
    path = "/dead-letters/count",
    operation_id = "countDeadLetters",
    tag = "dead letters",
    params(Filter),
    responses(
        (status = 200, description = "How many there are.", body = DeadLetterCount),
        (status = 404, description = "`not_found`: the `gateway` that is filtered by is none of this workspace."),
    )
)]
pub(super) async fn count(
    State(state): State<AppState>,
    caller: Caller,
    Query(filter): Query<Filter>,
) -> Result<Json<DeadLetterCount>, ApiError> {
    let filter = filter.of(&state, caller.scope).await?;
    let found = state.store().count_dead_letters(caller.scope, &filter).await?;
    Ok(Json(DeadLetterCount { count: found.min(MOST_COUNTED), more: found > MOST_COUNTED }))
}
