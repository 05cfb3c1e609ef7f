//! The one error of the API, and the problem document (RFC 9457) that it becomes.

mod convert;
mod idempotency;
mod keys;
mod problem;
mod second_factor;

pub(crate) use convert::OrNotFound;
pub(crate) use problem::{FieldProblem, Problem};

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use twobot_domain::Role;

/// Why a request was not done. Made by the named helpers below; rendered by [`crate::edge`], which knows the request's id.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    pub(crate) problem: Box<Problem>,
    /// Seconds after which the same request may succeed.
    pub(crate) retry_after: Option<u64>,
    /// What the operator should know. Logged with the request's id, never returned.
    pub(crate) cause: Option<String>,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &str, title: &str, detail: impl Into<String>) -> Self {
        Self {
            problem: Box::new(Problem::new(status, code, title, detail.into())),
            retry_after: None,
            cause: None,
        }
    }

    /// 401: no session, or one that has ended.
    pub(crate) fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
            "Sign in to go on",
            "The request carries no session that is still open. Sign in and send the session's cookie or its token as `Authorization: Bearer <token>`.",
        )
    }

    /// 401: the address or the password is wrong; which one is not said.
    pub(crate) fn invalid_credentials() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "invalid_credentials",
            "E-mail address or password is wrong",
            "No account has this e-mail address with this password.",
        )
    }

    /// 403: the session or the key is good, and whoever it belongs to may not do this.
    pub(crate) fn role_required(needed: Role, has: Role) -> Self {
        let who = match needed {
            Role::Owner => "Only the owner of this account may do that",
            Role::Admin | Role::Member => "Only an admin or the owner of this account may do that",
        };
        Self::new(
            StatusCode::FORBIDDEN,
            "role_required",
            "Your role does not allow this",
            format!("{who}; your role is `{has}`. Ask the owner."),
        )
    }

    /// 403: the tenant is suspended.
    pub(crate) fn suspended(detail: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "suspended", "The account is suspended", detail)
    }

    /// 403: the session is good, and no operator's.
    pub(crate) fn operator_required() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "operator_required",
            "Only operators may do this",
            "This is for those who look after the whole server. `twobot user grant-operator` makes one.",
        )
    }

    /// 404: it does not exist, or it belongs to someone else, which is the same to the caller.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "Not found",
            format!("There is no such {what} in this workspace."),
        )
    }

    /// 404: the API has no such path.
    pub(crate) fn unknown_path(path: &str) -> Self {
        let path: String = path.chars().take(200).collect();
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "Not found",
            format!("The API has no path `{path}`. See /api/docs for those that it has."),
        )
    }

    /// 405.
    pub(crate) fn method_not_allowed(method: &str) -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "Method not allowed",
            format!("This path does not know {method}. The `Allow` header names what it knows."),
        )
    }

    /// 422: these fields are wrong.
    pub(crate) fn invalid(errors: Vec<FieldProblem>) -> Self {
        let detail = match errors.as_slice() {
            [one] => format!("`{}` {}", one.field, one.message),
            several => format!("{} fields are not valid; `errors` names each.", several.len()),
        };
        let mut error = Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "validation_failed",
            "The input is not valid",
            detail,
        );
        error.problem.errors = errors;
        error
    }

    /// 422: this field is wrong.
    pub(crate) fn invalid_field(field: &str, message: impl Into<String>) -> Self {
        Self::invalid(vec![FieldProblem { field: field.to_owned(), message: message.into() }])
    }

    /// 400: the body is not JSON.
    pub(crate) fn malformed_json(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed_json", "The body is not valid JSON", detail)
    }

    /// 413.
    pub(crate) fn body_too_large(limit: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            "The body is too large",
            format!("A body may have at most {limit} bytes."),
        )
    }

    /// 415.
    pub(crate) fn unsupported_media_type() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "The body must be JSON",
            "Send the body as JSON, with the header `Content-Type: application/json`.",
        )
    }

    /// 409.
    pub(crate) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "This is not possible now", detail)
    }

    /// 412: who asks for a change knows an older version.
    pub(crate) fn precondition_failed() -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "precondition_failed",
            "It was changed meanwhile",
            "It is no longer in the version that `If-Match` names, and nothing was changed. Load it again, and decide anew.",
        )
    }

    /// 400: a token of a mail that opens nothing.
    pub(crate) fn invalid_token() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid_token",
            "This link does not work",
            "It was used before, it is too old, or it is not complete. Ask for a new one.",
        )
    }

    /// 403: who is signed in does not know the password.
    pub(crate) fn wrong_password() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "wrong_password",
            "The password is wrong",
            "The present password is another one.",
        )
    }

    /// 409.
    pub(crate) fn email_taken() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "email_taken",
            "This e-mail address has an account",
            "Sign in with it, or register another address.",
        )
    }

    /// 403: the operator makes the accounts here.
    pub(crate) fn registration_closed() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "registration_closed",
            "Registration is closed",
            "This server does not let people register by themselves. Ask its operator for an account.",
        )
    }

    /// 403: another site made the browser send this.
    pub(crate) fn csrf_failed() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "csrf_failed",
            "The request does not come from the dashboard",
            "Requests that change something and carry the session's cookie must come from 2Bot's own pages. Programs should send `Authorization: Bearer <token>` instead of the cookie.",
        )
    }

    /// 403: the plan allows no more.
    pub(crate) fn limit_reached(name: &str, used: u64, allowed: u64, unit: &str) -> Self {
        // `gateways` counts gateways; `kv_bytes` counts bytes of something that must be said.
        let what = if name == unit { String::new() } else { format!(" ({})", name.replace('_', " ")) };
        let mut error = Self::new(
            StatusCode::FORBIDDEN,
            "limit_reached",
            "A limit of your plan is reached",
            format!(
                "The plan allows {allowed} {unit}{what}; {used} are in use. Remove what you no longer need, or choose a larger plan."
            ),
        );
        error.problem.limit = Some(name.to_owned());
        error.problem.used = Some(used);
        error.problem.allowed = Some(allowed);
        error.problem.unit = Some(unit.to_owned());
        error
    }

    /// 429.
    pub(crate) fn rate_limited(seconds: u64) -> Self {
        let mut error = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limited",
            "Too many tries",
            format!("Wait {seconds} seconds, then try again."),
        );
        error.retry_after = Some(seconds);
        error
    }

    /// 429: more live streams than one workspace may have open.
    pub(crate) fn too_many_streams(limit: usize) -> Self {
        let mut error = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limited",
            "Too many open streams",
            format!(
                "A workspace may have {limit} live streams open at a time. Close pages that you no longer look at."
            ),
        );
        error.retry_after = Some(30);
        error
    }

    /// 401: a webhook without its secret.
    pub(crate) fn invalid_webhook_secret() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "invalid_webhook_secret",
            "The webhook's secret is wrong",
            "The delivery does not carry the secret that was agreed with the provider. Connect the gateway again to agree on a new one.",
        )
    }

    /// 503: so much waits already that the provider should keep this for now.
    pub(crate) fn queue_full() -> Self {
        let mut error = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "queue_full",
            "Too many events are waiting",
            "The workspace has as many waiting events as its plan allows. Send it again later.",
        );
        error.retry_after = Some(30);
        error
    }

    /// 503: the server is up but can not serve.
    pub(crate) fn unavailable(detail: impl Into<String>) -> Self {
        let mut error =
            Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The server is not ready", detail);
        error.retry_after = Some(5);
        error
    }

    /// 504: it took longer than any caller waits.
    pub(crate) fn timed_out(seconds: u64) -> Self {
        Self::new(
            StatusCode::GATEWAY_TIMEOUT,
            "timed_out",
            "This took too long",
            format!("The request was given up after {seconds} seconds."),
        )
    }

    /// 500. The cause is for the log only.
    pub(crate) fn internal(cause: impl std::fmt::Display) -> Self {
        let mut error = Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "The server has a problem",
            "Something went wrong on our side. Try again; if it stays, give the operator the request id.",
        );
        error.cause = Some(cause.to_string());
        error
    }

    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}
