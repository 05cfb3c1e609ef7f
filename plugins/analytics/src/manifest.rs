//! What this plugin is.

use crate::settings;
use twobot::prelude::*;

pub(crate) const REPORT: &str = "report";
pub(crate) const SUMMARY: &str = "daily-summary";
pub(crate) const ROLL_UP: &str = "roll-up";

const DESCRIPTION: &str = "\
Counts the messages that reach your gateways: per day and hour, by chat and by sender, how many people were active, and which hours \
are the busiest. It keeps numbers, ids and names; never what anyone wrote.

Choose the gateways to count under **Sources**. A summary of yesterday arrives every morning at 06:00 UTC. Up to 1,000 people and \
300 chats are told apart per day; messages of further ones count in the totals.";

pub(crate) fn manifest() -> Manifest {
    Manifest::new("analytics", "Analytics", env!("CARGO_PKG_VERSION"))
        .summary("How many messages, from whom, where and when.")
        .description(DESCRIPTION)
        .author("2Bot")
        .category("analytics")
        .on([EventKind::Message])
        .needs([Capability::Storage, Capability::Notify])
        .slot(Slot::optional("sources", "Sources"))
        .schedule(ROLL_UP, "15 3 * * *", "UTC")
        .schedule(SUMMARY, "0 6 * * *", "UTC")
        .action(
            ActionSpec::report(REPORT, "Messages and people")
                .description("Messages per day and hour, active people, busiest hours, and the busiest chats and senders.")
                .input_schema(json!({
                    "type": "object",
                    "properties": {
                        "from": day("From", "The first day, such as 2026-01-31. Six days before the last one where it is left out."),
                        "to": day("To", "The last day. Today where it is left out.")
                    },
                    "additionalProperties": false
                })),
        )
        .config_schema(settings::schema())
}

fn day(title: &str, description: &str) -> Json {
    json!({
        "type": ["string", "null"],
        "format": "date",
        "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
        "title": title,
        "description": description
    })
}
