//! The words of the contract (`wit/`), as Rust types, and what the host needs to know of them.
//!
//! Events and actions are stored as JSON in exactly this shape; a new version of the contract brings a new shape beside it.

pub use crate::bindings::gateway::exports::twobot::plugin::gateway_handler::{
    Account, Decoded, DecodedEvent, Inbound, Malformed,
};
pub use crate::bindings::plugin::twobot::plugin::actions::{self, Action, Outcome};
pub use crate::bindings::plugin::twobot::plugin::chat::{self, ChatReply, ChatRequest};
pub use crate::bindings::plugin::twobot::plugin::events::{self, Event, Payload};
pub use crate::bindings::plugin::twobot::plugin::types::{self, GatewayRef};

use twobot_domain::manifest::EventKind;

/// The kind of an event.
#[must_use]
pub const fn kind(payload: &Payload) -> EventKind {
    match payload {
        Payload::Message(_) => EventKind::Message,
        Payload::MessageEdited(_) => EventKind::MessageEdited,
        Payload::MessageDeleted(_) => EventKind::MessageDeleted,
        Payload::Callback(_) => EventKind::Callback,
        Payload::MemberChanged(_) => EventKind::MemberChanged,
        Payload::JoinRequested(_) => EventKind::JoinRequested,
        Payload::ReactionChanged(_) => EventKind::ReactionChanged,
        Payload::PollChanged(_) => EventKind::PollChanged,
        Payload::PollAnswered(_) => EventKind::PollAnswered,
        Payload::Scheduled(_) => EventKind::Scheduled,
        Payload::EffectFailed(_) => EventKind::EffectFailed,
        Payload::Provider(_) => EventKind::Provider,
    }
}

/// The conversation in which an event happened: events of one conversation are handled in order.
#[must_use]
pub fn conversation(payload: &Payload) -> Option<&str> {
    let conversation = match payload {
        Payload::Message(message) | Payload::MessageEdited(message) => &message.conversation,
        Payload::MessageDeleted(deletion) => &deletion.conversation,
        Payload::Callback(callback) => callback.conversation.as_ref()?,
        Payload::MemberChanged(change) => &change.conversation,
        Payload::JoinRequested(request) => &request.conversation,
        Payload::ReactionChanged(change) => &change.conversation,
        Payload::PollChanged(poll) => return Some(&poll.id),
        Payload::PollAnswered(answer) => return Some(&answer.poll_id),
        Payload::Scheduled(_) | Payload::EffectFailed(_) | Payload::Provider(_) => return None,
    };
    Some(&conversation.id)
}

/// The name of an action, for records and measurements.
#[must_use]
pub const fn action_kind(action: &Action) -> &'static str {
    match action {
        Action::SendMessage(_) => "send_message",
        Action::EditMessage(_) => "edit_message",
        Action::DeleteMessage(_) => "delete_message",
        Action::AnswerCallback(_) => "answer_callback",
        Action::AnswerJoinRequest(_) => "answer_join_request",
        Action::React(_) => "react",
        Action::ShowTyping(_) => "show_typing",
        Action::Provider(_) => "provider",
    }
}

/// The conversation that an action concerns: actions in one conversation are delivered in order.
#[must_use]
pub fn action_conversation(action: &Action) -> &str {
    match action {
        Action::SendMessage(message) => &message.conversation,
        Action::EditMessage(edit) => &edit.target.conversation,
        Action::DeleteMessage(target) => &target.conversation,
        Action::AnswerJoinRequest(answer) => &answer.conversation,
        Action::React(reaction) => &reaction.target.conversation,
        Action::ShowTyping(conversation) => conversation,
        // A pressed button waits for its answer; it must not queue behind messages.
        Action::AnswerCallback(answer) => &answer.callback_id,
        Action::Provider(_) => "",
    }
}
