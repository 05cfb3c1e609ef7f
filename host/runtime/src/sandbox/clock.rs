//! Time and chance inside a sandbox: derived from the execution, so that a retry takes the same path.

use crate::mac;
use hmac::Mac;
use rand::rngs::StdRng;
use rand::{SeedableRng, TryRng};
use std::convert::Infallible;
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
///
/// Most executions ask for none, so it is derived when the first is asked for.
pub(crate) struct Chance {
    key: [u8; 32],
    seed: Arc<[u8]>,
    purpose: u8,
    generator: Option<StdRng>,
}

impl Chance {
    pub(crate) fn new(key: &[u8; 32], seed: &Arc<[u8]>, purpose: u8) -> Self {
        Self { key: *key, seed: Arc::clone(seed), purpose, generator: None }
    }

    fn generator(&mut self) -> &mut StdRng {
        self.generator.get_or_insert_with(|| {
            let mut mac = mac::keyed(&self.key, b"randomness");
            mac.update(&[self.purpose]);
            mac.update(&self.seed);
            StdRng::from_seed(mac.finalize().into_bytes().into())
        })
    }
}

impl TryRng for Chance {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.generator().try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.generator().try_next_u64()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.generator().try_fill_bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    fn number(key: u8, seed: &[u8]) -> u64 {
        Chance::new(&[key; 32], &seed.into(), 0).next_u64()
    }

    #[test]
    fn a_retry_sees_the_same_time_and_chance() {
        let look = || {
            let clock = ExecutionClock::starting_at(Timestamp(1_700_000_000_000));
            let wall = [HostWallClock::now(&clock), HostWallClock::now(&clock)];
            (wall, HostMonotonicClock::now(&clock), number(1, b"execution"))
        };
        assert_eq!(look(), look());
        assert!(look().0[0] < look().0[1], "time moves");
        assert_ne!(number(1, b"another"), look().2);
        assert_ne!(number(2, b"execution"), look().2, "without the key it can not be known");
    }
}
