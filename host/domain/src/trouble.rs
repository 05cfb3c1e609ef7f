//! What a person is told when something went wrong: what happened, and what to do.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A problem, in words for the tenant. Stored with what it befell and shown on its page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// Stable, for programs.
    pub code: String,
    /// One line: what is wrong.
    pub title: String,
    /// What happened, with the particulars.
    pub detail: String,
    /// What to do about it.
    pub advice: String,
    /// Which limit it was, if it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<LimitHit>,
    /// Since when.
    pub since: Timestamp,
}

/// A limit that was reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitHit {
    /// Stable name, such as `fuel_per_execution`.
    pub name: String,
    /// How much was used when it ended.
    pub used: u64,
    /// How much the plan allows.
    pub allowed: u64,
    /// `fuel`, `bytes`, `ms`, `executions`, ...
    pub unit: String,
}

impl Trouble {
    /// A trouble that begins now.
    #[must_use]
    pub fn new(
        code: impl Into<String>,
        title: impl Into<String>,
        detail: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self {
            code: code.into(),
            title: title.into(),
            detail: detail.into(),
            advice: advice.into(),
            limit: None,
            since: Timestamp::now(),
        }
    }

    /// The same, with the limit that it was.
    #[must_use]
    pub fn with_limit(mut self, name: &str, used: u64, allowed: u64, unit: &str) -> Self {
        self.limit = Some(LimitHit { name: name.to_owned(), used, allowed, unit: unit.to_owned() });
        self
    }
}

/// Whose doing a failure was, and whether it helps to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureClass {
    /// The plugin asked to be tried again.
    TryAgain,
    /// The plugin failed, crashed or ran into a limit: the next try would end the same.
    Plugin,
    /// The platform failed or was interrupted; the plugin is not to blame, and it is tried again.
    Platform,
    /// It did not run: something of the workspace stood against it, such as a plugin that was switched off.
    Refused,
}

impl FailureClass {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::TryAgain, Self::Plugin, Self::Platform, Self::Refused];

    /// The name in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TryAgain => "try_again",
            Self::Plugin => "plugin",
            Self::Platform => "platform",
            Self::Refused => "refused",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == text)
    }

    /// Whether another try may end otherwise, so that it is made by itself.
    #[must_use]
    pub const fn is_tried_again(self) -> bool {
        matches!(self, Self::TryAgain | Self::Platform)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_found_by_their_names() {
        for class in FailureClass::ALL {
            assert_eq!(FailureClass::parse(class.as_str()), Some(class));
        }
        assert_eq!(FailureClass::parse("nobody"), None);
    }
}
