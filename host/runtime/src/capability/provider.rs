//! `provider`: a gateway calls its provider; the host adds the credentials.

use crate::bindings::gateway::twobot::plugin::provider::Host;
use crate::contract::types::GatewayError as Wire;
use crate::convert::error::to_guest;
use crate::sandbox::guest::{GatewaySide, Guest};
use std::sync::Arc;
use twobot_domain::GatewayError;

/// Bytes of the arguments of one call.
const MAX_ARGUMENTS: usize = 1024 * 1024;
/// Bytes of an operation's name.
const MAX_OPERATION: usize = 128;

impl Host for Guest<GatewaySide> {
    async fn call(&mut self, operation: String, arguments: String) -> Result<String, Wire> {
        self.pace.call(operation.len() + arguments.len()).await;
        let Some(provider) = self.side.provider.as_ref().map(Arc::clone) else {
            return Err(Wire::Denied("the provider can not be called while decoding".to_owned()));
        };
        if operation.len() > MAX_OPERATION || arguments.len() > MAX_ARGUMENTS {
            return Err(Wire::Invalid(format!("arguments: at most {MAX_ARGUMENTS} bytes")));
        }
        let pause = self.watch.pause();
        let answer = provider.call(&operation, &arguments).await;
        drop(pause);
        match answer {
            Ok(answer) if answer.len() > MAX_ARGUMENTS => {
                Err(to_guest(GatewayError::Unavailable("its answer has more than 1 MB".to_owned())))
            }
            other => other.map_err(to_guest),
        }
    }
}
