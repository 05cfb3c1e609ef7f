//! Executions on the wire.

use crate::error::ApiError;
use crate::wire::{
    EffectState, ExecutionState, FailureReason, GatewayRef, PluginRef, Time, Trigger, Trouble,
};
use serde::Serialize;
use std::collections::BTreeMap;
use twobot_domain::{EffectId, EventId, ExecutionId};
use twobot_engine::Catalogue;
use twobot_store::effects::EffectRecord;
use twobot_store::events::StoredEvent;
use twobot_store::executions::{ExecutionRecord, LogLine};
use twobot_store::journal;
use utoipa::ToSchema;

/// One run of one handler.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Execution {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: ExecutionId,
    /// Whose handler ran.
    plugin: Option<PluginRef>,
    /// Where its event came from; null for schedules and actions.
    gateway: Option<GatewayRef>,
    /// The event's kind, or the action's name.
    #[schema(example = "message")]
    event_kind: String,
    /// Why it ran.
    trigger: Trigger,
    /// How far it is.
    state: ExecutionState,
    /// Tries so far.
    attempt: u64,
    /// Why the last try failed.
    trouble: Option<Trouble>,
    /// Whose doing that was, and whether it is tried again; null where nothing failed.
    failure: Option<FailureReason>,
    /// Whether it was given up and waits for a person's decision; see `/dead-letters/{id}`.
    is_dead_letter: bool,
    /// The execution in whose place it ran, with another payload.
    #[schema(value_type = Option<Uuid>)]
    retry_of: Option<ExecutionId>,
    /// Fuel of the last try.
    fuel: u64,
    /// The largest sandbox of the last try, in bytes.
    peak_memory_bytes: u64,
    /// Milliseconds of the last try.
    wall_ms: u64,
    /// When it was queued.
    created_at: Time,
    /// When it had its outcome.
    finished_at: Option<Time>,
}

impl Execution {
    pub(super) fn new(catalogue: &Catalogue, record: ExecutionRecord) -> Result<Self, ApiError> {
        Ok(Self {
            id: record.id,
            plugin: Some(PluginRef::of(catalogue, record.slug)),
            gateway: record.gateway.map(|(id, name)| GatewayRef { id, name }),
            event_kind: record.event_kind,
            trigger: Trigger::stored(&record.cause)?,
            state: ExecutionState::stored(&record.state)?,
            attempt: record.attempt,
            failure: record.class.map(|class| FailureReason::of(class, record.state == "failed")),
            is_dead_letter: record.state == "failed"
                && record.settled_at.is_none()
                && record.cause != "action",
            retry_of: record.retry_of,
            trouble: record.trouble.map(Trouble::from),
            fuel: record.fuel,
            peak_memory_bytes: record.peak_memory_bytes,
            wall_ms: record.wall_ms,
            created_at: record.created_at.into(),
            finished_at: record.finished_at.map(Time::from),
        })
    }
}

/// One run of one handler, with what it said and did.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct ExecutionDetail {
    /// The run.
    #[serde(flatten)]
    pub(super) execution: Execution,
    /// What it said, in order.
    pub(super) logs: Vec<ExecutionLog>,
    /// What it asked to be done, in order.
    pub(super) effects: Vec<Effect>,
    /// Calls that were under way when the platform was interrupted, and that the run did not come to again when it was repeated: it
    /// is not known whether they were carried out.
    pub(super) unknown_calls: Vec<UnknownCall>,
    /// What it ran for.
    pub(super) event: Option<EventSummary>,
}

/// A line that a plugin logged.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ExecutionLog {
    /// When.
    at: Time,
    /// `debug`, `info`, `warn` or `error`.
    #[schema(example = "info")]
    level: &'static str,
    /// What it said.
    message: String,
    /// More, by name.
    fields: BTreeMap<String, String>,
}

impl From<LogLine> for ExecutionLog {
    fn from(line: LogLine) -> Self {
        Self {
            at: line.at.into(),
            level: line.level,
            message: line.message,
            fields: line.fields.into_iter().collect(),
        }
    }
}

/// Something that a plugin asked to be done in the world.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Effect {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: EffectId,
    /// What.
    #[schema(example = "send_message")]
    kind: String,
    /// Through which gateway.
    gateway: GatewayRef,
    /// How far it is.
    state: EffectState,
    /// Tries so far.
    attempts: u64,
    /// How often it may have been done beyond the first time: it was tried again although it was not known whether it had been done.
    repeats: u64,
    /// Why the last try failed.
    error: Option<Trouble>,
    /// When it was asked for.
    at: Time,
}

impl Effect {
    pub(crate) fn new(record: EffectRecord) -> Result<Self, ApiError> {
        let (id, name) = record.gateway;
        Ok(Self {
            id: record.id,
            kind: record.kind,
            gateway: GatewayRef { id, name },
            state: EffectState::stored(&record.state)?,
            attempts: record.attempt,
            repeats: record.repeats,
            error: record.trouble.map(Trouble::from),
            at: record.created_at.into(),
        })
    }
}

/// A call of which it is not known whether it was carried out.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct UnknownCall {
    /// What is known of it.
    error: Trouble,
    /// When it was begun.
    at: Time,
}

impl From<journal::UnknownCall> for UnknownCall {
    fn from(call: journal::UnknownCall) -> Self {
        Self { error: call.trouble.into(), at: call.created_at.into() }
    }
}

/// What an execution ran for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct EventSummary {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: EventId,
    /// Its kind.
    #[schema(example = "message")]
    kind: String,
    /// When it happened.
    occurred_at: Time,
    /// It in one line.
    summary: String,
}

impl EventSummary {
    pub(super) fn new(event: StoredEvent) -> Self {
        Self {
            id: event.id,
            summary: super::summary::of(&event.kind, &event.payload),
            kind: event.kind,
            occurred_at: event.occurred_at.into(),
        }
    }
}
