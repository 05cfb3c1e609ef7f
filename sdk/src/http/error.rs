//! Why a request had no usable answer.

use std::fmt;

/// Why a request had no usable answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HttpError {
    /// The manifest did not ask for this host and port, or the tenant did not grant it.
    Denied,
    /// The address is wrong; says what about it.
    Address(String),
    /// A method, a header or the body is wrong or too large; says which.
    Request(String),
    /// The address is not on the public internet, and the server's operator did not open it.
    Prohibited,
    /// The name of the host leads nowhere.
    UnknownHost,
    /// Nobody answers there, or no secure connection could be made.
    Unreachable(String),
    /// The answer did not come in time.
    TimedOut,
    /// It is not known whether the other host did what was asked, and it is not asked again: no answer came, and the request is a `POST`
    /// or the like without an `idempotency-key` header.
    OutcomeUnknown,
    /// The answer has more than 1 MB, or too many headers, or the run was given 16 MB already.
    TooLarge,
    /// One run may make 100 requests, and wait for 32 at the same time.
    TooMany,
    /// The other host answered with a status that is no success.
    Status(u16),
    /// The body is not what was expected, or can not be written as JSON.
    Body(String),
    /// Anything else.
    Other(String),
}

impl HttpError {
    /// A stable code of the case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Denied => "http_denied",
            Self::Address(_) => "http_address",
            Self::Request(_) => "http_request",
            Self::Prohibited => "http_prohibited",
            Self::UnknownHost => "http_unknown_host",
            Self::Unreachable(_) => "http_unreachable",
            Self::TimedOut => "http_timed_out",
            Self::OutcomeUnknown => "http_outcome_unknown",
            Self::TooLarge => "http_too_large",
            Self::TooMany => "http_too_many",
            Self::Status(_) => "http_status",
            Self::Body(_) => "http_body",
            Self::Other(_) => "http_failed",
        }
    }

    /// Whether the same request may go well later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::UnknownHost | Self::Unreachable(_) | Self::TimedOut | Self::Other(_) => true,
            Self::Status(status) => *status >= 500 || [408, 425, 429].contains(status),
            _ => false,
        }
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied => f.write_str("http: this host is not granted"),
            Self::Address(why) => write!(f, "http: the address: {why}"),
            Self::Request(why) => write!(f, "http: the request: {why}"),
            Self::Prohibited => f.write_str("http: the address is not open to plugins on this server"),
            Self::UnknownHost => f.write_str("http: the host is not known"),
            Self::Unreachable(why) => write!(f, "http: the host can not be reached: {why}"),
            Self::TimedOut => f.write_str("http: the answer did not come in time"),
            Self::OutcomeUnknown => f.write_str("http: it is not known whether the host did what was asked"),
            Self::TooLarge => f.write_str("http: the answer is too large"),
            Self::TooMany => f.write_str("http: too many requests in one run"),
            Self::Status(status) => write!(f, "http: the host answered with status {status}"),
            Self::Body(why) => write!(f, "http: the body: {why}"),
            Self::Other(why) => write!(f, "http: {why}"),
        }
    }
}

impl std::error::Error for HttpError {}
