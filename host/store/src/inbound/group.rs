//! Many ingests share one durable write (group commit): while one transaction reaches the disk, the next batch gathers.

use super::{Accepted, NewInbound, postgres, sqlite};
use crate::db::Db;
use crate::{StoreError, TenantScope};
use tokio::sync::{mpsc, oneshot};

/// The most deliveries of one transaction. More would only make the first of them wait longer.
const BATCH: usize = 256;

/// A delivery, and whose gateway it came to.
pub(super) type Delivery = (TenantScope, NewInbound);

struct Request {
    delivery: Delivery,
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
    ) -> Result<Accepted, StoreError> {
        let (answer, answered) = oneshot::channel();
        let closed = || StoreError::Database(sqlx::Error::PoolClosed);
        let request = Request { delivery: (scope, delivery), answer };
        self.0.send(request).await.map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }
}

/// Writes a batch, and gives everyone who asked an answer: their own, or that nothing of the batch was kept.
async fn commit(db: &Db, batch: Vec<Request>) {
    let (deliveries, answers): (Vec<_>, Vec<_>) =
        batch.into_iter().map(|request| (request.delivery, request.answer)).unzip();
    let written = match db {
        Db::Sqlite(_) => sqlite::write(db, &deliveries).await,
        Db::Postgres(_) => postgres::write(db, &deliveries).await,
    };
    let results = written.unwrap_or_else(|error| {
        let text = error.to_string();
        let failed = || Err(StoreError::Database(sqlx::Error::Protocol(text.clone())));
        std::iter::repeat_with(failed).take(answers.len()).collect()
    });
    for (answer, result) in answers.into_iter().zip(results) {
        // Whoever asked may have gone away; the delivery is in the log all the same.
        let _ = answer.send(result);
    }
}
