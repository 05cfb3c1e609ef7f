//! Conversations of a web chat.

use super::wire::{Conversation, NewConversation};
use crate::error::{ApiError, OrNotFound};
use crate::extract::{Caller, Id, Json, ListQuery, Query};
use crate::state::AppState;
use crate::validate::Validation;
use crate::wire::List;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::Value;
use twobot_domain::GatewayId;
use twobot_domain::manifest::Ingress;
use twobot_store::chat::{self, Author, NewChatMessage};
use twobot_store::gateways::Gateway;

const NEW: &str = "New conversation";

/// List the conversations of a web chat
///
/// Newest first.
#[utoipa::path(
    get,
    path = "/gateways/{id}/conversations",
    operation_id = "listConversations",
    tag = "web chat",
    params(("id" = Uuid, Path, description = "A gateway of the kind `web-chat`."), ListQuery),
    responses((status = 200, description = "A page of conversations.", body = List<Conversation>))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id<GatewayId>,
    Query(query): Query<ListQuery>,
) -> Result<Json<List<Conversation>>, ApiError> {
    state.store().gateway(caller.scope, id).await.or_not_found("gateway")?;
    let page = state.store().conversations(caller.scope, id, query.page()?).await?;
    List::of(page, Conversation::new).map(Json)
}

/// Begin a conversation
///
/// It opens with the web chat's greeting, where it has one.
#[utoipa::path(
    post,
    path = "/gateways/{id}/conversations",
    operation_id = "createConversation",
    tag = "web chat",
    params(("id" = Uuid, Path, description = "A gateway of the kind `web-chat`.")),
    request_body = NewConversation,
    responses(
        (status = 201, description = "The conversation.", body = Conversation),
        (status = 409, description = "`conflict`: the gateway has no conversations in the browser."),
    )
)]
pub(super) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id<GatewayId>,
    Json(new): Json<NewConversation>,
) -> Result<(StatusCode, Json<Conversation>), ApiError> {
    let mut check = Validation::default();
    let title = new.title.map_or_else(|| NEW.to_owned(), |title| check.name("title", &title));
    check.finish()?;
    let gateway = state.store().gateway(caller.scope, id).await.or_not_found("gateway")?;
    let in_browser = state
        .engine
        .catalogue()
        .gateway_kind(&gateway.kind)
        .is_some_and(|entry| entry.manifest.ingress.contains(&Ingress::Internal));
    if !in_browser {
        return Err(ApiError::conflict(
            "Conversations of this gateway happen at its provider. Only a web chat has conversations here.",
        ));
    }
    let made = state.store().create_conversation(caller.scope, id, &title).await.or_not_found("gateway")?;
    let made = greet(&state, &caller, &gateway, made).await?;
    Ok((StatusCode::CREATED, Json(Conversation::new(made)?)))
}

/// Opens a conversation with the web chat's greeting, where it has one.
async fn greet(
    state: &AppState,
    caller: &Caller,
    gateway: &Gateway,
    conversation: chat::Conversation,
) -> Result<chat::Conversation, ApiError> {
    let greeting = gateway.config.get("greeting").and_then(Value::as_str).map(str::trim).unwrap_or_default();
    if greeting.is_empty() {
        return Ok(conversation);
    }
    let message = NewChatMessage::plain(Author::Bot, &gateway.name, greeting);
    state.store().add_chat_message(caller.scope, conversation.id, &message).await?;
    Ok(state.store().conversation(caller.scope, conversation.id).await?)
}
