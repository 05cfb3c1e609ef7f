//! Gateways on the wire.

use crate::wire::{Etag, GatewayStatus, Time, Trouble, Versioned};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use twobot_domain::GatewayId;
use twobot_engine::Engine;
use twobot_store::gateways;
use utoipa::ToSchema;

/// A gateway. Its credentials never leave the server.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Gateway {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: GatewayId,
    /// Its kind.
    #[schema(example = "telegram-bot")]
    kind: String,
    /// For people.
    #[schema(example = "My shop's bot")]
    name: String,
    /// Its settings, in the shape of the kind's `config_schema`.
    #[schema(value_type = Object)]
    config: Value,
    /// Whether credentials are stored.
    has_credentials: bool,
    /// Whether it works.
    status: GatewayStatus,
    /// Why it does not.
    status_reason: Option<Trouble>,
    /// Who we are at the provider.
    account: Option<Account>,
    /// Where the provider delivers to, where it does and a public address is set.
    #[schema(format = "uri")]
    webhook_url: Option<String>,
    /// The path of that address, which is there also where no public address is set.
    #[schema(example = "/api/webhooks/web-hook/01928f6e-3f57-7cc1-93c6-1f1f6a1f0a11")]
    webhook_path: Option<String>,
    /// Whether it is switched on.
    enabled: bool,
    /// When the last event arrived.
    last_event_at: Option<Time>,
    /// What arrived.
    counts: DeliveryCounts,
    /// When it was made.
    created_at: Time,
    /// When its owner changed it.
    updated_at: Time,
    /// Its version, as in the header `ETag`: send it as `If-Match` with a change.
    etag: Etag,
}

impl Versioned for Gateway {
    fn etag(&self) -> &Etag {
        &self.etag
    }
}

impl Gateway {
    pub(super) fn new(engine: &Engine, gateway: gateways::Gateway) -> Self {
        Self {
            etag: gateway.version().into(),
            webhook_url: engine.webhook_url(&gateway).map(|url| url.to_string()),
            webhook_path: engine.webhook_path(&gateway),
            id: gateway.id,
            kind: gateway.kind,
            name: gateway.name,
            config: gateway.config,
            has_credentials: gateway.has_credentials,
            status: gateway.status.into(),
            status_reason: gateway.trouble.map(Trouble::from),
            account: gateway.account.map(Account::from),
            enabled: gateway.enabled,
            last_event_at: gateway.last_event_at.map(Time::from),
            counts: gateway.counts.into(),
            created_at: gateway.created_at.into(),
            updated_at: gateway.updated_at.into(),
        }
    }
}

/// Who we are at a provider.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Account {
    /// The provider's id of the account.
    #[schema(example = "110201543")]
    id: String,
    /// For people.
    #[schema(example = "@my_shop_bot")]
    name: String,
    /// More about it, by title.
    details: BTreeMap<String, String>,
}

impl From<gateways::ProviderAccount> for Account {
    fn from(account: gateways::ProviderAccount) -> Self {
        Self { id: account.id, name: account.name, details: account.details.into_iter().collect() }
    }
}

/// Deliveries by what came of them.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct DeliveryCounts {
    /// Taken into the log.
    accepted: u64,
    /// Turned away: wrong secret, malformed, too large, queue full.
    refused: u64,
    /// Dropped, since the same was there before.
    duplicates: u64,
    /// Well-formed but of a kind that no event is made of.
    not_handled: u64,
}

impl From<gateways::DeliveryCounts> for DeliveryCounts {
    fn from(counts: gateways::DeliveryCounts) -> Self {
        Self {
            accepted: counts.accepted,
            refused: counts.refused,
            duplicates: counts.duplicates,
            not_handled: counts.not_handled,
        }
    }
}

/// A gateway to be made.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct NewGateway {
    /// One of `GET /gateway-kinds`.
    #[schema(example = "telegram-bot")]
    pub(super) kind: String,
    /// For people.
    #[schema(min_length = 1, max_length = 100, example = "My shop's bot")]
    pub(super) name: String,
    /// In the shape of the kind's `credentials_schema`. Sealed at once; never shown again.
    #[schema(value_type = Option<Object>)]
    pub(super) credentials: Option<Value>,
    /// In the shape of the kind's `config_schema`.
    #[schema(value_type = Option<Object>)]
    pub(super) config: Option<Value>,
    /// Whether to connect it at once; true where it is left out.
    pub(super) connect: Option<bool>,
}

/// What to change of a gateway. What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct GatewayChanges {
    /// For people.
    #[schema(min_length = 1, max_length = 100, example = "My shop's bot")]
    pub(super) name: Option<String>,
    /// Credentials to change; null removes one.
    #[schema(value_type = Option<Object>)]
    pub(super) credentials: Option<Value>,
    /// Settings to change; null removes one.
    #[schema(value_type = Option<Object>)]
    pub(super) config: Option<Value>,
}

/// What a test of a connection found.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct GatewayTest {
    /// Whether the provider accepts us.
    pub(super) ok: bool,
    /// Who we are there.
    pub(super) account: Option<Account>,
    /// Why it does not.
    pub(super) trouble: Option<Trouble>,
    /// How long the provider took, in milliseconds.
    pub(super) took_ms: u64,
}
