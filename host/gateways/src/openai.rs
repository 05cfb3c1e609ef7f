//! Language models behind the OpenAI API, OpenAI's own and the many that speak it, on async-openai's client.

mod errors;
mod lenient;
mod provider;
mod transport;

pub use provider::{PRESETS, Preset};

use crate::connector::{Account, Arrival, Connector, Delivery, Headers, Malformed};
use crate::egress::{EgressClients, EgressPolicy};
use async_openai::Client;
use async_openai::error::OpenAIError;
use async_openai::types::chat::CreateChatCompletionRequest;
use async_trait::async_trait;
use provider::{Endpoint, Operation};
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt;
use std::time::Duration;
use transport::{Answered, Exchange};
use twobot_domain::GatewayError;
use url::Url;

/// The most that one call may carry.
const LARGEST_REQUEST: usize = 1024 * 1024;

/// How the connector reaches AI providers.
#[derive(Clone, Debug)]
pub struct OpenAiOptions {
    /// What base URLs of tenants may reach besides the public internet (`TWOBOT_EGRESS_ALLOW`).
    pub egress: EgressPolicy,
    /// How long a call may take.
    pub timeout: Duration,
}

impl OpenAiOptions {
    /// The usual options under this policy.
    #[must_use]
    pub const fn new(egress: EgressPolicy) -> Self {
        Self { egress, timeout: Duration::from_secs(60) }
    }
}

/// The connector of AI providers.
///
/// Its credentials are `{"api_key": "…"}`; its settings `provider` (the name of a [`Preset`], or
/// `custom`), `base_url` (for `custom` and `ollama`) and `model` (asked where a request names none).
pub struct OpenAi {
    clients: EgressClients,
    timeout: Duration,
}

impl fmt::Debug for OpenAi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenAi").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl OpenAi {
    /// A connector for all AI gateways of this host. The process must have installed its TLS provider.
    ///
    /// # Errors
    /// When TLS can not be set up.
    pub fn new(options: OpenAiOptions) -> Result<Self, reqwest::Error> {
        Ok(Self { clients: EgressClients::new(options.egress)?, timeout: options.timeout })
    }

    /// async-openai's client for one call of one account.
    fn client(
        &self,
        account: &Account,
        operation: Operation,
        key: Option<&str>,
    ) -> Result<Client<Endpoint>, GatewayError> {
        let endpoint = Endpoint::of(account, operation)?.known_by(key);
        let http = self.clients.client_for(endpoint.base()).map_err(errors::refused)?.clone();
        let exchange = Exchange::new(http.clone(), &endpoint, operation);
        // Without this service the client would try again by itself, for minutes, with every failure: the host decides
        // about that, which also knows whether anyone still waits.
        let service = tower::service_fn(move |request| exchange.clone().run(request));
        Ok(Client::build(http, endpoint).with_http_service(service))
    }

    /// Within the time limit, and as a document.
    async fn ask<T: Serialize>(
        &self,
        answer: impl Future<Output = Result<T, OpenAIError>> + Send,
    ) -> Result<Value, GatewayError> {
        let answer = tokio::time::timeout(self.timeout, answer).await.map_err(|_| GatewayError::TimedOut)?;
        let answer = answer.map_err(Answered::cause)?;
        serde_json::to_value(answer)
            .map_err(|error| GatewayError::OutcomeUnknown(format!("unreadable answer: {error}")))
    }
}

#[async_trait]
impl Connector for OpenAi {
    fn name(&self) -> &'static str {
        "openai"
    }

    async fn call(
        &self,
        account: &Account,
        operation: &str,
        arguments: Value,
        key: Option<&str>,
    ) -> Result<Value, GatewayError> {
        match operation {
            "chat.completions" => {
                let request = chat_request(account, arguments)?;
                let client = self.client(account, Operation::Chat, key)?;
                self.ask(async { client.chat().create(request).await }).await
            }
            "models.list" => {
                let client = self.client(account, Operation::Models, None)?;
                self.ask(async { client.models().list().await }).await
            }
            _ => Err(GatewayError::Unsupported(
                "this connector knows chat.completions and models.list".to_owned(),
            )),
        }
    }

    fn only_reads(&self, operation: &str) -> bool {
        operation == "models.list"
    }

    fn arrival(&self, _: &Account, _: Option<Url>) -> Arrival {
        Arrival::Internal
    }

    async fn connect(&self, _: &Account, _: &Arrival) -> Result<(), GatewayError> {
        Ok(())
    }

    async fn disconnect(&self, _: &Account) -> Result<(), GatewayError> {
        Ok(())
    }

    fn identify(&self, _: &Headers, _: &str) -> Result<Delivery, Malformed> {
        Err(Malformed("AI providers deliver nothing by themselves".to_owned()))
    }
}

/// A component's request in async-openai's type, which knows what the API takes.
fn chat_request(
    account: &Account,
    mut arguments: Value,
) -> Result<CreateChatCompletionRequest, GatewayError> {
    let Value::Object(fields) = &mut arguments else {
        return Err(GatewayError::Invalid("the arguments must be a JSON object".to_owned()));
    };
    if fields.get("stream").is_some_and(|stream| *stream != json!(false) && !stream.is_null()) {
        return Err(GatewayError::Invalid("stream: answers come whole here".to_owned()));
    }
    fields.remove("stream");
    fields.remove("stream_options");
    if fields.get("model").and_then(Value::as_str).is_none_or(str::is_empty) {
        let model = account.setting("model").ok_or_else(|| {
            GatewayError::Invalid("model: the request names none, and the gateway has no default".to_owned())
        })?;
        fields.insert("model".to_owned(), model.into());
    }
    let size = serde_json::to_vec(&arguments).map_or(usize::MAX, |body| body.len());
    if size > LARGEST_REQUEST {
        return Err(GatewayError::Invalid("the request is larger than 1 MB".to_owned()));
    }
    serde_json::from_value(arguments)
        .map_err(|error| GatewayError::Invalid(format!("no chat request: {error}")))
}
