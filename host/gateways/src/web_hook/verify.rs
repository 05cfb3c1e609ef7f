//! Whether a request comes from whom it should.

use super::settings::Mode;
use super::signing::{Code, Keys, code};
use crate::connector::{Account, Headers};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret;
use subtle::{Choice, ConstantTimeEq};
use twobot_domain::GatewayError;

/// How far a sender's clock may be from ours, in seconds, and so how long a recorded request can be sent again.
const TOLERANCE: u64 = 5 * 60;

/// The most bytes of a header that is looked at. Signatures have a few dozen, tokens some hundred.
const LONGEST: usize = 4 * 1024;

/// The most signatures of one request that are looked at.
const SIGNATURES: usize = 16;

/// What the headers of Standard Webhooks begin with, and those of a service from before the standard whose senders keep to it.
const FAMILIES: [&str; 2] = ["webhook", "svix"];

/// Checks that the stored secret can be one for this way of believing requests.
///
/// # Errors
/// `Unauthorized` with what is wrong.
pub(super) fn check_secret(account: &Account, mode: &Mode) -> Result<(), GatewayError> {
    let secret = account.credential("secret");
    let wrong = |why: &str| Err(GatewayError::Unauthorized(format!("secret: {why}")));
    match mode {
        _ if secret.expose_secret().is_empty() => wrong("none is set"),
        Mode::Standard => Keys::parse(secret.expose_secret()).map_or_else(wrong, |_| Ok(())),
        Mode::Hmac { .. } | Mode::Token { .. } => Ok(()),
    }
}

/// Whether a request is authentic at this time, in seconds since 1970. How long it takes tells nothing of
/// the secret.
pub(super) fn is_authentic(account: &Account, headers: &Headers, body: &str, now: u64) -> bool {
    let secret = account.credential("secret");
    let secret = secret.expose_secret();
    // A gateway without a secret would be open to everyone who sends none.
    if secret.is_empty() {
        return false;
    }
    match Mode::of(account) {
        Ok(Mode::Standard) => standard(secret, headers, body, now),
        Ok(Mode::Hmac { header }) => header_of(headers, &header)
            .and_then(signature)
            .is_some_and(|given| code(secret.as_bytes(), &[body.as_bytes()]).ct_eq(&given).into()),
        Ok(Mode::Token { header }) => {
            token(headers, header.as_deref()).is_some_and(|given| same(secret, given))
        }
        Err(_) => false,
    }
}

fn header_of<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    headers.get(name).map(String::as_str).filter(|value| value.len() <= LONGEST)
}

/// Compares codes instead of texts, so that not even the secret's length shows.
fn same(secret: &str, given: &str) -> bool {
    let of = |text: &str| code(secret.as_bytes(), &[text.as_bytes()]);
    of(secret).ct_eq(&of(given)).into()
}

fn token<'a>(headers: &'a Headers, header: Option<&str>) -> Option<&'a str> {
    if let Some(header) = header {
        return header_of(headers, header);
    }
    let (scheme, token) = header_of(headers, "authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start())
}

/// A code in hexadecimal digits or base64, also behind `sha256=`.
fn signature(text: &str) -> Option<Code> {
    let text = text.trim();
    let text = match text.get(..7) {
        Some(prefix) if prefix.eq_ignore_ascii_case("sha256=") => &text[7..],
        _ => text,
    };
    // Their lengths differ: no text is both.
    let bytes = if text.len() == 64 { hex::decode(text).ok() } else { STANDARD.decode(text).ok() };
    bytes?.try_into().ok()
}

fn standard(secret: &str, headers: &Headers, body: &str, now: u64) -> bool {
    let Ok(keys) = Keys::parse(secret) else { return false };
    FAMILIES.iter().any(|family| {
        let header = |part: &str| header_of(headers, &format!("{family}-{part}"));
        let (Some(id), Some(timestamp), Some(signatures)) =
            (header("id"), header("timestamp"), header("signature"))
        else {
            return false;
        };
        // With a full stop in it, an id could pass for a shorter one with a time and the beginning of another body.
        if id.is_empty() || id.contains('.') {
            return false;
        }
        // Digits only: another spelling of the same number would be signed differently than it is read.
        let is_number = !timestamp.is_empty() && timestamp.bytes().all(|digit| digit.is_ascii_digit());
        let Some(sent) = timestamp.parse::<u64>().ok().filter(|_| is_number) else { return false };
        if sent.to_string() != timestamp || sent.abs_diff(now) > TOLERANCE {
            return false;
        }
        let given: Vec<Code> = signatures
            .split_ascii_whitespace()
            .filter_map(|signature| signature.strip_prefix("v1,"))
            .filter_map(|encoded| STANDARD.decode(encoded).ok()?.try_into().ok())
            .take(SIGNATURES)
            .collect();
        // All are compared with all: which of them fits shows in no time.
        let fits = keys.codes(id, sent, body.as_bytes()).fold(Choice::from(0), |fits, code| {
            given.iter().fold(fits, |fits, given| fits | code.ct_eq(given))
        });
        fits.into()
    })
}

#[cfg(test)]
mod tests;
