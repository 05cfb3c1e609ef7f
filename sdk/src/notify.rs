//! Telling the tenant something in the dashboard.

use crate::bindings::plugin::twobot::plugin::notify as wit;
use std::fmt;

pub use wit::Severity;

/// Why a notification was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotifyError {
    /// The manifest did not ask for it, or the tenant did not grant it.
    Denied(String),
    /// At most 10 in one execution.
    TooMany,
}

impl fmt::Display for NotifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(why) => write!(f, "notify: not granted: {why}"),
            Self::TooMany => f.write_str("notify: at most 10 notifications in one execution"),
        }
    }
}

impl std::error::Error for NotifyError {}

/// Something worth knowing.
pub fn info(title: &str, text: &str) -> Result<(), NotifyError> {
    post(Severity::Info, title, text)
}

/// Something to look at when there is time.
pub fn warning(title: &str, text: &str) -> Result<(), NotifyError> {
    post(Severity::Warning, title, text)
}

/// Something that does not work until the tenant acts.
pub fn problem(title: &str, text: &str) -> Result<(), NotifyError> {
    post(Severity::Problem, title, text)
}

/// Adds a notification; it becomes visible when this execution commits.
pub fn post(severity: Severity, title: &str, text: &str) -> Result<(), NotifyError> {
    wit::post(severity, title, text).map_err(|error| match error {
        wit::NotifyError::Denied(why) => NotifyError::Denied(why),
        wit::NotifyError::TooMany => NotifyError::TooMany,
    })
}
