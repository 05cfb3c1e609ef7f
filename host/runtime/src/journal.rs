//! Inline effects of one execution, in order, so that a retry repeats none that was answered.

use crate::outside::{InlineAnswer, InlineCall};
use serde::Serialize;
use twobot_domain::{ExecutionId, GatewayError, GatewayId};
use twobot_store::journal::JournalEntry;
use twobot_store::{Store, StoreError, TenantScope};

/// What is recorded of an inline effect before it is made.
#[derive(Serialize)]
struct Request<'a> {
    gateway: GatewayId,
    call: &'a InlineCall,
}

type Answer = Result<InlineAnswer, GatewayError>;

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
pub(crate) enum Next {
    /// It was made before, with this answer.
    Recorded(Box<Answer>),
    /// It has to be made.
    Make(Pending),
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
    /// the attempt before has taken another path: what was recorded from here on is dropped.
    pub(crate) async fn next(&mut self, gateway: GatewayId, call: &InlineCall) -> Result<Next, StoreError> {
        let damaged = |error: serde_json::Error| StoreError::Corrupt(error.to_string());
        let request = serde_json::to_string(&Request { gateway, call }).map_err(damaged)?;
        let position = self.next;
        self.next += 1;
        if let Some(entry) = self.recorded.get(position)
            && entry.request == request
            && let Some(result) = &entry.result
        {
            return Ok(Next::Recorded(serde_json::from_str(result).map_err(damaged)?));
        }
        self.recorded.truncate(position);
        let seq = position as u64;
        self.store.journal_intent(self.scope, self.execution, seq, &request).await?;
        self.recorded.push(JournalEntry { request, result: None });
        Ok(Next::Make(Pending(seq)))
    }

    /// Records what an effect was answered.
    pub(crate) async fn answered(&mut self, pending: Pending, answer: &Answer) -> Result<(), StoreError> {
        let text = serde_json::to_string(answer).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        self.store.journal_result(self.scope, self.execution, pending.0, &text).await
    }
}
