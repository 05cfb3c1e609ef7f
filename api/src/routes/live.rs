//! What changes, as it changes.

use super::stream::{follow, json_event};
use crate::error::ApiError;
use crate::extract::Session;
use crate::state::AppState;
use axum::extract::State;
use axum::response::Response;
use axum::response::sse::Event;
use serde_json::json;
use twobot_engine::LiveEvent;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn stream_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(live))
}

/// Follow what changes
///
/// Server-sent events that say what to ask for again: `gateway` `{id, status}`, `execution` `{id, state, plugin}`, `install`
/// `{slug, state}`, `notification` `{}`. After `resync` some were missed: ask for everything again. The stream ends with the
/// session.
#[utoipa::path(
    get,
    path = "/live",
    operation_id = "followWorkspace",
    tag = "live",
    responses(
        (status = 200, description = "The stream.", body = String, content_type = "text/event-stream"),
        (status = 429, description = "`rate_limited`: the workspace has too many streams open."),
    )
)]
async fn live(State(state): State<AppState>, session: Session) -> Result<Response, ApiError> {
    let events = state.engine.live().subscribe(session.scope);
    follow(state, session, events, Vec::new(), render)
}

fn render(event: LiveEvent) -> Option<Event> {
    let (name, data) = match event {
        LiveEvent::Gateway { id, status } => ("gateway", json!({"id": id, "status": status})),
        LiveEvent::Execution { id, state, slug } => {
            ("execution", json!({"id": id, "state": state, "plugin": slug}))
        }
        LiveEvent::Install { slug, state } => ("install", json!({"slug": slug, "state": state})),
        LiveEvent::Notification => ("notification", json!({})),
        // Conversations have streams of their own.
        LiveEvent::ChatMessage(_)
        | LiveEvent::ChatEdited(_)
        | LiveEvent::ChatDeleted { .. }
        | LiveEvent::ChatTyping { .. } => return None,
    };
    Some(json_event(name, &data))
}
