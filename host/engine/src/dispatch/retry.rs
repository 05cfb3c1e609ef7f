//! How often to try again.

/// The most tries of an execution whose handler asks to be tried again.
pub(super) const HANDLER_TRIES: u64 = 4;

/// The most tries of what failed for a reason of the platform's own.
pub(super) const PLATFORM_TRIES: u64 = 10;

/// The most tries of an effect.
pub(super) const EFFECT_TRIES: u64 = 6;

/// How long an effect waits for a provider that asks to slow down, in milliseconds: as long as anything waits in a queue.
pub(super) const RATE_LIMITED_MS: i64 = 86_400_000;

/// The shortest wait for a provider that asks to slow down, in milliseconds.
pub(super) const SHORTEST_WAIT_MS: i64 = 50;
