//! What another host answered.

use super::HttpError;
use serde::de::DeserializeOwned;

/// What another host answered, whatever its status is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status, such as 200.
    pub status: u16,
    /// The headers, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as it was sent; what is compressed stays so.
    pub body: Vec<u8>,
}

impl Response {
    /// An answer, for tests.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }
    }

    /// The same with one more header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.to_owned()));
        self
    }

    /// The first header of this name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Whether the status says success: 200 to 299.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The same answer if its status says success.
    pub fn success(self) -> Result<Self, HttpError> {
        if self.is_success() { Ok(self) } else { Err(HttpError::Status(self.status)) }
    }

    /// The body as text.
    pub fn text(&self) -> Result<&str, HttpError> {
        std::str::from_utf8(&self.body).map_err(|error| HttpError::Body(error.to_string()))
    }

    /// The body as a value from JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, HttpError> {
        serde_json::from_slice(&self.body).map_err(|error| HttpError::Body(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_as_what_it_is() {
        let answer = Response::new(200, "[1,2]").with_header("Content-Type", "application/json");
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("CONTENT-TYPE"), Some("application/json"));
        assert_eq!(answer.header("etag"), None);
        assert_eq!((answer.text(), answer.json()), (Ok("[1,2]"), Ok(vec![1, 2])));
        assert!(matches!(answer.json::<String>(), Err(HttpError::Body(_))));
        assert!(matches!(Response::new(200, [0xff]).text(), Err(HttpError::Body(_))));
        for (status, good) in
            [(199, false), (200, true), (299, true), (301, false), (404, false), (503, false)]
        {
            assert_eq!(Response::new(status, "").success().is_ok(), good, "{status}");
        }
    }

    #[test]
    fn what_may_go_well_later_is_worth_a_retry() {
        for (status, transient) in
            [(404, false), (408, true), (425, true), (429, true), (499, false), (500, true)]
        {
            assert_eq!(HttpError::Status(status).is_transient(), transient, "{status}");
        }
        assert!(HttpError::TimedOut.is_transient() && !HttpError::Denied.is_transient());
    }
}
