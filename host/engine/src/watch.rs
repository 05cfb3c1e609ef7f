//! What an operator sees of the engine, at the moment of looking.

use crate::engine::Engine;
use std::time::SystemTime;
use twobot_domain::InboundId;
use twobot_store::StoreError;
use twobot_store::executions::WorkKind;
use twobot_telemetry::meter;
use twobot_telemetry::trace::{Ended, Span, Spot, Step};

const QUEUES: [(WorkKind, &str); 3] =
    [(WorkKind::Inbound, "deliveries"), (WorkKind::Execution, "executions"), (WorkKind::Effect, "effects")];

/// A delivery is in the log: its trace begins.
pub(crate) fn received(kind: &str, id: InboundId, began: SystemTime) {
    meter::delivery(kind, "accepted");
    let id = id.uuid();
    if let Some(span) = Span::begin(Step::Receive, Spot::of(id, Step::Receive, id, 0), None) {
        span.since(began).with("twobot.gateway.kind", kind.to_owned()).end(Ended::Well);
    }
}

impl Engine {
    /// Brings what can only be looked at up to date: what waits, what runs, what memory is taken.
    ///
    /// # Errors
    /// Only those of the database; what does not come from there is up to date all the same.
    pub async fn watch(&self) -> Result<(), StoreError> {
        meter::process();
        meter::sandbox_memory(self.machine().memory().all());
        for (kind, name) in QUEUES {
            meter::running(name, self.inner.queues.get(kind).running());
        }
        for (kind, name) in QUEUES {
            let backlog = self.store().backlog(kind).await?;
            meter::waiting(name, backlog.waiting, backlog.oldest);
        }
        Ok(())
    }
}
