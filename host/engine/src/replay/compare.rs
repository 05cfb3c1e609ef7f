//! What of a replay is other than it was then.

use super::Ending;
use crate::troubles;
use std::collections::{BTreeMap, BTreeSet};
use twobot_domain::FailureClass;
use twobot_runtime::recording::{Deed, DeedKind};
use twobot_runtime::{Asked, Recording};
use twobot_store::executions::{LogLine, ReplayRecord};
use twobot_store::journal::JournalEntry;

/// Differences that are told.
const MOST: usize = 200;

/// Characters of what is shown of each side.
const MAX_SHOWN: usize = 2_000;

/// Codes of failures that come of what a replay does not have: other runs at the same time, and the clock on the wall.
const CIRCUMSTANCES: [&str; 3] = ["storage_quota", "storage_rate_exceeded", "time_exceeded"];

/// Something that is other than it was then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// `outcome`, `call`, `read`, `write`, `effect`, `notification`, `appointment` or `log`.
    pub kind: &'static str,
    /// Where: a place in the order from 1, or a key.
    pub at: String,
    /// What was recorded; none where there was nothing.
    pub recorded: Option<String>,
    /// What the replay did; none where it did nothing.
    pub replayed: Option<String>,
}

fn shown(text: &str) -> String {
    text.chars().take(MAX_SHOWN).collect()
}

fn difference(
    kind: &'static str,
    at: impl ToString,
    recorded: Option<String>,
    replayed: Option<String>,
) -> Difference {
    let cut = |text: Option<String>| text.as_deref().map(shown);
    Difference { kind, at: at.to_string(), recorded: cut(recorded), replayed: cut(replayed) }
}

/// What is known of the recorded run.
pub(super) struct Then<'a> {
    pub(super) record: &'a ReplayRecord,
    pub(super) recording: &'a Recording,
    pub(super) ending: &'a Ending,
    pub(super) journal: &'a [JournalEntry],
    pub(super) logs: &'a [LogLine],
}

/// What the replay came to.
pub(super) struct Now<'a> {
    pub(super) ending: &'a Ending,
    pub(super) recording: &'a Recording,
    pub(super) asked: &'a [Asked],
    pub(super) missed: &'a [String],
    pub(super) logs: &'a [LogLine],
}

/// Says what can not be made as it was.
pub(super) fn note(
    record: &ReplayRecord,
    recording: &Recording,
    has_settings: bool,
    notes: &mut Vec<String>,
) {
    if !has_settings {
        notes.push("The settings of that time are not recorded. Today's are used.".to_owned());
    }
    if recording.forgotten {
        notes.push(
            "What it read is not kept any more: of runs that succeeded, it is kept for the newest only."
                .to_owned(),
        );
    }
    if recording.truncated {
        notes.push(
            "It read more than is recorded. What is missing looks to the plugin as if it were not there."
                .to_owned(),
        );
    }
    if recording.directory {
        notes.push(
            "It used its private directory, whose content is not recorded. Here there is none.".to_owned(),
        );
    }
    if let Some(trouble) =
        record.trouble.as_ref().filter(|_| record.state != "succeeded" && is_circumstance(record))
    {
        notes.push(format!(
            "“{}” came of the circumstances of that time, which a replay does not have.",
            trouble.title
        ));
    }
}

/// Whether the recorded failure was not made inside the sandbox alone.
fn is_circumstance(record: &ReplayRecord) -> bool {
    let by_others = matches!(record.class, Some(FailureClass::Platform | FailureClass::Refused));
    by_others
        || record.trouble.as_ref().is_some_and(|trouble| {
            CIRCUMSTANCES.contains(&trouble.code.as_str())
                || trouble.limit.as_ref().is_some_and(|limit| limit.name == "memory_per_tenant")
        })
}

/// Everything that is other than it was, at most [`MOST`].
pub(super) fn differences(then: &Then<'_>, now: &Now<'_>) -> Vec<Difference> {
    let mut all = Vec::new();
    outcome(then, now, &mut all);
    calls(then, now, &mut all);
    let missed: BTreeSet<&String> = now.missed.iter().collect();
    all.extend(
        missed.into_iter().map(|what| {
            difference("read", what, None, Some("read it, and found nothing recorded".to_owned()))
        }),
    );
    // Where nothing is known of what it did, nothing is other.
    if !then.recording.forgotten {
        writes(then, now, &mut all);
        for kind in [DeedKind::Effect, DeedKind::Notification, DeedKind::Appointment] {
            in_order(kind, then, now, &mut all);
        }
        logs(then, now, &mut all);
    }
    all.truncate(MOST);
    all
}

fn outcome(then: &Then<'_>, now: &Now<'_>, all: &mut Vec<Difference>) {
    if then.record.state != "succeeded" && is_circumstance(then.record) {
        return;
    }
    let key = |ending: &Ending| {
        let trouble = ending.trouble.as_ref().filter(|_| ending.state != "succeeded");
        (ending.state, trouble.map(|trouble| (trouble.code.clone(), trouble.detail.clone())))
    };
    if key(then.ending) == key(now.ending) {
        return;
    }
    let words = |ending: &Ending| match ending.trouble.as_ref().filter(|_| ending.state != "succeeded") {
        Some(trouble) => format!("{}: {}: {}", ending.state, trouble.code, trouble.detail),
        None => ending.state.to_owned(),
    };
    all.push(difference("outcome", "end", Some(words(then.ending)), Some(words(now.ending))));
}

fn calls(then: &Then<'_>, now: &Now<'_>, all: &mut Vec<Difference>) {
    // The journal may hold more, of an attempt before that came further. Older runs do not say how far they came.
    let made = if then.recording.calls == 0 && then.recording.forgotten {
        then.journal.len()
    } else {
        then.recording.calls
    };
    let recorded: Vec<_> = then.journal.iter().take(made).collect();
    for place in 0..recorded.len().max(now.asked.len()) {
        let before = recorded.get(place).map(|entry| entry.request.as_str());
        let after = now.asked.get(place).map(|one| one.request.as_str());
        if before != after {
            all.push(difference("call", place + 1, before.map(str::to_owned), after.map(str::to_owned)));
        }
    }
}

fn of_kind(recording: &Recording, kind: DeedKind) -> impl Iterator<Item = &Deed> {
    recording.deeds.iter().filter(move |deed| deed.kind == kind)
}

fn words(deed: &Deed) -> String {
    let content = match (&deed.content, deed.digest.as_str()) {
        (Some(content), _) if !content.is_empty() => format!(": {content}"),
        (_, "") => String::new(),
        (_, digest) => format!(" (content {digest})"),
    };
    format!("{} {}{content}", deed.what, deed.to)
}

fn writes(then: &Then<'_>, now: &Now<'_>, all: &mut Vec<Difference>) {
    let by_key = |recording| {
        of_kind(recording, DeedKind::Write).map(|deed| (deed.to.as_str(), deed)).collect::<BTreeMap<_, _>>()
    };
    let (before, after) = (by_key(then.recording), by_key(now.recording));
    let keys: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
    for key in keys {
        let pair = (before.get(key), after.get(key));
        if !matches!(pair, (Some(before), Some(after)) if before.is_same(after)) {
            all.push(difference(
                "write",
                key,
                pair.0.map(|deed| words(deed)),
                pair.1.map(|deed| words(deed)),
            ));
        }
    }
}

fn in_order(kind: DeedKind, then: &Then<'_>, now: &Now<'_>, all: &mut Vec<Difference>) {
    let before: Vec<_> = of_kind(then.recording, kind).collect();
    let after: Vec<_> = of_kind(now.recording, kind).collect();
    for place in 0..before.len().max(after.len()) {
        let pair = (before.get(place), after.get(place));
        if !matches!(pair, (Some(before), Some(after)) if before.is_same(after)) {
            let words = |deed: Option<&&Deed>| deed.map(|deed| words(deed));
            all.push(difference(kind.as_str(), place + 1, words(pair.0), words(pair.1)));
        }
    }
}

fn logs(then: &Then<'_>, now: &Now<'_>, all: &mut Vec<Difference>) {
    // What the platform adds at the commit is no line of the run's own.
    let own = then
        .logs
        .iter()
        .rposition(|line| !line.message.starts_with(troubles::PUT_OFF))
        .map_or(0, |last| last + 1);
    let before = then.logs.get(own.saturating_sub(then.recording.logs)..own).unwrap_or_default();
    for place in 0..before.len().max(now.logs.len()) {
        let key =
            |line: Option<&LogLine>| line.map(|line| (line.level, line.message.clone(), line.fields.clone()));
        let pair = (before.get(place), now.logs.get(place));
        if key(pair.0) != key(pair.1) {
            let words = |line: Option<&LogLine>| line.map(|line| format!("{}: {}", line.level, line.message));
            all.push(difference("log", place + 1, words(pair.0), words(pair.1)));
        }
    }
}
