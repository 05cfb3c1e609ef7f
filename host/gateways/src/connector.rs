//! The seam between gateway components and the outside: what a connector does for every account of its provider.

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use twobot_domain::{GatewayError, GatewayId, TenantId, Trouble};
use url::Url;

/// One gateway of a tenant, with its credentials opened for the length of a call.
#[derive(Clone)]
pub struct Account {
    /// Whose it is.
    pub tenant: TenantId,
    /// Which it is.
    pub gateway: GatewayId,
    /// The credentials, a JSON object that matches the kind's `credentials_schema`. Never logged, never given to a guest.
    pub credentials: SecretString,
    /// The settings, a JSON object that matches the kind's `config_schema`.
    pub config: Value,
    /// What the provider must show on each webhook delivery; made by the host when the gateway is created.
    pub webhook_secret: SecretString,
}

impl Account {
    /// One string property of the credentials; empty where there is none.
    #[must_use]
    pub fn credential(&self, name: &str) -> SecretString {
        let document: Value = serde_json::from_str(self.credentials.expose_secret()).unwrap_or(Value::Null);
        SecretString::from(document.get(name).and_then(Value::as_str).unwrap_or_default().to_owned())
    }

    /// One string property of the settings.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.config.get(name).and_then(Value::as_str).filter(|value| !value.is_empty())
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("tenant", &self.tenant)
            .field("gateway", &self.gateway)
            .finish_non_exhaustive()
    }
}

/// How events of an account arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// The provider calls this address.
    Webhook(Url),
    /// The host calls [`Connector::poll`] again and again.
    Polling,
    /// Nothing arrives from outside.
    Internal,
}

/// Raw deliveries that one poll brought, in the provider's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// The deliveries.
    pub deliveries: Vec<Delivery>,
    /// What to give to the next poll, once these are durable.
    pub next_cursor: Option<i64>,
}

/// One raw delivery of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The provider's id of it: a second one with the same id is a duplicate.
    pub provider_id: String,
    /// The body as it came, valid JSON.
    pub body: String,
}

/// The headers of a webhook request, names in lower case. Of several with one name the first counts; what is not visible ASCII is left out.
pub type Headers = HashMap<String, String>;

/// What passed between the host and a provider in one call, for the gateway's owner to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// What the provider knows the call by: the same however often it is tried.
    pub message: String,
    /// The HTTP status of the answer; none where there was no answer.
    pub status: Option<u16>,
    /// The beginning of the answer, fit to be shown.
    pub answer: String,
    /// How long it took.
    pub took: Duration,
}

/// A delivery that is not what the provider sends.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Malformed(pub String);

/// What stays outside the sandbox of a gateway: tokens, TLS, connection pools, long polls, webhook secrets, rate limits.
///
/// One value serves all accounts of its provider; what it keeps per account (clients, limiters) it keys by gateway.
#[async_trait]
pub trait Connector: Send + Sync + 'static {
    /// The name by which manifests ask for it.
    fn name(&self) -> &'static str;

    /// Waits until the provider's rate lets this operation through. Whoever asks calls it next. Nothing has been done at the provider
    /// when this returns, however long it takes: what is recorded before a call is recorded after this.
    ///
    /// # Errors
    /// `RateLimited` when that would take too long; `Unsupported` and `Invalid` as [`Connector::call`].
    async fn turn(&self, account: &Account, operation: &str, arguments: &Value) -> Result<(), GatewayError> {
        let _ = (account, operation, arguments);
        Ok(())
    }

    /// Carries out one operation at the provider, with the account's credentials, once it has had its [`Connector::turn`]. `key` is the same whenever
    /// the same call is made again: for providers that drop repeats by it.
    ///
    /// # Errors
    /// `Unsupported` for operations outside its list; otherwise what the provider or the network said. Whoever asks decides by the error
    /// whether to ask again: `TimedOut` and `OutcomeUnknown` where the provider may have done it, all others where it surely did not.
    async fn call(
        &self,
        account: &Account,
        operation: &str,
        arguments: Value,
        key: Option<&str>,
    ) -> Result<Value, GatewayError>;

    /// As [`Connector::call`], and tells what passed, where owners of such gateways want to see each exchange: of those a log is kept.
    async fn call_and_tell(
        &self,
        account: &Account,
        operation: &str,
        arguments: Value,
        key: Option<&str>,
    ) -> (Result<Value, GatewayError>, Option<Exchange>) {
        (self.call(account, operation, arguments, key).await, None)
    }

    /// Whether an operation changes nothing at the provider, so that it does not matter how often it is made.
    fn only_reads(&self, operation: &str) -> bool {
        let _ = operation;
        false
    }

    /// How events of this account are to arrive, given the public address of its webhook where the host has one.
    fn arrival(&self, account: &Account, webhook: Option<Url>) -> Arrival;

    /// Tells the provider how its events are to arrive.
    ///
    /// # Errors
    /// What the provider or the network said.
    async fn connect(&self, account: &Account, arrival: &Arrival) -> Result<(), GatewayError>;

    /// Tells the provider to deliver no more, and forgets what was kept for this account.
    ///
    /// # Errors
    /// What the provider or the network said.
    async fn disconnect(&self, account: &Account) -> Result<(), GatewayError>;

    /// Waits for new deliveries, up to the provider's long-poll time. The provider forgets what lies before `cursor`, so that
    /// a cursor may only be given once everything before it is durable.
    ///
    /// # Errors
    /// What the provider or the network said; `Unsupported` where there is nothing to poll.
    async fn poll(&self, account: &Account, cursor: Option<i64>) -> Result<Batch, GatewayError> {
        let _ = (account, cursor);
        Err(GatewayError::Unsupported("this provider is not polled".to_owned()))
    }

    /// Whether a webhook request with these headers and this body comes from the provider. How long it takes says nothing of the secret.
    fn webhook_is_authentic(&self, account: &Account, headers: &Headers, body: &str) -> bool {
        let _ = (account, headers, body);
        false
    }

    /// Tells the people in a conversation that something went wrong with an answer to them, where the provider is a page of the
    /// platform's own and its reader the gateway's owner. Elsewhere nobody is told: an owner's troubles are no business of
    /// the people they talk to.
    async fn show_trouble(&self, account: &Account, conversation: &str, trouble: &Trouble) {
        let _ = (account, conversation, trouble);
    }

    /// What a webhook request delivers, and the provider's id of it. Only asked for requests that are authentic.
    ///
    /// # Errors
    /// When the body is not JSON, or carries no id where the provider always sends one.
    fn identify(&self, headers: &Headers, body: &str) -> Result<Delivery, Malformed>;
}

/// The connectors of a host, by name.
#[derive(Clone, Default)]
pub struct Connectors(HashMap<&'static str, Arc<dyn Connector>>);

impl Connectors {
    /// Adds one.
    #[must_use]
    pub fn with(mut self, connector: Arc<dyn Connector>) -> Self {
        self.0.insert(connector.name(), connector);
        self
    }

    /// The connector of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Connector>> {
        self.0.get(name)
    }
}

impl fmt::Debug for Connectors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
