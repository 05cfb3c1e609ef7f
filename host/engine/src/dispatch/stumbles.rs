//! What came to no end that could be recorded: how often, and when it is tried again.
//!
//! A database that does not take the outcome of one item may never take it. Without pauses its handler would run for ever, as often as it can,
//! and its lane would stand still. It is known in memory only: after a start, it has all its tries again.

use super::Job;
use crate::attempt::{Remains, failure};
use crate::{backoff, troubles};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use twobot_domain::{EffectId, ExecutionId, FailureClass, InboundId, Timestamp, Usage};
use twobot_store::StoreError;
use twobot_store::effects::Tried;
use twobot_store::executions::WorkKind;
use twobot_store::inbound::Decoded;
use uuid::Uuid;

/// Tries in a row that came to no end before it is recorded, with nothing else, that it has none. The pauses between them come to nine
/// minutes: what is wrong with the database for a while gives nothing up.
pub(super) const MOST: u32 = 10;

/// Items of which this is remembered.
const REMEMBERED: usize = 4_096;

/// What stumbled.
#[derive(Debug, Default)]
pub(super) struct Stumbles(HashMap<Uuid, Stumble>);

#[derive(Clone, Copy, Debug)]
struct Stumble {
    times: u32,
    until: Timestamp,
}

impl Stumbles {
    /// One more time; says how often it was.
    pub(super) fn add(&mut self, id: Uuid) -> u32 {
        if self.0.len() >= REMEMBERED && !self.0.contains_key(&id) {
            self.0.clear();
        }
        let stumble = self.0.entry(id).or_insert(Stumble { times: 0, until: Timestamp(0) });
        stumble.times = stumble.times.saturating_add(1);
        stumble.until = backoff::after(u64::from(stumble.times));
        stumble.times
    }

    /// When something is due that would be at this time, if all were well.
    pub(super) fn due_at(&self, id: Uuid, due_at: Timestamp) -> Timestamp {
        self.0.get(&id).map_or(due_at, |stumble| stumble.until.max(due_at))
    }

    pub(super) fn forget(&mut self, id: Uuid) {
        self.0.remove(&id);
    }
}

/// What a future comes to; nothing where it panicked.
pub(super) async fn unless_it_panics<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    std::future::poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(poll) => poll.map(Some),
        Err(_) => Poll::Ready(None),
    })
    .await
}

/// Records that an item has no outcome that could be recorded, and nothing else of it.
pub(super) async fn give_up(job: &Job) -> Result<(), StoreError> {
    let (store, scope, id) = (job.engine.store(), job.work.scope, job.work.id);
    let trouble = troubles::not_recorded(MOST);
    match job.kind {
        WorkKind::Inbound => {
            let inbound = store.inbound(scope, InboundId::from_uuid(id)).await?;
            let failed = Decoded::Failed(trouble.detail);
            store.finish_inbound(scope, &inbound, &failed, &Usage::default()).await.map(drop)
        }
        WorkKind::Execution => {
            let install = job.work.install.ok_or(StoreError::NotFound)?;
            let failure = failure(trouble, FailureClass::Platform, None, Remains::default(), None);
            store.fail_execution(scope, ExecutionId::from_uuid(id), install, &failure).await.map(drop)
        }
        // What is known of earlier tries stays as it is.
        WorkKind::Effect => {
            let (id, usage) = (EffectId::from_uuid(id), Usage::default());
            store.effect_failed(scope, id, Tried::Unsure, &trouble, &usage, None).await
        }
    }
}
