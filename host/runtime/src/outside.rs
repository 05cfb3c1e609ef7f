//! What a sandbox can reach only through the host: other gateways, and a gateway's provider.

use crate::contract::{Action, ChatReply, ChatRequest, Outcome};
use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use twobot_domain::manifest::WhenUnknown;
use twobot_domain::{EffectKey, GatewayError, GatewayId, HttpError, Usage};
use twobot_store::TenantScope;
use url::Url;

/// An effect whose answer the guest waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InlineCall {
    /// `gateways.perform`.
    Perform(Action),
    /// `ai.chat`.
    Chat(ChatRequest),
}

/// What an inline effect came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InlineAnswer {
    /// Of `gateways.perform`.
    Perform(Outcome),
    /// Of `ai.chat`.
    Chat(ChatReply),
}

/// A request of a plugin to another host, checked as far as that goes without looking up a name.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    /// The method; neither `CONNECT` nor `TRACE`.
    pub method: Method,
    /// An address that begins with `http://` or `https://`.
    pub url: Url,
    /// The headers, without those of the connection.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
    /// How long to wait.
    pub patience: Patience,
}

/// How long to wait for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Until the answer begins, the connection included.
    pub begin: Duration,
    /// Between two pieces of its body.
    pub pause: Duration,
    /// Until its end.
    pub whole: Duration,
}

/// What another host answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it was sent: what is compressed stays so.
    pub body: Bytes,
}

/// Carries out inline effects: the engine, which runs the gateway's component for them, and makes plugins' requests.
#[async_trait]
pub trait Outside: Send + Sync + 'static {
    /// Carries out an effect through a gateway of the tenant, within the effect's own time limit. What it used is told in
    /// either case. `key` is the same whenever the same effect is carried out again.
    async fn carry_out(
        &self,
        scope: TenantScope,
        gateway: GatewayId,
        call: &InlineCall,
        key: &EffectKey,
    ) -> (Result<InlineAnswer, GatewayError>, Usage);

    /// What is done about an effect that was begun and never answered, since the host went away meanwhile.
    async fn when_unknown(&self, scope: TenantScope, gateway: GatewayId, call: &InlineCall) -> WhenUnknown;

    /// Makes a plugin's request to another host, to addresses that the operator's policy allows. It follows no redirect.
    ///
    /// # Errors
    /// Why there is no answer, or none that is handed on: one larger than [`MAX_HTTP_BODY`], or with headers beyond
    /// [`MAX_HTTP_HEADERS`] and [`MAX_HTTP_HEADER_BYTES`].
    async fn fetch(&self, scope: TenantScope, request: HttpRequest) -> Result<HttpAnswer, HttpError>;
}

/// The most bytes of a body, sent or received.
pub const MAX_HTTP_BODY: usize = 1024 * 1024;

/// The most headers of a request or an answer.
pub const MAX_HTTP_HEADERS: usize = 100;

/// The most bytes of all headers of a request or an answer, names and values together.
pub const MAX_HTTP_HEADER_BYTES: usize = 32 * 1024;

/// The provider behind one gateway: the connector, with that gateway's credentials.
#[async_trait]
pub trait ProviderCalls: Send + Sync + 'static {
    /// Carries out one operation; arguments and answer are JSON.
    ///
    /// # Errors
    /// What the provider, the network or the connector said.
    async fn call(&self, operation: &str, arguments: &str) -> Result<String, GatewayError>;
}
