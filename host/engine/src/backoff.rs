//! When to try again what failed.

use std::time::Duration;
use twobot_domain::Timestamp;

/// The longest pause between two tries.
const LONGEST: Duration = Duration::from_secs(300);

/// The pause after so many failed tries in a row: 1, 2, 4, ... seconds.
pub(crate) fn pause(failed: u64) -> Duration {
    let doublings = u32::try_from(failed.saturating_sub(1)).unwrap_or(u32::MAX);
    Duration::from_secs(1_u64.checked_shl(doublings).unwrap_or(u64::MAX)).min(LONGEST)
}

/// The moment after that pause, which is up to a quarter longer by chance, so that what failed together is not tried together.
pub(crate) fn after(failed: u64) -> Timestamp {
    let jitter = 1.0 + rand::random::<f64>() / 4.0;
    Timestamp::now().plus_millis((pause(failed).as_millis() as f64 * jitter) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stay_bounded() {
        assert_eq!(pause(1), Duration::from_secs(1));
        assert_eq!(pause(4), Duration::from_secs(8));
        assert_eq!(pause(u64::MAX), Duration::from_secs(300));
    }

    #[test]
    fn moments_grow_with_them_by_chance() {
        let seconds = |failed| (after(failed).0 - Timestamp::now().0) as f64 / 1_000.0;
        assert!((0.9..1.3).contains(&seconds(1)));
        assert!((3.9..5.1).contains(&seconds(3)));
        assert!((299.0..376.0).contains(&seconds(64)));
        assert!((299.0..376.0).contains(&seconds(u64::MAX)));
    }
}
