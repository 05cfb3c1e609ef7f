//! What was used.

use serde::Serialize;
use utoipa::ToSchema;

/// What was used in some time.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
pub(crate) struct Usage {
    /// Runs of handlers, actions and gateway calls.
    executions: u64,
    /// Those of them that failed.
    failed_executions: u64,
    /// Messages that arrived on gateways.
    messages_in: u64,
    /// Messages that gateways sent.
    messages_out: u64,
    /// WebAssembly fuel: about one unit per instruction.
    fuel: u64,
    /// The largest memory of any single sandbox, in bytes.
    peak_memory_bytes: u64,
    /// Wall-clock time in sandboxes, in milliseconds.
    wall_ms: u64,
    /// Tokens given to language models.
    ai_tokens_in: u64,
    /// Tokens that language models answered with.
    ai_tokens_out: u64,
    /// Requests of plugins to other hosts.
    http_requests: u64,
    /// Bytes of the answers to them.
    http_bytes_in: u64,
    /// Bytes that they sent.
    http_bytes_out: u64,
}

impl From<twobot_domain::Usage> for Usage {
    fn from(usage: twobot_domain::Usage) -> Self {
        Self {
            executions: usage.executions,
            failed_executions: usage.failed_executions,
            messages_in: usage.messages_in,
            messages_out: usage.messages_out,
            fuel: usage.fuel,
            peak_memory_bytes: usage.peak_memory_bytes,
            wall_ms: usage.wall_ms,
            ai_tokens_in: usage.ai_tokens_in,
            ai_tokens_out: usage.ai_tokens_out,
            http_requests: usage.http_requests,
            http_bytes_in: usage.http_bytes_in,
            http_bytes_out: usage.http_bytes_out,
        }
    }
}
