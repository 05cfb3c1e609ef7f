//! A conversation as it goes on.

use super::wire::ChatMessage;
use crate::error::{ApiError, OrNotFound};
use crate::extract::{Id, Query, Session};
use crate::routes::stream::{follow, json_event, resync};
use crate::state::AppState;
use crate::wire::Time;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::response::sse::Event;
use serde::Deserialize;
use serde_json::json;
use twobot_domain::{ChatMessageId, ConversationId};
use twobot_engine::LiveEvent;
use twobot_store::chat::{self, Author};
use utoipa::IntoParams;

/// Who missed more messages than these pages of 200 is told to ask for everything anew.
const REPLAY_PAGES: usize = 3;

/// Where the stream begins.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Start {
    /// Begin after this message, as `Last-Event-ID` does: so that nothing is missed between asking for the messages and
    /// opening the stream.
    #[param(value_type = Option<Uuid>)]
    after: Option<String>,
}

/// Follow a conversation
///
/// Server-sent events: `message` and `message_edited` with a message, `message_deleted` `{id}`, `typing` `{until}`, `trouble`
/// with a message of `system` that says what went wrong. The id of an event is that of its message; send the last one as
/// `Last-Event-ID` to get what came since. After `resync` some were missed: ask for the messages again. The stream ends with
/// the session.
#[utoipa::path(
    get,
    path = "/conversations/{id}/stream",
    operation_id = "followConversation",
    tag = "web chat",
    params(
        ("id" = Uuid, Path, description = "The conversation."),
        Start,
        ("Last-Event-ID" = Option<Uuid>, Header, description = "The id of the last event that was seen."),
    ),
    responses(
        (status = 200, description = "The stream.", body = String, content_type = "text/event-stream"),
        (status = 429, description = "`rate_limited`: the workspace has too many streams open."),
    )
)]
pub(super) async fn stream(
    State(state): State<AppState>,
    session: Session,
    Id(id): Id<ConversationId>,
    Query(start): Query<Start>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    state.store().conversation(session.scope, id).await.or_not_found("conversation")?;
    // Before looking into the store: what comes in between is then in both, and is left out of one below.
    let events = state.engine.live().subscribe(session.scope);
    let last = headers
        .get("last-event-id")
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
        .or(start.after)
        .and_then(|id| id.parse::<ChatMessageId>().ok());
    let (replay, newest) = match last {
        Some(last) => missed(&state, &session, id, last).await?,
        None => (Vec::new(), None),
    };
    follow(state, session, events, replay, move |event| render(id, newest, event))
}

/// What came after a message, and the newest of it.
async fn missed(
    state: &AppState,
    session: &Session,
    conversation: ConversationId,
    last: ChatMessageId,
) -> Result<(Vec<Event>, Option<ChatMessageId>), ApiError> {
    let mut events = Vec::new();
    let mut newest = last;
    for _ in 0..REPLAY_PAGES {
        let page = state.store().chat_messages_since(session.scope, conversation, newest).await?;
        let Some(end) = page.last() else { return Ok((events, Some(newest))) };
        newest = end.id;
        for message in page {
            events.push(message_event(message)?);
        }
    }
    Ok((vec![resync()], Some(newest)))
}

fn message_event(message: chat::ChatMessage) -> Result<Event, ApiError> {
    let name = if message.author == Author::System { "trouble" } else { "message" };
    let id = message.id;
    Ok(json_event(name, &ChatMessage::new(message)?).id(id.to_string()))
}

fn render(conversation: ConversationId, newest: Option<ChatMessageId>, event: LiveEvent) -> Option<Event> {
    let event = match event {
        LiveEvent::ChatMessage(message) if message.conversation == conversation => {
            if newest.is_some_and(|newest| message.id <= newest) {
                return None;
            }
            message_event(*message)
        }
        LiveEvent::ChatEdited(message) if message.conversation == conversation => {
            ChatMessage::new(*message).map(|message| json_event("message_edited", &message))
        }
        LiveEvent::ChatDeleted { conversation: place, id } if place == conversation => {
            Ok(json_event("message_deleted", &json!({"id": id})))
        }
        LiveEvent::ChatTyping { conversation: place, until } if place == conversation => {
            Ok(json_event("typing", &json!({"until": Time::from(until)})))
        }
        _ => return None,
    };
    Some(event.unwrap_or_else(|error| {
        tracing::error!(%conversation, cause = error.cause, "a message could not be shown");
        resync()
    }))
}
