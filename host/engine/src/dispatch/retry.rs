//! When to try again.

use std::time::Duration;
use twobot_domain::Timestamp;

/// The most tries of an execution whose handler asks to be tried again.
pub(super) const HANDLER_TRIES: u64 = 4;

/// The most tries of what failed for a reason of the platform's own.
pub(super) const PLATFORM_TRIES: u64 = 10;

/// The most tries of an effect.
pub(super) const EFFECT_TRIES: u64 = 6;

/// The longest pause between two tries.
const LONGEST: Duration = Duration::from_secs(300);

/// When to try again after so many failed tries: 1, 2, 4, ... seconds, each up to a quarter longer by chance so that what failed
/// together is not tried together.
pub(super) fn after(failed: u64) -> Timestamp {
    let seconds =
        1_u64.checked_shl(u32::try_from(failed.saturating_sub(1)).unwrap_or(u32::MAX)).unwrap_or(u64::MAX);
    let millis = Duration::from_secs(seconds.min(LONGEST.as_secs())).as_millis() as f64;
    let jitter = 1.0 + rand::random::<f64>() / 4.0;
    Timestamp::now().plus_millis((millis * jitter) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stay_bounded() {
        let seconds = |failed| (after(failed).0 - Timestamp::now().0) as f64 / 1_000.0;
        assert!((0.9..1.3).contains(&seconds(1)));
        assert!((3.9..5.1).contains(&seconds(3)));
        assert!((299.0..376.0).contains(&seconds(64)));
        assert!((299.0..376.0).contains(&seconds(u64::MAX)));
    }
}
