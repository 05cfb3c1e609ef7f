//! The counters of recent days. All of them only ever grow, so that executions side by side do not conflict.
//!
//! Keys of the bucket `detail`, by day: `2026-01-31/h/13` messages of an hour, `…/c/<gateway>/<id>` of a chat, `…/s/<gateway>/<id>` of a
//! sender, `…/n/c` and `…/n/s` how many chats and senders have a counter. The bucket `names` has `c/<gateway>/<id>` and
//! `s/<gateway>/<id>`.

use crate::calendar::{self, Day};
use crate::figures::{Figures, Subject, Tallies};
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use twobot::Message;
use twobot::storage::{Bucket, StorageError};

pub(crate) const DETAIL: &str = "detail";
pub(crate) const NAMES: &str = "names";

/// An install has some 10,000 keys. At most three days are kept in detail, each with so many chats and senders, and their names:
/// that stays below 8,000.
const CHATS_PER_DAY: u64 = 300;
const SENDERS_PER_DAY: u64 = 1_000;

/// Ids and names are the outside world's; a key has at most 512 bytes, and a list of names must stay readable.
const ID_BYTES: usize = 64;
const NAME_BYTES: usize = 128;

/// Counts one message.
pub(crate) fn count(gateway: &str, message: &Message, offset_minutes: i32) -> Result<(), StorageError> {
    let (day, hour) = calendar::local(message.sent_at, offset_minutes);
    let detail = Bucket::open(DETAIL)?;
    let names = Bucket::open(NAMES)?;
    detail.increment(&format!("{day}/h/{hour:02}"), 1)?;

    let count_subject = |letter: char, id: &str, name: Option<&str>, most: u64| -> Result<(), StorageError> {
        let subject = format!("{letter}/{gateway}/{}", clip(id, ID_BYTES));
        let key = format!("{day}/{subject}");
        if detail.increment(&key, 1)? > 1 {
            return Ok(());
        }
        // The first of the day. Counting how many there are needs no read that a parallel execution could invalidate.
        if detail.increment(&format!("{day}/n/{letter}"), 1)? > most {
            return detail.delete(&key);
        }
        name.map_or(Ok(()), |name| names.set(&subject, clip(name, NAME_BYTES)))
    };
    let chat = &message.conversation;
    count_subject('c', &chat.id, chat.title.as_deref(), CHATS_PER_DAY)?;
    if let Some(sender) = &message.sender {
        count_subject('s', &sender.id, Some(&sender.name), SENDERS_PER_DAY)?;
    }
    Ok(())
}

/// The detailed figures of all days up to and including one, and the keys that they were read from.
pub(crate) fn load(first: &str, last: Day) -> Result<BTreeMap<String, Detail>, StorageError> {
    let detail = Bucket::open(DETAIL)?;
    let last = last.to_string();
    let mut keys = Vec::new();
    for key in detail.keys() {
        let key = key?;
        match key.get(..10) {
            Some(day) if day > last.as_str() => break,
            Some(day) if day >= first => keys.push(key),
            _ => {}
        }
    }
    let mut days: BTreeMap<String, Detail> = BTreeMap::new();
    for (key, count) in detail.get_many::<u64>(&keys)? {
        let Some((day, rest)) = key.split_once('/') else { continue };
        let into = days.entry(day.to_owned()).or_default();
        add(&mut into.figures, rest, count);
        into.keys.push(key);
    }
    name_all(days.values_mut().map(|day| &mut day.figures))?;
    Ok(days)
}

/// One day in detail.
#[derive(Debug, Default)]
pub(crate) struct Detail {
    pub(crate) figures: Figures,
    pub(crate) keys: Vec<String>,
}

fn add(figures: &mut Figures, key: &str, count: u64) {
    let (kind, rest) = key.split_once('/').unwrap_or_default();
    let tallies = match kind {
        "h" => {
            if let Some(hour) = rest.parse().ok().and_then(|hour: usize| figures.hours.get_mut(hour)) {
                *hour += count;
            }
            return;
        }
        "c" => &mut figures.chats,
        "s" => &mut figures.senders,
        _ => return,
    };
    if let Some((gateway, id)) = rest.split_once('/') {
        let subject = Subject { gateway: gateway.to_owned(), id: id.to_owned() };
        tallies.entry(subject).or_default().messages += count;
    }
}

/// Puts the known names on chats and senders, asking for each once.
fn name_all<'a>(days: impl Iterator<Item = &'a mut Figures>) -> Result<(), StorageError> {
    let mut days: Vec<_> = days.collect();
    let wanted: BTreeSet<String> = days
        .iter()
        .flat_map(|day| {
            day.chats.keys().map(|id| name_key('c', id)).chain(day.senders.keys().map(|id| name_key('s', id)))
        })
        .collect();
    let wanted: Vec<_> = wanted.into_iter().collect();
    let names: BTreeMap<String, String> = Bucket::open(NAMES)?.get_many(&wanted)?.into_iter().collect();
    let name = |letter: char, tallies: &mut Tallies| {
        for (subject, tally) in tallies {
            tally.name = names.get(&name_key(letter, subject)).cloned();
        }
    };
    for day in &mut days {
        name('c', &mut day.chats);
        name('s', &mut day.senders);
    }
    Ok(())
}

/// The key of a subject's name; its key in a day's detail ends the same way.
fn name_key(letter: char, subject: &Subject) -> String {
    format!("{letter}/{}/{}", subject.gateway, subject.id)
}

/// The longest beginning that has at most so many bytes.
fn clip(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use twobot::{Conversation, ConversationKind, Sender, Timestamp};

    /// 2026-01-31T13:00:00Z.
    const AT: Timestamp = 1_769_864_400_000;

    fn message(chat: &str, sender: Option<&str>) -> Message {
        let conversation = Conversation {
            title: Some(format!("Chat {chat}")),
            ..Conversation::new(chat, ConversationKind::Group)
        };
        Message {
            sender: sender.map(|id| Sender::new(id, format!("Name of {id}"))),
            ..Message::new("m", conversation, AT)
        }
    }

    #[test]
    fn a_message_is_counted_by_hour_chat_and_sender() {
        count("g", &message("1", Some("a")), 0).unwrap();
        count("g", &message("1", Some("b")), 0).unwrap();
        count("g", &message("2", None), 60).unwrap();
        let days = load("", "2026-01-31".parse().unwrap()).unwrap();
        let figures = &days["2026-01-31"].figures;
        assert_eq!((figures.hours[13], figures.hours[14], figures.messages()), (2, 1, 3));
        assert_eq!(figures.active_users(), 2);
        let chat = &figures.chats[&Subject { gateway: "g".into(), id: "1".into() }];
        assert_eq!((chat.messages, chat.name.as_deref()), (2, Some("Chat 1")));
    }

    #[test]
    fn the_keys_of_a_day_are_bounded() {
        let most = usize::try_from(SENDERS_PER_DAY).unwrap();
        for n in 0..most + 50 {
            count("g", &message("1", Some(&format!("s{n}"))), 0).unwrap();
        }
        count("g", &message("1", Some("s0")), 0).unwrap();
        let days = load("", "2026-01-31".parse().unwrap()).unwrap();
        let figures = &days["2026-01-31"].figures;
        assert_eq!(figures.senders.len(), most);
        assert_eq!(figures.messages(), SENDERS_PER_DAY + 51);
        assert_eq!(figures.senders[&Subject { gateway: "g".into(), id: "s0".into() }].messages, 2);
    }

    #[test]
    fn long_ids_and_names_are_clipped() {
        count("g", &message(&"ü".repeat(400), Some("a")), 0).unwrap();
        let days = load("", "2026-01-31".parse().unwrap()).unwrap();
        let (chat, tally) = days["2026-01-31"].figures.chats.first_key_value().unwrap();
        assert_eq!(chat.id, "ü".repeat(ID_BYTES / 2));
        assert!(tally.name.as_ref().unwrap().len() <= NAME_BYTES);
    }
}
