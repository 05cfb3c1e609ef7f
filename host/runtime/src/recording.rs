//! What one attempt read and did, kept so that it can be replayed.
//!
//! A run's clock and chance follow from its execution, and what it asked of the world stands in its journal. Here is the rest of what
//! came into the sandbox, and fingerprints of what came out of it, by which a replay is compared.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use twobot_domain::EffectId;
use twobot_store::executions::{Appointment, NewEffect, NewNotification};
use twobot_store::kv::{Address, Write};

/// Bytes of one recording, as JSON. What is more is left out, the largest values first, and the recording says so.
pub const MAX_RECORDING: usize = 256 * 1024;

/// Characters of what is shown of a deed's content.
const MAX_SHOWN: usize = 2_000;

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What one attempt read and did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Recording {
    /// What it found in the store, by bucket and key; none where there was no such key.
    #[serde(skip_serializing_if = "is_default")]
    pub reads: BTreeMap<String, BTreeMap<String, Option<Bytes>>>,
    /// The keys that it was told of, in the order of its asking.
    #[serde(skip_serializing_if = "is_default")]
    pub listings: Vec<Listing>,
    /// Inline effects that it made or took from the journal.
    #[serde(skip_serializing_if = "is_default")]
    pub calls: usize,
    /// Answers that the journal does not keep, since a retry asks again, by their place in it.
    #[serde(skip_serializing_if = "is_default")]
    pub unsettled: BTreeMap<usize, String>,
    /// How many appointments waited, where it was asked.
    #[serde(skip_serializing_if = "is_default")]
    pub appointments: Option<u64>,
    /// The ids of its queued effects, which it was told.
    #[serde(skip_serializing_if = "is_default")]
    pub effects: Vec<EffectId>,
    /// What it wrote and asked for.
    #[serde(skip_serializing_if = "is_default")]
    pub deeds: Vec<Deed>,
    /// Lines of its log.
    #[serde(skip_serializing_if = "is_default")]
    pub logs: usize,
    /// Whether it worked with its directory, whose content is not recorded.
    #[serde(skip_serializing_if = "is_default")]
    pub directory: bool,
    /// Whether something had to be left out.
    #[serde(skip_serializing_if = "is_default")]
    pub truncated: bool,
    /// Whether there was one, and it is not kept any more.
    #[serde(skip_serializing_if = "is_default")]
    pub forgotten: bool,
}

/// Bytes: as text where they are text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Bytes {
    /// As text.
    Text(String),
    /// Anything else.
    Binary {
        /// As base64.
        base64: String,
    },
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self::Text(text),
            Err(error) => Self::Binary { base64: STANDARD.encode(error.as_bytes()) },
        }
    }
}

impl Bytes {
    /// The bytes; none where they were damaged.
    pub(crate) fn bytes(&self) -> Option<Vec<u8>> {
        match self {
            Self::Text(text) => Some(text.clone().into_bytes()),
            Self::Binary { base64 } => STANDARD.decode(base64).ok(),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary { base64 } => base64.len(),
        }
    }
}

/// The keys of a bucket, as a run was told of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// The bucket.
    pub bucket: String,
    /// Its keys in the store.
    pub keys: Vec<String>,
    /// How often in a row the answer was this.
    pub times: usize,
}

/// The kind of a deed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeedKind {
    /// A write to the store.
    Write,
    /// A queued effect.
    Effect,
    /// A notification.
    Notification,
    /// An appointment that was made or cancelled.
    Appointment,
}

impl DeedKind {
    /// The name, as it is recorded.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Effect => "effect",
            Self::Notification => "notification",
            Self::Appointment => "appointment",
        }
    }
}

/// Something that a run did, or would have done had it been committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    /// What kind of thing.
    #[serde(rename = "k")]
    pub kind: DeedKind,
    /// What it was done to: a bucket and key, a gateway, a name.
    #[serde(rename = "to")]
    pub to: String,
    /// What was done, in a word.
    #[serde(rename = "w")]
    pub what: String,
    /// The beginning of a SHA-256 over the content, by which two are compared.
    #[serde(rename = "d", default, skip_serializing_if = "String::is_empty")]
    pub digest: String,
    /// The beginning of the content. Not recorded: a replay tells it of itself.
    #[serde(skip)]
    pub content: Option<String>,
}

impl Deed {
    fn new(kind: DeedKind, to: String, what: impl Into<String>, content: &[u8], shown: bool) -> Self {
        let digest = if content.is_empty() {
            String::new()
        } else {
            hex::encode(Sha256::digest(content).get(..8).unwrap_or_default())
        };
        let content = shown.then(|| match std::str::from_utf8(content) {
            Ok(text) => text.chars().take(MAX_SHOWN).collect(),
            Err(_) => format!("({} bytes)", content.len()),
        });
        Self { kind, to, what: what.into(), digest, content }
    }

    /// Whether it is the same deed, whatever is shown of it.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        (self.kind, &self.to, &self.what, &self.digest) == (other.kind, &other.to, &other.what, &other.digest)
    }
}

/// A write, as a deed.
pub(crate) fn write((bucket, key): &Address, write: &Write, shown: bool) -> Deed {
    let to = format!("{bucket}/{key}");
    let number;
    let (what, content): (_, &[u8]) = match write {
        Write::Set(value) => ("set", value),
        Write::Delete => ("delete", &[]),
        Write::Add(delta) => {
            number = delta.to_string();
            ("add", number.as_bytes())
        }
    };
    Deed::new(DeedKind::Write, to, what, content, shown)
}

pub(crate) fn effect(effect: &NewEffect, shown: bool) -> Deed {
    let to = effect.gateway.to_string();
    Deed::new(DeedKind::Effect, to, effect.kind, effect.action.as_bytes(), shown)
}

pub(crate) fn notification(post: &NewNotification, shown: bool) -> Deed {
    Deed::new(DeedKind::Notification, post.title.clone(), post.severity, post.text.as_bytes(), shown)
}

pub(crate) fn appointment(appointment: &Appointment, shown: bool) -> Deed {
    match appointment {
        Appointment::Once { name, due_at, data, .. } => {
            let content = data.as_deref().unwrap_or_default();
            Deed::new(DeedKind::Appointment, name.clone(), format!("at {due_at}"), content.as_bytes(), shown)
        }
        Appointment::Cancel { name } => Deed::new(DeedKind::Appointment, name.clone(), "cancel", &[], shown),
    }
}

impl Recording {
    /// As it is kept: none where there is nothing to keep, and never more than [`MAX_RECORDING`] bytes.
    #[must_use]
    pub fn to_text(mut self) -> Option<String> {
        if self == Self::default() {
            return None;
        }
        // What can not fit is not even written out.
        self.leave_out_reads(MAX_RECORDING);
        for budget in [MAX_RECORDING, MAX_RECORDING / 2, MAX_RECORDING / 8, 0] {
            self.leave_out_reads(budget);
            if budget == 0 {
                self.listings.clear();
                self.deeds.truncate(100);
                self.unsettled.clear();
            }
            let text = serde_json::to_string(&self).unwrap_or_default();
            if text.len() <= MAX_RECORDING {
                return Some(text);
            }
            self.truncated = true;
        }
        Some("{\"truncated\":true}".to_owned())
    }

    /// Leaves out the largest values until what is left takes no more than so many bytes.
    fn leave_out_reads(&mut self, budget: usize) {
        let sizes = self.reads.values().flat_map(BTreeMap::iter);
        let mut sizes: Vec<usize> =
            sizes.map(|(key, value)| key.len() + value.as_ref().map_or(0, Bytes::len) + 8).collect();
        if sizes.iter().sum::<usize>() <= budget {
            return;
        }
        sizes.sort_unstable();
        let mut sum = 0;
        let fitting = sizes.iter().take_while(|size| {
            sum += **size;
            sum <= budget
        });
        let largest = fitting.last().copied().unwrap_or(0);
        let mut left = budget;
        for keys in self.reads.values_mut() {
            keys.retain(|key, value| {
                let size = key.len() + value.as_ref().map_or(0, Bytes::len) + 8;
                let fits = size <= largest && size <= left;
                left -= if fits { size } else { 0 };
                fits
            });
        }
        self.reads.retain(|_, keys| !keys.is_empty());
        self.truncated = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(values: &[(&str, usize)]) -> Recording {
        let keys =
            values.iter().map(|(key, bytes)| ((*key).to_owned(), Some(Bytes::from(vec![b'x'; *bytes]))));
        Recording { reads: BTreeMap::from([("b".to_owned(), keys.collect())]), ..Recording::default() }
    }

    #[test]
    fn what_read_and_did_nothing_is_not_kept() {
        assert_eq!(Recording::default().to_text(), None);
    }

    #[test]
    fn what_is_kept_is_read_back() {
        let mut recording = reading(&[("k", 3)]);
        recording.reads.entry("c".to_owned()).or_default().insert("gone".to_owned(), None);
        recording
            .reads
            .entry("c".to_owned())
            .or_default()
            .insert("raw".to_owned(), Some(vec![0, 255].into()));
        recording.listings.push(Listing { bucket: "b".to_owned(), keys: vec!["k".to_owned()], times: 2 });
        recording.unsettled.insert(1, "{}".to_owned());
        recording.effects.push(EffectId::new());
        recording.deeds.push(write(&("b".to_owned(), "k".to_owned()), &Write::Add(2), false));
        let text = recording.clone().to_text().unwrap();
        let back: Recording = serde_json::from_str(&text).unwrap();
        assert_eq!(back, recording);
        assert_eq!(back.reads["c"]["raw"].as_ref().unwrap().bytes(), Some(vec![0, 255]));
    }

    #[test]
    fn what_is_too_much_is_left_out_the_largest_first() {
        let text =
            reading(&[("large", 200 * 1024), ("a", 10), ("larger", 300 * 1024), ("b", 60 * 1024)]).to_text();
        let text = text.unwrap();
        assert!(text.len() <= MAX_RECORDING);
        let back: Recording = serde_json::from_str(&text).unwrap();
        assert!(back.truncated);
        assert_eq!(back.reads["b"].keys().collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn what_grows_when_it_is_written_out_still_fits() {
        let mut recording = reading(&[]);
        let controls = "\u{1}".repeat(100 * 1024);
        recording
            .reads
            .entry("b".to_owned())
            .or_default()
            .insert("k".to_owned(), Some(Bytes::Text(controls)));
        recording.listings =
            vec![Listing { bucket: "b".to_owned(), keys: vec!["\u{1}".repeat(400); 1_000], times: 1 }];
        let text = recording.to_text().unwrap();
        assert!(text.len() <= MAX_RECORDING && text.contains("truncated"), "{}", text.len());
    }
}
