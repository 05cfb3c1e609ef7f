//! Text in a script: as it stands, or repeated until it is as long as a test wants.

use serde::Deserialize;

/// Text in a script.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Text {
    /// As it stands.
    Plain(String),
    /// A text, many times.
    Repeated {
        /// The text.
        repeat: String,
        /// How often.
        times: usize,
    },
}

impl Text {
    /// The text in full.
    pub(crate) fn full(&self) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Repeated { repeat, times } => repeat.repeat(*times),
        }
    }
}
