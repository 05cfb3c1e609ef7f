//! What this kind of gateway is.

use twobot::prelude::*;

const DESCRIPTION: &str = "\
A conversation in the browser, on this platform's own pages. It needs no account anywhere else, so it is the quickest way to try \
a plugin: open the **Chat console**, write something, and see what your automations answer.

The *greeting* is shown at the start of a new conversation.";

pub(crate) fn manifest() -> GatewayManifest {
    GatewayManifest::new("web-chat", "Web chat", env!("CARGO_PKG_VERSION"), "web-chat")
        .summary("Talk to your automations in the browser, without any outside account.")
        .description(DESCRIPTION)
        .ingress([Ingress::Internal])
        .features([Feature::Actions])
        // The host's connector knows a message again by the key of the call.
        .when_unknown(
            WhenUnknown::Repeat,
            [
                GatewayCall::SendMessage,
                GatewayCall::EditMessage,
                GatewayCall::DeleteMessage,
                GatewayCall::AnswerCallback,
                GatewayCall::ShowTyping,
            ],
        )
        .config_schema(json!({
            "type": "object",
            "properties": {
                "greeting": {
                    "type": "string",
                    "title": "Greeting",
                    "description": "Shown at the start of a new conversation. Leave it empty for none.",
                    "maxLength": 1000,
                    "default": ""
                }
            },
            "additionalProperties": false
        }))
}
