//! Replays on the wire.

use crate::routes::executions::ExecutionLog;
use crate::wire::Trouble;
use serde::Serialize;
use serde_json::Value;
use twobot_domain::ExecutionId;
use twobot_engine::replay::{Ending as EngineEnding, ReplayReport};
use twobot_engine::{AnswerFrom, ReplayDeed};
use utoipa::ToSchema;

/// What a replay came to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Replay {
    /// The execution.
    #[schema(value_type = Uuid)]
    execution_id: ExecutionId,
    /// The plugin's slug.
    #[schema(example = "auto-reply")]
    plugin: String,
    /// The version that ran now.
    version: String,
    /// The event's kind, or the action's name.
    #[schema(example = "message")]
    event_kind: String,
    /// The digest of the component that ran then.
    recorded_digest: String,
    /// The digest of the component that ran now.
    digest: String,
    /// How it ended then.
    recorded: Ending,
    /// How it ended now.
    replayed: Ending,
    /// What an action answered.
    #[schema(value_type = Option<Object>)]
    output: Option<Value>,
    /// What the plugin said, in order.
    logs: Vec<ExecutionLog>,
    /// What it would have written and asked for, had this been more than a replay.
    would_do: Vec<Deed>,
    /// The calls that it waited for.
    calls: Vec<Call>,
    /// What it was denied.
    denied: Vec<String>,
    /// Where it went another way than then; empty where it did the same.
    differences: Vec<Difference>,
    /// What could not be made as it was then.
    not_reproduced: Vec<String>,
    /// Fuel that the replay used. Nobody is billed for it.
    fuel: u64,
    /// The largest that its sandbox was, in bytes.
    peak_memory_bytes: u64,
}

/// How a run ended.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct Ending {
    /// `succeeded`, `try_again` or `failed`.
    #[schema(example = "failed")]
    state: &'static str,
    /// Why it failed.
    trouble: Option<Trouble>,
}

/// Something that a run does.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct Deed {
    /// `write`, `effect`, `notification` or `appointment`.
    #[schema(example = "write")]
    kind: &'static str,
    /// To what: a bucket and key, a gateway, a name.
    #[schema(example = "counters/today")]
    to: String,
    /// What is done.
    #[schema(example = "set")]
    what: String,
    /// The beginning of the content.
    content: Option<String>,
}

/// A call that the plugin waited for.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct Call {
    /// What it asked for.
    #[schema(value_type = Object)]
    request: Value,
    /// Where the answer came from: `journal`; `elsewhere` where the recorded run asked it at another place; `not_kept` and
    /// `not_recorded`, where the plugin was told that nobody can be reached.
    #[schema(example = "journal")]
    answer: &'static str,
}

/// Something that is other than it was then.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct Difference {
    /// `outcome`, `call`, `read`, `write`, `effect`, `notification`, `appointment` or `log`.
    #[schema(example = "outcome")]
    kind: &'static str,
    /// Where: a place in the order from 1, or a key.
    at: String,
    /// What was recorded; null where there was nothing.
    recorded: Option<String>,
    /// What the replay did; null where it did nothing.
    replayed: Option<String>,
}

fn ending(ending: &EngineEnding) -> Ending {
    Ending { state: ending.state, trouble: ending.trouble.clone().map(Trouble::from) }
}

fn deed(deed: &ReplayDeed) -> Deed {
    Deed {
        kind: deed.kind.as_str(),
        to: deed.to.clone(),
        what: deed.what.clone(),
        content: deed.content.clone(),
    }
}

impl Replay {
    pub(crate) fn new(report: &ReplayReport) -> Self {
        let calls = report.asked.iter().map(|asked| Call {
            request: serde_json::from_str(&asked.request).unwrap_or_default(),
            answer: match asked.from {
                AnswerFrom::Record => "journal",
                AnswerFrom::Elsewhere(_) => "elsewhere",
                AnswerFrom::NotKept => "not_kept",
                AnswerFrom::Nowhere => "not_recorded",
            },
        });
        let differences = report.differences.iter().map(|one| Difference {
            kind: one.kind,
            at: one.at.clone(),
            recorded: one.recorded.clone(),
            replayed: one.replayed.clone(),
        });
        Self {
            execution_id: report.execution,
            plugin: report.slug.clone(),
            version: report.version.clone(),
            event_kind: report.event_kind.clone(),
            recorded_digest: report.recorded_digest.clone(),
            digest: report.digest.clone(),
            recorded: ending(&report.recorded),
            replayed: ending(&report.replayed),
            output: report.output.clone(),
            logs: report.logs.iter().cloned().map(ExecutionLog::from).collect(),
            would_do: report.deeds.iter().map(deed).collect(),
            calls: calls.collect(),
            denied: report.denials.iter().map(|denial| denial.capability.to_string()).collect(),
            differences: differences.collect(),
            not_reproduced: report.not_reproduced.clone(),
            fuel: report.usage.fuel,
            peak_memory_bytes: report.usage.peak_memory_bytes,
        }
    }
}
