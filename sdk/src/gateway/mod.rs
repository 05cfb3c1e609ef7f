//! For gateways: connections to outside services.

mod manifest;
mod provider;

use crate::ai::{ChatReply, ChatRequest};
use crate::bindings::gateway::exports::twobot::plugin::gateway_handler;
use crate::bindings::gateway::{self as world};
use crate::{Action, GatewayError, Outcome, Payload, Timestamp};

pub use gateway_handler::{Account, Decoded, DecodedEvent, Inbound, Malformed};
pub use manifest::{Feature, GatewayCall, GatewayManifest, Ingress, WhenUnknown};
pub use provider::{call, call_for};

/// A connection to an outside service. The host keeps the credentials and carries the calls; a gateway knows the provider's words.
pub trait Gateway {
    /// Says what this gateway kind is.
    fn manifest() -> GatewayManifest;

    /// Turns a raw delivery into events. May not call the provider.
    fn decode(delivery: Inbound) -> Result<Decoded, Malformed>;

    /// Asks the provider whether the connection works.
    fn check() -> Result<Account, GatewayError>;

    /// Carries out an action by calling the provider.
    #[expect(unused_variables, reason = "the default can do nothing")]
    fn execute(action: Action) -> Result<Outcome, GatewayError> {
        Err(unsupported("this kind of gateway takes no actions"))
    }

    /// Asks a model, for kinds with the feature [`Feature::AiChat`].
    #[expect(unused_variables, reason = "the default knows no model")]
    fn chat(request: ChatRequest) -> Result<ChatReply, GatewayError> {
        Err(unsupported("this kind of gateway has no language model"))
    }
}

/// The gateway's kind has no such action.
pub fn unsupported(what: impl Into<String>) -> GatewayError {
    GatewayError::Unsupported(what.into())
}

/// The delivery is not what this provider sends.
pub fn malformed(message: impl Into<String>) -> Malformed {
    Malformed { message: message.into() }
}

impl DecodedEvent {
    /// Something that happened at this time.
    pub fn at(occurred_at: Timestamp, payload: Payload) -> Self {
        Self { occurred_at, payload }
    }
}

impl<G: Gateway> world::Guest for G {
    fn describe() -> world::Manifest {
        G::manifest().into()
    }
}

impl<G: Gateway> gateway_handler::Guest for G {
    fn decode(delivery: Inbound) -> Result<Decoded, Malformed> {
        <G as Gateway>::decode(delivery)
    }

    fn execute(action: Action) -> Result<Outcome, GatewayError> {
        <G as Gateway>::execute(action)
    }

    fn chat(request: ChatRequest) -> Result<ChatReply, GatewayError> {
        <G as Gateway>::chat(request)
    }

    fn check() -> Result<Account, GatewayError> {
        <G as Gateway>::check()
    }
}
