//! What a request must be before it may wait to be made.

use crate::outside::{MAX_HTTP_HEADER_BYTES, MAX_HTTP_HEADERS, Patience};
use http::{HeaderMap, Method, header, request::Parts};
use std::time::Duration;
use url::Url;
use wasmtime_wasi_http::RequestOptions;
use wasmtime_wasi_http::p2::bindings::http::types::ErrorCode;

/// The longest wait for an answer, from the connection to the body's end.
const LONGEST: Duration = Duration::from_secs(30);

/// A request whose address, method and headers were looked at.
#[derive(Clone, Debug)]
pub(super) struct Checked {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) headers: HeaderMap,
    pub(super) patience: Patience,
}

/// The header by which a service that takes it knows a request again (draft-ietf-httpapi-idempotency-key-header).
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Whether a request comes to the same when it is made twice: by its method (RFC 9110, section 9.2.2), or by a key.
pub(super) fn may_be_repeated(method: &Method, headers: &HeaderMap) -> bool {
    let by_method = [Method::GET, Method::HEAD, Method::OPTIONS, Method::PUT, Method::DELETE];
    let has_key = headers.get(IDEMPOTENCY_KEY).is_some_and(|key| !key.is_empty());
    by_method.contains(method) || has_key
}

impl Checked {
    /// Looks at what Wasmtime put together from a guest's words.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn new(parts: Parts, options: Option<RequestOptions>) -> Result<Self, ErrorCode> {
        let url = address(&parts.uri)?;
        // The host as the address means it: `0x7f.1` is `127.0.0.1`, whatever was asked for.
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Err(ErrorCode::HttpRequestUriInvalid);
        };
        let host = host.to_owned();
        // Neither is a question to the host of the address: one asks for a tunnel, the other for an echo of what stands between.
        if [Method::CONNECT, Method::TRACE].contains(&parts.method) {
            return Err(ErrorCode::HttpRequestMethodInvalid);
        }
        let mut headers = parts.headers;
        let bytes = super::body::header_bytes(&headers);
        if headers.len() > MAX_HTTP_HEADERS || bytes > MAX_HTTP_HEADER_BYTES {
            return Err(ErrorCode::HttpRequestHeaderSectionSize(Some(
                u32::try_from(bytes).unwrap_or(u32::MAX),
            )));
        }
        // It was compared with the body, and is written anew with it.
        headers.remove(header::CONTENT_LENGTH);
        Ok(Self { method: parts.method, url, host, port, headers, patience: patience(options) })
    }
}

fn address(uri: &http::Uri) -> Result<Url, ErrorCode> {
    let invalid = ErrorCode::HttpRequestUriInvalid;
    let authority = uri.authority().ok_or(invalid.clone())?.as_str();
    // A user's name and password in an address are read differently by different programs, and hide which host is meant.
    if authority.is_empty() || authority.contains(['@', '\\', '%']) {
        return Err(invalid);
    }
    Url::parse(&uri.to_string()).map_err(|_| invalid)
}

/// What the guest is ready to wait, cut to what it may.
fn patience(options: Option<RequestOptions>) -> Patience {
    let options = options.unwrap_or_default();
    let begin = match (options.connect_timeout, options.first_byte_timeout) {
        (Some(connect), Some(first)) => connect.saturating_add(first),
        (None, Some(first)) => first,
        (_, None) => LONGEST,
    };
    let pause = options.between_bytes_timeout.unwrap_or(LONGEST);
    Patience { begin: begin.min(LONGEST), pause: pause.min(LONGEST), whole: LONGEST }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(uri: &str) -> Result<Checked, ErrorCode> {
        let request = http::Request::builder().uri(uri).body(()).unwrap();
        Checked::new(request.into_parts().0, None)
    }

    #[test]
    fn the_host_is_what_the_address_means_and_not_how_it_is_spelled() {
        for (uri, host, port) in [
            ("https://API.Example.com/a?b", "api.example.com", 443),
            ("http://api.example.com.:8080/", "api.example.com.", 8080),
            ("http://0x7f.1/", "127.0.0.1", 80),
            ("http://0177.0.0.1/", "127.0.0.1", 80),
            ("http://2130706433/", "127.0.0.1", 80),
            ("http://127.1/", "127.0.0.1", 80),
            ("http://[::FFFF:10.0.0.1]/", "[::ffff:a00:1]", 80),
            ("https://xn--bcher-kva.example/", "xn--bcher-kva.example", 443),
        ] {
            let checked = check(uri).unwrap();
            assert_eq!((checked.host.as_str(), checked.port), (host, port), "{uri}");
        }
    }

    #[test]
    fn addresses_that_hide_their_host_are_refused() {
        for uri in [
            "http://user@example.com/",
            "http://user:secret@example.com/",
            "http://example.com@127.0.0.1/",
            "http://%31%32%37.0.0.1/",
            "http://256.256.256.256/",
            "http://1.2.3.4.5/",
            "http://a..b.4096.99999999999/",
            "http://example.com:0x50/",
            "http://example.com:99999/",
        ] {
            let Ok(request) = http::Request::builder().uri(uri).body(()) else { continue };
            let refused = Checked::new(request.into_parts().0, None);
            assert!(matches!(refused, Err(ErrorCode::HttpRequestUriInvalid)), "{uri}: {refused:?}");
        }
    }

    #[test]
    fn a_request_may_be_repeated_by_its_method_or_its_key() {
        let key =
            |text: &str| HeaderMap::from_iter([("idempotency-key".parse().unwrap(), text.parse().unwrap())]);
        for method in ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"] {
            assert!(may_be_repeated(&method.parse().unwrap(), &HeaderMap::new()), "{method}");
        }
        for method in ["POST", "PATCH", "get", "PROPFIND"] {
            let method = method.parse().unwrap();
            assert!(!may_be_repeated(&method, &HeaderMap::new()), "{method}");
            assert!(!may_be_repeated(&method, &key("")), "{method}");
            assert!(may_be_repeated(&method, &key("order-7")), "{method}");
        }
    }

    #[test]
    fn waiting_is_cut_to_what_is_allowed() {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        let of = |connect_timeout, first_byte_timeout, between_bytes_timeout| {
            patience(Some(RequestOptions { connect_timeout, first_byte_timeout, between_bytes_timeout }))
        };
        let longest = Patience { begin: LONGEST, pause: LONGEST, whole: LONGEST };
        assert_eq!(patience(None), longest);
        assert_eq!(of(seconds(600), seconds(u64::MAX), seconds(31)), longest);
        assert_eq!(of(seconds(1), None, None), longest);
        let short = of(seconds(1), seconds(2), seconds(4));
        assert_eq!((short.begin.as_secs(), short.pause.as_secs(), short.whole), (3, 4, LONGEST));
    }
}
