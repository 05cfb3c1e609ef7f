//! No request takes for ever, and none is left half done.

use crate::error::ApiError;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::time::Duration;

/// Answers for a request that takes longer than this. The handler itself goes on to its end, as it does when the client has
/// gone: what it began, such as an execution, must have an outcome. Live streams do not pass through here.
pub(crate) async fn time_limit(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    let handler = tokio::spawn(next.run(request));
    match tokio::time::timeout(limit, handler).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => match error.try_into_panic() {
            Ok(panic) => super::panicked(&*panic).into_response(),
            Err(_) => ApiError::unavailable("The server is stopping.").into_response(),
        },
        Err(_) => ApiError::timed_out(limit.as_secs()).into_response(),
    }
}
