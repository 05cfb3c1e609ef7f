//! Telegram bots, on teloxide's Bot API client.

mod accounts;
mod api;
mod arguments;
mod clock;
mod errors;
mod methods;
mod pace;
mod updates;

pub use pace::{Rate, Rates};

use crate::connector::{Account, Arrival, Batch, Connector, Delivery, Headers, Malformed};
use accounts::{Accounts, Known};
use api::{Failure, Request};
use async_trait::async_trait;
use methods::Kind;
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::Value;
use std::fmt;
use std::time::Duration;
use subtle::ConstantTimeEq;
use teloxide_core::payloads::{DeleteWebhook, GetUpdates, GetUpdatesSetters, SetWebhook, SetWebhookSetters};
use thiserror::Error;
use twobot_domain::GatewayError;
use url::Url;

/// Where Telegram itself serves its Bot API.
pub const TELEGRAM_API_URL: &str = "https://api.telegram.org";

/// The largest answer to a component's call (the contract of `provider.call`).
const LARGEST_ANSWER: usize = 1024 * 1024;

/// The largest batch of updates: 100 at most, of which each fits into a webhook's body.
const LARGEST_BATCH: usize = 32 * 1024 * 1024;

/// How the connector reaches Telegram.
#[derive(Clone, Debug)]
pub struct TelegramOptions {
    /// The Bot API server: Telegram's, or the operator's own (`TWOBOT_TELEGRAM_API_URL`). Trusted: it is the operator's word.
    pub api_url: Url,
    /// How long one poll waits for updates.
    pub long_poll: Duration,
    /// How long a call may take; a poll, this much longer than it waits.
    pub request_timeout: Duration,
    /// How long to wait after a poll that came back empty before its time, which servers without long polling send.
    pub empty_poll_pause: Duration,
    /// How fast each bot may send.
    pub rates: Rates,
}

impl TelegramOptions {
    /// The usual options with this Bot API server.
    #[must_use]
    pub fn new(api_url: Url) -> Self {
        Self {
            api_url,
            long_poll: Duration::from_secs(25),
            request_timeout: Duration::from_secs(20),
            empty_poll_pause: Duration::from_millis(500),
            rates: Rates::default(),
        }
    }
}

/// Why the connector can not be set up.
#[derive(Debug, Error)]
pub enum TelegramSetupError {
    /// The Bot API server's address can not be one.
    #[error(
        "the Bot API URL must be an http or https address without a query or a password, such as {TELEGRAM_API_URL}"
    )]
    Address,
    /// TLS could not be set up.
    #[error("the HTTP client for Telegram can not be set up")]
    Client(#[from] reqwest012::Error),
}

/// The connector of Telegram bots. Its credentials are `{"token": "…"}`; its setting `mode` is `webhook` or `polling`.
pub struct Telegram {
    accounts: Accounts,
    options: TelegramOptions,
}

impl fmt::Debug for Telegram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the accounts: a bot's own `Debug` shows its token.
        f.debug_struct("Telegram").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Telegram {
    /// A connector for all bots of this host.
    ///
    /// # Errors
    /// When the address can not be a Bot API server's, or TLS can not be set up.
    pub fn new(options: TelegramOptions) -> Result<Self, TelegramSetupError> {
        let address = &options.api_url;
        let plain = address.query().is_none() && address.fragment().is_none() && address.password().is_none();
        if !matches!(address.scheme(), "http" | "https") || !address.has_host() || !plain {
            return Err(TelegramSetupError::Address);
        }
        // The longest of all requests sets the client's limit; each brings its own. No redirects: what a redirect leads to would
        // get the request, and its errors the address.
        let client = teloxide_core::net::default_reqwest_settings()
            .timeout(options.long_poll + options.request_timeout)
            .redirect(reqwest012::redirect::Policy::none())
            .user_agent(crate::USER_AGENT)
            .build()?;
        Ok(Self { accounts: Accounts::new(client, address.clone(), options.rates), options })
    }

    /// Asks something for the host itself.
    async fn ask<T>(
        &self,
        known: &Known,
        method: &'static str,
        payload: &(impl Serialize + Sync),
        timeout: Duration,
        read: impl FnOnce(&str) -> Result<T, GatewayError> + Send,
    ) -> Result<T, GatewayError> {
        let body = serde_json::to_vec(payload).map_err(|error| GatewayError::Invalid(error.to_string()))?;
        let request = Request { bot: &known.bot, method, body: body.into(), timeout, largest: LARGEST_BATCH };
        // None of the host's own calls does harm when it is made twice.
        api::send(request, read).await.map_err(|failure| hold(known, failure).with_nothing_at_stake())
    }

    async fn delete_webhook(&self, known: &Known) -> Result<(), GatewayError> {
        self.ask(known, "deleteWebhook", &DeleteWebhook::new(), self.options.request_timeout, |_| Ok(()))
            .await
    }
}

/// teloxide's payload, with an offset as wide as our cursors.
#[derive(Serialize)]
struct Poll {
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<i64>,
    #[serde(flatten)]
    payload: GetUpdates,
}

/// A method of the Bot API that components may call.
fn open_method(operation: &str) -> Result<(&'static str, Kind), GatewayError> {
    methods::find(operation).ok_or_else(|| {
        GatewayError::Unsupported("this method of the Bot API is not open to components".to_owned())
    })
}

/// Keeps the bot silent for as long as Telegram said.
fn hold(known: &Known, failure: Failure) -> GatewayError {
    if let Some(wait) = failure.hold {
        known.pace.hold(wait);
    }
    failure.error
}

#[async_trait]
impl Connector for Telegram {
    fn name(&self) -> &'static str {
        "telegram"
    }

    async fn turn(&self, account: &Account, operation: &str, arguments: &Value) -> Result<(), GatewayError> {
        let (_, kind) = open_method(operation)?;
        let known = self.accounts.get(account)?;
        match kind {
            Kind::Message => {
                known.pace.turn(pace::Chat::of(arguments).as_ref(), arguments::messages(arguments)).await
            }
            Kind::Plain => known.pace.released().await,
        }
    }

    async fn call(
        &self,
        account: &Account,
        operation: &str,
        arguments: Value,
        // The Bot API has no place for it.
        _key: Option<&str>,
    ) -> Result<Value, GatewayError> {
        let (method, _) = open_method(operation)?;
        let known = self.accounts.get(account)?;
        let body = arguments::body(&arguments)?;
        let timeout = self.options.request_timeout;
        let request =
            Request { bot: &known.bot, method, body: body.into(), timeout, largest: LARGEST_ANSWER };
        let answer = api::send(request, |result| {
            serde_json::from_str(result)
                .map_err(|error| GatewayError::OutcomeUnknown(format!("unreadable answer: {error}")))
        });
        let mut result = answer.await.map_err(|failure| hold(&known, failure))?;
        updates::hide_token(&mut result, known.bot.token());
        Ok(result)
    }

    fn only_reads(&self, operation: &str) -> bool {
        operation.starts_with("get")
    }

    fn arrival(&self, account: &Account, webhook: Option<Url>) -> Arrival {
        // Telegram itself calls https addresses only; an operator's own server may stand in the same private network.
        let own_server = self.options.api_url.host_str() != Some("api.telegram.org");
        match webhook {
            Some(address)
                if account.setting("mode") == Some("webhook")
                    && (address.scheme() == "https" || (own_server && address.scheme() == "http")) =>
            {
                Arrival::Webhook(address)
            }
            _ => Arrival::Polling,
        }
    }

    async fn connect(&self, account: &Account, arrival: &Arrival) -> Result<(), GatewayError> {
        let known = self.accounts.get(account)?;
        match arrival {
            Arrival::Webhook(address) => {
                let payload = SetWebhook::new(address.clone())
                    .secret_token(account.webhook_secret.expose_secret())
                    .allowed_updates(updates::ALL.iter().copied());
                self.ask(&known, "setWebhook", &payload, self.options.request_timeout, |_| Ok(())).await
            }
            Arrival::Polling | Arrival::Internal => self.delete_webhook(&known).await,
        }
    }

    async fn disconnect(&self, account: &Account) -> Result<(), GatewayError> {
        let told = match self.accounts.get(account) {
            Ok(known) => self.delete_webhook(&known).await,
            Err(error) => Err(error),
        };
        self.accounts.forget(account.gateway);
        match told {
            // A bot whose token is no longer good can not be called by Telegram either.
            Err(GatewayError::Unauthorized(_)) => Ok(()),
            told => told,
        }
    }

    async fn poll(&self, account: &Account, cursor: Option<i64>) -> Result<Batch, GatewayError> {
        let known = self.accounts.get(account)?;
        let wait = self.options.long_poll;
        let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX);
        let payload = GetUpdates::new().timeout(seconds).allowed_updates(updates::ALL.iter().copied());
        let payload = Poll { offset: cursor, payload };
        let started = tokio::time::Instant::now();
        let timeout = wait + self.options.request_timeout;
        let batch = self
            .ask(&known, "getUpdates", &payload, timeout, |result| updates::batch(result, cursor))
            .await?;
        if batch.deliveries.is_empty() && started.elapsed() < wait.min(self.options.empty_poll_pause) {
            tokio::time::sleep(self.options.empty_poll_pause).await;
        }
        Ok(batch)
    }

    fn webhook_is_authentic(&self, account: &Account, headers: &Headers, _body: &str) -> bool {
        let expected = account.webhook_secret.expose_secret().as_bytes();
        let given = headers.get("x-telegram-bot-api-secret-token").map_or(&b""[..], String::as_bytes);
        // An account without a secret would be open to everyone who sends none.
        !expected.is_empty() && bool::from(expected.ct_eq(given))
    }

    fn identify(&self, _headers: &Headers, body: &str) -> Result<Delivery, Malformed> {
        updates::identify(body)
    }
}
