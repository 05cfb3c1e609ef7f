//! Keeping gateways connected: one task per gateway that is switched on.

use super::poll;
use crate::backoff::pause;
use crate::engine::Engine;
use parking_lot::Mutex;
use std::collections::HashMap;
use tokio_util::sync::CancellationToken;
use twobot_domain::{GatewayError, GatewayId};
use twobot_gateways::Arrival;
use twobot_store::gateways::{Gateway, GatewayStatus};
use twobot_store::{StoreError, TenantScope};

/// The tasks that keep gateways connected.
#[derive(Debug, Default)]
pub(crate) struct Connections(Mutex<HashMap<GatewayId, CancellationToken>>);

impl Connections {
    /// A token for a new task; the task that ran for this gateway before ends.
    fn begin(&self, id: GatewayId) -> CancellationToken {
        let token = CancellationToken::new();
        if let Some(before) = self.0.lock().insert(id, token.clone()) {
            before.cancel();
        }
        token
    }

    /// Ends the task of a gateway.
    pub(crate) fn end(&self, id: GatewayId) {
        if let Some(token) = self.0.lock().remove(&id) {
            token.cancel();
        }
    }
}

impl Engine {
    /// Connects a gateway in the background, and keeps it connected.
    pub(crate) fn begin_connecting(&self, scope: TenantScope, id: GatewayId) {
        let ended = self.inner.connections.begin(id);
        let engine = self.clone();
        self.inner.tasks.spawn(async move {
            tokio::select! {
                () = ended.cancelled() => {}
                () = engine.stopped() => {}
                () = keep_connected(&engine, scope, id) => {}
            }
        });
    }
}

/// Tries until it is connected, refused for good, or gone.
async fn keep_connected(engine: &Engine, scope: TenantScope, id: GatewayId) {
    let mut failed = 0_u64;
    loop {
        let again = match engine.store().gateway(scope, id).await {
            Ok(gateway) => connect(engine, scope, &gateway).await,
            Err(error) => Err(error),
        };
        match again {
            Ok(Next::Done) | Err(StoreError::NotFound) => return,
            Ok(Next::Again) => {}
            Err(error) => {
                tracing::error!(%error, gateway = %id, "a gateway could not be connected; it is tried again")
            }
        }
        failed += 1;
        tokio::time::sleep(pause(failed)).await;
    }
}

enum Next {
    /// It is connected and needs nobody, or it is refused until its owner changes something.
    Done,
    /// It may work later.
    Again,
}

async fn connect(engine: &Engine, scope: TenantScope, gateway: &Gateway) -> Result<Next, StoreError> {
    let entry = engine.catalogue().gateway_kind(&gateway.kind);
    let Some(connector) = entry.and_then(|entry| engine.connector(entry)) else {
        let error = GatewayError::Unsupported(format!("this host has no gateway kind `{}`", gateway.kind));
        let trouble = error.trouble(&gateway.name);
        engine.set_status(scope, gateway.id, GatewayStatus::Error, Some(&trouble), None).await?;
        return Ok(Next::Done);
    };
    let account = match engine.check(scope, gateway).await {
        Ok(account) => account,
        Err(failure) => {
            engine.set_status(scope, gateway.id, GatewayStatus::Error, Some(&failure.trouble), None).await?;
            return Ok(if failure.passes { Next::Again } else { Next::Done });
        }
    };
    let keys = engine.account(scope, gateway).await?;
    let arrival = connector.arrival(&keys, engine.webhook_url(gateway));
    if let Err(error) = connector.connect(&keys, &arrival).await {
        let trouble = error.trouble(&gateway.name);
        engine.set_status(scope, gateway.id, GatewayStatus::Error, Some(&trouble), Some(&account)).await?;
        return Ok(if error.is_transient() { Next::Again } else { Next::Done });
    }
    engine.set_status(scope, gateway.id, GatewayStatus::Connected, None, Some(&account)).await?;
    if arrival == Arrival::Polling {
        poll::run(engine, scope, gateway, connector.as_ref(), &keys).await?;
    }
    Ok(Next::Done)
}
