//! Answers.

use axum::body::{Body, BodyDataStream, to_bytes};
use axum::http::{HeaderMap, Response};
use flate2::read::GzDecoder;
use futures::StreamExt;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::time::Duration;

/// Nothing that these tests wait for takes this long.
const PATIENCE: Duration = Duration::from_secs(60);

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) async fn read(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Self { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The value of a cookie that it sets.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        let cookies = self.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
        let pair = cookies.filter_map(|cookie| cookie.split(';').next()?.split_once('='));
        pair.filter(|(found, _)| *found == name).map(|(_, value)| value.to_owned()).next_back()
    }

    pub(crate) fn text(&self) -> String {
        if self.header("content-encoding") == "gzip" {
            return std::io::read_to_string(GzDecoder::new(self.body.as_slice())).unwrap();
        }
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// Status and body, for a snapshot.
    pub(crate) fn snapshot(&self) -> Value {
        json!({"status": self.status, "body": self.json()})
    }

    #[track_caller]
    pub(crate) fn expect(&self, status: u16) {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
    }

    /// That it is a problem document with this status and code.
    #[track_caller]
    pub(crate) fn expect_problem(&self, status: u16, code: &str) {
        self.expect(status);
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem:#}");
        assert_eq!(problem["status"], status, "{problem:#}");
        assert_eq!(problem["request_id"], self.header("x-request-id"), "{problem:#}");
        assert!(!problem["detail"].as_str().unwrap().is_empty(), "{problem:#}");
    }
}

/// One event of a stream.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ServerEvent {
    pub(crate) name: String,
    pub(crate) id: Option<String>,
    pub(crate) data: Value,
}

/// A stream of events.
pub(crate) struct Events {
    body: BodyDataStream,
    buffer: String,
    ready: VecDeque<ServerEvent>,
}

impl Events {
    #[track_caller]
    pub(crate) fn new(response: Response<Body>) -> Self {
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { body: response.into_body().into_data_stream(), buffer: String::new(), ready: VecDeque::new() }
    }

    /// The next event; none once the stream has ended.
    pub(crate) async fn next(&mut self) -> Option<ServerEvent> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            let chunk = tokio::time::timeout(PATIENCE, self.body.next()).await.expect("nothing came")?;
            self.buffer.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
            while let Some(end) = self.buffer.find("\n\n") {
                let block: String = self.buffer.drain(..end + 2).collect();
                self.ready.extend(parse(&block));
            }
        }
    }

    /// The next event of that name, whatever comes before it.
    pub(crate) async fn next_of(&mut self, name: &str) -> ServerEvent {
        loop {
            let event = self.next().await.expect("the stream has ended");
            if event.name == name {
                return event;
            }
        }
    }
}

fn parse(block: &str) -> Option<ServerEvent> {
    let field =
        |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
    let data = field("data")?;
    Some(ServerEvent {
        name: field("event").unwrap_or("message").to_owned(),
        id: field("id").map(str::to_owned),
        data: serde_json::from_str(data).unwrap(),
    })
}
