//! A plugin that keeps a book of the messages it was given, so that what was lost, repeated or out of order is found in it.
//!
//! Every message is a number. Those of one conversation count up from one; the book says which was the last, and what did not
//! follow on the one before it. Every message is answered by its own number, and some are seen to be typed first. Some make an appointment,
//! which is noted when it is kept, and some count by reading and writing what others read and write as well.

use serde::{Deserialize, Serialize};
use twobot::gateways::perform;
use twobot::prelude::*;

/// One in so many answers is seen to be typed.
const TYPED: u64 = 3;

/// One in so many messages of a conversation makes an appointment, which is due at once.
const APPOINTED: u64 = 7;

/// One in so many messages of a conversation reads and writes a number that all conversations share.
const SHARED: u64 = 2;

/// The plugin.
pub struct Ledger;

/// What the book says of one conversation.
#[derive(Default, Serialize, Deserialize)]
struct Page {
    last: u64,
    /// What came when something else should have: what was expected, what came.
    wrong: Vec<(u64, u64)>,
}

#[twobot::plugin]
impl Plugin for Ledger {
    fn manifest() -> Manifest {
        Manifest::new("ledger", "Ledger (test)", env!("CARGO_PKG_VERSION"))
            .summary("Keeps a book of what it was given.")
            .description("For tests of the platform.")
            .author("2Bot")
            .category("testing")
            .on([EventKind::Message])
            .needs([Capability::Storage, Capability::Send, Capability::Schedule])
            .slot(Slot::required("channel", "What to keep the book of"))
    }

    fn message(ctx: &Context, message: Message) -> Result {
        let number: u64 = message
            .text
            .as_deref()
            .unwrap_or_default()
            .trim()
            .parse()
            .map_err(|_| Error::Failed("a message must be a number".to_owned()))?;
        let book = ctx.bucket("ledger")?;
        // Every conversation counts here: its executions run side by side and must not lose each other's.
        book.increment("total", 1)?;
        let mut page: Page = book.get(&message.conversation.id)?.unwrap_or_default();
        let expected = page.last + 1;
        if number != expected && page.wrong.len() < 100 {
            page.wrong.push((expected, number));
        }
        page.last = page.last.max(number);
        book.set(&message.conversation.id, &page)?;
        if number.is_multiple_of(SHARED) {
            // Of two that run side by side, the one that commits last has read what is no longer so, and runs again.
            let shared = ctx.bucket("shared")?;
            let count: u64 = shared.get("count")?.unwrap_or_default();
            shared.set("count", &(count + 1))?;
        }
        if number.is_multiple_of(APPOINTED) {
            let name = format!("{}-{number}", message.conversation.id);
            schedule::once(&name, ctx.now(), None).map_err(|error| Error::failed(error.to_string()))?;
        }
        // Something that is waited for; what came of it does not matter here.
        if let Some(gateway) = ctx.gateway().filter(|_| number.is_multiple_of(TYPED)) {
            let _ = perform(&gateway.id, Action::ShowTyping(message.conversation.id.clone()));
        }
        ctx.reply(&message, number.to_string())?;
        Ok(())
    }

    fn scheduled(ctx: &Context, appointment: Scheduled) -> Result {
        // Counted by its name: each is kept once.
        ctx.bucket("appointments")?.increment(&appointment.name, 1)?;
        Ok(())
    }
}
