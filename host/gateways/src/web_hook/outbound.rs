//! Posting documents to a receiver.

use super::settings::Receiver;
use crate::connector::Exchange;
use crate::egress::{EgressClients, RefusedAddress, refusal};
use crate::redact;
use http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderMap, Method, StatusCode};
use reqwest::Response;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::error::Error;
use std::time::{Duration, Instant, SystemTime};
use tokio::time::timeout;
use twobot_domain::GatewayError;
use uuid::Uuid;

/// Bytes of an answer that are read. Who has said yes has said it with the status.
const ANSWER_BYTES: usize = 4 * 1024;

/// Bytes of a document. Receivers take no more.
const LARGEST_DOCUMENT: usize = 1024 * 1024;

/// Posts a document, signed, and says what the receiver answered.
pub(super) async fn deliver(
    clients: &EgressClients,
    receiver: &Receiver,
    document: &Value,
    key: Option<&str>,
    limit: Duration,
) -> (Result<Value, GatewayError>, Option<Exchange>) {
    let id = key.map_or_else(|| Uuid::now_v7().to_string(), str::to_owned);
    let body = document.to_string();
    if body.len() > LARGEST_DOCUMENT {
        return (Err(GatewayError::Invalid("the document is larger than 1 MB".to_owned())), None);
    }
    let started = Instant::now();
    let posted = timeout(limit, post(clients, receiver, &id, body)).await;
    let took = started.elapsed();
    let (answer, status, said) = match posted.unwrap_or(Err(GatewayError::TimedOut)) {
        Ok(Answer { status, headers, text }) => {
            let answer = judged(receiver, status, &headers, &text)
                .map(|()| json!({"id": id, "status": status.as_u16(), "body": text}));
            (answer, Some(status.as_u16()), text)
        }
        // Of an address that may not be reached nothing was asked.
        Err(error @ (GatewayError::Denied(_) | GatewayError::Invalid(_))) => return (Err(error), None),
        Err(error) => (Err(error), None, String::new()),
    };
    (answer, Some(Exchange { message: id, status, answer: said, took }))
}

/// Asks whether somebody is there, by a request that changes nothing, and gives the status: any answer is one, also "not allowed".
///
/// # Errors
/// When nobody answers.
pub(super) async fn probe(
    clients: &EgressClients,
    receiver: &Receiver,
    limit: Duration,
) -> Result<u16, GatewayError> {
    let client = clients.client_for(&receiver.url).map_err(refused)?;
    let asked = client.request(Method::HEAD, receiver.url.clone()).send();
    match timeout(limit, asked).await {
        Ok(Ok(answer)) => Ok(answer.status().as_u16()),
        Ok(Err(error)) => Err(unreachable(error, receiver)),
        Err(_) => Err(GatewayError::TimedOut),
    }
}

/// What a receiver answered.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    /// The beginning of its body, fit to be shown.
    text: String,
}

async fn post(
    clients: &EgressClients,
    receiver: &Receiver,
    id: &str,
    body: String,
) -> Result<Answer, GatewayError> {
    let client = clients.client_for(&receiver.url).map_err(refused)?;
    // The time of this try: a receiver refuses old ones.
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let request = client
        .post(receiver.url.clone())
        .header(CONTENT_TYPE, "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", now)
        .header("webhook-signature", receiver.keys.sign(id, now, body.as_bytes()))
        .body(body);
    let mut answer = request.send().await.map_err(|error| unreachable(error, receiver))?;
    let text = beginning(&mut answer).await;
    Ok(Answer {
        status: answer.status(),
        headers: std::mem::take(answer.headers_mut()),
        text: redact::message(&text, receiver.secret.expose_secret()),
    })
}

/// The beginning of a body. One that breaks off or is too slow is no failure: what counts is the status, which is there.
async fn beginning(answer: &mut Response) -> String {
    let mut bytes = Vec::new();
    let read = async {
        while bytes.len() < ANSWER_BYTES {
            let Ok(Some(chunk)) = answer.chunk().await else { break };
            bytes.extend_from_slice(&chunk[..chunk.len().min(ANSWER_BYTES - bytes.len())]);
        }
    };
    let _ = timeout(Duration::from_secs(2), read).await;
    // Control characters would make a log unreadable, or do worse in a terminal.
    String::from_utf8_lossy(&bytes).chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect()
}

/// What a status means for the delivery.
fn judged(
    receiver: &Receiver,
    status: StatusCode,
    headers: &HeaderMap,
    text: &str,
) -> Result<(), GatewayError> {
    if status.is_success() {
        return Ok(());
    }
    let answered = if text.is_empty() {
        format!("{} answered {status}", receiver.target)
    } else {
        format!("{} answered {status}: {text}", receiver.target)
    };
    let rejected = |message: String| GatewayError::Rejected { code: status.as_str().to_owned(), message };
    let wait = retry_after(headers, SystemTime::now());
    Err(match status.as_u16() {
        429 => GatewayError::RateLimited(wait),
        503 if wait.is_some() => GatewayError::RateLimited(wait),
        401 => GatewayError::Unauthorized(answered),
        // It did not get the whole request.
        408 => GatewayError::Unavailable(answered),
        410 => rejected(format!(
            "{answered} — it says that this address is gone for good and wants nothing any more; enter another address in the gateway's \
             settings, or none"
        )),
        300..=399 => {
            let to = headers.get(LOCATION).and_then(|to| to.to_str().ok()).unwrap_or("another address");
            let to = redact::message(to, receiver.secret.expose_secret());
            rejected(format!(
                "{} redirects to {to}; redirects are not followed, enter the address itself",
                receiver.target
            ))
        }
        500.. => GatewayError::OutcomeUnknown(answered),
        _ => rejected(answered),
    })
}

/// Seconds to wait, from now, where the receiver names them or a date.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<u32> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(u32::try_from(seconds).unwrap_or(u32::MAX));
    }
    let wait = httpdate::parse_http_date(text).ok()?.duration_since(now).unwrap_or_default();
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    Some(u32::try_from(seconds).unwrap_or(u32::MAX))
}

/// An address that tenants may not reach.
fn refused(address: RefusedAddress) -> GatewayError {
    match address {
        RefusedAddress::NotPublic { .. } => GatewayError::Denied(address.to_string()),
        RefusedAddress::Unusable(_) => GatewayError::Invalid(format!("url: {address}")),
    }
}

/// A request that got no answer.
fn unreachable(error: reqwest::Error, receiver: &Receiver) -> GatewayError {
    if let Some(address) = refusal(&error, &receiver.target) {
        return refused(address);
    }
    if error.is_timeout() && !error.is_connect() {
        return GatewayError::TimedOut;
    }
    let was_sent = !error.is_connect() && !error.is_builder();
    // The address may hold a secret in its path.
    let error = error.without_url();
    let mut cause: &dyn Error = &error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let cause = redact::message(&cause.to_string(), receiver.secret.expose_secret());
    if was_sent {
        return GatewayError::OutcomeUnknown(format!("the connection to {} broke: {cause}", receiver.target));
    }
    GatewayError::Unavailable(format!("no connection to {}: {cause}", receiver.target))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(784_111_777_500);
        for (text, seconds) in [
            ("7", Some(7)),
            (" 0 ", Some(0)),
            ("99999999999", Some(u32::MAX)),
            ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10)),
            ("Sun, 06 Nov 1994 08:49:30 GMT", Some(0)),
            ("-1", None),
            ("soon", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            assert_eq!(retry_after(&headers, now), seconds, "{text}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
