//! The outbox, as operators see it.

use super::Oversight;
use crate::audit::{Note, append};
use crate::db::{Row, sql, transaction};
use crate::mails::{OutboxEntry, entry};
use crate::{Page, PageRequest, Store, StoreError};
use twobot_domain::{MailId, Timestamp};

/// Which mails are wanted; what is empty does not matter.
#[derive(Clone, Debug, Default)]
pub struct MailFilter {
    /// `waiting`, `sent`, `shown` or `failed`.
    pub state: String,
    /// The kind, such as `verify`.
    pub kind: String,
    /// The address that it goes to, in lower case.
    pub to: String,
}

impl Store {
    /// Mails, the newest first.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn mails(
        &self,
        _right: Oversight,
        filter: &MailFilter,
        page: PageRequest,
    ) -> Result<Page<OutboxEntry>, StoreError> {
        let rows = self
            .db
            .all(
                sql("SELECT id, recipient, kind, content, state, attempts, trouble, created_at FROM mails WHERE id < $1 \
                     AND ($2 = '' OR state = $2) AND ($3 = '' OR kind = $3) AND ($4 = '' OR recipient = $4) \
                     ORDER BY id DESC LIMIT $5")
                .bind(page.before())
                .bind(filter.state.as_str())
                .bind(filter.kind.as_str())
                .bind(filter.to.to_lowercase())
                .bind(page.probe()),
            )
            .await?;
        let items = rows.iter().map(|row: &Row| entry(&self.key, row)).collect::<Result<Vec<_>, _>>()?;
        Ok(Page::from_probe(items, page, |item: &OutboxEntry| item.id.uuid()))
    }

    /// One mail.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub async fn mail(&self, _right: Oversight, id: MailId) -> Result<OutboxEntry, StoreError> {
        let row = self
            .db
            .one(
                sql("SELECT id, recipient, kind, content, state, attempts, trouble, created_at FROM mails WHERE id = $1")
                    .bind(id),
            )
            .await?;
        entry(&self.key, &row)
    }

    /// Lets a mail that was given up be tried again, now.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Conflict` when it was not given up, or what it said is no longer kept.
    pub async fn retry_mail(&self, right: Oversight, id: MailId, note: &Note) -> Result<(), StoreError> {
        self.mail(right, id).await?;
        transaction!(self.db.begin(right.own), |tx| {
            let changed = tx
                .run(
                    sql("UPDATE mails SET state = 'waiting', due_at = $1 WHERE id = $2 AND state = 'failed' AND content IS NOT NULL")
                        .bind(Timestamp::now())
                        .bind(id),
                )
                .await?;
            if changed == 0 {
                return Err(StoreError::Conflict);
            }
            append(&mut tx, right.own, note).await?;
            tx.commit().await
        })
    }
}
