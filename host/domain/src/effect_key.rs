//! What an effect is known by, however often it is tried.

use crate::ids::{EffectId, ExecutionId};
use std::fmt;

/// What an effect is known by, however often it is tried. The keys that its calls carry to the provider are made from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectKey {
    text: String,
    origin: EffectOrigin,
}

/// What asks for an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EffectOrigin {
    /// The queue: the effect that waits there.
    Queued(EffectId),
    /// An execution that waits for the answer.
    Inline(ExecutionId),
}

impl EffectKey {
    /// Of a queued effect.
    #[must_use]
    pub fn queued(effect: EffectId) -> Self {
        Self { text: format!("effect/{effect}"), origin: EffectOrigin::Queued(effect) }
    }

    /// Of an inline effect, by its place in the journal of its execution.
    #[must_use]
    pub fn inline(execution: ExecutionId, seq: u64) -> Self {
        Self { text: format!("inline/{execution}/{seq}"), origin: EffectOrigin::Inline(execution) }
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// What asks for it.
    #[must_use]
    pub const fn origin(&self) -> EffectOrigin {
        self.origin
    }
}

impl fmt::Display for EffectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
