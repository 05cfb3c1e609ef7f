//! One request to a Bot API server.
//!
//! The bot, its client and the kinds of errors are teloxide's; the request itself is not sent by teloxide's `JsonRequest`, since
//! that one
//! - sleeps for 10 s on every answer of the 5xx kind, while a sandbox or a person waits for it,
//! - reads answers through an untagged enum, which can not keep the text of an update as it came, and loses the error code,
//! - reads answers of any size.

use super::errors::{refusal, unreachable};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::time::Duration;
use teloxide_core::Bot;
use twobot_domain::GatewayError;

/// How a call ended, where it did not bring a result.
#[derive(Debug)]
pub(super) struct Failure {
    /// What to tell.
    pub(super) error: GatewayError,
    /// How long the bot must be silent now.
    pub(super) hold: Option<Duration>,
}

impl From<GatewayError> for Failure {
    fn from(error: GatewayError) -> Self {
        Self { error, hold: None }
    }
}

/// The envelope of every answer. Lenient: error codes and parameters are read only where they are what they should be.
#[derive(Deserialize)]
struct Answer<'a> {
    ok: bool,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    #[serde(borrow)]
    error_code: Option<&'a RawValue>,
    description: Option<String>,
    parameters: Option<Value>,
}

/// What Telegram adds to some refusals.
#[derive(Clone, Copy, Default)]
pub(super) struct Parameters {
    pub(super) retry_after: Option<Duration>,
    pub(super) migrate_to_chat_id: Option<i64>,
}

impl Parameters {
    fn read(parameters: &Value) -> Self {
        let seconds = parameters.get("retry_after").and_then(Value::as_f64);
        Self {
            retry_after: seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
            migrate_to_chat_id: parameters.get("migrate_to_chat_id").and_then(Value::as_i64),
        }
    }
}

/// A refusal, read.
pub(super) struct Refusal {
    pub(super) code: u16,
    pub(super) description: String,
    pub(super) parameters: Parameters,
}

/// What one request needs besides its body.
pub(super) struct Request<'a> {
    pub(super) bot: &'a Bot,
    pub(super) method: &'static str,
    pub(super) body: Bytes,
    pub(super) timeout: Duration,
    /// The largest answer that is read.
    pub(super) largest: usize,
}

/// Sends the request and gives its `result` to the reader, as the text that came.
///
/// # Errors
/// What Telegram or the network said. No error carries the token.
pub(super) async fn send<T>(
    request: Request<'_>,
    read: impl FnOnce(&str) -> Result<T, GatewayError>,
) -> Result<T, Failure> {
    let (status, text) = match tokio::time::timeout(request.timeout, exchange(&request)).await {
        Ok(answer) => answer?,
        Err(_) => return Err(GatewayError::TimedOut.into()),
    };
    let token = request.bot.token();
    let Ok(answer) = serde_json::from_str::<Answer<'_>>(&text) else {
        return Err(refusal(&no_envelope(status), &request, true));
    };
    if answer.ok {
        return Ok(read(answer.result.map_or("null", RawValue::get))?);
    }
    let code = answer.error_code.and_then(|code| code.get().trim_matches('"').parse().ok()).unwrap_or(status);
    let refused = Refusal {
        code,
        description: crate::redact::message(answer.description.as_deref().unwrap_or_default(), token),
        parameters: answer.parameters.as_ref().map(Parameters::read).unwrap_or_default(),
    };
    Err(refusal(&refused, &request, false))
}

/// An answer that is not the Bot API's: of a proxy before it, or of a server that is something else.
fn no_envelope(status: u16) -> Refusal {
    Refusal { code: status, description: String::new(), parameters: Parameters::default() }
}

async fn exchange(request: &Request<'_>) -> Result<(u16, String), GatewayError> {
    let token = request.bot.token();
    let mut address = request.bot.api_url();
    address
        .path_segments_mut()
        .map_err(|()| {
            GatewayError::Unavailable("the address of the Bot API server can not be used".to_owned())
        })?
        .pop_if_empty()
        .push(&format!("bot{token}"))
        .push(request.method);
    let sent = request
        .bot
        .client()
        .post(address)
        .header("content-type", "application/json")
        .body(request.body.clone())
        .send()
        .await;
    let mut response = sent.map_err(|error| unreachable(error, request))?;
    let status = response.status().as_u16();
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(error, request))? {
        if bytes.len() + chunk.len() > request.largest {
            return Err(GatewayError::Rejected {
                code: "answer_too_large".to_owned(),
                message: format!("the answer to {} is larger than {} bytes", request.method, request.largest),
            });
        }
        bytes.extend_from_slice(&chunk);
    }
    // What is not UTF-8 is no JSON either, and is reported as that.
    Ok((status, String::from_utf8_lossy(&bytes).into_owned()))
}
