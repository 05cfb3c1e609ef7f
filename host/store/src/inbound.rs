//! Raw deliveries: durable before they are acknowledged.
//!
//! Many ingests share one durable write (group commit): while one transaction reaches the disk, the next batch gathers.

mod group;
mod postgres;
mod query;
mod sqlite;

pub(crate) use group::GroupCommit;
pub use query::InboundRecord;

use crate::db::{sql, transaction};
use crate::events::NewEvent;
use crate::executions::{NewExecution, Queued};
use crate::usage::OnRow;
use crate::{Store, StoreError, TenantScope, points};
use twobot_domain::{ExecutionId, GatewayId, InboundId, Timestamp, Usage};

/// A delivery to be taken into the log.
#[derive(Clone, Debug)]
pub struct NewInbound {
    /// Where it came from.
    pub gateway: GatewayId,
    /// The provider's id of it.
    pub provider_id: String,
    /// Valid JSON.
    pub body: String,
    /// The most events that may wait for this tenant.
    pub waiting_limit: u32,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It is on disk.
    New(InboundId),
    /// The same was there before.
    Duplicate,
}

/// A delivery in the log.
#[derive(Clone, Debug)]
pub struct Inbound {
    /// Its id.
    pub id: InboundId,
    /// Where it came from.
    pub gateway: GatewayId,
    /// Valid JSON.
    pub body: String,
    /// When it was accepted: the time of its id.
    pub received_at: Timestamp,
    /// Failed tries to decode it.
    pub attempt: u64,
}

/// What decoding a delivery came to.
#[derive(Clone, Debug)]
pub enum Decoded {
    /// Events, each with the executions that it causes.
    Events(Vec<(NewEvent, Vec<NewExecution>)>),
    /// Of a kind that no event is made of: the provider's name for it.
    NotHandled(String),
    /// It could not be decoded: why.
    Failed(String),
}

impl Inbound {
    /// A delivery that was accepted just now.
    #[must_use]
    pub fn accepted(id: InboundId, gateway: GatewayId, body: String) -> Self {
        Self { id, gateway, body, received_at: Timestamp::of_id(id.uuid()), attempt: 0 }
    }
}

impl Store {
    /// Takes a delivery into the log. When this returns `New`, it is on disk.
    ///
    /// # Errors
    /// `QueueFull` when too many events wait, and `Busy` when another node is at the tenant's deliveries for too long: the provider should
    /// retry later. `NotFound` when the gateway is gone.
    pub async fn accept(&self, scope: TenantScope, delivery: NewInbound) -> Result<Accepted, StoreError> {
        self.inbox.submit(scope, delivery, None).await
    }

    /// The same; as soon as it is on disk, something is done with it. That is done for one delivery after the other, in the order in which they were
    /// recorded, also where whoever brought it does not wait any more. It must not wait for anything.
    ///
    /// # Errors
    /// As [`Store::accept`].
    pub async fn accept_then(
        &self,
        scope: TenantScope,
        delivery: NewInbound,
        then: impl FnOnce(InboundId) + Send + 'static,
    ) -> Result<Accepted, StoreError> {
        self.inbox.submit(scope, delivery, Some(Box::new(then))).await
    }

    /// A delivery that waits to be decoded.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such delivery or it was decoded.
    pub async fn inbound(&self, scope: TenantScope, id: InboundId) -> Result<Inbound, StoreError> {
        let row = self
            .db
            .one(
                sql("SELECT id, gateway_id, body, received_at, attempt FROM inbound \
                     WHERE id = $1 AND tenant_id = $2 AND state = 'waiting'")
                .bind(id)
                .bind(scope.tenant()),
            )
            .await?;
        Ok(Inbound {
            id: row.get("id")?,
            gateway: row.get("gateway_id")?,
            body: row.get("body")?,
            received_at: row.get("received_at")?,
            attempt: row.get("attempt")?,
        })
    }

    /// Puts a delivery back until a later time, after its decoding failed for a reason that may pass.
    ///
    /// # Errors
    /// Only those of the database; one that was decoded meanwhile stays as it is.
    pub async fn postpone_inbound(
        &self,
        scope: TenantScope,
        id: InboundId,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        self.db
            .run(
                sql("UPDATE inbound SET attempt = attempt + 1, next_at = $1 \
                     WHERE id = $2 AND tenant_id = $3 AND state = 'waiting'")
                .bind(until)
                .bind(id)
                .bind(scope.tenant()),
            )
            .await
            .map(drop)
    }

    /// Records what a delivery meant: its events and their executions, and what decoding used, in one transaction. Says which
    /// executions wait for their turn now.
    ///
    /// # Errors
    /// `NotFound` when it was decoded before.
    pub async fn finish_inbound(
        &self,
        scope: TenantScope,
        delivery: &Inbound,
        decoded: &Decoded,
        usage: &Usage,
    ) -> Result<Queued<ExecutionId>, StoreError> {
        let (state, note) = match decoded {
            Decoded::Events(_) => ("decoded", None),
            Decoded::NotHandled(name) => ("not_handled", Some(name.as_str())),
            Decoded::Failed(why) => ("failed", Some(why.as_str())),
        };
        transaction!(self.db.begin(scope), |tx| {
            let changed = tx
            .run(
                sql("UPDATE inbound SET state = $1, note = $2 WHERE id = $3 AND tenant_id = $4 AND state = 'waiting'")
                    .bind(state)
                    .bind(note)
                    .bind(delivery.id)
                    .bind(scope.tenant()),
            )
            .await?;
            if changed == 0 {
                return Err(StoreError::NotFound);
            }
            let first = match decoded {
                Decoded::Events(events) => events.first().map(|(event, _)| event.id),
                Decoded::NotHandled(_) | Decoded::Failed(_) => None,
            };
            let used = OnRow::of_event(&self.metering, first, usage);
            let mut queued = Queued::none(Timestamp::now());
            match decoded {
                Decoded::Events(events) => {
                    for (event, executions) in events {
                        let metered = (Some(event.id) == first).then_some(&used);
                        crate::events::insert_metered(&mut tx, scope, event, metered).await?;
                        for execution in executions {
                            if crate::executions::insert_at(&mut tx, scope, execution, queued.at).await? {
                                queued.ids.push(execution.id);
                            }
                        }
                    }
                }
                Decoded::NotHandled(_) => {
                    let count = sql(
                        "UPDATE gateways SET not_handled = not_handled + 1 WHERE id = $1 AND tenant_id = $2",
                    );
                    tx.run(count.bind(delivery.gateway).bind(scope.tenant())).await?;
                }
                Decoded::Failed(_) => {}
            }
            used.record_rest(&mut tx, scope).await?;
            crate::usage::count_up(&mut tx, scope, &self.metering, usage.executions).await?;
            points::reach("decode-before-commit");
            tx.commit().await?;
            points::reach("decode-after-commit");
            Ok(queued)
        })
    }
}
