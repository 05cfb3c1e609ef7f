//! Executions: one run of one handler for one event, from waiting to its outcome.

mod held;
mod outcome;
mod poison;
mod query;
mod queue;
mod replay;
mod resting;

pub use held::MAX_HELD;
pub(crate) use held::{hold, release};
pub use outcome::{
    Appointment, Commit, Denial, Failure, Kept, LogLine, MAX_APPOINTMENTS, NewEffect, NewNotification,
};
pub use poison::AfterDeath;
pub use query::{ExecutionFilter, ExecutionRecord, ExecutionStats};
pub use queue::{Beyond, MOST_LANES, Work, WorkKind};
pub(crate) use queue::{insert, insert_at};
pub use replay::ReplayRecord;
pub(crate) use resting::NOT_BEGUN;

use twobot_domain::{EventId, ExecutionId, InstallId, Timestamp};

/// Why a handler runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Something happened on a gateway, or an effect was given up.
    Event,
    /// A schedule is due.
    Schedule,
    /// Someone ran an action.
    Action,
}

impl Cause {
    /// The name in the database and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Schedule => "schedule",
            Self::Action => "action",
        }
    }
}

/// An execution to be queued.
#[derive(Clone, Debug)]
pub struct NewExecution {
    /// Its id.
    pub id: ExecutionId,
    /// Whose handler runs.
    pub install: InstallId,
    /// For which event.
    pub event: Option<EventId>,
    /// Why.
    pub cause: Cause,
    /// The event's kind, or the action's name.
    pub event_kind: String,
    /// What must run in order has the same lane.
    pub lane: String,
    /// How many of the plugin's own doings led to it, one by another; 0 for what came from outside.
    pub depth: u64,
}

/// What was queued by a transaction and waits for its turn now.
#[derive(Clone, Debug)]
pub struct Queued<T> {
    /// When.
    pub at: Timestamp,
    /// What, in the order in which it was asked for.
    pub ids: Vec<T>,
}

impl<T> Queued<T> {
    pub(crate) const fn none(at: Timestamp) -> Self {
        Self { at, ids: Vec::new() }
    }
}

/// An execution that waits to run.
#[derive(Clone, Debug)]
pub struct QueuedExecution {
    /// Its id.
    pub id: ExecutionId,
    /// Whose handler runs.
    pub install: InstallId,
    /// For which event.
    pub event: Option<EventId>,
    /// Why.
    pub cause: String,
    /// Tries so far.
    pub attempt: u64,
    /// How often the process ended while it ran.
    pub deaths: u64,
    /// How many of the plugin's own doings led to it.
    pub depth: u64,
    /// When it was queued; the sandbox's clock starts here, so that a retry sees the same time.
    pub created_at: Timestamp,
}
