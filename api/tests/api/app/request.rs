//! Requests.

use super::{Answer, Events};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http;
use serde_json::Value;
use std::net::SocketAddr;
use tower::ServiceExt;

/// A request that is being put together.
pub(crate) struct Request {
    router: Router,
    builder: http::request::Builder,
    body: Body,
}

impl Request {
    pub(crate) fn new(router: Router, method: &str, path: &str) -> Self {
        let peer = SocketAddr::from(([203, 0, 113, 7], 50_000));
        let builder = http::Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost:8080")
            .extension(ConnectInfo(peer));
        Self { router, builder, body: Body::empty() }
    }

    /// The same from another network address.
    pub(crate) fn with_address(mut self, address: [u8; 4]) -> Self {
        self.builder = self.builder.extension(ConnectInfo(SocketAddr::from((address, 50_000))));
        self
    }

    /// The same with something that the server knows of it.
    pub(crate) fn extension(mut self, extension: impl Clone + Send + Sync + 'static) -> Self {
        self.builder = self.builder.extension(extension);
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn cookie(self, token: &str) -> Self {
        self.header("cookie", &format!("twobot_session={token}"))
    }

    pub(crate) fn json(self, body: Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    pub(crate) fn body(mut self, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self
    }

    async fn answer(self) -> http::Response<Body> {
        self.router.oneshot(self.builder.body(self.body).unwrap()).await.unwrap()
    }

    pub(crate) async fn send(self) -> Answer {
        Answer::read(self.answer().await).await
    }

    /// The same, for what may answer with a stream that does not end: of that, nothing is read.
    pub(crate) async fn begin(self) -> Answer {
        let response = self.answer().await;
        let streams = response.headers().get("content-type").is_some_and(|kind| kind == "text/event-stream");
        Answer::read(if streams { response.map(|_| Body::empty()) } else { response }).await
    }

    /// Sends it and follows the events that are answered.
    pub(crate) async fn follow(self) -> Events {
        Events::new(self.answer().await)
    }
}
