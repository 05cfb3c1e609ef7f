//! What the engine and the store say, as problems.

use super::{ApiError, FieldProblem};
use crate::state::AppState;
use axum::http::StatusCode;
use twobot_domain::Trouble;
use twobot_engine::EngineError;
use twobot_store::{StoreError, TenantScope};

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::not_found("thing"),
            StoreError::Exists(_) => Self::conflict("It exists already."),
            StoreError::Conflict => Self::conflict("Someone else changed it at the same time. Try again."),
            StoreError::Stale => Self::precondition_failed(),
            StoreError::Quota { name, used, allowed, unit } => Self::limit_reached(name, used, allowed, unit),
            StoreError::QueueFull(_) | StoreError::Busy => Self::queue_full(),
            error => Self::internal(error),
        }
    }
}

/// Names what was looked for when the store did not find it.
pub(crate) trait OrNotFound<T> {
    fn or_not_found(self, what: &str) -> Result<T, ApiError>;
}

impl<T> OrNotFound<T> for Result<T, StoreError> {
    fn or_not_found(self, what: &str) -> Result<T, ApiError> {
        self.map_err(|error| match error {
            StoreError::NotFound => ApiError::not_found(what),
            error => error.into(),
        })
    }
}

impl From<Trouble> for ApiError {
    /// Trouble with something outside is the caller's to read and act on, so all of it is passed on.
    fn from(trouble: Trouble) -> Self {
        let status = match trouble.code.as_str() {
            "gateway_unavailable" | "gateway_timed_out" => StatusCode::BAD_GATEWAY,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let mut error = Self::new(status, &trouble.code, &trouble.title, trouble.detail);
        error.problem.advice = Some(trouble.advice);
        if let Some(limit) = trouble.limit {
            error.problem.limit = Some(limit.name);
            error.problem.used = Some(limit.used);
            error.problem.allowed = Some(limit.allowed);
            error.problem.unit = Some(limit.unit);
        }
        error
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::NotFound(what) => Self::not_found(what),
            EngineError::Invalid(errors) => Self::invalid(
                errors
                    .into_iter()
                    .map(|error| FieldProblem { field: error.field, message: error.message })
                    .collect(),
            ),
            EngineError::Conflict(detail) => Self::conflict(detail),
            EngineError::Limit { name, used, allowed, unit } => {
                Self::limit_reached(&name, used, allowed, &unit)
            }
            EngineError::Suspended => Self::suspended(
                "The operator of this server has suspended the account, and nothing of it runs.",
            ),
            EngineError::QueueFull => Self::queue_full(),
            EngineError::Trouble(trouble) => (*trouble).into(),
            EngineError::Store(error) => error.into(),
        }
    }
}

impl ApiError {
    /// The same, and for a limit also the plan that sets it.
    pub(crate) async fn naming_plan(mut self, state: &AppState, scope: TenantScope) -> Self {
        if self.problem.code == "limit_reached"
            && let Ok(tenant) = state.store().tenant(scope).await
        {
            self.problem.plan = Some(state.engine.plans().get_or_default(&tenant.plan).name.clone());
        }
        self
    }
}
