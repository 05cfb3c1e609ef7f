//! Asking a language model through an AI gateway.

use crate::GatewayError;
use crate::bindings::plugin::twobot::plugin::ai as wit;

pub use crate::bindings::plugin::twobot::plugin::chat::{
    ChatMessage, ChatReply, ChatRequest, FinishReason, Role, TokenUsage,
};

/// A request in the making.
#[derive(Clone, Debug)]
pub struct Chat {
    gateway: Option<String>,
    request: ChatRequest,
}

impl Chat {
    /// An empty request to the first bound AI gateway.
    pub fn new() -> Self {
        let request = ChatRequest { model: None, messages: Vec::new(), temperature: None, max_tokens: None };
        Self { gateway: None, request }
    }

    /// Asks this gateway.
    #[must_use]
    pub fn through(mut self, gateway: impl Into<String>) -> Self {
        self.gateway = Some(gateway.into());
        self
    }

    /// Asks this model instead of the gateway's default.
    #[must_use]
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.request.model = Some(model.into());
        self
    }

    /// Adds instructions.
    #[must_use]
    pub fn system(self, content: impl Into<String>) -> Self {
        self.turn(Role::System, content)
    }

    /// Adds what a person said.
    #[must_use]
    pub fn user(self, content: impl Into<String>) -> Self {
        self.turn(Role::User, content)
    }

    /// Adds what the model said before.
    #[must_use]
    pub fn assistant(self, content: impl Into<String>) -> Self {
        self.turn(Role::Assistant, content)
    }

    /// Adds one turn.
    #[must_use]
    pub fn turn(mut self, role: Role, content: impl Into<String>) -> Self {
        self.request.messages.push(ChatMessage { role, content: content.into() });
        self
    }

    /// From 0 (the likeliest answer) to 2.
    #[must_use]
    pub fn temperature(mut self, temperature: f32) -> Self {
        self.request.temperature = Some(temperature);
        self
    }

    /// The most tokens that the answer may have.
    #[must_use]
    pub fn max_tokens(mut self, tokens: u32) -> Self {
        self.request.max_tokens = Some(tokens);
        self
    }

    /// Asks and waits for the answer.
    pub fn ask(&self) -> Result<ChatReply, GatewayError> {
        wit::chat(self.gateway.as_deref(), &self.request)
    }
}

impl Default for Chat {
    fn default() -> Self {
        Self::new()
    }
}
