//! What this kind of gateway is.

use twobot::prelude::*;

const DESCRIPTION: &str = "\
Connects a Telegram bot.

1. In Telegram, open a chat with **@BotFather** and send `/newbot`.
2. Choose a name and a username. BotFather answers with a token such as `123456789:AAH…`.
3. Paste the token here. Whoever has it controls the bot, so keep it to yourself.

To let the bot read everything in groups, send `/setprivacy` to BotFather and choose *Disable*. Reactions and the comings and goings \
of members reach a bot only where it is an administrator.

*Polling* works everywhere. *Webhook* needs a public `https` address of this platform.";

pub(crate) fn manifest() -> GatewayManifest {
    GatewayManifest::new("telegram-bot", "Telegram bot", env!("CARGO_PKG_VERSION"), "telegram")
        .summary("Receive and send messages as a Telegram bot.")
        .description(DESCRIPTION)
        .ingress([Ingress::Polling, Ingress::Webhook])
        .features([Feature::Actions])
        // Who reads an answer twice shrugs; who gets none thinks that the bot is broken. Telegram can not be asked what was sent.
        .when_unknown(WhenUnknown::Insist, [GatewayCall::SendMessage])
        // After any number of these, all is as after one.
        .when_unknown(
            WhenUnknown::Repeat,
            [
                GatewayCall::EditMessage,
                GatewayCall::DeleteMessage,
                GatewayCall::AnswerCallback,
                GatewayCall::AnswerJoinRequest,
                GatewayCall::React,
                GatewayCall::ShowTyping,
            ],
        )
        // What a method that is called by its name does, only the plugin knows.
        .when_unknown(WhenUnknown::Report, [GatewayCall::Provider])
        .credentials_schema(json!({
            "type": "object",
            "properties": {
                "token": {
                    "type": "string",
                    "title": "Bot token",
                    "description": "From @BotFather, such as 123456789:AAH…",
                    "pattern": "^[0-9]+:[A-Za-z0-9_-]+$",
                    "maxLength": 200,
                    "writeOnly": true
                }
            },
            "required": ["token"],
            "additionalProperties": false
        }))
        .config_schema(json!({
            "type": "object",
            "properties": {
                "mode": {
                    "type": "string",
                    "title": "How messages arrive",
                    "description": "polling: we ask Telegram. webhook: Telegram calls this platform, which needs a public https address.",
                    "enum": ["polling", "webhook"],
                    "default": "polling"
                }
            },
            "additionalProperties": false
        }))
}
