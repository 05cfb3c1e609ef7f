//! Calling other hosts over HTTP.
//!
//! Each host is a capability of its own: name it with [`Manifest::calls`](crate::Manifest::calls), and the tenant grants it.
//!
//! ```
//! use serde::Deserialize;
//! use twobot::http::{self, HttpError, Request, Response};
//!
//! #[derive(Deserialize)]
//! struct Rate {
//!     euro: f64,
//! }
//!
//! fn rate(currency: &str) -> Result<f64, HttpError> {
//!     let url = format!("https://rates.example.com/v1/{currency}");
//!     let rate: Rate = Request::get(&url).header("accept", "application/json").send()?.success()?.json()?;
//!     Ok(rate.euro)
//! }
//!
//! // Outside a component, a test says what is answered.
//! http::answer_with(|request| {
//!     assert_eq!(request.url(), "https://rates.example.com/v1/usd");
//!     Ok(Response::new(200, r#"{"euro": 0.9}"#))
//! });
//! assert_eq!(rate("usd"), Ok(0.9));
//! ```
//!
//! A request is made once: a retry of the same event is given the recorded answer, unless the other host failed (a status of 500 and
//! above), was busy (408, 425, 429) or was not reached. At most 1 MB goes out and 1 MB comes back, within 30 seconds.

mod address;
#[cfg_attr(target_family = "wasm", path = "host.rs")]
#[cfg_attr(not(target_family = "wasm"), path = "memory.rs")]
mod backend;
mod error;
mod redirect;
mod response;

use serde::Serialize;
use std::fmt;
use std::time::Duration;

#[cfg(not(target_family = "wasm"))]
pub use backend::answer_with;
pub use error::HttpError;
pub use response::Response;

/// Asks for what is at an address.
pub fn get(url: &str) -> Result<Response, HttpError> {
    Request::get(url).send()
}

/// A request that is being put together.
#[derive(Clone)]
pub struct Request {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    timeout: Option<Duration>,
    follow: bool,
    /// What went wrong while it was put together; told when it is sent.
    wrong: Option<HttpError>,
}

impl Request {
    /// A request with any method.
    pub fn new(method: &str, url: &str) -> Self {
        Self {
            method: method.to_owned(),
            url: url.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            timeout: None,
            follow: false,
            wrong: None,
        }
    }

    /// A `GET` request.
    pub fn get(url: &str) -> Self {
        Self::new("GET", url)
    }

    /// A `POST` request.
    pub fn post(url: &str) -> Self {
        Self::new("POST", url)
    }

    /// A `PUT` request.
    pub fn put(url: &str) -> Self {
        Self::new("PUT", url)
    }

    /// A `PATCH` request.
    pub fn patch(url: &str) -> Self {
        Self::new("PATCH", url)
    }

    /// A `DELETE` request.
    pub fn delete(url: &str) -> Self {
        Self::new("DELETE", url)
    }

    /// Adds a header. Those of the connection itself (`host`, `connection`, …) are the host's to set.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds an `authorization` header with a bearer token.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// Sends these bytes, at most 1 MB.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends a value as JSON.
    #[must_use]
    pub fn json(mut self, value: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => self.header("content-type", "application/json").body(body),
            Err(error) => {
                self.wrong = Some(HttpError::Body(error.to_string()));
                self
            }
        }
    }

    /// Waits at most so long for the answer to begin. More than 30 seconds are cut to that.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Follows up to five redirects. Each is a request of its own to a host that must be granted, too; `authorization` and `cookie`
    /// are not sent to another host than the first.
    #[must_use]
    pub fn follow_redirects(mut self) -> Self {
        self.follow = true;
        self
    }

    /// Sends it and waits for the answer, whatever its status is.
    pub fn send(self) -> Result<Response, HttpError> {
        match self.wrong {
            Some(error) => Err(error),
            None if self.follow => redirect::follow(self),
            None => backend::send(&self),
        }
    }

    /// The method.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The headers, in the order in which they were added.
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// The body.
    pub fn body_bytes(&self) -> &[u8] {
        &self.body
    }
}

/// Headers and bodies carry keys and what people wrote: they are not shown.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_request_is_sent_as_it_was_put_together() {
        answer_with(|request| {
            assert_eq!((request.method(), request.url()), ("POST", "https://api.example.com/items"));
            assert_eq!(request.headers().len(), 3);
            assert_eq!(request.headers()[1], ("authorization".to_owned(), "Bearer key".to_owned()));
            let body: Value = serde_json::from_slice(request.body_bytes()).unwrap();
            assert_eq!(body, json!({ "name": "tea" }));
            Ok(Response::new(201, r#"{"id":7}"#).with_header("Location", "/items/7"))
        });
        let answer = Request::post("https://api.example.com/items")
            .header("x-one", "1")
            .bearer("key")
            .json(&json!({ "name": "tea" }))
            .send()
            .unwrap();
        assert_eq!((answer.status, answer.header("location")), (201, Some("/items/7")));
        assert_eq!(answer.json::<Value>().unwrap()["id"], 7);
    }

    #[test]
    fn without_an_answer_to_give_nobody_is_called() {
        assert_eq!(get("https://api.example.com/").unwrap_err(), HttpError::Denied);
        assert!(matches!(get("ftp://api.example.com/"), Err(HttpError::Address(_))));
        let shown = format!("{:?}", Request::post("https://a.example/").bearer("secret").body("secret"));
        assert!(!shown.contains("secret"));
    }
}
