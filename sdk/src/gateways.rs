//! Acting on the outside world through the tenant's gateways.

use crate::bindings::plugin::twobot::plugin::gateways as wit;
use crate::{Action, GatewayError, GatewayRef, Outcome};

/// The gateways that are bound to this install, in the tenant's order.
pub fn bound() -> Vec<GatewayRef> {
    wit::bound(None)
}

/// The bound gateways of one kind.
pub fn bound_of(kind: &str) -> Vec<GatewayRef> {
    wit::bound(Some(kind))
}

/// Queues an action, to be delivered after this execution's commit. Returns the effect's id.
pub fn send(gateway: &str, action: Action) -> Result<String, GatewayError> {
    wit::send(gateway, &action)
}

/// Performs an action now and waits for what came of it. Use it only where the outcome is needed.
pub fn perform(gateway: &str, action: Action) -> Result<Outcome, GatewayError> {
    wit::perform(gateway, &action)
}
