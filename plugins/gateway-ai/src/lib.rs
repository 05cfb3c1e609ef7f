//! The gateway kind `ai`: language models behind an OpenAI-compatible interface.
//!
//! The host knows the providers' addresses and adds the key; this component chooses the model and speaks the interface's words.

mod completion;
mod manifest;
mod models;
mod settings;

use settings::Settings;
use twobot::ai::{ChatReply, ChatRequest};
use twobot::gateway;
use twobot::prelude::*;

/// The gateway.
pub struct Ai;

#[twobot::gateway]
impl Gateway for Ai {
    fn manifest() -> GatewayManifest {
        manifest::manifest()
    }

    fn decode(_: Inbound) -> Result<Decoded, Malformed> {
        Ok(Decoded::NotHandled("AI providers deliver nothing by themselves".to_owned()))
    }

    fn chat(request: ChatRequest) -> Result<ChatReply, GatewayError> {
        let settings = Settings::load()?;
        let body = completion::request(&settings, request)?;
        completion::reply(&gateway::call("chat.completions", &body)?, &body)
    }

    fn check() -> Result<Account, GatewayError> {
        let settings = Settings::load()?;
        Ok(models::account(&settings, &gateway::call("models.list", &json!({}))?))
    }
}
