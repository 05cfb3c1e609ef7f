//! Counts messages per day and hour, by chat and sender, over the install's own storage.
//!
//! Every message adds to a few counters of its day (`counters`). A nightly schedule turns the days before yesterday into one
//! document each (`history`), so that a year of figures takes some hundreds of keys. A report adds up both (`report`).

mod calendar;
mod counters;
mod figures;
mod history;
mod manifest;
mod report;
mod settings;
mod summary;

use settings::Settings;
use twobot::prelude::*;

/// The plugin.
pub struct Analytics;

#[twobot::plugin]
impl Plugin for Analytics {
    fn manifest() -> Manifest {
        manifest::manifest()
    }

    fn message(ctx: &Context, message: Message) -> Result {
        // What the provider says by itself ("Ada joined the group") is not anyone's message.
        if message.service.is_some() {
            return Ok(());
        }
        let settings: Settings = ctx.config()?;
        let gateway = ctx.gateway().map_or("", |gateway| gateway.id.as_str());
        Ok(counters::count(gateway, &message, settings.offset())?)
    }

    fn scheduled(ctx: &Context, due: Scheduled) -> Result {
        let settings: Settings = ctx.config()?;
        let (today, _) = calendar::local(due.due_at, settings.offset());
        match due.name.as_str() {
            manifest::ROLL_UP => history::roll_up(today, settings.keep_days)?,
            manifest::SUMMARY if settings.daily_summary => {
                let (title, text) = summary::of(today.before(1))?;
                notify::info(&title, &text)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn run(ctx: &Context, action: &str, input: Json) -> Result<Json, ActionError> {
        if action != manifest::REPORT {
            return Err(ActionError::UnknownAction);
        }
        let settings: Settings = ctx.config()?;
        let (today, _) = calendar::local(ctx.now(), settings.offset());
        report::run(&input, today)
    }
}
