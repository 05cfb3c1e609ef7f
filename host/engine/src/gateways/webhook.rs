//! Webhooks: a provider calls us.

use crate::dispatch::{self, Fresh};
use crate::engine::Engine;
use crate::{suspension, watch};
use std::sync::Arc;
use std::time::SystemTime;
use thiserror::Error;
use twobot_domain::GatewayId;
use twobot_gateways::Headers;
use twobot_store::StoreError;
use twobot_store::gateways::{DeliveryOutcome, Gateway};
use twobot_store::inbound::{Accepted, Inbound, NewInbound};
use twobot_store::workspace::Workspace;
use twobot_telemetry::meter;

/// Why a delivery was turned away.
#[derive(Debug, Error)]
pub enum WebhookError {
    /// There is no such gateway, it is switched off, or it is of another provider.
    #[error("no such gateway")]
    NotFound,
    /// The provider's secret is missing or wrong.
    #[error("the webhook's secret is missing or wrong")]
    WrongSecret,
    /// The body is not what the provider sends.
    #[error("malformed: {0}")]
    Malformed(String),
    /// Too many events of the tenant wait, or they can not be taken in at this moment.
    #[error("too many events are waiting")]
    QueueFull,
    /// The tenant is suspended, and has been for more than a day.
    #[error("the account of this gateway is suspended")]
    Suspended,
    /// The store.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for WebhookError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::NotFound,
            StoreError::QueueFull(_) | StoreError::Busy => Self::QueueFull,
            other => Self::Store(other),
        }
    }
}

impl Engine {
    /// Takes a provider's delivery into the log: checks the secret, then that it is well-formed. When this returns, it is on
    /// disk, or was there before. Header names are in lower case.
    ///
    /// # Errors
    /// Why it was turned away; that is counted on the gateway.
    pub async fn webhook(
        &self,
        connector: &str,
        id: GatewayId,
        headers: &Headers,
        body: &str,
    ) -> Result<Accepted, WebhookError> {
        let (workspace, gateway) = self.addressed(connector, id).await?;
        let began = SystemTime::now();
        let taken = self.take(&workspace, &gateway, headers, body).await;
        tell(&gateway.kind, &taken, began);
        if let Err(error) = &taken
            && !matches!(error, WebhookError::Store(_))
        {
            self.store().count_delivery(workspace.scope(), id, DeliveryOutcome::Refused).await?;
        }
        taken
    }

    /// Counts a delivery that was turned away before it could be read, such as one that is too large.
    pub async fn refuse_webhook(&self, connector: &str, id: GatewayId) {
        let Ok((workspace, gateway)) = self.addressed(connector, id).await else { return };
        let scope = workspace.scope();
        if let Err(error) = self.store().count_delivery(scope, gateway.id, DeliveryOutcome::Refused).await {
            tracing::error!(%error, gateway = %id, "a refused delivery could not be counted");
        }
    }

    /// The gateway that a webhook's address names. A delivery to one that is switched off or of another provider is counted there as
    /// refused: its owner should see that someone still calls.
    async fn addressed(
        &self,
        connector: &str,
        id: GatewayId,
    ) -> Result<(Workspace, Arc<Gateway>), WebhookError> {
        let (scope, workspace) = self.store().workspace_of_webhook(id).await?;
        let gateway = workspace.gateway(id).await?;
        let fits = self
            .catalogue()
            .gateway_kind(&gateway.kind)
            .is_some_and(|entry| entry.manifest.connector == connector);
        if fits && gateway.enabled {
            return Ok((workspace, gateway));
        }
        self.store().count_delivery(scope, id, DeliveryOutcome::Refused).await?;
        Err(WebhookError::NotFound)
    }

    async fn take(
        &self,
        workspace: &Workspace,
        gateway: &Gateway,
        headers: &Headers,
        body: &str,
    ) -> Result<Accepted, WebhookError> {
        let entry = self.catalogue().gateway_kind(&gateway.kind);
        let connector = entry.and_then(|entry| self.connector(entry)).ok_or(WebhookError::NotFound)?;
        let account = self.account_in(workspace, gateway).await?;
        if !connector.webhook_is_authentic(&account, headers, body) {
            return Err(WebhookError::WrongSecret);
        }
        let delivery =
            connector.identify(headers, body).map_err(|malformed| WebhookError::Malformed(malformed.0))?;
        if !suspension::may_receive(workspace.tenant()) {
            return Err(WebhookError::Suspended);
        }
        let scope = workspace.scope();
        let (engine, id, body) = (self.clone(), gateway.id, delivery.body.clone());
        let begin = move |inbound| {
            let fresh = Fresh::inbound(scope, Inbound::accepted(inbound, id, body));
            dispatch::offer(&engine, scope, [fresh]);
        };
        let new = NewInbound {
            gateway: gateway.id,
            provider_id: delivery.provider_id,
            body: delivery.body,
            waiting_limit: self.limits_in(workspace).waiting_events,
        };
        Ok(self.store().accept_then(scope, new, begin).await?)
    }
}

/// Tells operators what became of a delivery.
fn tell(kind: &str, taken: &Result<Accepted, WebhookError>, began: SystemTime) {
    let outcome = match taken {
        Ok(Accepted::New(id)) => return watch::received(kind, *id, began),
        Ok(Accepted::Duplicate) => "duplicate",
        Err(WebhookError::NotFound) => "not_found",
        Err(WebhookError::WrongSecret) => "wrong_secret",
        Err(WebhookError::Malformed(_)) => "malformed",
        Err(WebhookError::QueueFull) => "queue_full",
        Err(WebhookError::Suspended) => "suspended",
        Err(WebhookError::Store(_)) => "failed",
    };
    meter::delivery(kind, outcome);
}
