//! Answers that say which version they tell of.

use crate::extract::Json;
use axum::http::HeaderValue;
use axum::http::header::ETAG;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::fmt;
use twobot_store::versions::Version;
use utoipa::ToSchema;

/// The version of something, as an entity tag: send it back as `If-Match` with a change, and nobody's work is undone unseen. It stays
/// the same for what happens to the thing by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(value_type = String, example = "\"9f2c4be1a07d4c55b2f0a7c19d3e8f60\"")]
pub(crate) struct Etag(String);

impl From<Version> for Etag {
    fn from(version: Version) -> Self {
        Self(format!("\"{version}\""))
    }
}

impl fmt::Display for Etag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Something with versions.
pub(crate) trait Versioned {
    /// The version that this tells of.
    fn etag(&self) -> &Etag;
}

/// A JSON body with its version in the header `ETag`. A handler that answers with something that can be changed answers with this.
#[derive(Clone, Debug)]
pub(crate) struct Tagged<T>(pub(crate) T);

impl<T: Serialize + Versioned> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        // Hexadecimal digits within quotes are always a value.
        let tag = HeaderValue::from_str(&self.0.etag().0);
        let mut response = Json(self.0).into_response();
        if let Ok(tag) = tag {
            response.headers_mut().insert(ETAG, tag);
        }
        response
    }
}
