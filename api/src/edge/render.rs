//! Problem documents on the wire.

use crate::error::ApiError;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;

const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");

/// What was said already and holds for the problem too.
const KEPT: [&str; 8] = [
    "access-control-allow-origin",
    "access-control-expose-headers",
    "allow",
    "idempotent-replayed",
    "vary",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
];

/// An error as a response; `before` are the headers of the one that it takes the place of.
pub(super) fn problem(mut error: ApiError, request_id: &str, before: &HeaderMap) -> Response {
    request_id.clone_into(&mut error.problem.request_id);
    let status = error.status();
    // A problem is made of texts and numbers only, which always have a JSON form.
    let body = serde_json::to_vec(&error.problem).unwrap_or_default();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, PROBLEM);
    for name in KEPT {
        if let Some(value) = before.get(name) {
            headers.insert(HeaderName::from_static(name), value.clone());
        }
    }
    if let Some(seconds) = error.retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    // What would open is a bearer token, of a session or of a key.
    let opens = error.problem.code == "unauthenticated" || error.problem.code.contains("api_key");
    if status == StatusCode::UNAUTHORIZED && opens {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}
