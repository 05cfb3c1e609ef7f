//! The outbox: mails that wait to be sent, and what became of those before.
//!
//! A mail is queued in the transaction of what causes it, so that neither is there without the other. Whoever delivers takes
//! some for a while; what they do not finish is taken again when that while is over.

use crate::db::{Row, Tx, sql, transaction};
use crate::secrets::MasterKey;
use crate::{Store, StoreError, TenantScope};
use secrecy::{ExposeSecret, SecretString};
use twobot_domain::{Mail, MailId, TenantId, Timestamp, UserId};

/// Bytes of what is kept of a failure.
const MAX_TROUBLE: usize = 500;

/// A mail that was taken to be delivered.
#[derive(Clone, Debug)]
pub struct OutboxMail {
    /// Its id, which stays the same however often it is tried.
    pub id: MailId,
    /// Whose it is.
    pub tenant: TenantId,
    /// The address that it goes to.
    pub recipient: String,
    /// What it says.
    pub mail: Mail,
    /// How often it was tried, this time included.
    pub attempts: u32,
    /// When it was queued.
    pub created_at: Timestamp,
}

/// What came of trying to deliver a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivered {
    /// The mail server has it.
    Sent,
    /// There is no mail server: the operator was shown it, and can read it in the outbox.
    Shown,
    /// It is tried again.
    Later {
        /// When.
        at: Timestamp,
        /// What went wrong.
        trouble: String,
    },
    /// It is given up.
    Failed {
        /// What went wrong.
        trouble: String,
    },
}

/// A row of the outbox, as operators see it.
#[derive(Clone, Debug)]
pub struct OutboxEntry {
    /// Its id.
    pub id: MailId,
    /// The address that it goes to.
    pub recipient: String,
    /// The kind, such as `verify`.
    pub kind: String,
    /// `waiting`, `sent`, `shown` or `failed`.
    pub state: String,
    /// How often it was tried.
    pub attempts: u32,
    /// What went wrong the last time.
    pub trouble: Option<String>,
    /// When it was queued.
    pub created_at: Timestamp,
    /// What it says, while it is kept.
    pub mail: Option<Mail>,
}

/// What an envelope belongs to.
pub(crate) fn context(id: MailId) -> String {
    format!("mail {id}")
}

fn seal(key: &MasterKey, id: MailId, mail: &Mail) -> Result<Vec<u8>, StoreError> {
    let text = serde_json::to_string(mail).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    key.seal(&context(id), &SecretString::from(text))
}

fn open(key: &MasterKey, id: MailId, envelope: &[u8]) -> Result<Mail, StoreError> {
    let text = key.open(&context(id), envelope)?;
    serde_json::from_str(text.expose_secret()).map_err(|_| StoreError::Corrupt("a mail".to_owned()))
}

/// Queues a mail to a user, with what else the transaction does.
///
/// # Errors
/// `NotFound` when the scope has no such user.
pub(crate) async fn queue(
    tx: &mut Tx,
    key: &MasterKey,
    scope: TenantScope,
    user: UserId,
    mail: &Mail,
) -> Result<MailId, StoreError> {
    let (id, now) = (MailId::new(), Timestamp::now());
    let written = tx
        .run(
            sql("INSERT INTO mails (id, tenant_id, user_id, recipient, kind, content, state, due_at, created_at) \
                 SELECT $1, tenant_id, id, email, $2, $3, 'waiting', $4, $5 FROM users WHERE id = $6 AND tenant_id = $7")
            .bind(id)
            .bind(mail.kind())
            .bind(seal(key, id, mail)?)
            .bind(now)
            .bind(now)
            .bind(user)
            .bind(scope.tenant()),
        )
        .await?;
    if written == 0 { Err(StoreError::NotFound) } else { Ok(id) }
}

fn attempts(row: &Row) -> Result<u32, StoreError> {
    Ok(u32::try_from(row.get::<i64>("attempts")?).unwrap_or(u32::MAX))
}

/// A row of the outbox, opened where it can be.
pub(crate) fn entry(key: &MasterKey, row: &Row) -> Result<OutboxEntry, StoreError> {
    let id = row.get("id")?;
    let envelope = row.get::<Option<Vec<u8>>>("content")?;
    Ok(OutboxEntry {
        id,
        recipient: row.get("recipient")?,
        kind: row.get("kind")?,
        state: row.get("state")?,
        attempts: attempts(row)?,
        trouble: row.get("trouble")?,
        created_at: row.get("created_at")?,
        mail: envelope.and_then(|envelope| open(key, id, &envelope).ok()),
    })
}

impl Store {
    /// Queues a mail to a user.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such user.
    pub async fn queue_mail(
        &self,
        scope: TenantScope,
        user: UserId,
        mail: &Mail,
    ) -> Result<MailId, StoreError> {
        transaction!(self.db.begin(scope), |tx| {
            let id = queue(&mut tx, &self.key, scope, user, mail).await?;
            tx.commit().await?;
            Ok(id)
        })
    }

    /// Takes mails whose time has come, those that wait the longest first.
    ///
    /// Nobody else gets them before `until`; of many who take at once, each gets others. One that can not be opened any more is given up.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn take_mails(&self, limit: u32, until: Timestamp) -> Result<Vec<OutboxMail>, StoreError> {
        let now = Timestamp::now();
        let rows = transaction!(self.db.begin_shared(), |tx| {
            // The outer condition is looked at again on what another has taken meanwhile.
            let rows = tx
                .all(
                    sql("UPDATE mails SET due_at = $1, attempts = attempts + 1 WHERE state = 'waiting' AND due_at <= $2 AND id IN \
                         (SELECT id FROM mails WHERE state = 'waiting' AND due_at <= $2 ORDER BY due_at LIMIT $3) \
                         RETURNING id, tenant_id, recipient, content, attempts, created_at")
                    .bind(until)
                    .bind(now)
                    .bind(u64::from(limit)),
                )
                .await?;
            tx.commit().await?;
            Ok(rows)
        })?;
        let mut taken = Vec::with_capacity(rows.len());
        for row in rows {
            let id = row.get("id")?;
            let attempts = attempts(&row)?;
            let envelope = row.get::<Option<Vec<u8>>>("content")?.unwrap_or_default();
            match open(&self.key, id, &envelope) {
                Ok(mail) => taken.push(OutboxMail {
                    id,
                    tenant: row.get("tenant_id")?,
                    recipient: row.get("recipient")?,
                    mail,
                    attempts,
                    created_at: row.get("created_at")?,
                }),
                Err(error) => {
                    let failed = Delivered::Failed { trouble: error.to_string() };
                    self.settle_mail(id, attempts, &failed).await?;
                }
            }
        }
        taken.sort_by_key(|mail| mail.id);
        Ok(taken)
    }

    /// Says what came of a mail that was taken. Who took too long and lost it to another says nothing by it.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn settle_mail(
        &self,
        id: MailId,
        attempts: u32,
        outcome: &Delivered,
    ) -> Result<(), StoreError> {
        let now = Timestamp::now();
        let (state, due, trouble, keep) = match outcome {
            Delivered::Sent => ("sent", now, None, false),
            Delivered::Shown => ("shown", now, None, true),
            Delivered::Later { at, trouble } => ("waiting", *at, Some(trouble), true),
            // An operator may let it be tried again.
            Delivered::Failed { trouble } => ("failed", now, Some(trouble), true),
        };
        let trouble: Option<String> = trouble.map(|text| text.chars().take(MAX_TROUBLE).collect());
        self.db
            .run(
                sql("UPDATE mails SET state = $1, due_at = $2, trouble = $3, content = CASE WHEN $4 = 1 THEN content END \
                     WHERE id = $5 AND state = 'waiting' AND attempts = $6")
                .bind(state)
                .bind(due)
                .bind(trouble)
                .bind(keep)
                .bind(id)
                .bind(u64::from(attempts)),
            )
            .await
            .map(drop)
    }

    /// The newest mails of the outbox, for the operator.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn outbox(&self, limit: u32) -> Result<Vec<OutboxEntry>, StoreError> {
        let rows = self
            .db
            .all(
                sql("SELECT id, recipient, kind, content, state, attempts, trouble, created_at FROM mails ORDER BY id DESC LIMIT $1")
                    .bind(u64::from(limit)),
            )
            .await?;
        rows.iter().map(|row| entry(&self.key, row)).collect()
    }

    /// Removes mails that were done before a moment, and tokens that have expired; says how many mails.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn remove_mails(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.db.run(sql("DELETE FROM account_tokens WHERE expires_at <= $1").bind(Timestamp::now())).await?;
        self.db
            .run(
                sql("DELETE FROM mails WHERE state IN ('sent', 'shown', 'failed') AND due_at < $1")
                    .bind(before),
            )
            .await
    }
}
