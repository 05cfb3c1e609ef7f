//! The gateway kind `telegram-bot`: what Telegram's updates mean, and how actions become calls of the Bot API.
//!
//! The host keeps the token, polls or receives the webhook, and keeps to Telegram's rate. Bot API 10.2 is known here by name; what
//! comes after it is passed over without harm.

mod account;
mod calls;
mod decode;
mod doc;
mod manifest;

use twobot::prelude::*;

/// The gateway.
pub struct Telegram;

#[twobot::gateway]
impl Gateway for Telegram {
    fn manifest() -> GatewayManifest {
        manifest::manifest()
    }

    fn decode(delivery: Inbound) -> Result<Decoded, Malformed> {
        decode::update(&delivery)
    }

    fn execute(action: Action) -> Result<Outcome, GatewayError> {
        calls::execute(action)
    }

    fn check() -> Result<Account, GatewayError> {
        account::check()
    }
}
