//! The dashboard: the files of `web/dist`, inside of the binary.
//!
//! A build for development reads them from the source tree instead, so that they can change while it runs.

use crate::error::ApiError;
use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "../web/dist"]
#[allow_missing = true]
struct Files;

const INDEX: &str = "index.html";

/// What stands in place of a dashboard that was not built.
const MISSING: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>2Bot</title>\
<h1>The dashboard is not part of this build</h1>\
<p>The server works, and so does its API: see the <a href=\"/api/docs\">reference</a>.</p>\
<p>To build the dashboard, run <code>cargo xtask web</code> and then build the server again, \
or run <code>cargo xtask build --release</code>, which does both.</p></html>";

/// A file of the dashboard, or its page for every path that is none.
pub(crate) fn serve(path: &str, headers: &HeaderMap) -> Response {
    let name = path.trim_start_matches('/');
    if !name.is_empty()
        && let Some(file) = Files::get(name)
    {
        return answer(name, &file, headers);
    }
    // A file that is gone must not be answered with a page: a browser would take it for the script that it asked for.
    if name.starts_with("assets/") || name.rsplit('/').next().is_some_and(|last| last.contains('.')) {
        return ApiError::not_found("file").into_response();
    }
    match Files::get(INDEX) {
        Some(page) => answer(INDEX, &page, headers),
        None => (StatusCode::SERVICE_UNAVAILABLE, Html(MISSING)).into_response(),
    }
}

fn answer(name: &str, file: &EmbeddedFile, headers: &HeaderMap) -> Response {
    // The build puts a digest of the content into the names of what is in `assets/`: under one name it never changes.
    let cache = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let tag = format!("\"{}\"", hex::encode(file.metadata.sha256_hash()));
    let known = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|value| value.trim().trim_start_matches("W/") == tag);
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Response::new(Body::from(file.data.clone().into_owned()));
        if let Ok(kind) = HeaderValue::from_str(file.metadata.mimetype()) {
            response.headers_mut().insert(CONTENT_TYPE, kind);
        }
        response
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}
