//! Looking at one execution.

use super::wire::{Effect, EventSummary, Execution, ExecutionDetail, ExecutionLog, UnknownCall};
use crate::error::{ApiError, OrNotFound};
use crate::extract::{Caller, Id, Json};
use crate::state::AppState;
use axum::extract::State;
use twobot_domain::ExecutionId;

/// Look at one execution
///
/// With what the plugin logged, what it asked to be done, and what became of that.
#[utoipa::path(
    get,
    path = "/executions/{id}",
    operation_id = "getExecution",
    tag = "executions",
    params(("id" = Uuid, Path, description = "The execution.")),
    responses((status = 200, description = "The execution.", body = ExecutionDetail))
)]
pub(super) async fn show(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id<ExecutionId>,
) -> Result<Json<ExecutionDetail>, ApiError> {
    let (store, scope) = (state.store(), caller.scope);
    let record = store.execution(scope, id).await.or_not_found("execution")?;
    let event = match record.event {
        Some(event) => Some(EventSummary::new(store.event(scope, event).await?)),
        None => None,
    };
    let effects = store.effects_of(scope, id).await?.into_iter().map(Effect::new);
    Ok(Json(ExecutionDetail {
        logs: store.execution_logs(scope, id).await?.into_iter().map(ExecutionLog::from).collect(),
        effects: effects.collect::<Result<_, _>>()?,
        unknown_calls: store.unknown_calls(scope, id).await?.into_iter().map(UnknownCall::from).collect(),
        event,
        execution: Execution::new(state.engine.catalogue(), record)?,
    }))
}
