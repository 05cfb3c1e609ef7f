//! Live updates on their way to other nodes: ids and states. What else there is to show, the other node reads from the database.

use crate::engine::Engine;
use crate::live::LiveEvent;
use serde::{Deserialize, Serialize};
use twobot_domain::{ChatMessageId, ConversationId, ExecutionId, GatewayId, Timestamp};
use twobot_store::TenantScope;

/// The states that are told. A node of another version may know others, which are then not shown.
const STATES: &[&str] = &[
    "disconnected",
    "connecting",
    "connected",
    "error",
    "succeeded",
    "failed",
    "enabled",
    "disabled",
    "paused",
    "uninstalled",
];

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Wire {
    Gateway(GatewayId, String),
    Execution(ExecutionId, String, String),
    Install(String, String),
    Notification,
    Message(ConversationId, ChatMessageId),
    Edited(ConversationId, ChatMessageId),
    Deleted(ConversationId, ChatMessageId),
    Typing(ConversationId, i64),
}

fn state(text: &str) -> Option<&'static str> {
    STATES.iter().find(|state| **state == text).copied()
}

/// What to tell other nodes of a change.
pub(crate) fn text(event: &LiveEvent) -> Option<String> {
    let wire = match event {
        LiveEvent::Gateway { id, status } => Wire::Gateway(*id, (*status).to_owned()),
        LiveEvent::Execution { id, state, slug } => Wire::Execution(*id, (*state).to_owned(), slug.clone()),
        LiveEvent::Install { slug, state } => Wire::Install(slug.clone(), (*state).to_owned()),
        LiveEvent::Notification => Wire::Notification,
        LiveEvent::ChatMessage(message) => Wire::Message(message.conversation, message.id),
        LiveEvent::ChatEdited(message) => Wire::Edited(message.conversation, message.id),
        LiveEvent::ChatDeleted { conversation, id } => Wire::Deleted(*conversation, *id),
        LiveEvent::ChatTyping { conversation, until } => Wire::Typing(*conversation, until.0),
    };
    // All of these have a form as JSON.
    serde_json::to_string(&wire).ok()
}

/// Shows what another node told, if somebody here looks.
pub(super) async fn show(engine: &Engine, scope: TenantScope, text: &str) {
    if !engine.live().is_watched(scope) {
        return;
    }
    let Ok(wire) = serde_json::from_str(text) else { return };
    if let Some(event) = event(engine, scope, wire).await {
        engine.live().show(scope, event);
    }
}

async fn event(engine: &Engine, scope: TenantScope, wire: Wire) -> Option<LiveEvent> {
    let message = async |conversation, id| {
        // Gone meanwhile, or not to be had: who looks misses it, as they may.
        engine.store().chat_message(scope, conversation, id).await.ok().map(Box::new)
    };
    Some(match wire {
        Wire::Gateway(id, text) => LiveEvent::Gateway { id, status: state(&text)? },
        Wire::Execution(id, text, slug) => LiveEvent::Execution { id, state: state(&text)?, slug },
        Wire::Install(slug, text) => LiveEvent::Install { slug, state: state(&text)? },
        Wire::Notification => LiveEvent::Notification,
        Wire::Message(conversation, id) => LiveEvent::ChatMessage(message(conversation, id).await?),
        Wire::Edited(conversation, id) => LiveEvent::ChatEdited(message(conversation, id).await?),
        Wire::Deleted(conversation, id) => LiveEvent::ChatDeleted { conversation, id },
        Wire::Typing(conversation, until) => LiveEvent::ChatTyping { conversation, until: Timestamp(until) },
    })
}
