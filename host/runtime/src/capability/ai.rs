//! `ai`: asking a language model through a bound AI gateway.

use super::gateways::{denied, inline, to_json};
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

impl Guest<PluginSide> {
    async fn ask(
        &mut self,
        gateway: Option<String>,
        request: ChatRequest,
    ) -> Result<ChatReply, GatewayError> {
        self.pace.call(request.messages.iter().map(|message| message.content.len()).sum()).await;
        let watch = self.watch.clone();
        let work = self.side.granted(Capability::Ai).map_err(denied)?;
        if request.messages.is_empty() {
            return Err(GatewayError::Invalid("messages: must be at least one".to_owned()));
        }
        to_json("request", &request)?;
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
