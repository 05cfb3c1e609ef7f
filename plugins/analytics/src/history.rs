//! Days that are over: one document each, in the bucket `days`.

use crate::calendar::Day;
use crate::counters::{self, Detail};
use crate::figures::{Figures, Subject, Tallies, Tally, largest};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use twobot::storage::{Bucket, StorageError};

const DAYS: &str = "days";

/// Yesterday and today stay in detail: messages of yesterday may still arrive.
const DETAILED_DAYS: u32 = 1;

/// Names matter in lists of the largest, and there only.
const NAMED: usize = 100;

/// A value has at most 100 KB.
const DOCUMENT_BYTES: usize = 90_000;

/// A day's figures as they are kept. Gateways are listed once, since their ids are long.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Document {
    hours: [u64; 24],
    gateways: Vec<String>,
    chats: Vec<Row>,
    senders: Vec<Row>,
    #[serde(default)]
    unlisted_senders: u64,
}

/// Position of the gateway, id, messages, name.
#[derive(Debug, Serialize, Deserialize)]
struct Row(usize, String, u64, Option<String>);

/// The figures of each of these days that has any.
pub(crate) fn load(first: Day, last: Day) -> Result<BTreeMap<String, Figures>, StorageError> {
    let wanted: Vec<_> = first.until(last).map(|day| day.to_string()).collect();
    let documents = Bucket::open(DAYS)?.get_many::<Document>(&wanted)?;
    let mut days: BTreeMap<_, _> =
        documents.into_iter().map(|(day, document)| (day, Figures::from(document))).collect();
    for (day, detail) in counters::load(&first.to_string(), last)? {
        days.entry(day).or_default().add(&detail.figures);
    }
    Ok(days)
}

/// Turns the detail of the days before yesterday into documents, and forgets what is older than the tenant wants.
pub(crate) fn roll_up(today: Day, keep_days: u32) -> Result<(), StorageError> {
    let last = today.before(DETAILED_DAYS + 1);
    let days = Bucket::open(DAYS)?;
    let detail = Bucket::open(counters::DETAIL)?;
    for (day, Detail { mut figures, keys }) in counters::load("", last)? {
        // A message that arrives late makes a day that was rolled up before begin anew.
        if let Some(before) = days.get::<Document>(&day)? {
            figures.add(&before.into());
        }
        days.set(&day, &fitting(figures))?;
        detail.delete_many(&keys)?;
    }
    forget_names(&detail)?;
    let oldest = today.before(keep_days).to_string();
    let old: Vec<_> = days
        .keys()
        .take_while(|key| key.as_ref().is_ok_and(|day| *day < oldest) || key.is_err())
        .collect::<Result<_, _>>()?;
    days.delete_many(&old)
}

/// Removes the names of those who are not in the detailed days: their names stand in the documents.
fn forget_names(detail: &Bucket) -> Result<(), StorageError> {
    let mut present = BTreeSet::new();
    for key in detail.keys() {
        if let Some((_, subject)) = key?.split_once('/') {
            present.insert(subject.to_owned());
        }
    }
    let names = Bucket::open(counters::NAMES)?;
    let mut gone = Vec::new();
    for key in names.keys() {
        let key = key?;
        if !present.contains(&key) {
            gone.push(key);
        }
    }
    names.delete_many(&gone)
}

/// The document of these figures, with as many senders as a value can hold.
fn fitting(mut figures: Figures) -> Document {
    loop {
        let document = Document::from(&figures);
        let size = serde_json::to_vec(&document).map_or(0, |bytes| bytes.len());
        if size <= DOCUMENT_BYTES || (figures.senders.len() <= 1 && figures.chats.len() <= 1) {
            return document;
        }
        let before = figures.senders.len();
        figures.senders = larger_half(&figures.senders);
        figures.unlisted_senders += (before - figures.senders.len()) as u64;
        figures.chats = larger_half(&figures.chats);
    }
}

fn larger_half(tallies: &Tallies) -> Tallies {
    let kept = largest(tallies, tallies.len().div_ceil(2));
    kept.into_iter().map(|(subject, tally)| (subject.clone(), tally.clone())).collect()
}

impl From<&Figures> for Document {
    fn from(figures: &Figures) -> Self {
        let mut gateways: Vec<String> = Vec::new();
        let mut rows = |tallies: &Tallies| -> Vec<Row> {
            let mut named = NAMED;
            let row = |(subject, tally): (&Subject, &Tally)| {
                let gateway = gateways.iter().position(|id| *id == subject.gateway).unwrap_or_else(|| {
                    gateways.push(subject.gateway.clone());
                    gateways.len() - 1
                });
                let name = (named > 0).then(|| tally.name.clone()).flatten();
                named = named.saturating_sub(1);
                Row(gateway, subject.id.clone(), tally.messages, name)
            };
            largest(tallies, tallies.len()).into_iter().map(row).collect()
        };
        let chats = rows(&figures.chats);
        let senders = rows(&figures.senders);
        Self { hours: figures.hours, gateways, chats, senders, unlisted_senders: figures.unlisted_senders }
    }
}

impl From<Document> for Figures {
    fn from(document: Document) -> Self {
        let tallies = |rows: Vec<Row>| -> Tallies {
            rows.into_iter()
                .map(|Row(gateway, id, messages, name)| {
                    let gateway = document.gateways.get(gateway).cloned().unwrap_or_default();
                    (Subject { gateway, id }, Tally { messages, name })
                })
                .collect()
        };
        Self {
            hours: document.hours,
            chats: tallies(document.chats),
            senders: tallies(document.senders),
            unlisted_senders: document.unlisted_senders,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use twobot::{Conversation, ConversationKind, Message, Sender};

    const DAY: u64 = 86_400_000;
    /// 2026-01-31T13:00:00Z.
    const AT: u64 = 1_769_864_400_000;

    fn write(sender: &str, sent_at: u64) {
        let conversation = Conversation::new("chat", ConversationKind::Group);
        let sender = Some(Sender::new(sender, format!("Name of {sender}")));
        counters::count("gateway", &Message { sender, ..Message::new("m", conversation, sent_at) }, 0)
            .unwrap();
    }

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn rolling_up_changes_no_figure_and_leaves_few_keys() {
        write("a", AT - 2 * DAY);
        write("b", AT - 2 * DAY);
        write("a", AT - DAY);
        write("a", AT);
        let (first, last) = (day("2026-01-29"), day("2026-01-31"));
        let before = load(first, last).unwrap();
        assert_eq!(before.len(), 3);
        roll_up(last, 400).unwrap();
        assert_eq!(load(first, last).unwrap(), before);

        let detail = Bucket::open(counters::DETAIL).unwrap();
        let keys: Vec<_> = detail.keys().collect::<Result<_, _>>().unwrap();
        assert!(keys.iter().all(|key| key.as_str() >= "2026-01-30"), "{keys:?}");
        let names: Vec<_> = Bucket::open(counters::NAMES).unwrap().keys().collect::<Result<_, _>>().unwrap();
        assert_eq!(names, ["s/gateway/a"]);

        write("c", AT - 2 * DAY);
        roll_up(last, 400).unwrap();
        let late = &load(first, last).unwrap()["2026-01-29"];
        assert_eq!((late.messages(), late.active_users()), (3, 3));
    }

    #[test]
    fn old_days_are_forgotten() {
        for age in 2..12 {
            write("a", AT - age * DAY);
        }
        roll_up(day("2026-01-31"), 7).unwrap();
        let left: Vec<_> = Bucket::open(DAYS).unwrap().keys().collect::<Result<_, _>>().unwrap();
        assert_eq!(left.first().map(String::as_str), Some("2026-01-24"));
        assert_eq!(left.len(), 6);
    }

    #[test]
    fn a_crowded_day_still_fits() {
        let mut figures = Figures::default();
        for n in 0..1_000_u64 {
            let subject = Subject { gateway: "g".repeat(36), id: format!("{n:064}") };
            figures.senders.insert(subject.clone(), Tally { messages: n, name: Some("ü".repeat(64)) });
            figures.chats.insert(subject, Tally { messages: n, name: None });
        }
        let document = fitting(figures);
        assert!(serde_json::to_vec(&document).unwrap().len() <= DOCUMENT_BYTES);
        let figures = Figures::from(document);
        assert_eq!(figures.active_users(), 1_000);
        assert!(figures.senders.values().any(|tally| tally.messages == 999));
    }
}
