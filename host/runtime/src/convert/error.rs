//! Gateway errors.

use crate::contract::types::{GatewayError as Wire, Rejection};
use twobot_domain::GatewayError;

/// The most bytes of an error's text that are kept: a guest may put a megabyte there.
const MAX_TEXT: usize = 2_000;

/// A text from a guest, cut to a sane length at a character boundary.
pub(crate) fn clamp(text: String) -> String {
    cut(text, MAX_TEXT)
}

/// A text cut to at most so many bytes at a character boundary, with a sign that it was.
pub(crate) fn cut(mut text: String, most: usize) -> String {
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most));
        text.push('…');
        // What was cut off would stay in memory as room to grow.
        text.shrink_to_fit();
    }
    text
}

pub(crate) fn to_guest(error: GatewayError) -> Wire {
    match error {
        GatewayError::NotBound(text) => Wire::NotBound(text),
        GatewayError::Denied(text) => Wire::Denied(text),
        GatewayError::Invalid(text) => Wire::Invalid(text),
        GatewayError::Unsupported(text) => Wire::Unsupported(text),
        GatewayError::Unauthorized(text) => Wire::Unauthorized(text),
        GatewayError::RateLimited(seconds) => Wire::RateLimited(seconds),
        GatewayError::Rejected { code, message } => Wire::Rejected(Rejection { code, message }),
        GatewayError::Unavailable(text) => Wire::Unavailable(text),
        GatewayError::TimedOut => Wire::TimedOut,
        GatewayError::OutcomeUnknown(text) => Wire::OutcomeUnknown(text),
        GatewayError::OverLimit(text) => Wire::OverLimit(text),
    }
}

pub(crate) fn from_guest(error: Wire) -> GatewayError {
    match error {
        Wire::NotBound(text) => GatewayError::NotBound(clamp(text)),
        Wire::Denied(text) => GatewayError::Denied(clamp(text)),
        Wire::Invalid(text) => GatewayError::Invalid(clamp(text)),
        Wire::Unsupported(text) => GatewayError::Unsupported(clamp(text)),
        Wire::Unauthorized(text) => GatewayError::Unauthorized(clamp(text)),
        Wire::RateLimited(seconds) => GatewayError::RateLimited(seconds),
        Wire::Rejected(Rejection { code, message }) => {
            GatewayError::Rejected { code: clamp(code), message: clamp(message) }
        }
        Wire::Unavailable(text) => GatewayError::Unavailable(clamp(text)),
        Wire::TimedOut => GatewayError::TimedOut,
        Wire::OutcomeUnknown(text) => GatewayError::OutcomeUnknown(clamp(text)),
        Wire::OverLimit(text) => GatewayError::OverLimit(clamp(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let cut = clamp("é".repeat(2_000));
        assert!(cut.ends_with('…') && cut.len() <= MAX_TEXT + '…'.len_utf8());
        assert_eq!(clamp("short".to_owned()), "short");
    }
}
