//! Why an action on a gateway did not happen. The same cases as `gateway-error` in `wit/types.wit`.

use crate::trouble::Trouble;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why an action on a gateway, or a call to its provider, did not happen.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GatewayError {
    /// No gateway of that id or kind is bound to the install.
    #[error("no such gateway is bound: {0}")]
    NotBound(String),
    /// Not asked for by the manifest, or not granted by the tenant.
    #[error("not granted: {0}")]
    Denied(String),
    /// An argument is wrong.
    #[error("invalid argument: {0}")]
    Invalid(String),
    /// The gateway's kind has no such action.
    #[error("unsupported: {0}")]
    Unsupported(String),
    /// The provider refuses the credentials.
    #[error("the provider refuses the credentials: {0}")]
    Unauthorized(String),
    /// The provider asks to wait, this many seconds where it said so.
    #[error("the provider asks to slow down")]
    RateLimited(Option<u32>),
    /// The provider understood the call and refused it.
    #[error("the provider refused ({code}): {message}")]
    Rejected {
        /// The provider's own code.
        code: String,
        /// The provider's own words.
        message: String,
    },
    /// The provider can not be reached or is failing.
    #[error("the provider can not be reached: {0}")]
    Unavailable(String),
    /// The provider did not answer in time.
    #[error("the provider did not answer in time")]
    TimedOut,
    /// It is not known whether the provider did it; says why not.
    #[error("it is not known whether this was done: {0}")]
    OutcomeUnknown(String),
    /// A limit of the plan was reached.
    #[error("limit reached: {0}")]
    OverLimit(String),
}

impl GatewayError {
    /// The stable code of this case.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotBound(_) => "gateway_not_bound",
            Self::Denied(_) => "capability_denied",
            Self::Invalid(_) => "gateway_invalid_argument",
            Self::Unsupported(_) => "gateway_unsupported",
            Self::Unauthorized(_) => "gateway_unauthorized",
            Self::RateLimited(_) => "gateway_rate_limited",
            Self::Rejected { .. } => "gateway_rejected",
            Self::Unavailable(_) => "gateway_unavailable",
            Self::TimedOut => "gateway_timed_out",
            Self::OutcomeUnknown(_) => "gateway_outcome_unknown",
            Self::OverLimit(_) => "limit_reached",
        }
    }

    /// Whether the same call may work later without anyone changing anything.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::RateLimited(_) | Self::Unavailable(_) | Self::TimedOut | Self::OutcomeUnknown(_))
    }

    /// Whether the provider may have done what was asked, although this is what came of it. Everything else says that it did nothing:
    /// it was not reached, or refused.
    #[must_use]
    pub const fn may_have_happened(&self) -> bool {
        matches!(self, Self::TimedOut | Self::OutcomeUnknown(_))
    }

    /// The same error of a call that may be made twice: whether it was done does not matter then, only that there is no answer.
    #[must_use]
    pub fn with_nothing_at_stake(self) -> Self {
        match self {
            Self::OutcomeUnknown(why) => Self::Unavailable(why),
            other => other,
        }
    }

    /// The same error of a call that is not made again although it may have been done.
    #[must_use]
    pub fn not_repeated(self) -> Self {
        match self {
            Self::OutcomeUnknown(why) => Self::OutcomeUnknown(why),
            other => Self::OutcomeUnknown(other.to_string()),
        }
    }

    /// What to tell the gateway's owner, who knows it under this name.
    #[must_use]
    pub fn trouble(&self, gateway: &str) -> Trouble {
        let (title, advice) = match self {
            Self::NotBound(_) => (
                "A gateway is missing".to_owned(),
                "Open the plugin's page and choose a gateway for each of its connections.".to_owned(),
            ),
            Self::Denied(_) => (
                "Something is not allowed".to_owned(),
                "The line above says what is closed and who can open it: you, on the plugin's or the gateway's page, or the operator of this server.".to_owned(),
            ),
            Self::Invalid(_) | Self::Unsupported(_) => (
                format!("“{gateway}” can not do what was asked"),
                "Check the plugin's configuration; if it is right, tell the plugin's author.".to_owned(),
            ),
            Self::Unauthorized(_) => (
                format!("The provider of “{gateway}” refuses the credentials"),
                "Open the gateway, enter the token or key again (a new one if it was revoked), and test the connection.".to_owned(),
            ),
            Self::RateLimited(_) => (
                format!("The provider of “{gateway}” asks to slow down"),
                "Nothing to do: it is tried again by itself. If it happens often, send less or raise your quota at the provider.".to_owned(),
            ),
            Self::Rejected { .. } => (
                format!("The provider of “{gateway}” refused"),
                "Read the provider's words above; often the bot lacks a right in that chat, or the chat is gone.".to_owned(),
            ),
            Self::Unavailable(_) | Self::TimedOut => (
                format!("“{gateway}” can not be reached"),
                "Check the address in the gateway's settings and the provider's status page. It is tried again by itself.".to_owned(),
            ),
            Self::OutcomeUnknown(_) => (
                format!("It is not known whether “{gateway}” did this"),
                "Look there whether it was done, and do it yourself if it was not. It is not done again by itself.".to_owned(),
            ),
            Self::OverLimit(_) => (
                "A limit of your plan was reached".to_owned(),
                "Look at Usage to see which one; it frees up with time, or with a larger plan.".to_owned(),
            ),
        };
        Trouble::new(self.code(), title, self.to_string(), advice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_sent_and_not_answered_may_have_happened() {
        let text = || "why".to_owned();
        let rejected = GatewayError::Rejected { code: text(), message: text() };
        for (error, may) in [
            (GatewayError::NotBound(text()), false),
            (GatewayError::Denied(text()), false),
            (GatewayError::Invalid(text()), false),
            (GatewayError::Unsupported(text()), false),
            (GatewayError::Unauthorized(text()), false),
            (GatewayError::RateLimited(None), false),
            (rejected, false),
            (GatewayError::Unavailable(text()), false),
            (GatewayError::OverLimit(text()), false),
            (GatewayError::TimedOut, true),
            (GatewayError::OutcomeUnknown(text()), true),
        ] {
            assert_eq!(error.may_have_happened(), may, "{error}");
            assert!(matches!(error.clone().not_repeated(), GatewayError::OutcomeUnknown(_)));
            assert!(!matches!(error.with_nothing_at_stake(), GatewayError::OutcomeUnknown(_)));
        }
    }
}
