//! Why a handler or an action did not finish.

use crate::GatewayError;
use crate::config::ConfigError;
use crate::http::HttpError;
use crate::notify::NotifyError;
use crate::schedule::ScheduleError;
use crate::storage::StorageError;
use std::fmt;

pub use crate::bindings::plugin::exports::twobot::plugin::plugin_handler::ActionError;

/// What a handler returns: `Result` alone means "done, or an [`Error`]".
pub type Result<T = (), E = Error> = core::result::Result<T, E>;

/// Why a handler did not finish. Nothing of the attempt is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// Try again later.
    Retry(String),
    /// Do not try again: the event can not be handled.
    Failed(String),
}

impl Error {
    /// An error that is worth another attempt.
    pub fn retry(why: impl fmt::Display) -> Self {
        Self::Retry(why.to_string())
    }

    /// An error that no other attempt would mend.
    pub fn failed(why: impl fmt::Display) -> Self {
        Self::Failed(why.to_string())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Retry(why) | Self::Failed(why)) = self;
        f.write_str(why)
    }
}

impl std::error::Error for Error {}

impl From<GatewayError> for Error {
    fn from(error: GatewayError) -> Self {
        let why = error.explain();
        if error.is_transient() { Self::Retry(why) } else { Self::Failed(why) }
    }
}

impl From<Error> for ActionError {
    fn from(error: Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<GatewayError> for ActionError {
    fn from(error: GatewayError) -> Self {
        Self::Failed(error.explain())
    }
}

impl From<HttpError> for Error {
    fn from(error: HttpError) -> Self {
        if error.is_transient() { Self::retry(error) } else { Self::failed(error) }
    }
}

impl From<HttpError> for ActionError {
    fn from(error: HttpError) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Errors that another attempt would not mend: wrong configuration, refused storage, unreadable documents.
macro_rules! failures {
    ($($error:ty),+) => {$(
        impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self::Failed(error.to_string())
            }
        }

        impl From<$error> for ActionError {
            fn from(error: $error) -> Self {
                Self::Failed(error.to_string())
            }
        }
    )+};
}

failures!(ConfigError, StorageError, NotifyError, ScheduleError, serde_json::Error);
