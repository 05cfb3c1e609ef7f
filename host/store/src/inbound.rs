//! Raw deliveries: durable before they are acknowledged.
//!
//! Many ingests share one durable write (group commit): while one transaction reaches the disk, the next batch gathers.

use crate::db::{Db, Tx, sql};
use crate::events::NewEvent;
use crate::executions::NewExecution;
use crate::{Store, StoreError, TenantScope};
use std::collections::HashMap;
use tokio::sync::{mpsc, oneshot};
use twobot_domain::{GatewayId, InboundId, TenantId, Timestamp, Usage};

/// The most deliveries of one transaction. More would only make the first of them wait longer.
const BATCH: usize = 256;

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
    /// When it was accepted.
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

struct Request {
    scope: TenantScope,
    delivery: NewInbound,
    answer: oneshot::Sender<Result<Accepted, StoreError>>,
}

/// The task that writes deliveries in batches.
#[derive(Clone, Debug)]
pub(crate) struct GroupCommit(mpsc::Sender<Request>);

impl GroupCommit {
    pub(crate) fn start(db: Db) -> Self {
        let (sender, mut receiver) = mpsc::channel::<Request>(BATCH * 4);
        tokio::spawn(async move {
            let mut batch = Vec::with_capacity(BATCH);
            while receiver.recv_many(&mut batch, BATCH).await > 0 {
                commit(&db, std::mem::take(&mut batch)).await;
            }
        });
        Self(sender)
    }

    async fn submit(&self, scope: TenantScope, delivery: NewInbound) -> Result<Accepted, StoreError> {
        let (answer, answered) = oneshot::channel();
        let closed = || StoreError::Database(sqlx::Error::PoolClosed);
        self.0.send(Request { scope, delivery, answer }).await.map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }
}

async fn commit(db: &Db, batch: Vec<Request>) {
    let mut answers = Vec::with_capacity(batch.len());
    let written = write(db, batch, &mut answers).await;
    let failure = written.err().map(|error| error.to_string());
    for (answer, result) in answers {
        let result = match &failure {
            None => result,
            // Nothing of the batch was kept, so nobody may be told that theirs was.
            Some(text) => Err(StoreError::Database(sqlx::Error::Protocol(text.clone()))),
        };
        // Whoever asked may have gone away; the delivery is in the log all the same.
        let _ = answer.send(result);
    }
}

type Answers = Vec<(oneshot::Sender<Result<Accepted, StoreError>>, Result<Accepted, StoreError>)>;

async fn write(db: &Db, batch: Vec<Request>, answers: &mut Answers) -> Result<(), StoreError> {
    // Every asker gets an answer, also when the transaction can not even begin.
    let mut tx = match db.begin().await {
        Ok(tx) => tx,
        Err(error) => {
            answers.extend(batch.into_iter().map(|request| (request.answer, Err(StoreError::NotFound))));
            return Err(error);
        }
    };
    let mut waiting: HashMap<TenantId, u64> = HashMap::new();
    let mut counts: HashMap<GatewayId, (u64, u64)> = HashMap::new();
    let mut failure = None;
    for Request { scope, delivery, answer } in batch {
        let result = match failure {
            None => insert(&mut tx, scope, &delivery, &mut waiting).await,
            Some(_) => Err(StoreError::NotFound),
        };
        match &result {
            Ok(Accepted::New(_)) => counts.entry(delivery.gateway).or_default().0 += 1,
            Ok(Accepted::Duplicate) => counts.entry(delivery.gateway).or_default().1 += 1,
            Err(StoreError::QueueFull(_) | StoreError::NotFound) => {}
            Err(error) => failure = Some(StoreError::Database(sqlx::Error::Protocol(error.to_string()))),
        }
        answers.push((answer, result));
    }
    if let Some(error) = failure {
        return Err(error);
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
    tx.commit().await
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
                 SELECT $1, $2, id, $3, $4, 'waiting', $5, $5 FROM gateways \
                 WHERE id = $6 AND tenant_id = $2 AND ($7 < $8 OR EXISTS \
                 (SELECT 1 FROM inbound WHERE gateway_id = $6 AND provider_id = $3)) \
                 ON CONFLICT (gateway_id, provider_id) DO NOTHING")
            .bind(id)
            .bind(tenant)
            .bind(delivery.provider_id.as_str())
            .bind(delivery.body.as_str())
            .bind(Timestamp::now())
            .bind(delivery.gateway)
            .bind(waits)
            .bind(u64::from(delivery.waiting_limit)),
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

impl Store {
    /// Takes a delivery into the log. When this returns `New`, it is on disk.
    ///
    /// # Errors
    /// `QueueFull` when too many events wait; `NotFound` when the gateway is gone.
    pub async fn accept(&self, scope: TenantScope, delivery: NewInbound) -> Result<Accepted, StoreError> {
        self.inbox.submit(scope, delivery).await
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

    /// Records what a delivery meant: its events and their executions, and what decoding used, in one transaction.
    ///
    /// # Errors
    /// `NotFound` when it was decoded before.
    pub async fn finish_inbound(
        &self,
        scope: TenantScope,
        delivery: &Inbound,
        decoded: &Decoded,
        usage: &Usage,
    ) -> Result<(), StoreError> {
        let (state, note) = match decoded {
            Decoded::Events(_) => ("decoded", None),
            Decoded::NotHandled(name) => ("not_handled", Some(name.as_str())),
            Decoded::Failed(why) => ("failed", Some(why.as_str())),
        };
        let mut tx = self.db.begin().await?;
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
        match decoded {
            Decoded::Events(events) => {
                for (event, executions) in events {
                    crate::events::insert(&mut tx, scope, event).await?;
                    for execution in executions {
                        crate::executions::insert(&mut tx, scope, execution).await?;
                    }
                }
            }
            Decoded::NotHandled(_) => {
                let count =
                    sql("UPDATE gateways SET not_handled = not_handled + 1 WHERE id = $1 AND tenant_id = $2");
                tx.run(count.bind(delivery.gateway).bind(scope.tenant())).await?;
            }
            Decoded::Failed(_) => {}
        }
        crate::usage::add(&mut tx, scope, Timestamp::now(), usage).await?;
        tx.commit().await
    }
}
