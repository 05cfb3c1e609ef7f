//! A batch of deliveries in SQLite: one statement after the other. They cost nothing on the way, and nobody writes meanwhile.

use super::group::Delivery;
use super::{Accepted, NewInbound};
use crate::db::{Db, Tx, sql};
use crate::{StoreError, TenantScope, points};
use std::collections::HashMap;
use twobot_domain::{GatewayId, InboundId, TenantId, Timestamp};

/// Takes deliveries into the log, and says what became of each.
///
/// # Errors
/// Those of the database; nothing of the batch is kept then.
pub(super) async fn write(
    db: &Db,
    deliveries: &[Delivery],
) -> Result<Vec<Result<Accepted, StoreError>>, StoreError> {
    let mut tx = db.begin_shared().await?;
    let mut waiting: HashMap<TenantId, u64> = HashMap::new();
    let mut counts: HashMap<GatewayId, (u64, u64)> = HashMap::new();
    let mut results = Vec::with_capacity(deliveries.len());
    for (scope, delivery) in deliveries {
        let result = insert(&mut tx, *scope, delivery, &mut waiting).await;
        match result {
            Ok(Accepted::New(_)) => counts.entry(delivery.gateway).or_default().0 += 1,
            Ok(Accepted::Duplicate) => counts.entry(delivery.gateway).or_default().1 += 1,
            Err(StoreError::QueueFull(_) | StoreError::NotFound) => {}
            Err(error) => return Err(error),
        }
        results.push(result);
    }
    for (gateway, (accepted, duplicates)) in counts {
        tx.run(
            sql("UPDATE gateways SET accepted = accepted + $1, duplicates = duplicates + $2, \
                 last_event_at = CASE WHEN $1 > 0 THEN $3 ELSE last_event_at END WHERE id = $4")
            .bind(accepted)
            .bind(duplicates)
            .bind(Timestamp::now())
            .bind(gateway),
        )
        .await?;
    }
    points::reach("ingest-before-commit");
    tx.commit().await?;
    points::reach("ingest-after-commit");
    Ok(results)
}

async fn insert(
    tx: &mut Tx,
    scope: TenantScope,
    delivery: &NewInbound,
    waiting: &mut HashMap<TenantId, u64>,
) -> Result<Accepted, StoreError> {
    let tenant = scope.tenant();
    let waits = match waiting.get(&tenant) {
        Some(waits) => *waits,
        None => waiting_events(tx, tenant).await?,
    };
    let id = InboundId::new();
    let written = tx
        .run(
            // The gateway must be the tenant's; a gateway that was just deleted takes no more.
            sql("INSERT INTO inbound (id, tenant_id, gateway_id, provider_id, body, state, next_at, received_at) \
                 SELECT $1, $2, id, $3, $4, 'waiting', $9, $5 FROM gateways \
                 WHERE id = $6 AND tenant_id = $2 AND ($7 < $8 OR EXISTS \
                 (SELECT 1 FROM inbound WHERE gateway_id = $6 AND provider_id = $3)) \
                 ON CONFLICT (gateway_id, provider_id) DO NOTHING")
            .bind(id)
            .bind(tenant)
            .bind(delivery.provider_id.as_str())
            .bind(delivery.body.as_str())
            .bind(Timestamp::of_id(id.uuid()))
            .bind(delivery.gateway)
            .bind(waits)
            .bind(u64::from(delivery.waiting_limit))
            // Due now, also where the id is ahead of this clock.
            .bind(Timestamp::now()),
        )
        .await?;
    if written > 0 {
        waiting.insert(tenant, waits + 1);
        return Ok(Accepted::New(id));
    }
    waiting.insert(tenant, waits);
    let known = tx
        .optional(
            sql("SELECT 1 AS one FROM inbound WHERE gateway_id = $1 AND provider_id = $2 AND tenant_id = $3")
                .bind(delivery.gateway)
                .bind(delivery.provider_id.as_str())
                .bind(tenant),
        )
        .await?;
    if known.is_some() {
        return Ok(Accepted::Duplicate);
    }
    if waits >= u64::from(delivery.waiting_limit) {
        return Err(StoreError::QueueFull(waits));
    }
    Err(StoreError::NotFound)
}

/// Deliveries that wait to be decoded and executions that wait to be run; not those that are held for a person.
async fn waiting_events(tx: &mut Tx, tenant: TenantId) -> Result<u64, StoreError> {
    let row = tx
        .optional(
            sql("SELECT (SELECT count(*) FROM inbound WHERE tenant_id = $1 AND state = 'waiting') + \
                 (SELECT count(*) FROM executions WHERE tenant_id = $1 AND state = 'waiting') - \
                 (SELECT count(*) FROM executions WHERE tenant_id = $1 AND held = 1) AS n")
            .bind(tenant),
        )
        .await?;
    row.map_or(Ok(0), |row| row.get("n"))
}
