//! Many ingests share one durable write (group commit): while one transaction reaches the disk, the next batch gathers.

use super::{Accepted, NewInbound, postgres, sqlite};
use crate::db::Db;
use crate::{StoreError, TenantScope};
use std::panic::{AssertUnwindSafe, catch_unwind};
use tokio::sync::{mpsc, oneshot};
use twobot_domain::InboundId;

/// The most deliveries of one transaction. More would only make the first of them wait longer.
const BATCH: usize = 256;

/// A delivery, and whose gateway it came to.
pub(super) type Delivery = (TenantScope, NewInbound);

/// What is to be done with a delivery that is on disk, before whoever brought it is answered.
pub(super) type Then = Box<dyn FnOnce(InboundId) + Send>;

struct Request {
    delivery: Delivery,
    asker: Asker,
}

/// Who brought a delivery and waits for an answer.
struct Asker {
    then: Option<Then>,
    answer: oneshot::Sender<Result<Accepted, StoreError>>,
}

impl Asker {
    fn answer(self, result: Result<Accepted, StoreError>) {
        if let (Some(then), Ok(Accepted::New(id))) = (self.then, &result) {
            // Whatever happens there must not keep others from being taken in.
            if catch_unwind(AssertUnwindSafe(|| then(*id))).is_err() {
                tracing::error!(inbound = %id, "a delivery was taken in, and could not be begun with; it is found later");
            }
        }
        // Whoever asked may have gone away; the delivery is in the log all the same.
        let _ = self.answer.send(result);
    }
}

/// The task that writes deliveries in batches.
#[derive(Clone, Debug)]
pub(crate) struct GroupCommit(mpsc::Sender<Request>);

impl GroupCommit {
    pub(crate) fn start(db: Db) -> Self {
        let (sender, mut receiver) = mpsc::channel::<Request>(BATCH * 4);
        tokio::spawn(async move {
            let mut batch = Vec::with_capacity(BATCH);
            let mut held = postgres::Held::default();
            while receiver.recv_many(&mut batch, BATCH).await > 0 {
                commit(&db, &mut held, std::mem::take(&mut batch)).await;
            }
        });
        Self(sender)
    }

    pub(super) async fn submit(
        &self,
        scope: TenantScope,
        delivery: NewInbound,
        then: Option<Then>,
    ) -> Result<Accepted, StoreError> {
        let (answer, answered) = oneshot::channel();
        let closed = || StoreError::Database(sqlx::Error::PoolClosed);
        let request = Request { delivery: (scope, delivery), asker: Asker { then, answer } };
        self.0.send(request).await.map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }
}

/// Writes a batch, and gives everyone who asked an answer: their own, or that nothing of the batch was kept. Those who have to wait for another
/// node get theirs after the others.
async fn commit(db: &Db, held: &mut postgres::Held, batch: Vec<Request>) {
    let (deliveries, askers) = apart(batch);
    let written = match db {
        Db::Sqlite(_) => sqlite::write(db, &deliveries).await,
        Db::Postgres(_) => postgres::write(db, &deliveries).await,
    };
    let results = written.unwrap_or_else(|error| failed(&error, askers.len()));
    let mut left = Vec::new();
    for ((delivery, asker), result) in deliveries.into_iter().zip(askers).zip(results) {
        match result {
            Err(StoreError::Busy) => left.push(Request { delivery, asker }),
            result => asker.answer(result),
        }
    }
    if left.is_empty() {
        return;
    }
    let (deliveries, askers) = apart(left);
    let results = postgres::write_held(db, held, &deliveries).await;
    for (asker, result) in askers.into_iter().zip(results) {
        asker.answer(result);
    }
}

fn apart(requests: Vec<Request>) -> (Vec<Delivery>, Vec<Asker>) {
    requests.into_iter().map(|request| (request.delivery, request.asker)).unzip()
}

/// What everyone is answered of whose deliveries nothing was kept.
pub(super) fn failed(error: &StoreError, count: usize) -> Vec<Result<Accepted, StoreError>> {
    let failed = || {
        Err(match error {
            StoreError::Unusable(why) => StoreError::Unusable(why.clone()),
            other => StoreError::Database(sqlx::Error::Protocol(other.to_string())),
        })
    };
    std::iter::repeat_with(failed).take(count).collect()
}
