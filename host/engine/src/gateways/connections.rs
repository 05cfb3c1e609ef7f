//! Keeping gateways connected: one task per gateway that somebody has to be with, on the node that works for its tenant.

use super::poll;
use crate::backoff::pause;
use crate::dispatch::Queue;
use crate::engine::Engine;
use crate::live::LiveEvent;
use crate::nodes::{Hold, Kinds};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use twobot_domain::{GatewayError, GatewayId, Timestamp, Trouble};
use twobot_gateways::Arrival;
use twobot_store::connections::ToConnect;
use twobot_store::gateways::{Gateway, GatewayStatus, ProviderAccount};
use twobot_store::nodes::Lease;
use twobot_store::{StoreError, TenantScope};

/// The tasks that keep gateways connected.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    tasks: Mutex<HashMap<GatewayId, Task>>,
    /// Tenants whose gateways are to be looked at.
    round: Arc<Queue>,
}

#[derive(Debug)]
struct Task {
    scope: TenantScope,
    asked: u64,
    lease: Lease,
    ended: CancellationToken,
}

impl Connections {
    /// A tenant's gateways are to be looked at.
    pub(crate) fn wake(&self, scope: TenantScope) {
        self.round.wake(scope);
    }

    /// A token for a new task, unless one does that already; the task that ran for this gateway before ends.
    fn begin(&self, lease: Lease, to_connect: ToConnect) -> Option<CancellationToken> {
        let ToConnect { gateway, asked } = to_connect;
        let mut tasks = self.tasks.lock();
        if tasks.get(&gateway).is_some_and(|task| task.lease == lease && task.asked >= asked) {
            return None;
        }
        let ended = CancellationToken::new();
        let task = Task { scope: lease.scope(), asked, lease, ended: ended.clone() };
        if let Some(before) = tasks.insert(gateway, task) {
            before.ended.cancel();
        }
        Some(ended)
    }

    /// A task has come to its end.
    fn finished(&self, lease: Lease, to_connect: ToConnect) {
        let mut tasks = self.tasks.lock();
        if tasks
            .get(&to_connect.gateway)
            .is_some_and(|task| task.lease == lease && task.asked == to_connect.asked)
        {
            tasks.remove(&to_connect.gateway);
        }
    }

    /// Ends the task of a gateway.
    pub(crate) fn end(&self, id: GatewayId) {
        if let Some(task) = self.tasks.lock().remove(&id) {
            task.ended.cancel();
        }
    }

    /// Ends the tasks of a tenant.
    pub(crate) fn end_all(&self, scope: TenantScope) {
        self.end_besides(scope, &[]);
    }

    fn end_besides(&self, scope: TenantScope, wanted: &[ToConnect]) {
        self.tasks.lock().retain(|id, task| {
            let stays = task.scope != scope || wanted.iter().any(|wanted| wanted.gateway == *id);
            if !stays {
                task.ended.cancel();
            }
            stays
        });
    }

    /// Whether somebody is with a gateway of a tenant.
    pub(crate) fn has(&self, scope: TenantScope) -> bool {
        !self.round.is_idle(scope) || self.tasks.lock().values().any(|task| task.scope == scope)
    }
}

/// Begins and ends the tasks that are asked for, until the engine stops.
pub(crate) async fn run(engine: Engine) {
    let round = Arc::clone(&engine.inner.connections.round);
    loop {
        tokio::select! {
            () = engine.stopped() => return,
            () = round.woken() => {}
        }
        while let Some(scope) = round.next() {
            if engine.is_stopping() {
                return;
            }
            let Some(hold) = engine.hold(scope) else { continue };
            if let Err(error) = follow(&engine, scope, &hold).await {
                tracing::error!(%error, "the gateways of a tenant can not be read; it is tried again");
                round.wake_at(scope, Timestamp::now().plus_millis(1_000), Timestamp::now());
            }
        }
    }
}

/// Has a task for each gateway of a tenant that somebody has to be with, and for no other.
async fn follow(engine: &Engine, scope: TenantScope, hold: &Hold) -> Result<(), StoreError> {
    let wanted = engine.store().to_connect(scope).await?;
    let connections = &engine.inner.connections;
    connections.end_besides(scope, &wanted);
    for to_connect in wanted {
        let Some(ended) = connections.begin(hold.lease, to_connect) else { continue };
        let (engine, lost, lease) = (engine.under(hold), hold.ended.clone(), hold.lease);
        engine.inner.tasks.clone().spawn(async move {
            tokio::select! {
                () = ended.cancelled() => {}
                () = lost.cancelled() => {}
                () = engine.stopped() => {}
                () = keep_connected(&engine, scope, to_connect) => {}
            }
            if !ended.is_cancelled() {
                engine.inner.connections.finished(lease, to_connect);
            }
        });
    }
    Ok(())
}

impl Engine {
    /// A gateway's connection is to be made anew or ended, by whoever works for its tenant.
    pub(crate) fn wake_connections(&self, scope: TenantScope) {
        self.wake(scope, Kinds::GATEWAYS);
    }

    /// Notes whether a gateway's connection works and tells whoever looks.
    ///
    /// # Errors
    /// `NotFound` when nobody wants to know any more: it is gone or switched off, or to be connected anew.
    pub(super) async fn note_connection(
        &self,
        scope: TenantScope,
        to_connect: ToConnect,
        status: GatewayStatus,
        trouble: Option<&Trouble>,
        account: Option<&ProviderAccount>,
    ) -> Result<(), StoreError> {
        self.store().set_connection_status(scope, to_connect, status, trouble, account).await?;
        self.live().tell(scope, LiveEvent::Gateway { id: to_connect.gateway, status: status.as_str() });
        Ok(())
    }
}

/// Tries until it is connected, refused for good, or gone.
async fn keep_connected(engine: &Engine, scope: TenantScope, to_connect: ToConnect) {
    let id = to_connect.gateway;
    let mut failed = 0_u64;
    loop {
        let again = match engine.store().gateway(scope, id).await {
            Ok(gateway) => connect(engine, scope, to_connect, &gateway).await,
            Err(error) => Err(error),
        };
        let again = match again {
            Ok(Next::Done) => {
                engine.store().connection_done(scope, id, to_connect.asked).await.map(|()| Next::Done)
            }
            other => other,
        };
        match again {
            Ok(Next::Done) | Err(StoreError::NotFound | StoreError::Fenced) => return,
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

async fn connect(
    engine: &Engine,
    scope: TenantScope,
    to_connect: ToConnect,
    gateway: &Gateway,
) -> Result<Next, StoreError> {
    let entry = engine.catalogue().gateway_kind(&gateway.kind);
    let Some(connector) = entry.and_then(|entry| engine.connector(entry)) else {
        let error = GatewayError::Unsupported(format!("this host has no gateway kind `{}`", gateway.kind));
        let trouble = error.trouble(&gateway.name);
        engine.note_connection(scope, to_connect, GatewayStatus::Error, Some(&trouble), None).await?;
        return Ok(Next::Done);
    };
    let account = match engine.check(scope, gateway).await {
        Ok(account) => account,
        Err(failure) => {
            let trouble = Some(&failure.trouble);
            engine.note_connection(scope, to_connect, GatewayStatus::Error, trouble, None).await?;
            return Ok(if failure.passes { Next::Again } else { Next::Done });
        }
    };
    let keys = engine.account(scope, gateway).await?;
    let arrival = connector.arrival(&keys, engine.webhook_url(gateway));
    if let Err(error) = connector.connect(&keys, &arrival).await {
        let trouble = error.trouble(&gateway.name);
        let (status, account) = (GatewayStatus::Error, Some(&account));
        engine.note_connection(scope, to_connect, status, Some(&trouble), account).await?;
        return Ok(if error.is_transient() { Next::Again } else { Next::Done });
    }
    engine.note_connection(scope, to_connect, GatewayStatus::Connected, None, Some(&account)).await?;
    if arrival == Arrival::Polling {
        poll::run(engine, scope, to_connect, gateway, connector.as_ref(), &keys).await?;
    }
    Ok(Next::Done)
}
