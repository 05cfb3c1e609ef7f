//! Calling the gateway's provider.

use crate::GatewayError;
use crate::bindings::gateway::twobot::plugin::provider as wit;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Calls one operation of the provider. The host adds the credentials and keeps to the provider's rate.
pub fn call(operation: &str, arguments: &(impl Serialize + ?Sized)) -> Result<Value, GatewayError> {
    call_for(operation, arguments)
}

/// Calls one operation of the provider and reads its answer.
pub fn call_for<T: DeserializeOwned>(
    operation: &str,
    arguments: &(impl Serialize + ?Sized),
) -> Result<T, GatewayError> {
    let arguments = serde_json::to_string(arguments)
        .map_err(|error| GatewayError::Invalid(format!("{operation}: {error}")))?;
    let answer = wit::call(operation, &arguments)?;
    serde_json::from_str(&answer).map_err(|error| {
        GatewayError::Unavailable(format!("the provider's answer to {operation} can not be read: {error}"))
    })
}
