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

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use tokio::sync::oneshot;
    use tower::ServiceExt;

    async fn code(app: Router) -> String {
        let request = Request::builder().uri("/").body(Body::empty()).unwrap();
        let response = app.oneshot(request).await.unwrap();
        response.extensions().get::<ApiError>().map_or("none".to_owned(), |error| error.problem.code.clone())
    }

    fn app(limit: Duration, handler: axum::routing::MethodRouter) -> Router {
        Router::new().route("/", handler).layer(from_fn_with_state(limit, time_limit))
    }

    #[tokio::test]
    async fn a_slow_handler_is_answered_for_and_still_ends() {
        let (begin, begun) = oneshot::channel::<()>();
        let (end, ended) = oneshot::channel();
        let parts = std::sync::Mutex::new(Some((begun, end)));
        // A handler must be one that can be called again, though this is called once.
        let parts = std::sync::Arc::new(parts);
        let slow = get(move || {
            let (begun, end) = parts.lock().unwrap().take().unwrap();
            async move {
                begun.await.unwrap();
                end.send("done").unwrap();
            }
        });
        assert_eq!(code(app(Duration::from_millis(1), slow)).await, "timed_out");
        begin.send(()).unwrap();
        assert_eq!(ended.await.unwrap(), "done");
    }

    #[tokio::test]
    async fn a_panic_is_a_problem_of_ours() {
        async fn handler() {
            panic!("words for the log")
        }
        assert_eq!(code(app(Duration::from_secs(60), get(handler))).await, "internal");
    }
}
