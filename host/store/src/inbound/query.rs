//! Looking through what arrived.

use crate::db::{Row, sql};
use crate::{Page, PageRequest, Store, StoreError, TenantScope};
use twobot_domain::{ExecutionId, GatewayId, InboundId, Timestamp};

/// A delivery as its owner sees it.
#[derive(Clone, Debug)]
pub struct InboundRecord {
    /// Its id.
    pub id: InboundId,
    /// The provider's id of it.
    pub provider_id: String,
    /// `waiting`, `decoded`, `not_handled` or `failed`.
    pub state: String,
    /// Why it failed, or the provider's name for what is not handled.
    pub note: Option<String>,
    /// When it was accepted.
    pub received_at: Timestamp,
    /// The first thousand characters of it.
    pub beginning: String,
    /// How many runs of plugins it led to.
    pub runs: u64,
    /// One of them, where there are any.
    pub run: Option<ExecutionId>,
}

fn record(row: &Row) -> Result<InboundRecord, StoreError> {
    Ok(InboundRecord {
        id: row.get("id")?,
        provider_id: row.get("provider_id")?,
        state: row.get("state")?,
        note: row.get("note")?,
        received_at: row.get("received_at")?,
        beginning: row.get("beginning")?,
        runs: row.get("runs")?,
        run: row.get("run")?,
    })
}

impl Store {
    /// What arrived at a gateway, newest first. What was refused or dropped as a repeat is only counted.
    ///
    /// # Errors
    /// Only those of the database; a gateway of somebody else's has nothing.
    pub async fn inbound_of(
        &self,
        scope: TenantScope,
        gateway: GatewayId,
        page: PageRequest,
    ) -> Result<Page<InboundRecord>, StoreError> {
        let rows = self
            .db
            .all(
                sql("SELECT q.id, q.provider_id, q.state, q.note, q.received_at, substr(q.body, 1, 1000) AS beginning, \
                     (SELECT count(*) FROM events e JOIN executions x ON x.event_id = e.id WHERE e.inbound_id = q.id) AS runs, \
                     (SELECT x.id FROM events e JOIN executions x ON x.event_id = e.id WHERE e.inbound_id = q.id LIMIT 1) AS run \
                     FROM inbound q WHERE q.gateway_id = $1 AND q.tenant_id = $2 AND q.id < $3 AND q.received_at > 0 ORDER BY q.id DESC LIMIT $4")
                .bind(gateway)
                .bind(scope.tenant())
                .bind(page.before())
                .bind(page.probe()),
            )
            .await?;
        let items = rows.iter().map(record).collect::<Result<_, _>>()?;
        Ok(Page::from_probe(items, page, |item| item.id.uuid()))
    }
}
