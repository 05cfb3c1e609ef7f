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
    then: Option<Then>,
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

    pub(super) async fn submit(
        &self,
        scope: TenantScope,
        delivery: NewInbound,
        then: Option<Then>,
    ) -> Result<Accepted, StoreError> {
        let (answer, answered) = oneshot::channel();
        let closed = || StoreError::Database(sqlx::Error::PoolClosed);
        let request = Request { delivery: (scope, delivery), then, answer };
        self.0.send(request).await.map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }
}

/// Writes a batch, and gives everyone who asked an answer: their own, or that nothing of the batch was kept.
async fn commit(db: &Db, batch: Vec<Request>) {
    let (deliveries, answers): (Vec<_>, Vec<_>) =
        batch.into_iter().map(|request| (request.delivery, (request.then, request.answer))).unzip();
    let written = match db {
        Db::Sqlite(_) => sqlite::write(db, &deliveries).await,
        Db::Postgres(_) => postgres::write(db, &deliveries).await,
    };
    let results = written.unwrap_or_else(|error| {
        let text = error.to_string();
        let failed = || Err(StoreError::Database(sqlx::Error::Protocol(text.clone())));
        std::iter::repeat_with(failed).take(answers.len()).collect()
    });
    for ((then, answer), result) in answers.into_iter().zip(results) {
        if let (Some(then), Ok(Accepted::New(id))) = (then, &result) {
            // Whatever happens there must not keep others from being taken in.
            if catch_unwind(AssertUnwindSafe(|| then(*id))).is_err() {
                tracing::error!(inbound = %id, "a delivery was taken in, and could not be begun with; it is found later");
            }
        }
        // Whoever asked may have gone away; the delivery is in the log all the same.
        let _ = answer.send(result);
    }
}
