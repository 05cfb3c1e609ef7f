//! The web chat on the wire.

use crate::error::ApiError;
use crate::wire::{Author, TextFormat, Time, Trouble};
use serde::{Deserialize, Serialize};
use twobot_domain::{ChatMessageId, ConversationId, GatewayId};
use twobot_store::chat;
use utoipa::ToSchema;

/// A conversation in the browser.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Conversation {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: ConversationId,
    /// The web chat that it is in.
    #[schema(value_type = Uuid)]
    gateway_id: GatewayId,
    /// For people.
    #[schema(example = "New conversation")]
    title: String,
    /// Its newest message.
    last_message: Option<ChatMessage>,
    /// When it began.
    created_at: Time,
    /// When the newest message came.
    updated_at: Time,
}

impl Conversation {
    pub(super) fn new(conversation: chat::Conversation) -> Result<Self, ApiError> {
        Ok(Self {
            id: conversation.id,
            gateway_id: conversation.gateway,
            title: conversation.title,
            last_message: conversation.last_message.map(ChatMessage::new).transpose()?,
            created_at: conversation.created_at.into(),
            updated_at: conversation.updated_at.into(),
        })
    }
}

/// A message of a conversation.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct ChatMessage {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: ChatMessageId,
    /// The conversation.
    #[schema(value_type = Uuid)]
    conversation_id: ConversationId,
    /// Who wrote it.
    author: Author,
    /// Their name.
    #[schema(example = "Ada Lovelace")]
    author_name: String,
    /// The text.
    #[schema(example = "hello")]
    text: String,
    /// How the text is marked up.
    format: TextFormat,
    /// Rows of buttons below it.
    buttons: Vec<Vec<ChatButton>>,
    /// The message that it answers.
    reply_to: Option<String>,
    /// When it was changed.
    edited_at: Option<Time>,
    /// What went wrong, with messages of `system`.
    trouble: Option<Trouble>,
    /// When it was written.
    sent_at: Time,
}

/// A button below a message. It has either `data`, which is sent back when it is pressed, or `url`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct ChatButton {
    /// What stands on it.
    #[schema(example = "Yes")]
    text: String,
    /// What pressing it sends.
    #[serde(default)]
    data: Option<String>,
    /// Where it leads.
    #[serde(default)]
    url: Option<String>,
}

impl ChatMessage {
    pub(super) fn new(message: chat::ChatMessage) -> Result<Self, ApiError> {
        let damaged = |error: serde_json::Error| {
            ApiError::internal(format!("stored data is damaged: buttons of {}: {error}", message.id))
        };
        let buttons = if message.buttons.is_null() {
            Vec::new()
        } else {
            Vec::deserialize(&message.buttons).map_err(damaged)?
        };
        Ok(Self {
            id: message.id,
            conversation_id: message.conversation,
            author: message.author.into(),
            author_name: message.author_name,
            text: message.text,
            format: TextFormat::stored(&message.format)?,
            buttons,
            reply_to: message.reply_to,
            edited_at: message.edited_at.map(Time::from),
            trouble: message.trouble.map(Trouble::from),
            sent_at: message.sent_at.into(),
        })
    }
}

/// A conversation to be begun.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct NewConversation {
    /// For people; “New conversation” where it is left out.
    #[schema(min_length = 1, max_length = 100)]
    pub(super) title: Option<String>,
}

/// A message to be sent.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct NewMessage {
    /// The text.
    #[schema(min_length = 1, max_length = 4096, example = "hello")]
    pub(super) text: String,
    /// The sender's own id of it. The same one again in this conversation is the same message: so a repeat is harmless.
    #[schema(min_length = 1, max_length = 100)]
    pub(super) client_id: Option<String>,
}

/// A button that was pressed.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct PressedButton {
    /// The message that carries it.
    #[schema(value_type = Uuid)]
    pub(super) message_id: ChatMessageId,
    /// The button's `data`.
    #[schema(min_length = 1, max_length = 1024)]
    pub(super) data: String,
}
