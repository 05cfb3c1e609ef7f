//! `ai`: asking a language model through a bound AI gateway.

use super::gateways::{denied, inline};
use crate::bindings::plugin::twobot::plugin::ai::Host;
use crate::contract::types::GatewayError as Wire;
use crate::contract::{ChatReply, ChatRequest};
use crate::convert::error::to_guest;
use crate::outside::{InlineAnswer, InlineCall};
use crate::sandbox::guest::{Guest, PluginSide};
use twobot_domain::GatewayError;
use twobot_domain::manifest::Capability;

/// The kind of gateway that answers.
const KIND: &str = "ai";
/// Bytes of a request's messages together.
const MAX_REQUEST: usize = 100 * 1024;

impl Guest<PluginSide> {
    async fn ask(
        &mut self,
        gateway: Option<String>,
        request: ChatRequest,
    ) -> Result<ChatReply, GatewayError> {
        let watch = self.watch.clone();
        let work = self.side.granted(Capability::Ai).map_err(denied)?;
        let bytes: usize = request.messages.iter().map(|message| message.content.len()).sum();
        if request.messages.is_empty() || bytes > MAX_REQUEST {
            return Err(GatewayError::Invalid(format!(
                "messages: must be at least one, with at most {MAX_REQUEST} bytes together"
            )));
        }
        let gateway = work
            .bound
            .iter()
            .find(|bound| {
                gateway.as_ref().map_or(bound.kind == KIND, |wanted| bound.id.to_string() == *wanted)
            })
            .map(|bound| bound.id)
            .ok_or_else(|| GatewayError::NotBound("no AI gateway is bound to this plugin".to_owned()))?;
        match inline(work, &watch, gateway, InlineCall::Chat(request)).await? {
            InlineAnswer::Chat(reply) => Ok(reply),
            InlineAnswer::Perform(_) => {
                Err(GatewayError::Unsupported("the gateway answered something else".to_owned()))
            }
        }
    }
}

impl Host for Guest<PluginSide> {
    async fn chat(&mut self, gateway: Option<String>, request: ChatRequest) -> Result<ChatReply, Wire> {
        self.ask(gateway, request).await.map_err(to_guest)
    }
}
