//! Requests that may be sent again (`Idempotency-Key`): the first of a name is done, and a second is given its answer.
//!
//! What is honest about them, and what happens after a crash, stands in `docs/decisions/0035-requests-that-may-be-sent-again.md`.

use crate::access::within_the_api;
use crate::error::{ApiError, Problem};
use crate::extract::{BODY_LIMIT, ShownKey, ShownSession};
use crate::router::SLOW;
use crate::state::AppState;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{MatchedPath, OriginalUri, Request, State};
use axum::http::header::{CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::time::Duration;
use twobot_domain::Timestamp;
use twobot_store::TenantScope;
use twobot_store::idempotency::{Begun, NamedRequest};
use uuid::Uuid;

/// The header that names a request.
const NAME: &str = "idempotency-key";
/// The header of an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Characters of a name.
const MAX_NAME: usize = 255;

/// After this time a request that has no outcome will have none: longer than any is let run, and some more for keeping its answer.
const LOST: Duration = Duration::from_secs(SLOW.as_secs() + 20);

/// Operations that look at a password or a code each time, below the API's path: neither may an answer be had again without it, nor may a
/// digest of the password be kept that is quicker to try out than the one that is kept of it anyway.
const SECRET: [&str; 3] = ["/auth/", "/user/two-factor/", "/users/me/"];

/// An answer as it is kept.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    status: u16,
    /// A problem is told anew, so that it has the id of the request that gets it.
    problem: Option<Problem>,
    kind: Option<String>,
    etag: Option<String>,
    body: String,
}

/// Has a `POST` with a name done once. Without a name, and for who is not signed in, everything is as it is.
pub(crate) async fn idempotent(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if *request.method() != Method::POST {
        return next.run(request).await;
    }
    if is_secret(&request) {
        return next.run(request).await;
    }
    let Some((scope, caller)) = who(&request) else { return next.run(request).await };
    let name = match name_of(request.headers()) {
        Ok(Some(name)) => name,
        Ok(None) => return next.run(request).await,
        Err(error) => return error.into_response(),
    };
    let (request, fingerprint) = match read(request).await {
        Ok(read) => read,
        Err(error) => return error.into_response(),
    };
    let named = NamedRequest { caller, name, request: fingerprint };
    match state.store().begin_request(scope, &named).await {
        Ok(Begun::Now(id)) => act(state, scope, id, request, next).await,
        Ok(Begun::Other) => ApiError::idempotency_key_reused().into_response(),
        Ok(Begun::Unanswered(since)) => unanswered(since).into_response(),
        Ok(Begun::Done(answer)) => again(answer),
        Err(error) => ApiError::from(error).into_response(),
    }
}

fn is_secret(request: &Request) -> bool {
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    takes_a_secret(within_the_api(path))
}

/// Whether an operation, by its path within the API, ignores the names of requests.
pub(crate) fn takes_a_secret(path: &str) -> bool {
    SECRET.iter().any(|begin| path.starts_with(begin))
}

/// Who asks: names of one say nothing about another's.
fn who(request: &Request) -> Option<(TenantScope, Uuid)> {
    let extensions = request.extensions();
    if let Some(ShownKey(key)) = extensions.get() {
        return Some((key.scope, key.key.uuid()));
    }
    extensions.get().map(|ShownSession(session)| (session.scope, session.user.id.uuid()))
}

/// The name of a request: with the quotes that the standard wants around it, or without.
fn name_of(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let mut values = headers.get_all(NAME).iter();
    let (Some(value), more) = (values.next(), values.next()) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    let name = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let plain = name.bytes().all(|byte| (b'!'..=b'~').contains(&byte) && byte != b'"');
    if more.is_some() || name.is_empty() || name.len() > MAX_NAME || !plain {
        let what = format!("must be one name of 1 to {MAX_NAME} letters, digits and signs, such as a UUID");
        return Err(ApiError::invalid_field("Idempotency-Key", what));
    }
    Ok(Some(name.to_owned()))
}

/// Reads the body, and says what is asked for in 32 bytes.
async fn read(request: Request) -> Result<(Request, [u8; 32]), ApiError> {
    let (parts, body) = request.into_parts();
    let body: Bytes = to_bytes(body, BODY_LIMIT).await.map_err(|_| ApiError::body_too_large(BODY_LIMIT))?;
    let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |OriginalUri(uri)| uri);
    // Both spellings are one.
    let path = within_the_api(uri.path());
    let mut hash = Sha256::new();
    for part in [path.as_bytes(), uri.query().unwrap_or_default().as_bytes(), &body] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    Ok((Request::from_parts(parts, Body::from(body)), hash.finalize().into()))
}

/// Does what is asked for, and keeps the answer. That goes on when the client has gone: it will ask again.
async fn act(state: AppState, scope: TenantScope, id: Uuid, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str).to_owned();
    let doing = tokio::spawn(async move {
        let response = next.run(request).await;
        settle(&state, scope, id, &route, response).await
    });
    match doing.await {
        Ok(response) => response,
        // It stays begun: nobody knows how far it came.
        Err(error) => match error.try_into_panic() {
            Ok(panic) => super::panicked(&*panic).into_response(),
            Err(_) => ApiError::unavailable("The server is stopping.").into_response(),
        },
    }
}

async fn settle(state: &AppState, scope: TenantScope, id: Uuid, route: &str, response: Response) -> Response {
    let status = response.status();
    if status == StatusCode::GATEWAY_TIMEOUT {
        // It still runs.
        return response;
    }
    let (kept, response) = if speaks_of_the_moment(status) { (None, response) } else { keep(response).await };
    let settled = match &kept {
        Some(answer) => state.store().answer_request(scope, id, answer).await,
        None => state.store().forget_request(scope, id).await,
    };
    if let Err(error) = settled {
        // What was asked for is done. Who asks again is told that nobody knows, which is worse than this answer and true.
        tracing::warn!(route, %error, "the answer of a request could not be kept");
    }
    response
}

/// Whether the same request may be answered otherwise a moment later; then that is worth a try, and the answer is not kept.
fn speaks_of_the_moment(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status, StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS)
}

/// An answer in the form in which it is kept, and itself.
async fn keep(response: Response) -> (Option<SecretString>, Response) {
    let (parts, body) = response.into_parts();
    // Answers to `POST` are documents of ours, in memory already.
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let text =
        |name: HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let kept = Kept {
        status: parts.status.as_u16(),
        problem: parts.extensions.get::<ApiError>().map(|error| Problem::clone(&error.problem)),
        kind: text(CONTENT_TYPE),
        etag: text(ETAG),
        body: String::from_utf8_lossy(&bytes).into_owned(),
    };
    let kept = serde_json::to_string(&kept).unwrap_or_default();
    (Some(SecretString::from(kept)), Response::from_parts(parts, Body::from(bytes)))
}

/// The answer that was given before.
fn again(answer: Option<SecretString>) -> Response {
    let Some(kept) = answer.and_then(|text| serde_json::from_str::<Kept>(text.expose_secret()).ok()) else {
        return ApiError::idempotency_not_kept().into_response();
    };
    let mut response = match kept.problem {
        Some(problem) => ApiError::told_before(problem).into_response(),
        None => {
            let mut response = Response::new(Body::from(kept.body));
            *response.status_mut() = StatusCode::from_u16(kept.status).unwrap_or_default();
            for (name, value) in [(CONTENT_TYPE, kept.kind), (ETAG, kept.etag)] {
                if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
                    response.headers_mut().insert(name, value);
                }
            }
            response
        }
    };
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

/// What is said of a request that was begun and has no outcome.
fn unanswered(since: Timestamp) -> ApiError {
    let ran = u64::try_from(Timestamp::now().0.saturating_sub(since.0)).unwrap_or(0) / 1_000;
    match LOST.as_secs().checked_sub(ran).filter(|left| *left > 0) {
        Some(_) => ApiError::idempotency_running(),
        None => ApiError::idempotency_unknown(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_plain_and_there_is_one() {
        let check = |values: &[&str], expected: Option<Option<&str>>| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(NAME, HeaderValue::from_bytes(value.as_bytes()).unwrap());
            }
            let found = name_of(&headers).ok();
            assert_eq!(found.as_ref().map(Option::as_deref), expected, "{values:?}");
        };
        check(&[], Some(None));
        check(&["8e03978e-40d5-43dd-bc93-6894a57f9324"], Some(Some("8e03978e-40d5-43dd-bc93-6894a57f9324")));
        check(&["\"order 1\""], None);
        check(&["\"order-1\""], Some(Some("order-1")));
        check(&["order-1"], Some(Some("order-1")));
        check(&[""], None);
        check(&["\"\""], None);
        check(&["\""], None);
        check(&["a", "b"], None);
        check(&["größe"], None);
        check(&[&"a".repeat(255)], Some(Some(&"a".repeat(255))));
        check(&[&"a".repeat(256)], None);
    }

    #[test]
    fn what_has_no_outcome_runs_until_it_can_not_any_more() {
        let code = |seconds: i64| unanswered(Timestamp::now().plus_millis(-seconds * 1_000)).problem.code;
        let lost = i64::try_from(LOST.as_secs()).unwrap();
        assert_eq!(code(0), "request_running");
        assert_eq!(code(lost - 2), "request_running");
        assert_eq!(code(lost), "idempotency_unknown");
        assert_eq!(code(-5), "request_running", "another node's clock");
    }
}
