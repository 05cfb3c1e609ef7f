//! Web hooks: any service that can send JSON to an address, and any that takes it.
//!
//! Inbound, a request is believed by a token, by an HMAC of its body, or by Standard Webhooks, as its gateway's settings say. Outbound,
//! a document is posted to one address and signed as Standard Webhooks (<https://www.standardwebhooks.com>).

mod delivery;
mod outbound;
mod settings;
mod signing;
mod verify;

use crate::connector::{Account, Arrival, Connector, Delivery, Exchange, Headers, Malformed};
use crate::egress::{EgressClients, EgressPolicy};
use async_trait::async_trait;
use serde_json::{Value, json};
use settings::{Mode, Receiver};
use std::fmt;
use std::time::{Duration, SystemTime};
use twobot_domain::GatewayError;
use url::Url;

/// How the connector reaches receivers.
#[derive(Clone, Debug)]
pub struct WebHookOptions {
    /// What addresses of tenants may be besides the public internet (`TWOBOT_EGRESS_ALLOW`).
    pub egress: EgressPolicy,
    /// How long a delivery may take, the connection included.
    pub timeout: Duration,
}

impl WebHookOptions {
    /// The usual options under this policy.
    #[must_use]
    pub const fn new(egress: EgressPolicy) -> Self {
        Self { egress, timeout: Duration::from_secs(10) }
    }
}

/// The connector of web hooks.
///
/// Its credentials are `{"secret": "…", "signing_secret": "…"}`, the first for what arrives and the second for what goes out; its
/// settings `verification` (`standard`, `hmac` or `token`), `header` (where the signature or the token stands) and `url` (where
/// deliveries go). Its operations are `deliver`, whose arguments are the document, and `account`, which says how it is set up.
pub struct WebHook {
    clients: EgressClients,
    timeout: Duration,
}

impl fmt::Debug for WebHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebHook").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl WebHook {
    /// A connector for all web hooks of this host. The process must have installed its TLS provider.
    ///
    /// # Errors
    /// When TLS can not be set up.
    pub fn new(options: WebHookOptions) -> Result<Self, reqwest::Error> {
        Ok(Self { clients: EgressClients::new(options.egress)?, timeout: options.timeout })
    }

    /// How a gateway is set up, and whether somebody answers at the address of its receiver, where it has one.
    async fn account(&self, account: &Account) -> Result<Value, GatewayError> {
        let mode = Mode::of(account)?;
        verify::check_secret(account, &mode)?;
        let receiver = match Receiver::of(account)? {
            Some(receiver) => {
                let status = outbound::probe(&self.clients, &receiver, self.timeout).await?;
                Some(json!({"target": receiver.target, "status": status}))
            }
            None => None,
        };
        Ok(json!({
            "id": account.gateway.to_string(),
            "verification": mode.name(),
            "header": mode.header(),
            "receiver": receiver,
        }))
    }
}

#[async_trait]
impl Connector for WebHook {
    fn name(&self) -> &'static str {
        "web-hook"
    }

    async fn call(
        &self,
        account: &Account,
        operation: &str,
        arguments: Value,
        key: Option<&str>,
    ) -> Result<Value, GatewayError> {
        self.call_and_tell(account, operation, arguments, key).await.0
    }

    async fn call_and_tell(
        &self,
        account: &Account,
        operation: &str,
        arguments: Value,
        key: Option<&str>,
    ) -> (Result<Value, GatewayError>, Option<Exchange>) {
        match operation {
            "account" => (self.account(account).await, None),
            "deliver" => match Receiver::of(account) {
                Ok(Some(receiver)) => {
                    outbound::deliver(&self.clients, &receiver, &arguments, key, self.timeout).await
                }
                Ok(None) => (Err(settings::no_receiver()), None),
                Err(error) => (Err(error), None),
            },
            _ => {
                let error = GatewayError::Unsupported("this connector knows deliver and account".to_owned());
                (Err(error), None)
            }
        }
    }

    fn only_reads(&self, operation: &str) -> bool {
        operation == "account"
    }

    fn arrival(&self, _: &Account, webhook: Option<Url>) -> Arrival {
        webhook.map_or(Arrival::Internal, Arrival::Webhook)
    }

    async fn connect(&self, _: &Account, _: &Arrival) -> Result<(), GatewayError> {
        // A person tells the sender.
        Ok(())
    }

    async fn disconnect(&self, _: &Account) -> Result<(), GatewayError> {
        Ok(())
    }

    fn webhook_is_authentic(&self, account: &Account, headers: &Headers, body: &str) -> bool {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        verify::is_authentic(account, headers, body, now.as_secs())
    }

    fn identify(&self, headers: &Headers, body: &str) -> Result<Delivery, Malformed> {
        delivery::read(headers, body)
    }
}
