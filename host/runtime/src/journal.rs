//! Inline effects of one execution, in order, so that a retry repeats none that was answered.

use serde::Serialize;
use serde::de::DeserializeOwned;
use twobot_domain::{EffectKey, ExecutionId};
use twobot_store::journal::JournalEntry;
use twobot_store::{Store, StoreError, TenantScope};

/// The journal of one execution, positioned at the next effect.
#[derive(Debug)]
pub(crate) struct Journal {
    store: Store,
    scope: TenantScope,
    execution: ExecutionId,
    recorded: Vec<JournalEntry>,
    next: usize,
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
}

impl Journal {
    pub(crate) const fn new(
        store: Store,
        scope: TenantScope,
        execution: ExecutionId,
        recorded: Vec<JournalEntry>,
    ) -> Self {
        Self { store, scope, execution, recorded, next: 0 }
    }

    /// Effects that this attempt has made or taken from the record.
    pub(crate) const fn made(&self) -> usize {
        self.next
    }

    /// Looks up the next effect, and records the intent when it has to be made. An execution that asks for something else than
    /// the attempt before has taken another path: what was recorded from here on is dropped. What is recorded of a request says what
    /// kind of effect it is, so that no other kind's answer is taken for its own.
    pub(crate) async fn next<A: DeserializeOwned>(
        &mut self,
        request: &(impl Serialize + Sync),
    ) -> Result<Next<A>, StoreError> {
        let damaged = |error: serde_json::Error| StoreError::Corrupt(error.to_string());
        let request = serde_json::to_string(request).map_err(damaged)?;
        let position = self.next;
        self.next += 1;
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
        self.recorded.truncate(position);
        self.store.journal_intent(self.scope, self.execution, seq, &request).await?;
        self.recorded.push(JournalEntry { request, result: None });
        Ok(Next::Make(Pending(seq)))
    }

    /// What a pending effect is known by.
    pub(crate) fn key(&self, pending: &Pending) -> EffectKey {
        EffectKey::inline(self.execution, pending.0)
    }

    /// Records that an effect is about to be made once more, which may have been done before.
    pub(crate) async fn repeat(&mut self, pending: &Pending) -> Result<(), StoreError> {
        self.store.journal_again(self.scope, self.execution, pending.0, true).await
    }

    /// Takes back the answer that was found last, to make its effect once more: it surely was not done.
    pub(crate) async fn take_back(&mut self) -> Result<Pending, StoreError> {
        let seq = (self.next - 1) as u64;
        self.store.journal_again(self.scope, self.execution, seq, false).await?;
        Ok(Pending(seq))
    }

    /// Records what an effect was answered.
    pub(crate) async fn answered(
        &mut self,
        pending: Pending,
        answer: &(impl Serialize + Sync),
    ) -> Result<(), StoreError> {
        let text = serde_json::to_string(answer).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        self.store.journal_result(self.scope, self.execution, pending.0, &text).await
    }
}
