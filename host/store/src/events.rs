//! What happened, in normalised form.

use crate::db::{Tx, sql};
use crate::usage::OnRow;
use crate::{Store, StoreError, TenantScope};
use twobot_domain::{EventId, GatewayId, InboundId, Timestamp};

/// An event to be recorded.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// Its id, made by whoever decoded it.
    pub id: EventId,
    /// Where it came from.
    pub gateway: Option<GatewayId>,
    /// The raw delivery that it came in.
    pub inbound: Option<InboundId>,
    /// The name of its kind.
    pub kind: &'static str,
    /// What must be handled in order has the same lane.
    pub lane: String,
    /// The payload, as JSON in the shape of the contract.
    pub payload: String,
    /// When it happened, as the provider says.
    pub occurred_at: Timestamp,
}

/// A recorded event.
#[derive(Clone, Debug)]
pub struct StoredEvent {
    /// Its id.
    pub id: EventId,
    /// Where it came from.
    pub gateway: Option<GatewayId>,
    /// The name of its kind.
    pub kind: String,
    /// The payload, as JSON in the shape of the contract.
    pub payload: String,
    /// The provider's own document.
    pub raw: Option<String>,
    /// The delivery that it came with.
    pub inbound: Option<InboundId>,
    /// When it happened.
    pub occurred_at: Timestamp,
}

/// Records an event. A gateway or delivery that is gone meanwhile, or not the tenant's, is left out.
pub(crate) async fn insert(tx: &mut Tx, scope: TenantScope, event: &NewEvent) -> Result<(), StoreError> {
    insert_metered(tx, scope, event, None).await
}

/// The same, with what decoding used to find it.
pub(crate) async fn insert_metered(
    tx: &mut Tx,
    scope: TenantScope,
    event: &NewEvent,
    metered: Option<&OnRow>,
) -> Result<(), StoreError> {
    let used = metered.map(|metered| metered.row).unwrap_or_default();
    tx.run(
        sql("INSERT INTO events (id, tenant_id, gateway_id, inbound_id, kind, lane, payload, occurred_at, created_at, \
             metered, runs, failed_runs, messages_in, fuel, peak_memory, wall_ms) \
             VALUES ($1, $2, (SELECT id FROM gateways WHERE id = $3 AND tenant_id = $2), \
             (SELECT id FROM inbound WHERE id = $4 AND tenant_id = $2), $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)")
        .bind(event.id)
        .bind(scope.tenant())
        .bind(event.gateway)
        .bind(event.inbound)
        .bind(event.kind)
        .bind(event.lane.as_str())
        .bind(event.payload.as_str())
        .bind(event.occurred_at)
        .bind(Timestamp::now())
        .bind(metered.map_or(0, |metered| metered.metered))
        .bind(used.executions)
        .bind(used.failed_executions)
        .bind(used.messages_in)
        .bind(used.fuel)
        .bind(used.peak_memory_bytes)
        .bind(used.wall_ms),
    )
    .await
    .map(drop)
}

impl Store {
    /// One event, with the provider's document.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such event.
    pub async fn event(&self, scope: TenantScope, id: EventId) -> Result<StoredEvent, StoreError> {
        let row = self
            .db
            .one(
                sql("SELECT e.id, e.gateway_id, e.kind, e.payload, e.occurred_at, e.inbound_id, i.body AS raw FROM events e \
                     LEFT JOIN inbound i ON i.id = e.inbound_id AND i.tenant_id = e.tenant_id WHERE e.id = $1 AND e.tenant_id = $2")
                .bind(id)
                .bind(scope.tenant()),
            )
            .await?;
        Ok(StoredEvent {
            id: row.get("id")?,
            gateway: row.get("gateway_id")?,
            kind: row.get("kind")?,
            payload: row.get("payload")?,
            raw: row.get("raw")?,
            inbound: row.get("inbound_id")?,
            occurred_at: row.get("occurred_at")?,
        })
    }
}
