//! Plans and their limits.

use serde::Serialize;
use twobot_domain::plan::{EXECUTION_SECONDS, GATEWAY_MEMORY_BYTES, HANDLER_SECONDS, PLUGIN_MEMORY_BYTES};
use utoipa::ToSchema;

/// Which plan.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PlanRef {
    /// Stable, for programs.
    #[schema(example = "free")]
    id: String,
    /// For people.
    #[schema(example = "Free")]
    name: String,
}

/// A plan.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Plan {
    /// Stable, for programs.
    #[schema(example = "free")]
    id: String,
    /// For people.
    #[schema(example = "Free")]
    name: String,
    /// US cents a month.
    price_cents: u64,
    /// What it allows.
    limits: Limits,
}

/// What a plan allows. Null does not bind.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Limits {
    /// Gateways that may exist.
    gateways: Option<u32>,
    /// Plugins that may be installed.
    plugins: Option<u32>,
    /// Workflows that may exist.
    workflows: Option<u32>,
    /// Executions in one UTC day.
    executions_per_day: Option<u64>,
    /// Workflow runs in one UTC day.
    workflow_runs_per_day: Option<u64>,
    /// Tokens of language models in one UTC month.
    ai_tokens_per_month: Option<u64>,
    /// Bytes kept in the store.
    storage_bytes: u64,
    /// Bytes that plugins may keep.
    plugin_storage_bytes: u64,
    /// Keys that plugins may keep.
    plugin_storage_keys: u64,
    /// Events that may wait.
    waiting_events: u32,
    /// Bytes over all of the workspace's live sandboxes.
    memory_bytes: u64,
    /// Bytes of one plugin's sandbox.
    plugin_memory_bytes: u64,
    /// Bytes of one gateway's sandbox.
    gateway_memory_bytes: u64,
    /// Processors.
    vcpu: f64,
    /// Fuel of one execution.
    fuel_per_execution: u64,
    /// Seconds of a handler's own running.
    handler_seconds: u64,
    /// Seconds of an execution with all that it waits for.
    execution_seconds: u64,
    /// Days that analytics and the audit log are kept.
    history_days: u32,
    /// Minutes without an event after which the workspace sleeps.
    sleep_after_minutes: Option<u32>,
    /// Sign-ins at the same time.
    sessions: Option<u32>,
    /// API keys that may exist.
    api_keys: Option<u32>,
}

impl From<&twobot_domain::Plan> for PlanRef {
    fn from(plan: &twobot_domain::Plan) -> Self {
        Self { id: plan.id.clone(), name: plan.name.clone() }
    }
}

impl From<&twobot_domain::Plan> for Plan {
    fn from(plan: &twobot_domain::Plan) -> Self {
        Self {
            id: plan.id.clone(),
            name: plan.name.clone(),
            price_cents: plan.price_cents,
            limits: (&plan.limits).into(),
        }
    }
}

impl From<&twobot_domain::Limits> for Limits {
    fn from(limits: &twobot_domain::Limits) -> Self {
        Self {
            gateways: limits.gateways,
            plugins: limits.plugins,
            workflows: limits.workflows,
            executions_per_day: limits.executions_per_day,
            workflow_runs_per_day: limits.workflow_runs_per_day,
            ai_tokens_per_month: limits.ai_tokens_per_month,
            storage_bytes: limits.storage_bytes(),
            plugin_storage_bytes: limits.kv_bytes,
            plugin_storage_keys: limits.kv_keys,
            waiting_events: limits.waiting_events,
            memory_bytes: limits.memory_bytes(),
            plugin_memory_bytes: PLUGIN_MEMORY_BYTES.min(limits.memory_bytes()),
            gateway_memory_bytes: GATEWAY_MEMORY_BYTES.min(limits.memory_bytes()),
            vcpu: limits.vcpu,
            fuel_per_execution: limits.fuel_per_execution(),
            handler_seconds: HANDLER_SECONDS,
            execution_seconds: EXECUTION_SECONDS,
            history_days: limits.history_days,
            sleep_after_minutes: limits.sleep_after_minutes,
            sessions: limits.sessions,
            api_keys: limits.api_keys,
        }
    }
}
