//! Why a plugin's request to another host had no answer.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a plugin's request to another host had no answer. The words are for the log of the run; the plugin is told the case alone.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HttpError {
    /// The address is not for tenants; says what the operator can do about it.
    #[error("{0}")]
    Prohibited(String),
    /// No request can go to such an address.
    #[error("the address can not be used: {0}")]
    Unusable(String),
    /// The name leads nowhere.
    #[error("the name of the host is not known")]
    UnknownHost,
    /// Nobody listens there.
    #[error("the connection was refused or could not be made")]
    Unreachable,
    /// The connection could not be made in time.
    #[error("the connection could not be made in time")]
    ConnectTimedOut,
    /// The host could not prove who it is.
    #[error("no secure connection could be made: the certificate is not valid for this host")]
    Certificate,
    /// The answer did not come in time.
    #[error("the answer did not come in time")]
    TimedOut,
    /// The connection ended in the middle, or what came was not HTTP.
    #[error("the connection broke, or what came was not HTTP")]
    Broken,
    /// The answer's headers are too many or too large.
    #[error("the headers of the answer are too many or too large")]
    HeadersTooLarge,
    /// The answer's body is too large: more bytes than this.
    #[error("the body of the answer has more than {0} bytes")]
    BodyTooLarge(u64),
    /// It is not known whether the other host did what was asked, and the request is not one that may be made twice.
    #[error(
        "it is not known whether the other host did what was asked: no answer came, and the request is not made again"
    )]
    OutcomeUnknown,
    /// The host itself failed or is stopping.
    #[error("the platform could not make the request: {0}")]
    Unavailable(String),
}
