//! Replaying an execution.

mod wire;

pub(crate) use wire::Replay;

use crate::error::ApiError;
use crate::extract::{Caller, Id, Json};
use crate::state::AppState;
use crate::wire::ReplayComponent;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use twobot_domain::ExecutionId;
use twobot_engine::EngineError;
use twobot_engine::replay::{ReplayError, With};
use utoipa::ToSchema;

/// How to replay an execution.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub(super) struct ReplayRequest {
    /// With which component; the one that ran, unless it says otherwise.
    #[serde(default)]
    component: Option<ReplayComponent>,
}

impl From<ReplayError> for ApiError {
    fn from(error: ReplayError) -> Self {
        let detail = error.to_string();
        match error {
            ReplayError::NotFound => Self::not_found("execution"),
            ReplayError::Suspended => EngineError::Suspended.into(),
            ReplayError::NothingRan | ReplayError::CauseGone(_) => Self::conflict(detail),
            ReplayError::ComponentGone(_) => {
                Self::new(StatusCode::CONFLICT, "component_gone", "The component is no longer here", detail)
            }
            ReplayError::Component(error) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                error.code(),
                "The component can not be run",
                detail,
            ),
            ReplayError::Busy(trouble) => (*trouble).into(),
            ReplayError::Host(error) => Self::internal(error),
            ReplayError::Store(error) => error.into(),
        }
    }
}

/// Replay an execution
///
/// Its last attempt runs again in a sandbox, from what was recorded of it: the same event and settings, what it read, what it was
/// answered, its clock and its chance. Nothing is written, sent or called. The answer has the log, what it would have done, and each
/// difference to what was recorded. It takes the workspace's places and processors as every run does, and counts neither as an
/// execution nor as computing time on the bill.
#[utoipa::path(
    post,
    path = "/executions/{id}/replay",
    operation_id = "replayExecution",
    tag = "executions",
    params(("id" = Uuid, Path, description = "The execution.")),
    request_body = ReplayRequest,
    responses(
        (status = 200, description = "What the replay came to.", body = Replay),
        (status = 403, description = "`suspended`: the operator suspended the account."),
        (status = 409, description = "`conflict`: nothing ran yet, or what it ran for is no longer there; `component_gone`: the component that ran is not kept."),
        (status = 422, description = "Too much of the workspace's was running; or the component can not be run any more."),
    )
)]
pub(super) async fn replay(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id<ExecutionId>,
    Json(request): Json<ReplayRequest>,
) -> Result<Json<Replay>, ApiError> {
    let with = match request.component {
        None | Some(ReplayComponent::Recorded) => With::Recorded,
        Some(ReplayComponent::Current) => With::Current,
    };
    Ok(Json(Replay::new(&state.engine.replay(caller.scope, id, with).await?)))
}
