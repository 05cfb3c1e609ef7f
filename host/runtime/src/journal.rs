//! Inline effects of one execution, in order, so that a retry repeats none that was answered.

mod left;

use crate::sandbox::replay::{AnswerFrom, Asked};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use twobot_domain::{EffectKey, ExecutionId, Usage};
use twobot_store::installs::BoundGateway;
use twobot_store::journal::{JournalEntry, LeftCall};
use twobot_store::{Store, StoreError, TenantScope};

/// Bytes of answers that a recording keeps because the journal does not.
const MAX_UNSETTLED: usize = 64 * 1024;

/// The journal of one execution, positioned at the next effect.
#[derive(Debug)]
pub(crate) struct Journal {
    keeper: Keeper,
    execution: ExecutionId,
    recorded: Vec<JournalEntry>,
    next: usize,
    /// Answers that are not kept, by their place.
    unsettled: BTreeMap<usize, String>,
    unsettled_bytes: usize,
}

/// Who keeps what is asked and answered.
#[derive(Debug)]
enum Keeper {
    Store {
        store: Store,
        scope: TenantScope,
    },
    /// Nobody: in a replay nothing is made.
    Replay {
        asked: Vec<Asked>,
        taken: Vec<bool>,
    },
}

/// An effect that has to be made, with what to record its answer under.
pub(crate) struct Pending(u64);

/// What the journal says about the next effect.
pub(crate) enum Next<A, M = Pending> {
    /// It was made before, with this answer.
    Recorded(A),
    /// It has to be made.
    Make(M),
    /// It was begun, and it is not known what came of it.
    Unsure(M),
    /// It is a replay, and nothing is recorded of it.
    Unrecorded,
}

/// What a plugin is told in the place of an answer that nobody recorded.
pub(crate) const UNRECORDED: &str = "this is a replay, and the recorded run did not ask this";

impl Journal {
    pub(crate) const fn new(
        store: Store,
        scope: TenantScope,
        execution: ExecutionId,
        recorded: Vec<JournalEntry>,
    ) -> Self {
        let keeper = Keeper::Store { store, scope };
        Self { keeper, execution, recorded, next: 0, unsettled: BTreeMap::new(), unsettled_bytes: 0 }
    }

    /// That of a replay, with the answers that were recorded beside it.
    pub(crate) fn replaying(
        execution: ExecutionId,
        recorded: Vec<JournalEntry>,
        unsettled: BTreeMap<usize, String>,
    ) -> Self {
        let keeper = Keeper::Replay { asked: Vec::new(), taken: vec![false; recorded.len()] };
        Self { keeper, execution, recorded, next: 0, unsettled, unsettled_bytes: 0 }
    }

    /// Whether nothing is made.
    pub(crate) const fn is_replay(&self) -> bool {
        matches!(self.keeper, Keeper::Replay { .. })
    }

    /// What a replay asked for, and the answers that are not kept.
    pub(crate) fn into_parts(self) -> (Vec<Asked>, BTreeMap<usize, String>) {
        match self.keeper {
            Keeper::Store { .. } => (Vec::new(), self.unsettled),
            Keeper::Replay { asked, .. } => (asked, BTreeMap::new()),
        }
    }

    /// Effects that this attempt has made or taken from the record.
    pub(crate) const fn made(&self) -> usize {
        self.next
    }

    /// Looks up the next effect, and records the intent when it has to be made. An execution that asks for something else than
    /// the attempt before has taken another path: what was recorded from here on is dropped, and of what was begun there and never
    /// answered the owner is told, who knows the gateways as `bound`. What is recorded of a request says what kind of effect it is, so
    /// that no other kind's answer is taken for its own.
    pub(crate) async fn next<A: DeserializeOwned>(
        &mut self,
        request: &(impl Serialize + Sync),
        bound: &[BoundGateway],
    ) -> Result<Next<A>, StoreError> {
        let damaged = |error: serde_json::Error| StoreError::Corrupt(error.to_string());
        let request = serde_json::to_string(request).map_err(damaged)?;
        let position = self.next;
        self.next += 1;
        let (store, scope) = match &mut self.keeper {
            Keeper::Store { store, scope } => (store, *scope),
            Keeper::Replay { asked, taken } => {
                let (answer, from) = recall(&self.recorded, &self.unsettled, taken, position, &request);
                asked.push(Asked { request, from });
                return match answer {
                    Some(answer) => Ok(Next::Recorded(serde_json::from_str(answer).map_err(damaged)?)),
                    None => Ok(Next::Unrecorded),
                };
            }
        };
        let seq = position as u64;
        if let Some(entry) = self.recorded.get(position)
            && entry.request == request
        {
            return Ok(match &entry.result {
                Some(result) => Next::Recorded(serde_json::from_str(result).map_err(damaged)?),
                // The intent stands there already. What was recorded after it may still be what comes next.
                None => Next::Unsure(Pending(seq)),
            });
        }
        let mut left = open(&self.recorded, position);
        // What is asked for now is not left behind: it has moved.
        let moved =
            left.iter().position(|(_, entry)| entry.request == request).map(|place| left.remove(place));
        let left = told(&left, bound);
        let may_be_done =
            store.journal_intent(scope, self.execution, seq, &request, &left).await? || moved.is_some();
        self.recorded.truncate(position);
        self.recorded.push(JournalEntry { request, result: None });
        Ok(if may_be_done { Next::Unsure(Pending(seq)) } else { Next::Make(Pending(seq)) })
    }

    /// What an attempt before began, and this one, which has ended well, did not come to.
    pub(crate) fn left_behind(&self, bound: &[BoundGateway]) -> Vec<LeftCall> {
        if self.is_replay() { Vec::new() } else { told(&open(&self.recorded, self.next), bound) }
    }

    /// What a pending effect is known by.
    pub(crate) fn key(&self, pending: &Pending) -> EffectKey {
        EffectKey::inline(self.execution, pending.0)
    }

    /// Records that an effect is about to be made once more, which may have been done before.
    pub(crate) async fn repeat(&mut self, pending: &Pending) -> Result<(), StoreError> {
        self.again(pending.0, true).await
    }

    async fn again(&self, seq: u64, may_be_done: bool) -> Result<(), StoreError> {
        match &self.keeper {
            Keeper::Store { store, scope } => {
                store.journal_again(*scope, self.execution, seq, may_be_done).await
            }
            Keeper::Replay { .. } => Ok(()),
        }
    }

    /// Takes back the answer that was found last, to make its effect once more: it surely was not done.
    pub(crate) async fn take_back(&mut self) -> Result<Pending, StoreError> {
        let seq = (self.next - 1) as u64;
        self.again(seq, false).await?;
        Ok(Pending(seq))
    }

    /// Records what an effect was answered, and what it used between the sandbox and the world.
    pub(crate) async fn answered(
        &mut self,
        pending: Pending,
        answer: &(impl Serialize + Sync),
        used: &Usage,
    ) -> Result<(), StoreError> {
        let text = serde_json::to_string(answer).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        self.ended(&pending, Some(&text), used).await
    }

    /// Keeps an answer for a replay alone: a retry is to ask again. Where there are too many, the last are left out, and the replay
    /// finds nothing in their place. What was used counts all the same.
    pub(crate) async fn unsettled(
        &mut self,
        pending: Pending,
        answer: &(impl Serialize + Sync),
        used: &Usage,
    ) -> Result<(), StoreError> {
        self.ended(&pending, None, used).await?;
        let Ok(text) = serde_json::to_string(answer) else { return Ok(()) };
        self.unsettled_bytes = self.unsettled_bytes.saturating_add(text.len());
        if self.unsettled_bytes <= MAX_UNSETTLED {
            self.unsettled.insert(usize::try_from(pending.0).unwrap_or(usize::MAX), text);
        }
        Ok(())
    }

    async fn ended(&self, pending: &Pending, answer: Option<&str>, used: &Usage) -> Result<(), StoreError> {
        match &self.keeper {
            Keeper::Store { store, scope } => {
                store.journal_result(*scope, self.execution, pending.0, answer, used).await
            }
            Keeper::Replay { .. } => Ok(()),
        }
    }
}

/// What is recorded from a place on and was not answered.
fn open(recorded: &[JournalEntry], from: usize) -> Vec<(usize, &JournalEntry)> {
    let entries = recorded.iter().enumerate().skip(from);
    entries.filter(|(_, entry)| entry.result.is_none()).collect()
}

fn told(open: &[(usize, &JournalEntry)], bound: &[BoundGateway]) -> Vec<LeftCall> {
    let told = |(place, entry): &(usize, &JournalEntry)| {
        let trouble = left::trouble(&entry.request, bound)?;
        Some(LeftCall { seq: *place as u64, trouble })
    };
    open.iter().filter_map(told).collect()
}

/// The answer to a request in a replay: that at its place, or one that the recorded run was given to the same request elsewhere.
fn recall<'a>(
    recorded: &'a [JournalEntry],
    unsettled: &'a BTreeMap<usize, String>,
    taken: &mut [bool],
    position: usize,
    request: &str,
) -> (Option<&'a str>, AnswerFrom) {
    let fits = |place: usize| recorded.get(place).is_some_and(|entry| entry.request == request);
    let is_free = |place: usize| taken.get(place) == Some(&false);
    let place = if fits(position) && is_free(position) {
        Some(position)
    } else {
        (0..recorded.len()).find(|place| fits(*place) && is_free(*place))
    };
    let Some(place) = place else { return (None, AnswerFrom::Nowhere) };
    if let Some(taken) = taken.get_mut(place) {
        *taken = true;
    }
    let settled = recorded.get(place).and_then(|entry| entry.result.as_deref());
    match settled.or_else(|| unsettled.get(&place).map(String::as_str)) {
        Some(answer) if place == position => (Some(answer), AnswerFrom::Record),
        Some(answer) => (Some(answer), AnswerFrom::Elsewhere(place)),
        None => (None, AnswerFrom::NotKept),
    }
}
