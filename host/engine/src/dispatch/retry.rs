//! How often to try again.

/// The most tries of an execution whose handler asks to be tried again.
pub(super) const HANDLER_TRIES: u64 = 4;

/// The most tries of what failed for a reason of the platform's own.
pub(super) const PLATFORM_TRIES: u64 = 10;

/// The most tries of an effect.
pub(super) const EFFECT_TRIES: u64 = 6;
