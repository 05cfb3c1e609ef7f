//! Listing executions.

use super::wire::Execution;
use crate::error::ApiError;
use crate::extract::{Caller, Json, ListQuery, Query};
use crate::state::AppState;
use crate::wire::{ExecutionState, List};
use axum::extract::State;
use serde::Deserialize;
use twobot_store::executions::ExecutionFilter;
use utoipa::IntoParams;

/// Which executions are wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Of this plugin only.
    #[param(example = "auto-reply")]
    plugin: Option<String>,
    /// In this state only.
    #[param(value_type = Option<ExecutionState>)]
    state: Option<String>,
}

/// List what happened
///
/// Newest first.
#[utoipa::path(
    get,
    path = "/executions",
    operation_id = "listExecutions",
    tag = "executions",
    params(Filter, ListQuery),
    responses((status = 200, description = "A page of executions.", body = List<Execution>))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Query(filter): Query<Filter>,
    Query(query): Query<ListQuery>,
) -> Result<Json<List<Execution>>, ApiError> {
    if filter.state.as_deref().is_some_and(|state| ExecutionState::parse(state).is_none()) {
        let names = ExecutionState::ALL.join(", ");
        return Err(ApiError::invalid_field("state", format!("must be one of {names}")));
    }
    let filter = ExecutionFilter { slug: filter.plugin, state: filter.state };
    let page = state.store().executions(caller.scope, &filter, query.page()?).await?;
    List::of(page, |record| Execution::new(state.engine.catalogue(), record)).map(Json)
}
