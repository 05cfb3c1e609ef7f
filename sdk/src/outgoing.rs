//! What can be done through a gateway, what comes of it, and why it may not happen.

use crate::{Conversation, Message};

pub use crate::bindings::plugin::twobot::plugin::actions::{
    Action, Button, ButtonAction, CallbackAnswer, JoinAnswer, MessageEdit, MessageRef, Outcome,
    OutgoingMedia, OutgoingMessage, ProviderCall, Reaction, TextFormat,
};
pub use crate::bindings::plugin::twobot::plugin::types::{GatewayError, Rejection};

impl OutgoingMessage {
    /// A plain message to the conversation of this id.
    pub fn new(conversation: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            conversation: conversation.into(),
            thread: None,
            on_behalf_of: None,
            text: text.into(),
            format: TextFormat::Plain,
            media: None,
            reply_to: None,
            buttons: Vec::new(),
            silent: false,
        }
    }

    /// A plain message to where an event came from: the same thread, in the same name.
    pub fn to(conversation: &Conversation, text: impl Into<String>) -> Self {
        Self {
            thread: conversation.thread.clone(),
            on_behalf_of: conversation.on_behalf_of.clone(),
            ..Self::new(conversation.id.clone(), text)
        }
    }

    /// A plain answer to a message. Outside private conversations it quotes the message, so that others see what it answers.
    pub fn reply(message: &Message, text: impl Into<String>) -> Self {
        let answer = Self::to(&message.conversation, text);
        if message.conversation.is_private() { answer } else { answer.quoting(&message.id) }
    }

    /// Marks the text as Markdown or HTML.
    #[must_use]
    pub fn format(mut self, format: TextFormat) -> Self {
        self.format = format;
        self
    }

    /// Answers the message of this id.
    #[must_use]
    pub fn quoting(mut self, message_id: impl Into<String>) -> Self {
        self.reply_to = Some(message_id.into());
        self
    }

    /// Adds a row of buttons.
    #[must_use]
    pub fn row(mut self, buttons: impl IntoIterator<Item = Button>) -> Self {
        self.buttons.push(buttons.into_iter().collect());
        self
    }

    /// Attaches a file; the text becomes its caption.
    #[must_use]
    pub fn media(mut self, media: OutgoingMedia) -> Self {
        self.media = Some(media);
        self
    }

    /// Delivers it without a sound.
    #[must_use]
    pub fn silent(mut self) -> Self {
        self.silent = true;
        self
    }
}

impl Button {
    /// A button that comes back as a callback event with this data.
    pub fn callback(text: impl Into<String>, data: impl Into<String>) -> Self {
        Self { text: text.into(), action: ButtonAction::Callback(data.into()) }
    }

    /// A button that opens this address.
    pub fn url(text: impl Into<String>, url: impl Into<String>) -> Self {
        Self { text: text.into(), action: ButtonAction::Url(url.into()) }
    }
}

impl GatewayError {
    /// Whether the same call may work later without anyone changing anything.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::RateLimited(_) | Self::Unavailable(_) | Self::TimedOut)
    }

    /// What happened, in a sentence for the tenant.
    pub fn explain(&self) -> String {
        match self {
            Self::NotBound(what) => format!("no such gateway is bound: {what}"),
            Self::Denied(what) => format!("not granted: {what}"),
            Self::Invalid(what) => format!("invalid argument: {what}"),
            Self::Unsupported(what) => format!("the gateway can not do this: {what}"),
            Self::Unauthorized(what) => format!("the provider refuses the credentials: {what}"),
            Self::RateLimited(Some(seconds)) => format!("the provider asks to wait {seconds} s"),
            Self::RateLimited(None) => "the provider asks to wait".to_owned(),
            Self::Rejected(why) => format!("the provider refused ({}): {}", why.code, why.message),
            Self::Unavailable(what) => format!("the provider can not be reached: {what}"),
            Self::TimedOut => "the provider did not answer in time".to_owned(),
            Self::OutcomeUnknown(why) => format!("it is not known whether the provider did this: {why}"),
            Self::OverLimit(what) => format!("a limit of the plan was reached: {what}"),
        }
    }
}
