//! A tenant's gateways: making, changing, testing and deleting them.

pub(crate) mod connections;
mod poll;
pub(crate) mod webhook;

use crate::engine::Engine;
use crate::error::EngineError;
use crate::live::LiveEvent;
use crate::outside::lost;
use crate::{schema, suspension};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use twobot_domain::manifest::{GatewayManifest, Ingress};
use twobot_domain::{AuditAction, AuditOutcome, GatewayId, Trouble, config};
use twobot_runtime::GatewayCall;
use twobot_store::audit::{By, Note, Target};
use twobot_store::gateways::{Gateway, GatewayStatus, NewGateway, ProviderAccount};
use twobot_store::{Store, StoreError, TenantScope};
use url::Url;

/// The longest wait for a provider's answer to a test.
const CHECK_TIME: Duration = Duration::from_secs(30);

/// What an owner changes of a gateway; what is not given stays.
#[derive(Clone, Debug, Default)]
pub struct GatewayChange {
    /// Its name.
    pub name: Option<String>,
    /// Settings to change; `null` removes one.
    pub config: Option<Value>,
    /// Credentials to change; `null` removes one.
    pub credentials: Option<Value>,
}

impl Engine {
    fn manifest(&self, kind: &str) -> Result<&GatewayManifest, EngineError> {
        self.catalogue().gateway_kind(kind).map(|entry| &entry.manifest).ok_or_else(|| {
            let known: Vec<_> =
                self.catalogue().gateway_kinds().map(|entry| entry.manifest.kind.as_str()).collect();
            EngineError::field("kind", format!("is not a kind of gateway; there are {}", known.join(", ")))
        })
    }

    /// Makes a gateway. It is not connected yet.
    ///
    /// # Errors
    /// `Invalid` with each wrong field; `Limit` at the plan's number of gateways.
    pub async fn create_gateway(
        &self,
        scope: TenantScope,
        by: &By,
        kind: &str,
        name: &str,
        config: Value,
        credentials: Option<Value>,
    ) -> Result<Gateway, EngineError> {
        let manifest = self.manifest(kind)?;
        let config = config::merged(&config::defaults(&manifest.config_schema), &config);
        schema::check("config", &manifest.config_schema, &config)?;
        let credentials = credentials.unwrap_or_else(|| json!({}));
        schema::check("credentials", &manifest.credentials_schema, &credentials)?;
        let has_any = credentials.as_object().is_some_and(|fields| !fields.is_empty());
        let new = NewGateway {
            kind: kind.to_owned(),
            name: name.to_owned(),
            config,
            credentials: has_any.then(|| SecretString::from(credentials.to_string())),
            webhook_secret: SecretString::from(hex::encode(rand::random::<[u8; 32]>())),
        };
        let limit = self.limits(scope).await?.gateways;
        let target = Target { kind: "gateway", id: String::new(), name: new.name.clone() };
        let note = Note::new(by, AuditAction::GatewayCreate, target).with(json!({"kind": kind}));
        match self.store().noting(note.clone()).create_gateway(scope, &new, limit).await {
            Err(StoreError::Quota { name, used, allowed, unit }) => {
                let limit = json!({"kind": kind, "limit": name, "used": used, "allowed": allowed});
                self.store().record_audit(scope, &note.ending(AuditOutcome::Denied).with(limit)).await?;
                Err(StoreError::Quota { name, used, allowed, unit }.into())
            }
            other => Ok(other?),
        }
    }

    /// Changes a gateway, and connects it again where it is switched on.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` with each wrong field.
    pub async fn change_gateway(
        &self,
        scope: TenantScope,
        by: &By,
        id: GatewayId,
        change: GatewayChange,
    ) -> Result<Gateway, EngineError> {
        let before = self.store().gateway(scope, id).await.map_err(EngineError::missing("gateway"))?;
        let manifest = self.manifest(&before.kind)?;
        let config = match &change.config {
            Some(change) => config::merged(&before.config, change),
            None => before.config.clone(),
        };
        schema::check("config", &manifest.config_schema, &config)?;
        let credentials = match &change.credentials {
            Some(change) => {
                // Of two secrets one can be replaced by someone who does not know the other.
                let stored = self.store().gateway_secrets(scope, id).await?.credentials;
                let stored = serde_json::from_str(stored.expose_secret()).unwrap_or(Value::Null);
                let credentials = config::merged(&stored, change);
                schema::check("credentials", &manifest.credentials_schema, &credentials)?;
                Some(SecretString::from(credentials.to_string()))
            }
            None => None,
        };
        // What was changed, and not to what.
        let settings: Vec<_> =
            change.config.iter().filter_map(Value::as_object).flat_map(|fields| fields.keys()).collect();
        let detail = json!({
            "name": change.name.as_ref().is_some_and(|name| *name != before.name),
            "settings": settings,
            "credentials": change.credentials.is_some(),
        });
        let name = change.name.as_deref().unwrap_or(&before.name);
        let target = Target { name: name.to_owned(), ..target(&before) };
        let note = Note::new(by, AuditAction::GatewayUpdate, target).with(detail);
        let store = self.store().noting(note);
        let after = store.change_gateway(scope, id, name, &config, credentials.as_ref()).await?;
        let same = after.config == before.config && credentials.is_none();
        if before.enabled && !same {
            return self.connect(scope, id, self.store()).await;
        }
        Ok(after)
    }

    /// Deletes a gateway with everything that hangs on it.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn delete_gateway(
        &self,
        scope: TenantScope,
        by: &By,
        id: GatewayId,
    ) -> Result<(), EngineError> {
        let gateway = self.store().gateway(scope, id).await.map_err(EngineError::missing("gateway"))?;
        self.inner.connections.end(id);
        self.tell_provider_goodbye(scope, &gateway).await;
        let note = Note::new(by, AuditAction::GatewayDelete, target(&gateway));
        let deleted = self.store().noting(note).delete_gateway(scope, id).await;
        if matches!(deleted, Err(StoreError::Stale)) && gateway.enabled {
            // Somebody was faster, and it stays: its provider is greeted again.
            self.connect(scope, id, self.store()).await?;
        }
        deleted.map_err(EngineError::missing("gateway"))?;
        self.wake_connections(scope);
        Ok(())
    }

    /// Switches a gateway on and begins to connect it; what comes of that shows in its status.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn connect_gateway(
        &self,
        scope: TenantScope,
        by: &By,
        id: GatewayId,
    ) -> Result<Gateway, EngineError> {
        let gateway = self.store().gateway(scope, id).await.map_err(EngineError::missing("gateway"))?;
        let note = Note::new(by, AuditAction::GatewayConnect, target(&gateway));
        self.connect(scope, id, &self.store().noting(note)).await
    }

    async fn connect(
        &self,
        scope: TenantScope,
        id: GatewayId,
        store: &Store,
    ) -> Result<Gateway, EngineError> {
        store.set_gateway_enabled(scope, id, true).await.map_err(EngineError::missing("gateway"))?;
        self.set_status(scope, id, GatewayStatus::Connecting, None, None).await?;
        self.wake_connections(scope);
        Ok(self.store().gateway(scope, id).await?)
    }

    /// Switches a gateway off.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn disconnect_gateway(
        &self,
        scope: TenantScope,
        by: &By,
        id: GatewayId,
    ) -> Result<Gateway, EngineError> {
        let gateway = self.store().gateway(scope, id).await.map_err(EngineError::missing("gateway"))?;
        self.inner.connections.end(id);
        let note = Note::new(by, AuditAction::GatewayDisconnect, target(&gateway));
        self.store().noting(note).set_gateway_enabled(scope, id, false).await?;
        self.wake_connections(scope);
        self.tell_provider_goodbye(scope, &gateway).await;
        self.set_status(scope, id, GatewayStatus::Disconnected, None, None).await?;
        Ok(self.store().gateway(scope, id).await?)
    }

    /// The provider need not hear it: what it still delivers is refused here.
    async fn tell_provider_goodbye(&self, scope: TenantScope, gateway: &Gateway) {
        let entry = self.catalogue().gateway_kind(&gateway.kind);
        let Some(connector) = entry.and_then(|entry| self.connector(entry)) else { return };
        let Ok(account) = self.account(scope, gateway).await else { return };
        if let Err(error) = connector.disconnect(&account).await {
            tracing::info!(gateway = %gateway.id, code = error.code(), "the provider could not be told of a disconnection");
        }
    }

    /// Asks the provider whether the connection works, and notes the answer.
    ///
    /// # Errors
    /// `NotFound`; `Suspended`. That it does not work is no error: it is the answer.
    pub async fn test_gateway(
        &self,
        scope: TenantScope,
        id: GatewayId,
    ) -> Result<Result<ProviderAccount, Trouble>, EngineError> {
        let gateway = self.store().gateway(scope, id).await.map_err(EngineError::missing("gateway"))?;
        suspension::may_run(&self.store().tenant(scope).await?)?;
        let answer = self.check(scope, &gateway).await;
        match &answer {
            Ok(account) if gateway.enabled => {
                self.set_status(scope, id, GatewayStatus::Connected, None, Some(account)).await?;
            }
            Ok(account) => self.set_status(scope, id, gateway.status, None, Some(account)).await?,
            Err(failure) => {
                self.set_status(scope, id, GatewayStatus::Error, Some(&failure.trouble), None).await?;
            }
        }
        Ok(answer.map_err(|failure| failure.trouble))
    }

    /// Asks the provider who we are.
    pub(crate) async fn check(
        &self,
        scope: TenantScope,
        gateway: &Gateway,
    ) -> Result<ProviderAccount, CheckFailure> {
        let said = |error: twobot_domain::GatewayError| CheckFailure {
            passes: error.is_transient(),
            // Asking who we are changes nothing.
            trouble: error.with_nothing_at_stake().trouble(&gateway.name),
        };
        let workspace = self.store().workspace(scope).await.map_err(|error| said(lost(&error)))?;
        let run = self.gateway_run(&workspace, gateway, CHECK_TIME, &Arc::default()).await.map_err(said)?;
        match self.machine().check(run).await.result {
            Ok(Ok(account)) => {
                Ok(ProviderAccount { id: account.id, name: account.name, details: account.details })
            }
            Ok(Err(error)) => Err(said(error)),
            Err(GatewayCall::Fault(trouble)) => Err(CheckFailure { passes: false, trouble }),
            Err(GatewayCall::Busy(trouble)) => Err(CheckFailure { passes: true, trouble }),
            Err(GatewayCall::Host(error)) => {
                tracing::error!(%error, gateway = %gateway.id, "a gateway could not be checked");
                Err(said(twobot_domain::GatewayError::Unavailable("the platform failed".to_owned())))
            }
        }
    }

    /// Notes a gateway's status and tells whoever looks.
    pub(crate) async fn set_status(
        &self,
        scope: TenantScope,
        id: GatewayId,
        status: GatewayStatus,
        trouble: Option<&Trouble>,
        account: Option<&ProviderAccount>,
    ) -> Result<(), StoreError> {
        self.store().set_gateway_status(scope, id, status, trouble, account).await?;
        self.live().tell(scope, LiveEvent::Gateway { id, status: status.as_str() });
        Ok(())
    }

    /// Where a provider delivers to a gateway, for kinds that have webhooks and hosts that can be reached.
    #[must_use]
    pub fn webhook_url(&self, gateway: &Gateway) -> Option<Url> {
        self.public_url()?.join(self.webhook_path(gateway)?.trim_start_matches('/')).ok()
    }

    /// The path of that address, which is there also where the host does not know how it is reached.
    #[must_use]
    pub fn webhook_path(&self, gateway: &Gateway) -> Option<String> {
        let manifest = &self.catalogue().gateway_kind(&gateway.kind)?.manifest;
        let has_webhook = manifest.ingress.contains(&Ingress::Webhook);
        has_webhook.then(|| format!("/api/webhooks/{}/{}", manifest.connector, gateway.id))
    }
}

/// A gateway as the audit log names it.
fn target(gateway: &Gateway) -> Target {
    Target { kind: "gateway", id: gateway.id.to_string(), name: gateway.name.clone() }
}

/// Why a check failed.
#[derive(Debug)]
pub(crate) struct CheckFailure {
    /// Whether it may pass by itself.
    pub(crate) passes: bool,
    /// What to tell the owner.
    pub(crate) trouble: Trouble,
}
