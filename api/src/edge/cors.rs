//! Pages of other sites that may call the API: those that the operator names, and no others.

use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, Method};
use std::time::Duration;
use tower_http::cors::CorsLayer;

/// How long a browser remembers what it may do.
const REMEMBERED: Duration = Duration::from_secs(60 * 60);

/// What answers browsers that ask whether a page may call the API. None without origins: then no browser lets another site's page.
///
/// The cookie is not let through (no `Access-Control-Allow-Credentials`): a page elsewhere signs in itself, or shows a key.
pub(crate) fn cors(origins: &[String]) -> Option<CorsLayer> {
    let origins: Vec<HeaderValue> = origins.iter().filter_map(|origin| origin.parse().ok()).collect();
    if origins.is_empty() {
        return None;
    }
    let named = HeaderName::from_static;
    Some(
        CorsLayer::new()
            .allow_origin(origins)
            .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
            .allow_headers([
                AUTHORIZATION,
                CONTENT_TYPE,
                IF_MATCH,
                IF_NONE_MATCH,
                named("idempotency-key"),
                named("x-request-id"),
            ])
            .expose_headers([
                ETAG,
                RETRY_AFTER,
                named("idempotent-replayed"),
                named("x-ratelimit-limit"),
                named("x-ratelimit-remaining"),
                named("x-ratelimit-reset"),
                named("x-request-id"),
            ])
            .max_age(REMEMBERED),
    )
}
