//! How the server is, part by part: for the pages on which people look whether it is them or us.

use crate::extract::Json;
use crate::routes::health::{HealthStatus, check};
use crate::state::AppState;
use crate::wire::Time;
use axum::extract::State;
use serde::Serialize;
use twobot_domain::Timestamp;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(status))
}

/// How the server is.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct ServerStatus {
    /// How it is altogether.
    status: OverallStatus,
    /// The version that runs.
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// When it was started.
    started_at: Time,
    /// Seconds since then.
    #[schema(example = 86_400)]
    uptime_seconds: u64,
    /// Its parts, always all of them.
    parts: Vec<ServerPart>,
}

/// How the server is altogether.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum OverallStatus {
    /// Every part works, or is not used here.
    Ok,
    /// It works; a part that it can do without does not.
    Degraded,
    /// It does not work.
    Failing,
}

/// A part of the server.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
struct ServerPart {
    /// Which.
    name: ServerPartName,
    /// How it is.
    state: ServerPartState,
    /// Whether nothing works without it.
    needed: bool,
}

/// What a part is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ServerPartName {
    /// Keeps everything.
    Database,
    /// Run plugins and gateways.
    Sandboxes,
    /// Carries what several nodes tell each other; without it they do so by the database.
    Redis,
    /// Takes mails to people; until it does again, they wait.
    MailServer,
}

/// How a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ServerPartState {
    /// It works.
    Ok,
    /// It does not.
    Failing,
    /// It is not used on this server.
    Off,
}

impl ServerPart {
    fn needed(name: ServerPartName, health: HealthStatus) -> Self {
        let state = if health == HealthStatus::Ok { ServerPartState::Ok } else { ServerPartState::Failing };
        Self { name, state, needed: true }
    }

    /// One that it can do without; none where it is not used.
    const fn useful(name: ServerPartName, works: Option<bool>) -> Self {
        let state = match works {
            Some(true) => ServerPartState::Ok,
            Some(false) => ServerPartState::Failing,
            None => ServerPartState::Off,
        };
        Self { name, state, needed: false }
    }
}

fn overall(parts: &[ServerPart]) -> OverallStatus {
    let fails = |needed: bool| {
        parts.iter().any(|part| part.state == ServerPartState::Failing && part.needed == needed)
    };
    match (fails(true), fails(false)) {
        (true, _) => OverallStatus::Failing,
        (false, true) => OverallStatus::Degraded,
        (false, false) => OverallStatus::Ok,
    }
}

/// Look at the server's status
///
/// Part by part, as the node that was asked sees it. Answers 200 whatever it finds, and tells nothing of any tenant; see `/health/ready` for a
/// check that fails.
#[utoipa::path(
    get,
    path = "/status",
    operation_id = "getStatus",
    tag = "health",
    security(()),
    responses((status = 200, description = "How it is.", body = ServerStatus))
)]
async fn status(State(state): State<AppState>) -> Json<ServerStatus> {
    let checks = check(&state).await;
    let mails = state.config.mails_go_out.then(|| !state.engine.mails_are_delayed());
    let parts = vec![
        ServerPart::needed(ServerPartName::Database, checks.database),
        ServerPart::needed(ServerPartName::Sandboxes, checks.runtime),
        ServerPart::useful(ServerPartName::Redis, state.engine.redis_is_connected()),
        ServerPart::useful(ServerPartName::MailServer, mails),
    ];
    let uptime = state.started.elapsed();
    let millis = i64::try_from(uptime.as_millis()).unwrap_or(i64::MAX);
    Json(ServerStatus {
        status: overall(&parts),
        version: state.config.version,
        started_at: Timestamp::now().plus_millis(-millis).into(),
        uptime_seconds: uptime.as_secs(),
        parts,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needed_decides_and_what_is_not_used_does_not_count() {
        let of = |database: HealthStatus, redis: Option<bool>, mails: Option<bool>| {
            overall(&[
                ServerPart::needed(ServerPartName::Database, database),
                ServerPart::useful(ServerPartName::Redis, redis),
                ServerPart::useful(ServerPartName::MailServer, mails),
            ])
        };
        assert_eq!(of(HealthStatus::Ok, None, None), OverallStatus::Ok);
        assert_eq!(of(HealthStatus::Ok, Some(true), Some(true)), OverallStatus::Ok);
        assert_eq!(of(HealthStatus::Ok, Some(false), None), OverallStatus::Degraded);
        assert_eq!(of(HealthStatus::Ok, None, Some(false)), OverallStatus::Degraded);
        assert_eq!(of(HealthStatus::Failing, Some(false), Some(true)), OverallStatus::Failing);
    }
}
