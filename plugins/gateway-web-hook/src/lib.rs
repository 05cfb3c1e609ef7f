//! The gateway kind `web-hook`: any service that sends JSON to an address, or takes it.
//!
//! The host's connector checks who sends, and signs what goes out; this component says what deliveries mean and how actions become
//! documents.

mod account;
mod inbound;
mod manifest;
mod outbound;

use twobot::gateway::{self, unsupported};
use twobot::prelude::*;

/// The gateway.
pub struct WebHook;

#[twobot::gateway]
impl Gateway for WebHook {
    fn manifest() -> GatewayManifest {
        manifest::manifest()
    }

    fn decode(delivery: Inbound) -> Result<Decoded, Malformed> {
        inbound::decode(&delivery)
    }

    fn execute(action: Action) -> Result<Outcome, GatewayError> {
        let document = outbound::document(action)?
            .ok_or_else(|| unsupported("web hooks send messages and deliver documents, and nothing else"))?;
        let answer = gateway::call("deliver", &document.body)?;
        outbound::outcome(&document, answer)
    }

    fn check() -> Result<Account, GatewayError> {
        gateway::call_for("account", &json!({})).map(account::of)
    }
}
