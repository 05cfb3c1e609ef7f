//! What is said of two-factor sign-in.

use super::ApiError;
use axum::http::StatusCode;

impl ApiError {
    /// 403: the code is wrong, or was used before; which one is not said.
    pub(crate) fn wrong_code() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "wrong_code",
            "The code is wrong",
            "It is another one, it is too old, or it was used before. A code of an authenticator is good for about a minute, and once.",
        )
    }

    /// 401: no sign-in waits for a code with this challenge.
    pub(crate) fn invalid_challenge() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "invalid_challenge",
            "Begin again with your password",
            "This sign-in took longer than five minutes, had too many wrong codes, or is finished.",
        )
    }

    /// 409: it has to be off for this.
    pub(crate) fn two_factor_on() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "two_factor_on",
            "Two-factor sign-in is on",
            "Turn it off first to set it up anew.",
        )
    }

    /// 409: it has to be on for this.
    pub(crate) fn two_factor_off() -> Self {
        Self::new(StatusCode::CONFLICT, "two_factor_off", "Two-factor sign-in is off", "Set it up first.")
    }

    /// 409: nothing waits for a first code.
    pub(crate) fn two_factor_not_begun() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "two_factor_not_begun",
            "Nothing waits for a code",
            "Begin to set up two-factor sign-in; a set-up waits for its first code for an hour.",
        )
    }
}
