//! Long polls: the host asks the provider for deliveries, and goes on only when they are durable.

use crate::backoff::pause;
use crate::engine::Engine;
use crate::watch;
use std::time::Duration;
use std::time::SystemTime;
use twobot_domain::GatewayError;
use twobot_gateways::{Account, Connector, Delivery};
use twobot_store::connections::ToConnect;
use twobot_store::gateways::{Gateway, GatewayStatus};
use twobot_store::inbound::{Accepted, NewInbound};
use twobot_store::{StoreError, TenantScope};
use twobot_telemetry::meter;

/// The pause while too many events of the tenant wait. The provider keeps its deliveries meanwhile.
const QUEUE_FULL_PAUSE: Duration = Duration::from_secs(2);

/// Polls until the provider refuses for good. Ends with the task that it runs in.
pub(super) async fn run(
    engine: &Engine,
    scope: TenantScope,
    to_connect: ToConnect,
    gateway: &Gateway,
    connector: &dyn Connector,
    account: &Account,
) -> Result<(), StoreError> {
    let mut cursor = gateway.poll_cursor;
    let mut failed = 0;
    loop {
        match connector.poll(account, cursor).await {
            Ok(batch) => {
                if failed > 0 {
                    failed = 0;
                    engine.note_connection(scope, to_connect, GatewayStatus::Connected, None, None).await?;
                }
                for delivery in batch.deliveries {
                    accept(engine, scope, gateway, delivery).await?;
                }
                // The provider forgets what lies before the cursor: it moves only now that all of that is on disk.
                if batch.next_cursor != cursor
                    && let Some(next) = batch.next_cursor
                {
                    engine.store().set_poll_cursor(scope, gateway.id, next).await?;
                    cursor = Some(next);
                }
            }
            Err(error) => {
                let trouble = error.trouble(&gateway.name);
                engine.note_connection(scope, to_connect, GatewayStatus::Error, Some(&trouble), None).await?;
                if matches!(
                    error,
                    GatewayError::Unauthorized(_) | GatewayError::Denied(_) | GatewayError::Unsupported(_)
                ) {
                    return Ok(());
                }
                failed += 1;
                let wait = match error {
                    GatewayError::RateLimited(Some(seconds)) => {
                        Duration::from_secs(u64::from(seconds.min(300)))
                    }
                    _ => pause(failed),
                };
                tokio::time::sleep(wait).await;
            }
        }
    }
}

/// Takes a delivery into the log, however long its tenant's queue is full.
async fn accept(
    engine: &Engine,
    scope: TenantScope,
    gateway: &Gateway,
    delivery: Delivery,
) -> Result<(), StoreError> {
    let began = SystemTime::now();
    loop {
        let limits = engine.limits(scope).await?;
        let new = NewInbound {
            gateway: gateway.id,
            provider_id: delivery.provider_id.clone(),
            body: delivery.body.clone(),
            waiting_limit: limits.waiting_events,
        };
        match engine.store().accept(scope, new).await {
            Ok(Accepted::New(id)) => {
                watch::received(&gateway.kind, id, began);
                engine.wake_inbound(scope);
                return Ok(());
            }
            Ok(Accepted::Duplicate) => {
                meter::delivery(&gateway.kind, "duplicate");
                return Ok(());
            }
            Err(StoreError::QueueFull(_) | StoreError::Busy) => tokio::time::sleep(QUEUE_FULL_PAUSE).await,
            Err(error) => return Err(error),
        }
    }
}
