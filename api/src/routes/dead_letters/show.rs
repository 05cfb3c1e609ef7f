//! Looking at one dead letter.

use super::wire::{DeadLetter, DeadLetterDetail, JournalCall};
use crate::error::{ApiError, OrNotFound};
use crate::extract::{Caller, Id, Json};
use crate::routes::executions::{Effect, ExecutionLog};
use crate::state::AppState;
use axum::extract::State;
use twobot_store::dead_letters::DeadLetterKind;
use uuid::Uuid;

/// Look at what was given up
///
/// With its payload, what the plugin logged, and the calls that it waited for.
#[utoipa::path(
    get,
    path = "/dead-letters/{id}",
    operation_id = "getDeadLetter",
    tag = "dead letters",
    params(("id" = Uuid, Path, description = "The dead letter.")),
    responses((status = 200, description = "The dead letter.", body = DeadLetterDetail))
)]
pub(super) async fn show(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id<Uuid>,
) -> Result<Json<DeadLetterDetail>, ApiError> {
    let (store, scope) = (state.store(), caller.scope);
    let letter = store.dead_letter(scope, id).await.or_not_found("dead letter")?;
    let payload = store.dead_letter_payload(scope, letter.kind, id).await.or_not_found("dead letter")?;
    let execution = letter.execution.filter(|_| letter.kind == DeadLetterKind::Execution);
    let (mut logs, mut journal, mut effects) = (Vec::new(), Vec::new(), Vec::new());
    if let Some(execution) = execution {
        logs.extend(store.execution_logs(scope, execution).await?.into_iter().map(ExecutionLog::from));
        journal.extend(store.journal(scope, execution).await?.into_iter().map(JournalCall::from));
        for effect in store.effects_of(scope, execution).await? {
            effects.push(Effect::new(effect)?);
        }
    }
    Ok(Json(DeadLetterDetail {
        payload: payload.and_then(|text| serde_json::from_str(&text).ok()),
        logs,
        journal,
        effects,
        letter: DeadLetter::new(state.engine.catalogue(), letter)?,
    }))
}
