//! Dead letters on the wire.

use crate::error::ApiError;
use crate::routes::executions::{Effect, ExecutionLog};
use crate::wire::{DeadLetterKind, FailureReason, GatewayRef, PluginRef, Time, Trouble};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use twobot_domain::ExecutionId;
use twobot_engine::Catalogue;
use twobot_store::dead_letters::DeadLetter as Stored;
use twobot_store::journal::JournalEntry;
use utoipa::ToSchema;
use uuid::Uuid;

/// Bytes of an answer that is shown; of a longer one, its length is told.
const MAX_ANSWER: usize = 16 * 1024;

/// Something that was given up and waits for a person's decision.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct DeadLetter {
    /// Its id: that of the execution, the delivery or the effect.
    id: Uuid,
    /// What was given up.
    kind: DeadLetterKind,
    /// Whose handler ran, or who asked for the effect; null for deliveries.
    plugin: Option<PluginRef>,
    /// Through which gateway it came or was to go.
    gateway: Option<GatewayRef>,
    /// The event's kind or the action's name; `delivery` for deliveries.
    #[schema(example = "message")]
    what: String,
    /// Why it was given up.
    reason: Trouble,
    /// Whose doing that was; null where it is not known.
    failure: Option<FailureReason>,
    /// Tries.
    attempts: u64,
    /// The execution, or the one that asked for the effect; null for deliveries.
    #[schema(value_type = Option<Uuid>)]
    execution_id: Option<ExecutionId>,
    /// When it was queued.
    created_at: Time,
    /// When it was given up.
    failed_at: Time,
}

impl DeadLetter {
    pub(super) fn new(catalogue: &Catalogue, stored: Stored) -> Result<Self, ApiError> {
        Ok(Self {
            id: stored.id,
            kind: DeadLetterKind::stored(stored.kind.as_str())?,
            plugin: stored.slug.map(|slug| PluginRef::of(catalogue, slug)),
            gateway: stored.gateway.map(|(id, name)| GatewayRef { id, name }),
            what: stored.what,
            reason: stored.trouble.into(),
            failure: stored.class.map(|class| FailureReason::of(class, true)),
            attempts: stored.attempt,
            execution_id: stored.execution,
            created_at: stored.created_at.into(),
            failed_at: stored.failed_at.into(),
        })
    }
}

/// A dead letter with all that is known of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct DeadLetterDetail {
    /// The dead letter.
    #[serde(flatten)]
    pub(super) letter: DeadLetter,
    /// The event's payload in the contract's shape, the delivery's body, or the effect's action; null where it is no longer there.
    #[schema(value_type = Option<Object>)]
    pub(super) payload: Option<Value>,
    /// What the plugin said in all tries, in order; of executions.
    pub(super) logs: Vec<ExecutionLog>,
    /// The calls that it waited for; of executions. Those that were answered are not made again.
    pub(super) journal: Vec<JournalCall>,
    /// What it asked to be done, in order; of executions.
    pub(super) effects: Vec<Effect>,
}

/// A call that a plugin waited for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct JournalCall {
    /// What it asked for.
    #[schema(value_type = Object)]
    request: Value,
    /// Whether the answer is recorded.
    is_answered: bool,
    /// The answer; null where there is none, or it is long.
    #[schema(value_type = Option<Object>)]
    answer: Option<Value>,
    /// Bytes of the answer.
    answer_bytes: u64,
}

impl From<JournalEntry> for JournalCall {
    fn from(entry: JournalEntry) -> Self {
        let shown = entry.result.as_deref().filter(|answer| answer.len() <= MAX_ANSWER);
        Self {
            request: serde_json::from_str(&entry.request).unwrap_or_default(),
            is_answered: entry.result.is_some(),
            answer: shown.and_then(|answer| serde_json::from_str(answer).ok()),
            answer_bytes: entry.result.as_ref().map_or(0, |answer| answer.len() as u64),
        }
    }
}

/// How to run a dead letter again.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub(super) struct RetryRequest {
    /// Another payload: an event of the same kind in the contract's shape, or the body of a delivery. Left out, it is run as it is.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub(super) payload: Option<Value>,
}

/// What became of a dead letter.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct RetryResult {
    /// What waits for its turn now: the same id, or that of the new one with the other payload.
    pub(super) id: Uuid,
    /// What it is.
    pub(super) kind: DeadLetterKind,
}

/// How many dead letters there are.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct DeadLetterCount {
    /// How many; 1,000 at most.
    pub(super) count: u64,
    /// Whether there are more than that.
    pub(super) more: bool,
}

/// What became of many.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct BatchResult {
    /// How many it were.
    pub(super) changed: u64,
    /// How many were left as they are, because they can not be run now: their plugin is off, or their event is gone.
    pub(super) skipped: u64,
    /// Whether there are more; the same request takes the next ones.
    pub(super) more: bool,
}
