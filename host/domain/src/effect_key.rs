//! What an effect is known by, however often it is tried.

use crate::ids::{EffectId, ExecutionId};
use std::fmt;

/// What an effect is known by, however often it is tried. The keys that its calls carry to the provider are made from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectKey(String);

impl EffectKey {
    /// Of a queued effect.
    #[must_use]
    pub fn queued(effect: EffectId) -> Self {
        Self(format!("effect/{effect}"))
    }

    /// Of an inline effect, by its place in the journal of its execution.
    #[must_use]
    pub fn inline(execution: ExecutionId, seq: u64) -> Self {
        Self(format!("inline/{execution}/{seq}"))
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Display for EffectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
