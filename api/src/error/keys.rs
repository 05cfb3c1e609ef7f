//! What is said of API keys.

use super::ApiError;
use axum::http::StatusCode;
use std::time::Duration;
use twobot_domain::ApiScope;
use twobot_redis::Taken;

impl ApiError {
    /// 401: no key, or a wrong secret; which one is not said.
    pub(crate) fn invalid_api_key() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "invalid_api_key",
            "The API key is not valid",
            "There is no such key. Look whether it was copied whole: it begins with `2bot_` and has 65 characters.",
        )
    }

    /// 401.
    pub(crate) fn api_key_expired() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "api_key_expired",
            "The API key has expired",
            "It was made for a time that is over. Make a new one in the settings.",
        )
    }

    /// 401.
    pub(crate) fn api_key_revoked() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "api_key_revoked",
            "The API key was revoked",
            "Its owner has ended it. Make a new one in the settings.",
        )
    }

    /// 401: the secret before a rotation, after its time of grace.
    pub(crate) fn api_key_replaced() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "api_key_replaced",
            "The API key has a new secret",
            "The key was rotated, and the time for which the old secret still held is over. Use the new one.",
        )
    }

    /// 403: the key may do other things.
    pub(crate) fn scope_missing(scope: ApiScope) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "scope_missing",
            "The API key may not do this",
            format!(
                "This takes a key with the scope `{scope}`. Scopes are chosen when a key is made; make another one."
            ),
        )
    }

    /// 403: no key may do this.
    pub(crate) fn session_required() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "session_required",
            "This takes a session",
            "No API key may do this, whatever its scopes are. Sign in and send the session's token.",
        )
    }

    /// 429: more requests than one caller may make.
    pub(crate) fn too_many_requests(taken: Taken) -> Self {
        let seconds = taken.resets.as_secs() + 1;
        let mut error = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limited",
            "Too many requests",
            format!("You may make {} requests a minute. Wait {seconds} seconds, then go on.", taken.limit),
        );
        error.retry_after = Some(seconds);
        error
    }

    /// 429: more requests than may come from one network address.
    pub(crate) fn too_many_from_address(taken: Taken) -> Self {
        let seconds = taken.resets.as_secs() + 1;
        let mut error = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "address_rate_limited",
            "Too many requests from one network",
            format!(
                "{} requests a minute may come from one network address. Wait {seconds} seconds, then go on.",
                taken.limit
            ),
        );
        error.retry_after = Some(seconds);
        error
    }

    /// 429: a network address that went on and on.
    pub(crate) fn address_blocked(left: Duration) -> Self {
        let seconds = left.as_secs() + 1;
        let mut error = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "address_blocked",
            "This network address is blocked for a while",
            format!(
                "Far more requests came from it than are answered. It is heard again in {seconds} seconds."
            ),
        );
        error.retry_after = Some(seconds);
        error
    }
}
