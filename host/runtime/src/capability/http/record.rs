//! Requests and answers as the journal keeps them.

use crate::outside::{HttpAnswer, HttpRequest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use twobot_domain::HttpError;

/// What is recorded of a request before it is made: where it goes, and a digest of all else. Paths, headers and bodies carry
/// keys and what people wrote; a retry only has to know whether it asks for the same.
#[derive(Serialize)]
pub(super) struct Asked {
    http: String,
    sha256: String,
}

impl Asked {
    pub(super) fn of(request: &HttpRequest) -> Self {
        let HttpRequest { method, url, headers, body, patience: _ } = request;
        let mut digest = Sha256::new();
        // Each part with its length: no two requests have the same parts in another order.
        let mut add = |part: &[u8]| {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        };
        add(url.as_str().as_bytes());
        add(body);
        for (name, value) in headers {
            add(name.as_str().as_bytes());
            add(value.as_bytes());
        }
        let place = url.origin().ascii_serialization();
        Self { http: format!("{method} {place}"), sha256: hex::encode(digest.finalize()) }
    }
}

/// What is recorded of an answer.
pub(super) type Answer = Result<Recorded, HttpError>;

/// An answer of another host, as JSON.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Recorded {
    status: u16,
    headers: Vec<(String, Text)>,
    body: Text,
}

/// Bytes: as text where they are text.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Text {
    Utf8(String),
    Base64(String),
}

impl Text {
    fn of(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Utf8(text.to_owned()),
            Err(_) => Self::Base64(STANDARD.encode(bytes)),
        }
    }

    fn bytes(self) -> Option<Vec<u8>> {
        match self {
            Self::Utf8(text) => Some(text.into_bytes()),
            Self::Base64(text) => STANDARD.decode(text).ok(),
        }
    }
}

impl Recorded {
    pub(super) fn of(answer: &HttpAnswer) -> Self {
        let headers = answer.headers.iter();
        Self {
            status: answer.status.as_u16(),
            headers: headers.map(|(name, value)| (name.to_string(), Text::of(value.as_bytes()))).collect(),
            body: Text::of(&answer.body),
        }
    }

    /// Whether the other host did what it was asked, or refused it for good: it neither failed nor asked to come again later.
    pub(super) fn is_settled(&self) -> bool {
        self.status < 500 && !self.says_not_now()
    }

    /// Whether the other host says that it did not even begin: the request came too slowly or too early, there were too many, or it is
    /// too busy (RFC 9110, RFC 8470, RFC 6585).
    pub(super) fn says_not_now(&self) -> bool {
        [408, 425, 429, 503].contains(&self.status)
    }

    /// The answer; none where the record is damaged.
    pub(super) fn read(self) -> Option<HttpAnswer> {
        let mut headers = HeaderMap::new();
        for (name, value) in self.headers {
            let value = HeaderValue::from_bytes(&value.bytes()?).ok()?;
            headers.try_append(HeaderName::try_from(name).ok()?, value).ok()?;
        }
        let status = StatusCode::from_u16(self.status).ok()?;
        Some(HttpAnswer { status, headers, body: self.body.bytes()?.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outside::Patience;
    use bytes::Bytes;
    use http::Method;
    use std::time::Duration;

    fn request(url: &str, key: &str, body: &'static [u8]) -> HttpRequest {
        let wait = Duration::from_secs(1);
        HttpRequest {
            method: Method::POST,
            url: url.parse().unwrap(),
            headers: HeaderMap::from_iter([(HeaderName::from_static("authorization"), key.parse().unwrap())]),
            body: Bytes::from_static(body),
            patience: Patience { begin: wait, pause: wait, whole: wait },
        }
    }

    #[test]
    fn the_record_of_a_request_knows_it_again_and_keeps_no_secret() {
        let text = |request: &HttpRequest| serde_json::to_string(&Asked::of(request)).unwrap();
        let one = request("https://a.example/path?key=secret", "Bearer secret", b"secret");
        let record = text(&one);
        assert_eq!(record, text(&one.clone()));
        assert!(record.contains("\"POST https://a.example\""), "{record}");
        assert!(!record.contains("secret") && !record.contains("path"), "{record}");
        for other in [
            request("https://a.example/path?key=other", "Bearer secret", b"secret"),
            request("https://a.example/path?key=secret", "Bearer other", b"secret"),
            request("https://a.example/path?key=secret", "Bearer secret", b"other"),
        ] {
            assert_ne!(record, text(&other));
        }
    }

    #[test]
    fn an_answer_comes_back_as_it_was() {
        for body in [Bytes::from_static(b"text"), Bytes::from_static(b"\xff\x00\xfe"), Bytes::new()] {
            let mut headers = HeaderMap::new();
            headers.append("set-cookie", "a=1".parse().unwrap());
            headers.append("set-cookie", HeaderValue::from_bytes(b"b=\xff").unwrap());
            let answer = HttpAnswer { status: StatusCode::IM_A_TEAPOT, headers, body };
            let text = serde_json::to_string(&Recorded::of(&answer)).unwrap();
            let recorded: Recorded = serde_json::from_str(&text).unwrap();
            assert_eq!(recorded.read(), Some(answer));
        }
        let damaged = Recorded { status: 200, headers: Vec::new(), body: Text::Base64("%".to_owned()) };
        assert_eq!(damaged.read(), None);
    }
}
