//! Whether the server works.

use crate::error::ApiError;
use crate::extract::Json;
use crate::state::AppState;
use axum::extract::State;
use axum::routing::get;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(health)).routes(routes!(live)).routes(routes!(ready))
}

/// For orchestrators, outside of the API's base path.
pub(crate) fn root_routes() -> axum::Router<AppState> {
    axum::Router::new().route("/healthz", get(live)).route("/readyz", get(ready))
}

/// How the server is.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct Health {
    /// How it is altogether.
    status: HealthStatus,
    /// The version that runs.
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// Seconds since it was started.
    uptime_seconds: u64,
    /// How its parts are.
    checks: Checks,
}

/// How the parts are.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Checks {
    /// The database answers.
    pub(super) database: HealthStatus,
    /// There are components to run.
    pub(super) runtime: HealthStatus,
}

/// Works, or does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum HealthStatus {
    /// It works.
    Ok,
    /// It does not.
    Failing,
}

impl HealthStatus {
    fn of(works: bool) -> Self {
        if works { Self::Ok } else { Self::Failing }
    }
}

/// That the process answers.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct Alive {
    /// Always `ok`.
    status: HealthStatus,
}

/// How the server is
///
/// Answers 200 whatever it finds; see `/health/ready` for a check that fails, and `/status` for more.
#[utoipa::path(
    get,
    path = "/health",
    operation_id = "getHealth",
    tag = "health",
    security(()),
    responses((status = 200, description = "How it is.", body = Health))
)]
async fn health(State(state): State<AppState>) -> Json<Health> {
    let checks = check(&state).await;
    let all = checks.database == HealthStatus::Ok && checks.runtime == HealthStatus::Ok;
    Json(Health {
        status: HealthStatus::of(all),
        version: state.config.version,
        uptime_seconds: state.started.elapsed().as_secs(),
        checks,
    })
}

/// Whether the process answers
///
/// Also at `/healthz`, outside of the base path.
#[utoipa::path(
    get,
    path = "/health/live",
    operation_id = "getLiveness",
    tag = "health",
    security(()),
    responses((status = 200, description = "It does.", body = Alive))
)]
async fn live() -> Json<Alive> {
    Json(Alive { status: HealthStatus::Ok })
}

/// Whether the server can serve
///
/// Also at `/readyz`, outside of the base path.
#[utoipa::path(
    get,
    path = "/health/ready",
    operation_id = "getReadiness",
    tag = "health",
    security(()),
    responses(
        (status = 200, description = "It can.", body = Checks),
        (status = 503, description = "`unavailable`: it can not, at least not now."),
    )
)]
async fn ready(State(state): State<AppState>) -> Result<Json<Checks>, ApiError> {
    if state.config.shutdown.is_cancelled() {
        return Err(ApiError::unavailable("The server is stopping."));
    }
    let checks = check(&state).await;
    match (checks.database, checks.runtime) {
        (HealthStatus::Ok, HealthStatus::Ok) => Ok(Json(checks)),
        (HealthStatus::Failing, _) => Err(ApiError::unavailable("The database does not answer.")),
        (_, HealthStatus::Failing) => Err(ApiError::unavailable("No component could be loaded.")),
    }
}

/// Looks at what nothing works without.
pub(super) async fn check(state: &AppState) -> Checks {
    let catalogue = state.engine.catalogue();
    let has_components = catalogue.plugins().next().is_some() || catalogue.gateway_kinds().next().is_some();
    Checks {
        database: HealthStatus::of(state.store().ping().await.is_ok()),
        runtime: HealthStatus::of(has_components),
    }
}
