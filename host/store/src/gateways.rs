//! A tenant's gateways.

use crate::db::{Row, Statement, Tx, sql, transaction};
use crate::{MasterKey, Page, PageRequest, Store, StoreError, TenantScope};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use twobot_domain::{GatewayId, Timestamp, Trouble};

/// Whether a gateway works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GatewayStatus {
    /// Switched off.
    Disconnected,
    /// Being connected.
    Connecting,
    /// The provider accepted us.
    Connected,
    /// It does not work; its trouble says why.
    Error,
}

impl GatewayStatus {
    /// The name in the database and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disconnected => "disconnected",
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Error => "error",
        }
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        match text {
            "disconnected" => Ok(Self::Disconnected),
            "connecting" => Ok(Self::Connecting),
            "connected" => Ok(Self::Connected),
            "error" => Ok(Self::Error),
            other => Err(StoreError::Corrupt(format!("gateway status {other}"))),
        }
    }
}

/// Who we are at a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderAccount {
    /// The provider's id of the account.
    pub id: String,
    /// Such as `@my_bot`.
    pub name: String,
    /// More that the tenant may want to see.
    #[serde(default)]
    pub details: Vec<(String, String)>,
}

/// A gateway, without its secrets.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// Its id.
    pub id: GatewayId,
    /// Such as `telegram-bot`.
    pub kind: String,
    /// For people.
    pub name: String,
    /// Its settings.
    pub config: Value,
    /// Whether it has credentials.
    pub has_credentials: bool,
    /// Whether it is switched on.
    pub enabled: bool,
    /// Whether it works.
    pub status: GatewayStatus,
    /// Why not.
    pub trouble: Option<Trouble>,
    /// Who we are there.
    pub account: Option<ProviderAccount>,
    /// Where the next poll begins.
    pub poll_cursor: Option<i64>,
    /// When the last event arrived.
    pub last_event_at: Option<Timestamp>,
    /// What arrived.
    pub counts: DeliveryCounts,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed by its owner; each change has a later time than the one before.
    pub updated_at: Timestamp,
}

/// Deliveries of a gateway, by what came of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeliveryCounts {
    /// Taken into the log.
    pub accepted: u64,
    /// Turned away: wrong secret, malformed, too large, queue full.
    pub refused: u64,
    /// Dropped, since the same was there before.
    pub duplicates: u64,
    /// Well-formed but of a kind that no event is made of.
    pub not_handled: u64,
}

/// What became of a delivery that did not get into the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// Turned away.
    Refused,
    /// Dropped, since the same was there before.
    Duplicate,
}

/// A gateway to be made.
#[derive(Clone, Debug)]
pub struct NewGateway {
    /// Such as `telegram-bot`.
    pub kind: String,
    /// For people.
    pub name: String,
    /// Its settings.
    pub config: Value,
    /// A JSON object, sealed by the store.
    pub credentials: Option<SecretString>,
    /// What the provider must show on each webhook delivery.
    pub webhook_secret: SecretString,
}

/// The secrets of a gateway, opened.
#[derive(Clone, Debug)]
pub struct GatewaySecrets {
    /// A JSON object; `{}` where there are none.
    pub credentials: SecretString,
    /// What the provider must show on each webhook delivery.
    pub webhook_secret: SecretString,
}

/// The secrets of a gateway, as envelopes.
#[derive(Debug)]
pub(crate) struct SealedSecrets {
    credentials: Option<Vec<u8>>,
    webhook_secret: Vec<u8>,
}

impl SealedSecrets {
    /// Bytes of it.
    pub(crate) fn size(&self) -> usize {
        self.credentials.as_ref().map_or(0, Vec::len) + self.webhook_secret.len()
    }

    pub(crate) fn open(&self, key: &MasterKey, id: GatewayId) -> Result<GatewaySecrets, StoreError> {
        let credentials = match &self.credentials {
            Some(envelope) => key.open(&credentials_context(id), envelope)?,
            None => SecretString::from("{}".to_owned()),
        };
        Ok(GatewaySecrets {
            credentials,
            webhook_secret: key.open(&webhook_context(id), &self.webhook_secret)?,
        })
    }
}

const COLUMNS: &str = "id, tenant_id, kind, name, config, CASE WHEN credentials IS NULL THEN CAST(0 AS BIGINT) ELSE 1 END AS has_credentials, enabled, status, trouble, \
                       account, poll_cursor, last_event_at, accepted, refused, duplicates, not_handled, created_at, updated_at";

fn gateway(row: &Row) -> Result<Gateway, StoreError> {
    Ok(Gateway {
        id: row.get("id")?,
        kind: row.get("kind")?,
        name: row.get("name")?,
        config: row.json("config")?,
        has_credentials: row.get("has_credentials")?,
        enabled: row.get("enabled")?,
        status: GatewayStatus::parse(&row.get::<String>("status")?)?,
        trouble: row.json_option("trouble")?,
        account: row.json_option("account")?,
        poll_cursor: row.get("poll_cursor")?,
        last_event_at: row.get("last_event_at")?,
        counts: DeliveryCounts {
            accepted: row.get("accepted")?,
            refused: row.get("refused")?,
            duplicates: row.get("duplicates")?,
            not_handled: row.get("not_handled")?,
        },
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}

/// What a sealed credential belongs to.
pub(crate) fn credentials_context(id: GatewayId) -> String {
    format!("gateway {id} credentials")
}

pub(crate) fn webhook_context(id: GatewayId) -> String {
    format!("gateway {id} webhook secret")
}

/// Notes whether a gateway works, and from that what its people are to be told: see [`crate::warnings`].
pub(crate) const SET_STATUS: &str = "UPDATE gateways SET status = $1, trouble = $2, account = coalesce($3, account), \
     health_at = CASE WHEN ($1 = 'error' AND health = 'well') OR ($1 = 'connected' AND health = 'down') THEN $6 ELSE health_at END, \
     health = CASE WHEN $1 = 'connected' THEN CASE WHEN health IN ('down', 'recovering') THEN 'recovering' ELSE 'well' END \
     WHEN $1 = 'error' THEN CASE WHEN health = 'well' THEN 'failing' WHEN health = 'recovering' THEN 'down' ELSE health END \
     WHEN $1 = 'disconnected' AND health <> 'new' THEN 'well' ELSE health END \
     WHERE id = $4 AND tenant_id = $5";

/// The first six values of [`SET_STATUS`].
pub(crate) fn bind_status(
    statement: Statement,
    scope: TenantScope,
    id: GatewayId,
    status: GatewayStatus,
    trouble: Option<&Trouble>,
    account: Option<&ProviderAccount>,
) -> Result<Statement, StoreError> {
    let json =
        |value: serde_json::Result<String>| value.map_err(|error| StoreError::Corrupt(error.to_string()));
    Ok(statement
        .bind(status.as_str())
        .bind(trouble.map(serde_json::to_string).map(json).transpose()?)
        .bind(account.map(serde_json::to_string).map(json).transpose()?)
        .bind(id)
        .bind(scope.tenant())
        .bind(Timestamp::now()))
}

/// The same as [`Store::gateway`], within a transaction.
pub(crate) async fn within(tx: &mut Tx, scope: TenantScope, id: GatewayId) -> Result<Gateway, StoreError> {
    let text = format!("SELECT {COLUMNS} FROM gateways WHERE id = $1 AND tenant_id = $2");
    let row = tx.optional(crate::db::sql_of(text).bind(id).bind(scope.tenant())).await?;
    gateway(&row.ok_or(StoreError::NotFound)?)
}

impl Store {
    /// Makes a gateway, unless the tenant has `limit` of them already.
    ///
    /// # Errors
    /// `Quota` at the limit.
    pub async fn create_gateway(
        &self,
        scope: TenantScope,
        new: &NewGateway,
        limit: Option<u32>,
    ) -> Result<Gateway, StoreError> {
        let (id, now) = (GatewayId::new(), Timestamp::now());
        let credentials = match &new.credentials {
            Some(secret) => Some(self.key.seal(&credentials_context(id), secret)?),
            None => None,
        };
        let webhook_secret = self.key.seal(&webhook_context(id), &new.webhook_secret)?;
        transaction!(self.db.begin(scope), |tx| {
            let count: u64 = tx
                .optional(sql("SELECT count(*) AS n FROM gateways WHERE tenant_id = $1").bind(scope.tenant()))
                .await?
                .map_or(Ok(0), |row| row.get("n"))?;
            if let Some(allowed) = limit.map(u64::from).filter(|allowed| count >= *allowed) {
                return Err(StoreError::Quota { name: "gateways", used: count, allowed, unit: "gateways" });
            }
            tx.run(
            sql("INSERT INTO gateways (id, tenant_id, kind, name, config, credentials, webhook_secret, enabled, status, \
                 created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 'disconnected', $8, $8)")
            .bind(id)
            .bind(scope.tenant())
            .bind(new.kind.as_str())
            .bind(new.name.as_str())
            .bind(new.config.to_string())
            .bind(credentials.as_deref())
            .bind(webhook_secret.as_slice())
            .bind(now),
        )
        .await?;
            self.write_note_of(&mut tx, scope, id.to_string()).await?;
            tx.commit().await
        })?;
        self.gateway(scope, id).await
    }

    /// One gateway.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such gateway.
    pub async fn gateway(&self, scope: TenantScope, id: GatewayId) -> Result<Gateway, StoreError> {
        let text = format!("SELECT {COLUMNS} FROM gateways WHERE id = $1 AND tenant_id = $2");
        gateway(&self.db.one(crate::db::sql_of(text).bind(id).bind(scope.tenant())).await?)
    }

    /// The tenant's gateways, oldest first.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn gateways(&self, scope: TenantScope, page: PageRequest) -> Result<Page<Gateway>, StoreError> {
        let text =
            format!("SELECT {COLUMNS} FROM gateways WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT $3");
        let statement = crate::db::sql_of(text).bind(scope.tenant()).bind(page.since()).bind(page.probe());
        let items = self.db.all(statement).await?.iter().map(gateway).collect::<Result<_, _>>()?;
        Ok(Page::from_probe(items, page, |item| item.id.uuid()))
    }

    /// The gateway that a webhook's address names. Whoever calls it has shown nothing yet: check the secret next.
    ///
    /// # Errors
    /// `NotFound` when there is no such gateway.
    pub async fn gateway_of_webhook(&self, id: GatewayId) -> Result<(TenantScope, Gateway), StoreError> {
        let text = format!("SELECT {COLUMNS} FROM gateways WHERE id = $1");
        let row = self.db.one(crate::db::sql_of(text).bind(id)).await?;
        Ok((TenantScope::of(row.get("tenant_id")?), gateway(&row)?))
    }

    /// The secrets of a gateway, for a call on its behalf.
    ///
    /// # Errors
    /// `NotFound`; `Unsealable` when another master key sealed them.
    pub async fn gateway_secrets(
        &self,
        scope: TenantScope,
        id: GatewayId,
    ) -> Result<GatewaySecrets, StoreError> {
        self.sealed_secrets(scope, id).await?.open(&self.key, id)
    }

    /// The secrets of a gateway as they are stored.
    pub(crate) async fn sealed_secrets(
        &self,
        scope: TenantScope,
        id: GatewayId,
    ) -> Result<SealedSecrets, StoreError> {
        let row = self
            .db
            .one(
                sql("SELECT credentials, webhook_secret FROM gateways WHERE id = $1 AND tenant_id = $2")
                    .bind(id)
                    .bind(scope.tenant()),
            )
            .await?;
        Ok(SealedSecrets { credentials: row.get("credentials")?, webhook_secret: row.get("webhook_secret")? })
    }

    /// Changes what the owner may change. Credentials that are not given stay.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such gateway.
    pub async fn change_gateway(
        &self,
        scope: TenantScope,
        id: GatewayId,
        name: &str,
        config: &Value,
        credentials: Option<&SecretString>,
    ) -> Result<Gateway, StoreError> {
        let sealed = credentials.map(|secret| self.key.seal(&credentials_context(id), secret)).transpose()?;
        let changed = self
            .change(
                scope,
                sql("UPDATE gateways SET name = $1, config = $2, credentials = coalesce($3, credentials), \
                     updated_at = CASE WHEN updated_at < $4 THEN $4 ELSE updated_at + 1 END \
                     WHERE id = $5 AND tenant_id = $6")
                .bind(name)
                .bind(config.to_string())
                .bind(sealed)
                .bind(Timestamp::now())
                .bind(id)
                .bind(scope.tenant()),
            )
            .await?;
        if changed == 0 { Err(StoreError::NotFound) } else { self.gateway(scope, id).await }
    }

    /// Switches a gateway on or off. Either way its connection is to be looked at anew: see [`crate::connections`].
    ///
    /// # Errors
    /// `NotFound` when the scope has no such gateway.
    pub async fn set_gateway_enabled(
        &self,
        scope: TenantScope,
        id: GatewayId,
        on: bool,
    ) -> Result<(), StoreError> {
        let changed = self
            .change(
                scope,
                sql("UPDATE gateways SET enabled = $1, connect_asked = connect_asked + 1 WHERE id = $2 AND tenant_id = $3")
                    .bind(on)
                    .bind(id)
                    .bind(scope.tenant()),
            )
            .await?;
        if changed == 0 { Err(StoreError::NotFound) } else { Ok(()) }
    }

    /// Notes whether a gateway works. An account that is not given stays.
    ///
    /// # Errors
    /// Only those of the database; a gateway that is gone is no error.
    pub async fn set_gateway_status(
        &self,
        scope: TenantScope,
        id: GatewayId,
        status: GatewayStatus,
        trouble: Option<&Trouble>,
        account: Option<&ProviderAccount>,
    ) -> Result<(), StoreError> {
        let statement = bind_status(sql(SET_STATUS), scope, id, status, trouble, account)?;
        self.db.run(statement).await.map(drop)
    }

    /// Whether the master key opens the secrets that are there, going by one of them.
    ///
    /// # Errors
    /// `Unsealable` when it does not.
    pub(crate) async fn check_key(&self) -> Result<(), StoreError> {
        let Some(row) =
            self.db.optional(sql("SELECT id, webhook_secret FROM gateways ORDER BY id LIMIT 1")).await?
        else {
            return Ok(());
        };
        let sealed = row.get::<Vec<u8>>("webhook_secret")?;
        self.key.open(&webhook_context(row.get("id")?), &sealed).map(drop)
    }

    /// Counts a delivery that did not get into the log. Those that do are counted with it.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn count_delivery(
        &self,
        scope: TenantScope,
        id: GatewayId,
        outcome: DeliveryOutcome,
    ) -> Result<(), StoreError> {
        let statement = match outcome {
            DeliveryOutcome::Refused => {
                sql("UPDATE gateways SET refused = refused + 1 WHERE id = $1 AND tenant_id = $2")
            }
            DeliveryOutcome::Duplicate => {
                sql("UPDATE gateways SET duplicates = duplicates + 1 WHERE id = $1 AND tenant_id = $2")
            }
        };
        self.db.run(statement.bind(id).bind(scope.tenant())).await.map(drop)
    }

    /// Notes where the next poll begins: everything before it is durable.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn set_poll_cursor(
        &self,
        scope: TenantScope,
        id: GatewayId,
        cursor: i64,
    ) -> Result<(), StoreError> {
        self.db
            .run(
                sql("UPDATE gateways SET poll_cursor = $1 WHERE id = $2 AND tenant_id = $3")
                    .bind(cursor)
                    .bind(id)
                    .bind(scope.tenant()),
            )
            .await
            .map(drop)
    }

    /// Deletes a gateway with everything that hangs on it.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such gateway.
    pub async fn delete_gateway(&self, scope: TenantScope, id: GatewayId) -> Result<(), StoreError> {
        // Much goes with it, which other transactions of the tenant may be about to change in another order.
        transaction!(self.begin(scope), |tx| {
            crate::usage::forget_gateway(&mut tx, scope, id).await?;
            let delete = sql("DELETE FROM gateways WHERE id = $1 AND tenant_id = $2");
            let deleted = tx.run(delete.bind(id).bind(scope.tenant())).await?;
            if deleted == 0 {
                return Err(StoreError::NotFound);
            }
            self.write_note(&mut tx, scope).await?;
            tx.commit().await
        })
    }
}
