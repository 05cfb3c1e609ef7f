//! Problem documents.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why a request was not done (RFC 9457, `application/problem+json`).
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "type": "urn:2bot:problem:validation_failed",
    "title": "The input is not valid",
    "status": 422,
    "code": "validation_failed",
    "detail": "`name` must have 1 to 100 characters, but is empty",
    "request_id": "01928f6e-3f57-7cc1-93c6-1f1f6a1f0a11",
    "errors": [{"field": "name", "message": "must have 1 to 100 characters, but is empty"}]
}))]
pub(crate) struct Problem {
    /// A URN that ends with the code.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// What went wrong, in one line; the same for every problem of the code.
    pub(crate) title: String,
    /// The HTTP status.
    pub(crate) status: u16,
    /// Stable, for programs.
    pub(crate) code: String,
    /// What went wrong this time, and what would be right.
    pub(crate) detail: String,
    /// The id under which the server's log knows the request; also in `x-request-id`.
    pub(crate) request_id: String,
    /// With `validation_failed`: what is wrong with each field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<FieldProblem>,
    /// What to do about it, where there is more to say than `detail` does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) advice: Option<String>,
    /// The name of the limit that was reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<String>,
    /// With `limit_reached`: the plan that sets the limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) plan: Option<String>,
    /// What the limit allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) allowed: Option<u64>,
    /// What was used of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) used: Option<u64>,
    /// What the limit counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unit: Option<String>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &str, title: &str, detail: String) -> Self {
        Self {
            kind: format!("urn:2bot:problem:{code}"),
            title: title.to_owned(),
            status: status.as_u16(),
            code: code.to_owned(),
            detail,
            request_id: String::new(),
            errors: Vec::new(),
            advice: None,
            limit: None,
            plan: None,
            allowed: None,
            used: None,
            unit: None,
        }
    }
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct FieldProblem {
    /// The way to the field, such as `credentials.token`.
    #[schema(example = "credentials.token")]
    pub(crate) field: String,
    /// What is wrong, and what would be right.
    #[schema(example = "must not be empty")]
    pub(crate) message: String,
}
