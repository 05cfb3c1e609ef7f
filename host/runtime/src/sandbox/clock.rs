//! Time and chance inside a sandbox: derived from the execution, so that a retry takes the same path.

use crate::mac;
use hmac::Mac;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use twobot_domain::Timestamp;
use wasmtime_wasi::{HostMonotonicClock, HostWallClock};

/// A clock that starts when the execution was queued and moves by a microsecond at every look.
#[derive(Clone)]
pub(crate) struct ExecutionClock {
    start: Duration,
    looks: Arc<AtomicU64>,
}

impl ExecutionClock {
    pub(crate) fn starting_at(start: Timestamp) -> Self {
        Self { start: Duration::from_millis(start.millis()), looks: Arc::default() }
    }

    fn elapsed(&self) -> Duration {
        Duration::from_micros(self.looks.fetch_add(1, Ordering::Relaxed))
    }

    /// The time without moving it.
    pub(crate) fn peek(&self) -> Timestamp {
        let now = self.start + Duration::from_micros(self.looks.load(Ordering::Relaxed));
        Timestamp::from_millis(u64::try_from(now.as_millis()).unwrap_or(u64::MAX))
    }
}

impl HostWallClock for ExecutionClock {
    fn resolution(&self) -> Duration {
        Duration::from_micros(1)
    }

    fn now(&self) -> Duration {
        self.start + self.elapsed()
    }
}

impl HostMonotonicClock for ExecutionClock {
    fn resolution(&self) -> u64 {
        1_000
    }

    fn now(&self) -> u64 {
        u64::try_from(self.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// Randomness of an execution. The key keeps it secret: an execution's id is no secret, what a plugin makes of its randomness
/// (a token, a shuffle) may be.
pub(crate) fn randomness(key: &[u8; 32], seed: &[u8], purpose: u8) -> StdRng {
    let mut mac = mac::keyed(key, b"randomness");
    mac.update(&[purpose]);
    mac.update(seed);
    StdRng::from_seed(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn a_retry_sees_the_same_time_and_chance() {
        let look = || {
            let clock = ExecutionClock::starting_at(Timestamp(1_700_000_000_000));
            let wall = [HostWallClock::now(&clock), HostWallClock::now(&clock)];
            (wall, HostMonotonicClock::now(&clock), randomness(&[1; 32], b"execution", 0).next_u64())
        };
        assert_eq!(look(), look());
        assert!(look().0[0] < look().0[1], "time moves");
        assert_ne!(randomness(&[1; 32], b"another", 0).next_u64(), look().2);
        assert_ne!(
            randomness(&[2; 32], b"execution", 0).next_u64(),
            look().2,
            "without the key it can not be known"
        );
    }
}
