//! What is said of requests that were sent before.

use super::{ApiError, Problem};
use axum::http::StatusCode;

/// Seconds until it is worth asking again for the outcome of a request that runs.
const ASK_AGAIN: u64 = 2;

impl ApiError {
    /// 422: a name was used for something else.
    pub(crate) fn idempotency_key_reused() -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency_key_reused",
            "The idempotency key was used for another request",
            "In the last 24 hours another path or body was sent with this `Idempotency-Key`. Nothing was done. Make a new key for each thing that you ask for.",
        )
    }

    /// 409: the first of this name still runs.
    pub(crate) fn idempotency_running() -> Self {
        let mut error = Self::new(
            StatusCode::CONFLICT,
            "request_running",
            "The same request is being done",
            "A request with this `Idempotency-Key` has begun and has no answer yet. Ask again in a moment to get it.",
        );
        error.retry_after = Some(ASK_AGAIN);
        error
    }

    /// 409: the first of this name has no outcome and will have none.
    pub(crate) fn idempotency_unknown() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "idempotency_unknown",
            "Nobody knows whether this was done",
            "A request with this `Idempotency-Key` was begun, and the server stopped before it had an answer. Look whether it was done; if not, send it with a new key.",
        )
    }

    /// 409: the first of this name was done, and its answer is not there.
    pub(crate) fn idempotency_not_kept() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "idempotency_not_kept",
            "This was done before, and its answer is not kept",
            "A request with this `Idempotency-Key` was done. Its answer was too long to keep, or was sealed with a key that this server no longer has. It was not done again.",
        )
    }

    /// A problem that was told before.
    pub(crate) fn told_before(problem: Problem) -> Self {
        Self { problem: Box::new(problem), retry_after: None, cause: None }
    }
}
