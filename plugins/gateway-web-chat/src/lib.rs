//! The gateway kind `web-chat`: conversations on the platform's own pages.
//!
//! The host's connector stores the conversations and shows them live; this component says what its deliveries mean and how
//! actions become calls.

mod calls;
mod inbound;
mod manifest;

use twobot::gateway::{self, unsupported};
use twobot::prelude::*;

/// The gateway.
pub struct WebChat;

#[twobot::gateway]
impl Gateway for WebChat {
    fn manifest() -> GatewayManifest {
        manifest::manifest()
    }

    fn decode(delivery: Inbound) -> Result<Decoded, Malformed> {
        inbound::decode(&delivery)
    }

    fn execute(action: Action) -> Result<Outcome, GatewayError> {
        let call = calls::of(action).ok_or_else(|| unsupported("web chats have no such action"))?;
        let answer = gateway::call(call.operation, &call.arguments);
        calls::outcome(&call, &calls::settled(&call, answer)?)
    }

    fn check() -> Result<Account, GatewayError> {
        let account: calls::AccountAnswer = gateway::call_for("account", &json!({}))?;
        Ok(Account { id: account.id, name: account.name, details: Vec::new() })
    }
}
