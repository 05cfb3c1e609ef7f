//! What happened: the types of the contract, with a few conveniences.

pub use crate::bindings::plugin::twobot::plugin::events::{
    Callback, Command, Contact, Conversation, ConversationKind, Deletion, EffectFailure, Event, EventKind,
    JoinRequest, Location, Media, MediaKind, MemberChange, Membership, Message, Payload, Poll, PollAnswer,
    PollOption, ProviderEvent, ReactionChange, Scheduled, Sender,
};
pub use crate::bindings::plugin::twobot::plugin::types::{GatewayRef, Timestamp};

impl Conversation {
    /// A conversation of this id and kind, and nothing else known about it.
    pub fn new(id: impl Into<String>, kind: ConversationKind) -> Self {
        Self { id: id.into(), kind, title: None, thread: None, on_behalf_of: None }
    }

    /// Whether it is between two people, or a person and the bot.
    pub fn is_private(&self) -> bool {
        self.kind == ConversationKind::Private
    }
}

impl Sender {
    /// A person of this id and name, and nothing else known about them.
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self { id: id.into(), name: name.into(), username: None, language: None, is_bot: false }
    }
}

impl Message {
    /// A message with nothing in it yet.
    pub fn new(id: impl Into<String>, conversation: Conversation, sent_at: Timestamp) -> Self {
        Self {
            id: id.into(),
            conversation,
            sender: None,
            text: None,
            command: None,
            media: Vec::new(),
            location: None,
            contact: None,
            poll: None,
            reply_to: None,
            sent_at,
            edited_at: None,
            service: None,
        }
    }

    /// Whether a bot wrote it.
    pub fn is_from_bot(&self) -> bool {
        self.sender.as_ref().is_some_and(|sender| sender.is_bot)
    }
}

impl Media {
    /// A file of this kind, and nothing else known about it.
    pub fn new(kind: MediaKind, file_id: impl Into<String>) -> Self {
        Self {
            kind,
            file_id: file_id.into(),
            mime_type: None,
            file_name: None,
            size: None,
            width: None,
            height: None,
            duration: None,
            emoji: None,
        }
    }
}
