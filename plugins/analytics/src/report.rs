//! The action `report`.

use crate::calendar::Day;
use crate::figures::{Figures, Tallies, largest};
use crate::history;
use serde::Deserialize;
use twobot::prelude::*;

/// Days that a report has where it is not told otherwise.
const USUAL_DAYS: u32 = 7;
/// The most days that a report can have.
const MOST_DAYS: usize = 366;
/// How long the lists of the largest are.
const TOP: usize = 10;
/// How many hours are called the busiest.
const BUSIEST: usize = 3;

#[derive(Deserialize)]
struct Input {
    from: Option<String>,
    to: Option<String>,
}

pub(crate) fn run(input: &Json, today: Day) -> Result<Json, ActionError> {
    let (from, to) = range(input, today)?;
    let days = history::load(from, to)?;
    let mut sum = Figures::default();
    days.values().for_each(|day| sum.add(day));
    let none = Figures::default();
    let per_day: Vec<_> = from
        .until(to)
        .map(|day| {
            let date = day.to_string();
            let figures = days.get(&date).unwrap_or(&none);
            json!({"date": date, "messages": figures.messages(), "active_users": figures.active_users()})
        })
        .collect();
    let per_hour: Vec<_> = sum
        .hours
        .iter()
        .enumerate()
        .map(|(hour, messages)| json!({"hour": hour, "messages": messages}))
        .collect();
    Ok(json!({
        "from": from.to_string(),
        "to": to.to_string(),
        "total_messages": sum.messages(),
        "active_users": sum.active_users(),
        "days": per_day,
        "hours": per_hour,
        "busiest_hours": sum.busiest_hours(BUSIEST),
        "chats": top(&sum.chats, "title"),
        "senders": top(&sum.senders, "name"),
    }))
}

fn range(input: &Json, today: Day) -> Result<(Day, Day), ActionError> {
    let invalid = |field: &str, why: &str| ActionError::InvalidInput(format!("`{field}` {why}"));
    let input = Option::<Input>::deserialize(input)
        .map_err(|error| ActionError::InvalidInput(format!("the input must have `from` and `to`: {error}")))?
        .unwrap_or(Input { from: None, to: None });
    let day = |field: &str, text: Option<String>| {
        text.map(|text| text.parse::<Day>().map_err(|why| invalid(field, why))).transpose()
    };
    let to = day("to", input.to)?.unwrap_or(today);
    let from = day("from", input.from)?.unwrap_or(to.before(USUAL_DAYS - 1));
    if from > to {
        return Err(invalid("from", "must not be after `to`"));
    }
    if from.until(to).take(MOST_DAYS + 1).count() > MOST_DAYS {
        return Err(invalid("from", "must be at most 366 days before `to`"));
    }
    Ok((from, to))
}

fn top(tallies: &Tallies, name_field: &str) -> Vec<Json> {
    largest(tallies, TOP)
        .into_iter()
        .map(|(subject, tally)| {
            let name = tally.name.as_deref().filter(|name| !name.is_empty()).unwrap_or(&subject.id);
            json!({
                "id": subject.id,
                name_field: name,
                "gateway": subject.gateway,
                "messages": tally.messages,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counters;
    use twobot::Timestamp;

    /// 2026-01-31T13:00:00Z.
    const AT: Timestamp = 1_769_864_400_000;
    const HOUR: Timestamp = 3_600_000;

    fn write(sender: &str, sent_at: Timestamp) {
        let conversation = Conversation {
            title: Some("The group".into()),
            ..Conversation::new("7", ConversationKind::Group)
        };
        let sender = Some(Sender::new(sender, ""));
        counters::count("g", &Message { sender, ..Message::new("m", conversation, sent_at) }, 0).unwrap();
    }

    fn today() -> Day {
        "2026-01-31".parse().unwrap()
    }

    #[test]
    fn the_last_seven_days() {
        write("a", AT);
        write("a", AT + HOUR);
        write("b", AT + HOUR);
        write("a", AT - 24 * HOUR);
        write("c", AT - 7 * 24 * HOUR);
        let report = run(&json!({}), today()).unwrap();
        assert_eq!((&report["from"], &report["to"]), (&json!("2026-01-25"), &json!("2026-01-31")));
        assert_eq!((&report["total_messages"], &report["active_users"]), (&json!(4), &json!(2)));
        assert_eq!(report["days"].as_array().map(Vec::len), Some(7));
        assert_eq!(report["days"][6], json!({"date": "2026-01-31", "messages": 3, "active_users": 2}));
        assert_eq!(report["days"][0], json!({"date": "2026-01-25", "messages": 0, "active_users": 0}));
        assert_eq!(report["hours"][14], json!({"hour": 14, "messages": 2}));
        assert_eq!(report["busiest_hours"], json!([13, 14]));
        assert_eq!(
            report["chats"],
            json!([{"id": "7", "title": "The group", "gateway": "g", "messages": 4}])
        );
        assert_eq!(report["senders"][0], json!({"id": "a", "name": "a", "gateway": "g", "messages": 3}));
    }

    #[test]
    fn a_range_can_be_given() {
        write("c", AT - 7 * 24 * HOUR);
        let report = run(&json!({"from": "2026-01-01", "to": "2026-01-24"}), today()).unwrap();
        assert_eq!(report["total_messages"], json!(1));
        assert_eq!(run(&Json::Null, today()).unwrap()["total_messages"], json!(0));
        assert_eq!(run(&json!({"from": null, "to": null}), today()).unwrap()["to"], json!("2026-01-31"));
    }

    #[test]
    fn wrong_ranges_are_named() {
        let cases = [
            (json!({"from": "yesterday"}), "`from` must be a day"),
            (json!({"to": "2026-02-30"}), "`to` must be a day"),
            (json!({"from": "2026-01-02", "to": "2026-01-01"}), "`from` must not be after `to`"),
            (json!({"from": "2020-01-01"}), "at most 366 days"),
            (json!({"from": 7}), "`from` and `to`"),
        ];
        for (input, expected) in cases {
            let Err(ActionError::InvalidInput(why)) = run(&input, today()) else { panic!("{input}") };
            assert!(why.contains(expected), "{why}");
        }
    }
}
