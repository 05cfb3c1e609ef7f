//! Users and chats.

use crate::doc::Doc;
use twobot::gateway::Malformed;
use twobot::{Conversation, ConversationKind, Sender};

/// A user.
pub(super) fn user(user: Doc<'_>) -> Result<Sender, Malformed> {
    Ok(Sender {
        username: user.string("username"),
        language: user.string("language_code"),
        is_bot: user.flag("is_bot"),
        ..Sender::new(user.need_id("id")?, name(user))
    })
}

/// A chat that acts in its own name.
pub(super) fn chat_as_sender(chat: Doc<'_>) -> Result<Sender, Malformed> {
    Ok(Sender { username: chat.string("username"), ..Sender::new(chat.need_id("id")?, name(chat)) })
}

/// The user under one field, or the chat under another.
pub(super) fn user_or_chat<'a>(
    document: Doc<'a>,
    user_field: &'a str,
    chat_field: &'a str,
) -> Result<Option<Sender>, Malformed> {
    match (document.get(chat_field), document.get(user_field)) {
        // Where a chat acts, the user beside it is a stand-in for old programs.
        (Some(chat), _) => chat_as_sender(chat).map(Some),
        (None, Some(person)) => user(person).map(Some),
        (None, None) => Ok(None),
    }
}

/// The chat under `chat`.
pub(super) fn conversation(document: Doc<'_>) -> Result<Conversation, Malformed> {
    let chat = document.need("chat")?;
    let kind = match chat.str("type") {
        Some("private") => ConversationKind::Private,
        Some("channel") => ConversationKind::Channel,
        _ => ConversationKind::Group,
    };
    Ok(Conversation {
        title: Some(name(chat)).filter(|name| !name.is_empty()),
        on_behalf_of: document.string("business_connection_id"),
        ..Conversation::new(chat.need_id("id")?, kind)
    })
}

/// A chat's title, or a person's names, or their username.
fn name(document: Doc<'_>) -> String {
    if let Some(title) = document.string("title") {
        return title;
    }
    let names: Vec<_> =
        ["first_name", "last_name"].into_iter().filter_map(|field| document.str(field)).collect();
    if names.is_empty() { document.string("username").unwrap_or_default() } else { names.join(" ") }
}
