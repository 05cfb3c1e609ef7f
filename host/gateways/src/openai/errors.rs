//! What providers and the network say, in the platform's words. None of them carries the key.

use super::transport::About;
use crate::egress::{RefusedAddress, refusal as egress_refusal};
use crate::redact;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use secrecy::ExposeSecret;
use serde_json::Value;
use std::error::Error;
use std::time::Duration;
use twobot_domain::GatewayError;

/// Said where an answer looks like that of another server.
const CHECK_BASE_URL: &str = "check the base URL, which usually ends in /v1";

/// An address that tenants may not reach. `Denied`, since it is the operator's to grant and trying again helps nothing.
pub(super) fn refused(address: RefusedAddress) -> GatewayError {
    match address {
        RefusedAddress::NotPublic { .. } => GatewayError::Denied(address.to_string()),
        RefusedAddress::Unusable(_) => GatewayError::Invalid(format!("base_url: {address}")),
    }
}

/// A request that got no answer.
pub(super) fn unreachable(error: reqwest::Error, about: &About) -> GatewayError {
    if let Some(address) = egress_refusal(&error, &about.target) {
        return refused(address);
    }
    if error.is_timeout() && !error.is_connect() {
        return GatewayError::TimedOut;
    }
    let was_sent = !error.is_connect() && !error.is_builder();
    let error = error.without_url();
    let mut cause: &dyn Error = &error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let cause = about.safe(&cause.to_string());
    if was_sent {
        return GatewayError::OutcomeUnknown(format!("the connection to {} broke: {cause}", about.target));
    }
    GatewayError::Unavailable(format!("no connection to {}: {cause}", about.target))
}

/// An answer that says no.
pub(super) fn refusal(
    status: StatusCode,
    headers: &HeaderMap,
    document: &Value,
    body: &[u8],
    about: &About,
) -> GatewayError {
    let said = Said::read(document);
    let message = about.safe(&said.message);
    match status.as_u16() {
        401 | 403 => GatewayError::Unauthorized(or(message, format!("{} answered {status}", about.target))),
        408 => GatewayError::TimedOut,
        429 if said.is_about_money() => GatewayError::Rejected {
            code: "insufficient_quota".to_owned(),
            message: format!(
                "{} — the account at the provider has no credit or reached its spending limit; add credit or raise the limit there",
                or(message, "the quota is used up".to_owned())
            ),
        },
        429 => GatewayError::RateLimited(retry_after(headers)),
        300..=399 => {
            let location = headers
                .get("location")
                .and_then(|location| location.to_str().ok())
                .unwrap_or("another address");
            GatewayError::Rejected {
                code: status.as_str().to_owned(),
                message: format!(
                    "{} redirects to {}; redirects are not followed, {CHECK_BASE_URL}",
                    about.target,
                    about.safe(location)
                ),
            }
        }
        500.. => GatewayError::OutcomeUnknown(
            format!("{} answered {status} {message}", about.target).trim_end().to_owned(),
        ),
        _ if message.is_empty() => {
            let body = about.safe(&String::from_utf8_lossy(&body[..body.len().min(200)]));
            GatewayError::Rejected {
                code: status.as_str().to_owned(),
                message: format!("{} answered {status} ({body}); {CHECK_BASE_URL}", about.target),
            }
        }
        _ => GatewayError::Rejected { code: about.safe(&or(said.code, status.as_str().to_owned())), message },
    }
}

/// An answer that says yes, but not to what was asked.
pub(super) fn foreign(status: StatusCode, document: &Value, about: &About) -> GatewayError {
    let said = Said::read(document);
    let message = about.safe(&said.message);
    if message.is_empty() {
        return GatewayError::Rejected {
            code: "not_compatible".to_owned(),
            message: format!(
                "{} answered {status}, but not as the OpenAI API does; {CHECK_BASE_URL}",
                about.target
            ),
        };
    }
    GatewayError::Rejected { code: about.safe(&or(said.code, "error".to_owned())), message }
}

/// An answer that is not read to its end.
pub(super) fn too_large(about: &About) -> GatewayError {
    GatewayError::Rejected {
        code: "answer_too_large".to_owned(),
        message: format!("the answer of {} is larger than 1 MB", about.target),
    }
}

fn or(text: String, otherwise: String) -> String {
    if text.is_empty() { otherwise } else { text }
}

impl About {
    fn safe(&self, text: &str) -> String {
        redact::message(text, self.key.expose_secret())
    }
}

/// Seconds to wait, where the provider names them (a date is not worth a parser: the host's own pause does).
fn retry_after(headers: &HeaderMap) -> Option<u32> {
    let seconds: f64 = headers.get("retry-after")?.to_str().ok()?.trim().parse().ok()?;
    let wait = Duration::try_from_secs_f64(seconds).ok()?;
    u32::try_from(wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).ok()
}

/// What an error document says, in any of the forms that servers use.
#[derive(Debug, Default, PartialEq)]
struct Said {
    code: String,
    kind: String,
    message: String,
}

impl Said {
    fn read(document: &Value) -> Self {
        // Gemini puts its error into a list.
        let document = document.get(0).unwrap_or(document);
        let error = match document.get("error") {
            Some(Value::String(message)) => return Self { message: message.clone(), ..Self::default() },
            Some(error) if error.is_object() => error,
            _ => document,
        };
        let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let message = match (error.get("message"), error.get("detail")) {
            (Some(Value::String(message)), _) | (_, Some(Value::String(message))) => message.clone(),
            // Frameworks list what is wrong with which field.
            (Some(other), _) | (_, Some(other)) if !other.is_null() => other.to_string(),
            _ => String::new(),
        };
        Self { code: text("code"), kind: text("type"), message }
    }

    fn is_about_money(&self) -> bool {
        let known = ["insufficient_quota", "billing_hard_limit_reached", "billing_not_active"];
        known.contains(&self.code.as_str()) || known.contains(&self.kind.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn errors_are_read_in_every_form() {
        for (document, code, message) in [
            (json!({ "error": { "message": "m", "code": "c", "type": "t" } }), "c", "m"),
            (json!({ "error": { "message": "m", "code": 404 } }), "", "m"),
            (json!([{ "error": { "message": "m", "code": 400, "status": "INVALID_ARGUMENT" } }]), "", "m"),
            (json!({ "error": "m" }), "", "m"),
            (json!({ "object": "error", "message": "m", "code": "c" }), "c", "m"),
            (json!({ "detail": "m" }), "", "m"),
            (json!({ "detail": [{ "loc": ["body"], "msg": "m" }] }), "", r#"[{"loc":["body"],"msg":"m"}]"#),
            (json!({ "error": null }), "", ""),
            (json!(null), "", ""),
        ] {
            let said = Said::read(&document);
            assert_eq!((said.code.as_str(), said.message.as_str()), (code, message), "{document}");
        }
    }

    #[test]
    fn a_wait_is_rounded_up() {
        for (text, seconds) in
            [("7", Some(7)), ("0.5", Some(1)), ("-1", None), ("NaN", None), ("1e300", None), ("soon", None)]
        {
            let headers = HeaderMap::from_iter([(reqwest::header::RETRY_AFTER, text.parse().unwrap())]);
            assert_eq!(retry_after(&headers), seconds, "{text}");
        }
    }
}
