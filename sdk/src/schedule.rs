//! Being called later, once. Regular schedules stand in the manifest.

use crate::Timestamp;
use crate::bindings::plugin::twobot::plugin::schedule as wit;
use serde_json::Value;
use std::fmt;

/// Why an appointment was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScheduleError {
    /// The manifest did not ask for it, or the tenant did not grant it.
    Denied(String),
    /// An argument is wrong; names it and what would be right.
    Invalid(String),
    /// At most 1,000 appointments wait per install.
    TooMany,
}

impl fmt::Display for ScheduleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(why) => write!(f, "schedule: not granted: {why}"),
            Self::Invalid(why) => write!(f, "schedule: invalid argument: {why}"),
            Self::TooMany => f.write_str("schedule: at most 1,000 appointments wait per install"),
        }
    }
}

impl std::error::Error for ScheduleError {}

impl From<wit::ScheduleError> for ScheduleError {
    fn from(error: wit::ScheduleError) -> Self {
        match error {
            wit::ScheduleError::Denied(why) => Self::Denied(why),
            wit::ScheduleError::Invalid(why) => Self::Invalid(why),
            wit::ScheduleError::TooMany => Self::TooMany,
        }
    }
}

/// Asks for a `scheduled` event with this name and data. Replaces an appointment of the same name.
pub fn once(name: &str, due_at: Timestamp, data: Option<&Value>) -> Result<(), ScheduleError> {
    let data = data.map(Value::to_string);
    Ok(wit::once(name, due_at, data.as_deref())?)
}

/// Removes the appointment of that name, if there is one.
pub fn cancel(name: &str) -> Result<(), ScheduleError> {
    Ok(wit::cancel(name)?)
}
