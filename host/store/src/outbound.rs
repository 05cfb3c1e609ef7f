//! What was posted to receivers, for the owners of gateways to look at.
//!
//! What is to be done stands in [`crate::effects`] and
//! [`crate::journal`]: a process that ends at the wrong moment leaves a try out of this log, and nothing undone.

use crate::db::{Row, sql};
use crate::{Page, PageRequest, Store, StoreError, TenantScope};
use twobot_domain::{EffectOrigin, ExecutionId, GatewayId, OutboundId, Timestamp};

/// One try to deliver a message.
#[derive(Clone, Debug)]
pub struct NewTry {
    /// Through which gateway.
    pub gateway: GatewayId,
    /// What asked for it.
    pub origin: EffectOrigin,
    /// What the receiver knows the message by: the same at every try.
    pub message: String,
    /// The HTTP status of the answer; none where there was no answer.
    pub status: Option<u16>,
    /// The beginning of the answer.
    pub answer: String,
    /// Why it was not delivered; none where it was.
    pub problem: Option<String>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutboundState {
    /// The receiver has it.
    Delivered,
    /// It will be tried again.
    Waiting,
    /// It is not tried again by itself.
    Failed,
}

/// A message as its owner sees it.
#[derive(Clone, Debug)]
pub struct OutboundRecord {
    /// Its id.
    pub id: OutboundId,
    /// The execution that asked for it.
    pub execution: ExecutionId,
    /// What the receiver knows it by.
    pub message: String,
    /// What became of it.
    pub state: OutboundState,
    /// Tries so far.
    pub attempts: u64,
    /// The HTTP status of the last answer; none where there was no answer.
    pub status: Option<u16>,
    /// The beginning of the last answer.
    pub answer: String,
    /// Why the last try failed; none where it did not.
    pub problem: Option<String>,
    /// How long the last try took, in milliseconds.
    pub took_ms: u64,
    /// When it was first tried.
    pub created_at: Timestamp,
    /// When it was last tried.
    pub tried_at: Timestamp,
}

fn record(row: &Row) -> Result<OutboundRecord, StoreError> {
    let delivered: bool = row.get("delivered")?;
    let effect: Option<String> = row.get("effect_state")?;
    Ok(OutboundRecord {
        id: row.get("id")?,
        execution: row.get("execution_id")?,
        message: row.get("message")?,
        state: match effect.as_deref() {
            _ if delivered => OutboundState::Delivered,
            Some("waiting") => OutboundState::Waiting,
            _ => OutboundState::Failed,
        },
        attempts: row.get("attempts")?,
        status: row.get::<Option<i64>>("status")?.and_then(|status| u16::try_from(status).ok()),
        answer: row.get("answer")?,
        problem: row.get("problem")?,
        took_ms: row.get("took_ms")?,
        created_at: row.get("created_at")?,
        tried_at: row.get("tried_at")?,
    })
}

impl Store {
    /// Notes a try. Of what is gone meanwhile, gateway or execution, nothing is noted.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn note_try(&self, scope: TenantScope, tried: &NewTry) -> Result<(), StoreError> {
        let (execution, effect) = match tried.origin {
            EffectOrigin::Inline(execution) => (Some(execution), None),
            EffectOrigin::Queued(effect) => (None, Some(effect)),
        };
        self.db
            .run(
                sql("INSERT INTO outbound (id, tenant_id, gateway_id, execution_id, effect_id, message, attempts, delivered, status, \
                     answer, problem, took_ms, created_at, tried_at) \
                     SELECT $1, $2, g.id, x.id, $3, $4, 1, $5, $6, $7, $8, $9, $10, $10 FROM gateways g JOIN executions x \
                     ON x.id = coalesce($11, (SELECT f.execution_id FROM effects f WHERE f.id = $3 AND f.tenant_id = $2)) \
                     WHERE g.id = $12 AND g.tenant_id = $2 AND x.tenant_id = $2 \
                     ON CONFLICT (gateway_id, message) DO UPDATE SET attempts = outbound.attempts + 1, \
                     delivered = excluded.delivered, status = excluded.status, answer = excluded.answer, \
                     problem = excluded.problem, took_ms = excluded.took_ms, tried_at = excluded.tried_at")
                .bind(OutboundId::new())
                .bind(scope.tenant())
                .bind(effect)
                .bind(tried.message.as_str())
                .bind(tried.problem.is_none())
                .bind(tried.status.map(u64::from))
                .bind(tried.answer.as_str())
                .bind(tried.problem.as_deref())
                .bind(tried.took_ms)
                .bind(Timestamp::now())
                .bind(execution)
                .bind(tried.gateway),
            )
            .await
            .map(drop)
    }

    /// What was posted through a gateway, newest first.
    ///
    /// # Errors
    /// Only those of the database; a gateway of somebody else's has nothing.
    pub async fn outbound_of(
        &self,
        scope: TenantScope,
        gateway: GatewayId,
        page: PageRequest,
    ) -> Result<Page<OutboundRecord>, StoreError> {
        let rows = self
            .db
            .all(
                sql("SELECT o.id, o.execution_id, o.message, o.attempts, o.delivered, o.status, o.answer, o.problem, o.took_ms, \
                     o.created_at, o.tried_at, f.state AS effect_state FROM outbound o LEFT JOIN effects f ON f.id = o.effect_id \
                     WHERE o.gateway_id = $1 AND o.tenant_id = $2 AND o.id < $3 ORDER BY o.id DESC LIMIT $4")
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
