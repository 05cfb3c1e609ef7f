//! What a tenant used.

use serde::{Deserialize, Serialize};

/// Figures of one execution, or the sum of many. Every field adds up but the peak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Runs of handlers, actions and gateway calls.
    pub executions: u64,
    /// Those of them that failed.
    pub failed_executions: u64,
    /// Messages that arrived on gateways.
    pub messages_in: u64,
    /// Messages that gateways sent.
    pub messages_out: u64,
    /// WebAssembly fuel: about one unit per instruction.
    pub fuel: u64,
    /// The largest memory of any single sandbox, in bytes.
    pub peak_memory_bytes: u64,
    /// Wall-clock time in sandboxes, in milliseconds.
    pub wall_ms: u64,
    /// Tokens given to language models, as their providers count.
    pub ai_tokens_in: u64,
    /// Tokens that language models answered with.
    pub ai_tokens_out: u64,
    /// Requests of plugins to other hosts.
    pub http_requests: u64,
    /// Bytes of the answers to them.
    pub http_bytes_in: u64,
    /// Bytes that they sent.
    pub http_bytes_out: u64,
}

impl Usage {
    /// What sandboxes took, and what passed between them and the world: messages, tokens, requests. Together they are the whole.
    #[must_use]
    pub const fn parted(self) -> (Self, Self) {
        let sandboxes = Self {
            messages_in: 0,
            messages_out: 0,
            ai_tokens_in: 0,
            ai_tokens_out: 0,
            http_requests: 0,
            http_bytes_in: 0,
            http_bytes_out: 0,
            ..self
        };
        let passed =
            Self { executions: 0, failed_executions: 0, fuel: 0, peak_memory_bytes: 0, wall_ms: 0, ..self };
        (sandboxes, passed)
    }

    /// Adds another's figures to these.
    pub fn add(&mut self, other: &Self) {
        let sum = |a: &mut u64, b: u64| *a = a.saturating_add(b);
        sum(&mut self.executions, other.executions);
        sum(&mut self.failed_executions, other.failed_executions);
        sum(&mut self.messages_in, other.messages_in);
        sum(&mut self.messages_out, other.messages_out);
        sum(&mut self.fuel, other.fuel);
        sum(&mut self.wall_ms, other.wall_ms);
        sum(&mut self.ai_tokens_in, other.ai_tokens_in);
        sum(&mut self.ai_tokens_out, other.ai_tokens_out);
        sum(&mut self.http_requests, other.http_requests);
        sum(&mut self.http_bytes_in, other.http_bytes_in);
        sum(&mut self.http_bytes_out, other.http_bytes_out);
        self.peak_memory_bytes = self.peak_memory_bytes.max(other.peak_memory_bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_the_whole_and_share_nothing() {
        let used = Usage {
            executions: 1,
            failed_executions: 2,
            messages_in: 3,
            messages_out: 4,
            fuel: 5,
            peak_memory_bytes: 6,
            wall_ms: 7,
            ai_tokens_in: 8,
            ai_tokens_out: 9,
            http_requests: 10,
            http_bytes_in: 11,
            http_bytes_out: 12,
        };
        let (mut sandboxes, passed) = used.parted();
        assert_eq!((sandboxes.fuel, sandboxes.ai_tokens_in), (5, 0));
        assert_eq!((passed.fuel, passed.peak_memory_bytes, passed.http_requests), (0, 0, 10));
        sandboxes.add(&passed);
        assert_eq!(sandboxes, used);
    }
}
