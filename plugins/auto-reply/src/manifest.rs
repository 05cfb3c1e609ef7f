//! What this plugin is.

use crate::settings;
use twobot::prelude::*;

pub(crate) const TEST: &str = "test";
pub(crate) const FORGET: &str = "forget";

const DESCRIPTION: &str = "\
Answers the messages that reach your gateways.

1. **Rules**, in order: the first whose words or pattern fit the message answers it, in private conversations and in groups.
2. **AI**: in private conversations where no rule fits and an AI gateway is bound, the AI answers. It is shown the last ten \
messages of the conversation, which are kept for a week.
3. **Fallback**: where there is no AI, or it can not be reached, one fixed sentence.

Bots are never answered. Run the action *Test* to see what a message would get.";

pub(crate) fn manifest() -> Manifest {
    Manifest::new("auto-reply", "Auto-reply", env!("CARGO_PKG_VERSION"))
        .summary("Answers messages by rules, or with an AI.")
        .description(DESCRIPTION)
        .author("2Bot")
        .category("messaging")
        .on([EventKind::Message])
        .needs([Capability::Storage, Capability::Send, Capability::Ai])
        .slot(Slot::required("channels", "Where to answer").kinds(["telegram-bot", "web-chat"]))
        .slot(Slot::optional("assistant", "AI").kinds(["ai"]))
        .schedule(FORGET, "40 3 * * *", "UTC")
        .action(
            ActionSpec::command(TEST, "Test")
                .description("Says which rule a message would match, and what it would be answered.")
                .input_schema(json!({
                    "type": "object",
                    "properties": {
                        "text": {
                            "type": "string",
                            "title": "Message",
                            "description": "What someone might write.",
                            "minLength": 1,
                            "maxLength": 4096
                        }
                    },
                    "required": ["text"],
                    "additionalProperties": false
                })),
        )
        .config_schema(settings::schema())
}
