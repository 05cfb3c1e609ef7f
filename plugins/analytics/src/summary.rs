//! The daily summary.

use crate::calendar::Day;
use crate::figures::{Figures, largest};
use crate::history;
use twobot::storage::StorageError;

/// The title and text that tell a day's figures.
pub(crate) fn of(day: Day) -> Result<(String, String), StorageError> {
    let mut days = history::load(day, day)?;
    let figures = days.remove(&day.to_string()).unwrap_or_default();
    Ok((format!("Messages on {day}"), text(&figures)))
}

fn text(figures: &Figures) -> String {
    let messages = figures.messages();
    if messages == 0 {
        return "No messages.".to_owned();
    }
    let mut text = format!(
        "{} from {}.",
        counted(messages, "message", "messages"),
        counted(figures.active_users(), "person", "people")
    );
    if let Some(hour) = figures.busiest_hours(1).first() {
        text += &format!(" Busiest hour: {hour:02}:00 to {:02}:00.", (hour + 1) % 24);
    }
    if let Some((chat, tally)) = largest(&figures.chats, 1).first() {
        let name = tally.name.as_deref().unwrap_or(&chat.id);
        text += &format!(" Busiest chat: {name} ({}).", tally.messages);
    }
    text
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::{Subject, Tally};

    #[test]
    fn tells_what_there_is_to_tell() {
        let mut figures = Figures::default();
        assert_eq!(text(&figures), "No messages.");
        figures.hours[23] = 2;
        let subject = Subject { gateway: "g".into(), id: "1".into() };
        figures.senders.insert(subject.clone(), Tally { messages: 2, name: None });
        figures.chats.insert(subject, Tally { messages: 2, name: Some("Friends".into()) });
        assert_eq!(
            text(&figures),
            "2 messages from 1 person. Busiest hour: 23:00 to 00:00. Busiest chat: Friends (2)."
        );
    }
}
