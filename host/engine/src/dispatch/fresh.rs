//! What this process has just recorded, and may begin with at once.

use super::queue::Begun;
use super::{Job, spawn};
use crate::engine::Engine;
use crate::nodes::Kinds;
use twobot_store::TenantScope;
use twobot_store::effects::QueuedEffect;
use twobot_store::events::StoredEvent;
use twobot_store::executions::{QueuedExecution, Work, WorkKind};
use twobot_store::inbound::Inbound;

/// Something that was just recorded, with all that its row says.
pub(crate) struct Fresh {
    work: Work,
    known: Known,
}

/// What a row says.
pub(super) enum Known {
    Inbound(Inbound),
    Execution(Box<(QueuedExecution, StoredEvent)>),
    Effect(Box<QueuedEffect>),
}

impl Fresh {
    pub(crate) fn inbound(scope: TenantScope, inbound: Inbound) -> Self {
        let work = Work {
            scope,
            id: inbound.id.uuid(),
            install: None,
            lane: inbound.gateway.uuid().simple().to_string(),
            due_at: inbound.received_at,
            deaths: 0,
        };
        Self { work, known: Known::Inbound(inbound) }
    }

    pub(crate) fn execution(
        scope: TenantScope,
        lane: String,
        queued: QueuedExecution,
        event: StoredEvent,
    ) -> Self {
        let (id, install) = (queued.id.uuid(), Some(queued.install));
        let work = Work { scope, id, install, lane, due_at: queued.created_at, deaths: queued.deaths };
        Self { work, known: Known::Execution(Box::new((queued, event))) }
    }

    pub(crate) fn effect(scope: TenantScope, lane: String, queued: QueuedEffect) -> Self {
        let (id, due_at) = (queued.id.uuid(), queued.created_at);
        let work = Work { scope, id, install: None, lane, due_at, deaths: 0 };
        Self { work, known: Known::Effect(Box::new(queued)) }
    }

    const fn kind(&self) -> WorkKind {
        match self.known {
            Known::Inbound(_) => WorkKind::Inbound,
            Known::Execution(_) => WorkKind::Execution,
            Known::Effect(_) => WorkKind::Effect,
        }
    }
}

impl Known {
    pub(super) fn inbound(self) -> Option<Inbound> {
        if let Self::Inbound(known) = self { Some(known) } else { None }
    }

    pub(super) fn execution(self) -> Option<(QueuedExecution, StoredEvent)> {
        if let Self::Execution(known) = self { Some(*known) } else { None }
    }

    pub(super) fn effect(self) -> Option<QueuedEffect> {
        if let Self::Effect(known) = self { Some(*known) } else { None }
    }
}

/// Begins with what this process has just recorded for a tenant, in this order, as far as nothing else of the tenant waits. The rest is found by looking.
///
/// Only where nobody else works on the database: what another process recorded before this would be overtaken.
pub(crate) fn offer(engine: &Engine, scope: TenantScope, fresh: impl IntoIterator<Item = Fresh>) {
    let hold = if engine.store().is_alone() && !engine.is_stopping() { engine.hold(scope) } else { None };
    let under = hold.as_ref().map(|hold| engine.under(hold));
    for fresh in fresh {
        let kind = fresh.kind();
        let queue = engine.inner.queues.get(kind);
        let (Some(hold), Some(under)) = (&hold, &under) else {
            return engine.wake(scope, Kinds::of(kind));
        };
        match queue.begin(hold.lease.token(), &fresh.work) {
            Begun::Now(revision) => {
                let job = Job::new(under, queue, kind, fresh.work, Some((fresh.known, revision)));
                spawn(under, hold, job);
            }
            Begun::Later => return,
            Begun::Unknown => return engine.wake(scope, Kinds::of(kind)),
        }
    }
}
