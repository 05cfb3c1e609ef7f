//! What happens to every request, whatever it asks for: it gets an id, its outcome is logged once, its error becomes a
//! problem document, a panic costs nobody else anything, and its answer carries the headers that keep browsers safe.

mod callers;
mod cors;
mod headers;
mod idempotency;
mod render;
mod time;

pub(crate) use callers::{addresses, callers};
pub(crate) use cors::cors;
pub(crate) use idempotency::{idempotent, takes_a_secret};
pub(crate) use time::time_limit;

use crate::error::ApiError;
use crate::extract::RequestId;
use crate::state::AppState;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};
use twobot_telemetry::meter;
use uuid::Uuid;

/// The header of the request's id.
const REQUEST_ID: &str = "x-request-id";

/// A request that takes as long as this is logged, however little else is.
const SLOW: Duration = Duration::from_secs(3);

/// The outermost layer around every handler.
pub(crate) async fn edge(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(&request);
    request.extensions_mut().insert(RequestId(id.clone()));
    let method = request.method().clone();
    // The pattern and not the path: what people put into a path is theirs.
    let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str).to_owned();
    let path = request.uri().path().to_owned();

    let outcome = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let mut response = outcome.unwrap_or_else(|panic| panicked(&*panic).into_response());

    // Some files are served by others' code, which knows nothing of problem documents.
    if response.status() == StatusCode::NOT_FOUND && response.extensions().get::<ApiError>().is_none() {
        response = ApiError::unknown_path(&path).into_response();
    }
    if let Some(error) = response.extensions_mut().remove::<ApiError>() {
        if let Some(cause) = &error.cause {
            tracing::error!(request_id = %id, %method, route, status = error.problem.status, cause, "request failed");
        }
        response = render::problem(error, &id, response.headers());
    }
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, value);
    }
    headers::harden(headers, state.config.secure_cookies, path.starts_with("/api"));
    let took = started.elapsed();
    meter::request(method.as_str(), &route, response.status().as_u16(), took);
    log(&id, &method, &route, response.status(), took);
    response
}

/// Tells the operator of a request, and more loudly of one that took long.
fn log(id: &str, method: &Method, route: &str, status: StatusCode, took: Duration) {
    // A number of 64 bits stays one in JSON; larger ones become texts.
    let (status, ms) = (status.as_u16(), u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
    if took < SLOW {
        tracing::debug!(request_id = id, %method, route, status, ms, "request");
    } else {
        tracing::warn!(request_id = id, %method, route, status, ms, "slow request");
    }
}

/// The id that a proxy gave the request, if it is harmless, or a new one.
fn request_id(request: &Request) -> String {
    let harmless = |id: &&str| {
        (8..=64).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    let given = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(harmless);
    given.map_or_else(|| Uuid::now_v7().to_string(), str::to_owned)
}

/// The error for a handler that panicked. What it panicked with is for the log.
fn panicked(panic: &(dyn Any + Send)) -> ApiError {
    let words = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without words");
    ApiError::internal(format!("panic: {words}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_request_of_three_seconds_is_told_also_where_little_is() {
        let lines = Lines::default();
        let kept = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::WARN)
            .with_ansi(false)
            .with_writer(move || kept.clone());
        let millis = Duration::from_millis;
        tracing::subscriber::with_default(subscriber.finish(), || {
            log("quick-one", &Method::GET, "/api/v1/gateways", StatusCode::OK, millis(2_999));
            log("slow-one", &Method::POST, "/api/v1/gateways/{id}/test", StatusCode::OK, millis(3_000));
        });
        let told = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert!(!told.contains("quick-one"), "{told}");
        for part in ["WARN", "slow-one", "POST", "/api/v1/gateways/{id}/test", "ms=3000", "slow request"] {
            assert!(told.contains(part), "{part} in {told}");
        }
    }
}
