//! JSON bodies, in and out.

use crate::error::ApiError;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::error::Category;

/// The most bytes of a body.
pub(crate) const BODY_LIMIT: usize = 1024 * 1024;

/// A JSON body.
#[derive(Clone, Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let is_json = is_json(request.headers());
        let bytes = Bytes::from_request(request, state).await.map_err(rejected)?;
        // A request without a body means an empty document: every field of some requests may be left out.
        if bytes.is_empty() {
            return parse(b"{}").map(Self);
        }
        if !is_json {
            return Err(ApiError::unsupported_media_type());
        }
        parse(&bytes).map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// Whether the body says that it is JSON. A form or a plain text, which a foreign page could send without being asked first,
/// does not.
fn is_json(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|value| {
        let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
    })
}

fn rejected(rejection: BytesRejection) -> ApiError {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::body_too_large(BODY_LIMIT),
        _ => ApiError::malformed_json("The body did not arrive in full."),
    }
}

/// Reads a document, and says where it is wrong.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    // Otherwise an array would do for an object too: serde takes its items for the fields, in their order.
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return match serde_json::from_slice::<IgnoredAny>(bytes) {
            Ok(_) => Err(ApiError::invalid_field("body", "must be a JSON object")),
            Err(error) => Err(malformed(&error)),
        };
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let document = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        match error.inner().classify() {
            Category::Data => wrong_field(&path, &error.inner().to_string()),
            _ => malformed(error.inner()),
        }
    })?;
    reader.end().map_err(|error| malformed(&error))?;
    Ok(document)
}

fn malformed(error: &serde_json::Error) -> ApiError {
    let words = error.to_string();
    let what = words.split(" at line ").next().unwrap_or_default();
    ApiError::malformed_json(format!("Line {}, column {}: {what}.", error.line(), error.column()))
}

fn wrong_field(path: &str, words: &str) -> ApiError {
    let what = words.rsplit_once(" at line ").map_or(words, |(what, _)| what);
    let base = if path == "." { "" } else { path };
    let below = |name: &str| if base.is_empty() { name.to_owned() } else { format!("{base}.{name}") };
    if let Some(name) = what.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        return ApiError::invalid_field(&below(name), "is missing");
    }
    let field = if base.is_empty() { "body" } else { base };
    // The names of our types mean nothing to the caller.
    let what = what
        .split_once("expected struct ")
        .map_or_else(|| what.to_owned(), |(found, _)| format!("{found}expected an object"));
    ApiError::invalid_field(field, format!("does not fit: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the reading is looked at")]
    struct Outer {
        name: String,
        inner: Option<Inner>,
    }
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the reading is looked at")]
    struct Inner {
        count: u8,
    }

    #[test]
    fn a_wrong_body_says_where() {
        let check = |body: &str, status: u16, expected: &str| {
            let problem = parse::<Outer>(body.as_bytes()).unwrap_err().problem;
            let said = problem
                .errors
                .first()
                .map_or(problem.detail.clone(), |error| format!("{}: {}", error.field, error.message));
            assert_eq!((problem.status, said.as_str()), (status, expected), "{body}");
        };
        check("{\n  \"name\": \"a\",,}", 400, "Line 2, column 15: key must be a string.");
        check("{\"name\": \"a\"} {}", 400, "Line 1, column 15: trailing characters.");
        check("{\"name\":", 400, "Line 1, column 8: EOF while parsing a value.");
        check("{}", 422, "name: is missing");
        check("[\"a\"]", 422, "body: must be a JSON object");
        check("3", 422, "body: must be a JSON object");
        check(" ", 400, "Line 1, column 1: EOF while parsing a value.");
        check(
            "{\"name\": \"a\", \"inner\": 3}",
            422,
            "inner: does not fit: invalid type: integer `3`, expected an object",
        );
        check("{\"name\": 3}", 422, "name: does not fit: invalid type: integer `3`, expected a string");
        check("{\"name\": \"a\", \"inner\": {}}", 422, "inner.count: is missing");
        check(
            "{\"name\": \"a\", \"inner\": {\"count\": 300}}",
            422,
            "inner.count: does not fit: invalid value: integer `300`, expected u8",
        );
    }

    #[test]
    fn a_form_is_not_json() {
        let check = |value: &str, expected: bool| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, value.parse().unwrap());
            assert_eq!(is_json(&headers), expected, "{value}");
        };
        check("application/json", true);
        check("Application/JSON; charset=utf-8", true);
        check("application/merge-patch+json", true);
        check("text/plain", false);
        check("application/x-www-form-urlencoded", false);
    }
}
