//! Messages of a conversation.

use super::wire::{ChatMessage, NewMessage};
use crate::error::{ApiError, OrNotFound};
use crate::extract::{Caller, Id, Json, ListQuery, Query};
use crate::state::AppState;
use crate::validate::Validation;
use crate::wire::List;
use axum::extract::State;
use axum::http::StatusCode;
use twobot_domain::ConversationId;

/// The longest message: what the strictest of the messengers allows, so that nothing works here that fails there.
const MAX_TEXT: usize = 4096;
const MAX_CLIENT_ID: usize = 100;

/// List the messages of a conversation
///
/// Oldest first within a page; the first page has the newest messages, and `next_cursor` leads back in time.
#[utoipa::path(
    get,
    path = "/conversations/{id}/messages",
    operation_id = "listMessages",
    tag = "web chat",
    params(("id" = Uuid, Path, description = "The conversation."), ListQuery),
    responses((status = 200, description = "A page of messages.", body = List<ChatMessage>))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id<ConversationId>,
    Query(query): Query<ListQuery>,
) -> Result<Json<List<ChatMessage>>, ApiError> {
    state.store().conversation(caller.scope, id).await.or_not_found("conversation")?;
    let page = state.store().chat_messages(caller.scope, id, query.page()?).await?;
    List::of(page, ChatMessage::new).map(Json)
}

/// Write a message
///
/// It is durable once this answers. The bot's answer comes over the stream.
#[utoipa::path(
    post,
    path = "/conversations/{id}/messages",
    operation_id = "postMessage",
    tag = "web chat",
    params(("id" = Uuid, Path, description = "The conversation.")),
    request_body = NewMessage,
    responses(
        (status = 201, description = "The message.", body = ChatMessage),
        (status = 403, description = "`suspended`: the operator suspended the account more than a day ago."),
        (status = 409, description = "`conflict`: the web chat is switched off."),
        (status = 503, description = "`queue_full`: too many events are waiting; `Retry-After` says how long to wait."),
    )
)]
pub(super) async fn post(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id<ConversationId>,
    Json(new): Json<NewMessage>,
) -> Result<(StatusCode, Json<ChatMessage>), ApiError> {
    let mut check = Validation::default();
    check.text("text", &new.text, MAX_TEXT);
    let client_id = new.client_id.as_deref().map(|id| check.line("client_id", id, MAX_CLIENT_ID));
    check.finish()?;
    let name = caller.name();
    let message =
        state.engine.post_chat_message(caller.scope, id, name, &new.text, client_id.as_deref()).await?;
    Ok((StatusCode::CREATED, Json(ChatMessage::new(message)?)))
}
