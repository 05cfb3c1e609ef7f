//! What is read of a tenant for each of its events: plan and state, gateways, installs, and what is bound to what. Kept in memory, and never stale.
//!
//! A tenant's row carries a revision, which triggers raise with every change of these (migration 0025). Whoever works for a tenant
//! reads that row, with one query, and finds the rest by the revision that stands in it. What is kept under a revision was read after it: so
//! it is as new as the row, or newer, on whichever node it was changed. See `docs/decisions/0026-settings-are-kept-by-revision.md`.

mod kept;

pub(crate) use kept::Kept;

use crate::accounts::{Tenant, WorkspaceState};
use crate::db::{Row, sql};
use crate::gateways::{Gateway, GatewaySecrets, SealedSecrets};
use crate::installs::{BoundGateway, Install};
use crate::{Store, StoreError, TenantScope};
use kept::Parts;
use std::sync::Arc;
use twobot_domain::{GatewayId, InstallId};

/// A tenant's settings as they are now, or were when this was asked for. To be asked for anew for each piece of work.
#[derive(Clone, Debug)]
pub struct Workspace {
    store: Store,
    scope: TenantScope,
    tenant: Tenant,
    revision: i64,
    parts: Arc<Parts>,
}

impl Store {
    /// A tenant's settings.
    ///
    /// # Errors
    /// `NotFound` when the tenant is gone; otherwise those of the database.
    pub async fn workspace(&self, scope: TenantScope) -> Result<Workspace, StoreError> {
        const TEXT: &str = "SELECT t.id, t.name, t.plan, t.state, t.created_at, t.closes_at, t.suspended_at, t.suspended_for, t.revision FROM tenants t WHERE t.id = $1";
        let row = self.db.one(sql(TEXT).bind(scope.tenant())).await?;
        self.workspace_of(scope, &row)
    }

    /// The settings of the tenant whose gateway a webhook's address names. Whoever calls it has shown nothing yet: check the secret next.
    ///
    /// # Errors
    /// `NotFound` when there is no such gateway.
    pub async fn workspace_of_webhook(&self, id: GatewayId) -> Result<(TenantScope, Workspace), StoreError> {
        const TEXT: &str = "SELECT t.id, t.name, t.plan, t.state, t.created_at, t.closes_at, t.suspended_at, t.suspended_for, t.revision FROM gateways g \
                            JOIN tenants t ON t.id = g.tenant_id WHERE g.id = $1";
        let row = self.db.one(sql(TEXT).bind(id)).await?;
        let scope = TenantScope::of(row.get("id")?);
        Ok((scope, self.workspace_of(scope, &row)?))
    }

    fn workspace_of(&self, scope: TenantScope, row: &Row) -> Result<Workspace, StoreError> {
        let revision = row.get("revision")?;
        Ok(Workspace {
            store: self.clone(),
            scope,
            tenant: crate::accounts::tenant(row)?,
            revision,
            parts: self.kept.at(scope.tenant(), revision),
        })
    }
}

impl Workspace {
    /// Whose they are.
    #[must_use]
    pub const fn scope(&self) -> TenantScope {
        self.scope
    }

    /// The tenant.
    #[must_use]
    pub const fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// Whether events are handled.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.tenant.state == WorkspaceState::Running
    }

    /// A number that is another one after each change.
    #[must_use]
    pub const fn revision(&self) -> i64 {
        self.revision
    }

    /// One gateway. What it counts, and its last delivery and poll, may be those of a while ago.
    ///
    /// # Errors
    /// `NotFound` when the tenant has no such gateway.
    pub async fn gateway(&self, id: GatewayId) -> Result<Arc<Gateway>, StoreError> {
        if let Some(gateway) = self.parts.gateways.get(&id) {
            return Ok(gateway);
        }
        let gateway = Arc::new(self.store.gateway(self.scope, id).await?);
        self.keep(gateway.config.to_string().len());
        Ok(self.parts.gateways.put(id, gateway))
    }

    /// The secrets of a gateway, for a call on its behalf. They are kept sealed.
    ///
    /// # Errors
    /// `NotFound`; `Unsealable` when another master key sealed them.
    pub async fn gateway_secrets(&self, id: GatewayId) -> Result<GatewaySecrets, StoreError> {
        let sealed: Arc<SealedSecrets> = match self.parts.secrets.get(&id) {
            Some(sealed) => sealed,
            None => {
                let sealed = Arc::new(self.store.sealed_secrets(self.scope, id).await?);
                self.keep(sealed.size());
                self.parts.secrets.put(id, sealed)
            }
        };
        sealed.open(&self.store.key, id)
    }

    /// One install. Its failures in a row may be those of a while ago.
    ///
    /// # Errors
    /// `NotFound` when the tenant has no such install.
    pub async fn install(&self, id: InstallId) -> Result<Arc<Install>, StoreError> {
        if let Some(install) = self.parts.installs.get(&id) {
            return Ok(install);
        }
        let install = Arc::new(self.store.install_by_id(self.scope, id).await?);
        self.keep(install.config.to_string().len());
        Ok(self.parts.installs.put(id, install))
    }

    /// The gateways that are bound to an install, by slot and in the tenant's order.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn bound_gateways(&self, id: InstallId) -> Result<Arc<Vec<BoundGateway>>, StoreError> {
        if let Some(bound) = self.parts.bound.get(&id) {
            return Ok(bound);
        }
        let bound = Arc::new(self.store.bound_gateways(self.scope, id).await?);
        self.keep(bound.len() * size_of::<BoundGateway>());
        Ok(self.parts.bound.put(id, bound))
    }

    /// The installs that a gateway is bound to and that are to get its events; see [`Store::subscribers`].
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn subscribers(&self, id: GatewayId) -> Result<Arc<Vec<Install>>, StoreError> {
        if let Some(subscribers) = self.parts.subscribers.get(&id) {
            return Ok(subscribers);
        }
        let subscribers = Arc::new(self.store.subscribers(self.scope, id).await?);
        self.keep(subscribers.iter().map(|install| install.config.to_string().len()).sum());
        Ok(self.parts.subscribers.put(id, subscribers))
    }

    fn keep(&self, bytes: usize) {
        self.store.kept.grew(&self.parts, bytes);
    }
}
