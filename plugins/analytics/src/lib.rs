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

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-31T13:00:00Z.
    const AT: u64 = 1_769_864_400_000;

    fn receive(message: Message) {
        let gateway = GatewayRef { id: "g".into(), kind: "web-chat".into(), name: "Chat".into() };
        let payload = Payload::Message(message.clone());
        let (ctx, _) = Context::of(Event {
            id: "e".into(),
            occurred_at: AT,
            gateway: Some(gateway),
            payload,
            raw: None,
        });
        Analytics::message(&ctx, message).unwrap();
    }

    fn report() -> Json {
        let input = json!({"from": "2026-01-31", "to": "2026-01-31"});
        Analytics::run(&Context::of_action(), manifest::REPORT, input).unwrap()
    }

    #[test]
    fn what_people_write_is_counted_and_what_the_provider_says_is_not() {
        let message = Message {
            sender: Some(Sender::new("1", "Ada")),
            ..Message::new("m", Conversation::new("c", ConversationKind::Private), AT)
        };
        receive(message.clone());
        receive(Message { service: Some("pinned_message".into()), ..message });
        let report = report();
        assert_eq!(report["total_messages"], 1);
        assert_eq!(report["senders"][0]["name"], "Ada");
    }

    #[test]
    fn nightly_work_keeps_the_figures() {
        let conversation = Conversation::new("c", ConversationKind::Channel);
        receive(Message::new("m", conversation, AT));
        let due = Scheduled { name: manifest::ROLL_UP.into(), due_at: AT + 3 * 86_400_000, data: None };
        Analytics::scheduled(&Context::of_action(), due).unwrap();
        assert_eq!(report()["total_messages"], 1);
    }

    #[test]
    fn other_actions_are_unknown() {
        let answer = Analytics::run(&Context::of_action(), "reset", Json::Null);
        assert!(matches!(answer, Err(ActionError::UnknownAction)));
    }
}
