//! Listing dead letters.

use super::filter::Filter;
use super::wire::DeadLetter;
use crate::error::ApiError;
use crate::extract::{Caller, Json, ListQuery, Query};
use crate::state::AppState;
use crate::wire::List;
use axum::extract::State;

/// List what was given up
///
/// Executions, deliveries and effects that failed and that nobody has run again or discarded, the newest first by when they were
/// queued. Actions are not among them: whoever ran one was told.
#[utoipa::path(
    get,
    path = "/dead-letters",
    operation_id = "listDeadLetters",
    tag = "dead letters",
    params(Filter, ListQuery),
    responses(
        (status = 200, description = "A page of dead letters.", body = List<DeadLetter>),
        (status = 404, description = "`not_found`: the `gateway` that is filtered by is none of this workspace."),
    )
)]
pub(super) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Query(filter): Query<Filter>,
    Query(query): Query<ListQuery>,
) -> Result<Json<List<DeadLetter>>, ApiError> {
    let filter = filter.of(&state, caller.scope).await?;
    let page = state.store().dead_letters(caller.scope, &filter, query.page()?).await?;
    List::of(page, |letter| DeadLetter::new(state.engine.catalogue(), letter)).map(Json)
}
