//! Pauses between tries to reach a server that is away.

use rand::RngExt as _;
use std::time::Duration;

/// The first pause, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// Who was connected for so long begins with the first pause again. One that comes and goes is asked less and less.
const STEADY: Duration = Duration::from_secs(10);

/// Pauses between tries, each twice the one before.
#[derive(Debug)]
pub(crate) struct Backoff(Duration);

impl Default for Backoff {
    fn default() -> Self {
        Self(PAUSES.0)
    }
}

impl Backoff {
    /// A connection that was there for so long has ended.
    pub(crate) fn lost(&mut self, lasted: Duration) {
        if lasted >= STEADY {
            self.0 = PAUSES.0;
        }
    }

    /// The next pause: half of it by chance, so that many nodes do not come at the same time.
    pub(crate) fn next(&mut self) -> Duration {
        let pause = self.0;
        self.0 = (pause * 2).min(PAUSES.1);
        pause.mul_f64(rand::rng().random_range(0.5..=1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_until_a_connection_is_steady() {
        let mut backoff = Backoff::default();
        let first = backoff.next();
        assert!(first <= PAUSES.0 && first >= PAUSES.0 / 2);
        for _ in 0..20 {
            backoff.lost(STEADY / 2);
            assert!(backoff.next() <= PAUSES.1);
        }
        assert!(backoff.next() >= PAUSES.1 / 2);
        backoff.lost(STEADY);
        assert!(backoff.next() <= PAUSES.0);
    }
}
