//! Requests that may be sent again and are done once: each is named by who sends it, and of each name the first one's answer is kept.
//!
//! The row is written before the request is done. So a request that a crash interrupted is found begun and never answered: nobody knows
//! whether it was done, and who asks again is told that instead of having it done twice. See
//! `docs/decisions/0035-requests-that-may-be-sent-again.md`.

use crate::db::{Row, sql, transaction};
use crate::{Store, StoreError, TenantScope};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use twobot_domain::Timestamp;
use uuid::Uuid;

/// How long an answer is kept, in milliseconds: a day.
pub const KEPT_MILLIS: i64 = 24 * 60 * 60 * 1_000;

/// Of one tenant so many are kept, the newest.
pub const KEPT_OF_TENANT: u64 = 1_000;

/// Bytes of the longest answer that is kept.
pub const MAX_ANSWER: usize = 64 * 1024;

/// A request by the name that its sender gave it.
#[derive(Clone, Debug)]
pub struct NamedRequest {
    /// The user, or the key of the API, that sends it.
    pub caller: Uuid,
    /// Its name; another one for every other thing that is asked for.
    pub name: String,
    /// SHA-256 of what is asked for.
    pub request: [u8; 32],
}

/// What there is under a name.
#[derive(Clone, Debug)]
pub enum Begun {
    /// Nothing yet: whoever asked does it now, and says so with this id.
    Now(Uuid),
    /// Something else was asked for under this name.
    Other,
    /// The same, which was begun at this time and has no outcome.
    Unanswered(Timestamp),
    /// The same, which was done and answered so. None where the answer was too large to keep, or another master key sealed it.
    Done(Option<SecretString>),
}

fn hashed(name: &str) -> Vec<u8> {
    Sha256::digest(name.as_bytes()).to_vec()
}

/// What a sealed answer belongs to.
pub(crate) fn context(id: Uuid) -> String {
    format!("answer {id}")
}

impl Store {
    /// Looks what there is under a name, and takes it where there is nothing. Of many at the same time exactly one takes it.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn begin_request(&self, scope: TenantScope, named: &NamedRequest) -> Result<Begun, StoreError> {
        let (id, now) = (Uuid::now_v7(), Timestamp::now());
        let name = hashed(&named.name);
        let row = transaction!(self.db.begin(scope), |tx| {
            tx.run(
                sql("DELETE FROM idempotency_keys WHERE tenant_id = $1 AND caller = $2 AND name = $3 AND begun_at <= $4")
                    .bind(scope.tenant())
                    .bind(named.caller)
                    .bind(name.clone())
                    .bind(now.plus_millis(-KEPT_MILLIS)),
            )
            .await?;
            let known = tx
                .optional(
                    sql("SELECT id, request, begun_at, done_at, answer FROM idempotency_keys \
                         WHERE tenant_id = $1 AND caller = $2 AND name = $3")
                    .bind(scope.tenant())
                    .bind(named.caller)
                    .bind(name.clone()),
                )
                .await?;
            if known.is_none() {
                tx.run(
                    sql("INSERT INTO idempotency_keys (tenant_id, caller, name, id, request, begun_at) VALUES ($1, $2, $3, $4, $5, $6)")
                        .bind(scope.tenant())
                        .bind(named.caller)
                        .bind(name.clone())
                        .bind(id)
                        .bind(named.request.to_vec())
                        .bind(now),
                )
                .await?;
                tx.run(
                    sql("DELETE FROM idempotency_keys WHERE tenant_id = $1 AND id <= \
                         (SELECT id FROM idempotency_keys WHERE tenant_id = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)")
                    .bind(scope.tenant())
                    .bind(KEPT_OF_TENANT),
                )
                .await?;
                tx.commit().await?;
            }
            Ok(known)
        })?;
        match row {
            Some(row) => self.known_request(named, &row),
            None => Ok(Begun::Now(id)),
        }
    }

    fn known_request(&self, named: &NamedRequest, row: &Row) -> Result<Begun, StoreError> {
        if row.get::<Vec<u8>>("request")? != named.request {
            return Ok(Begun::Other);
        }
        if row.get::<Option<Timestamp>>("done_at")?.is_none() {
            return Ok(Begun::Unanswered(row.get("begun_at")?));
        }
        let envelope = row.get::<Option<Vec<u8>>>("answer")?;
        let context = context(row.get("id")?);
        Ok(Begun::Done(envelope.and_then(|envelope| self.key.open(&context, &envelope).ok())))
    }

    /// Keeps the answer of a request that was [begun](Begun::Now), sealed; of one that is too large, only that it was done.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn answer_request(
        &self,
        scope: TenantScope,
        id: Uuid,
        answer: &SecretString,
    ) -> Result<(), StoreError> {
        let fits = answer.expose_secret().len() <= MAX_ANSWER;
        let sealed = if fits { Some(self.key.seal(&context(id), answer)?) } else { None };
        let statement =
            sql("UPDATE idempotency_keys SET done_at = $1, answer = $2 WHERE tenant_id = $3 AND id = $4")
                .bind(Timestamp::now())
                .bind(sealed)
                .bind(scope.tenant())
                .bind(id);
        self.db.run(statement).await.map(drop)
    }

    /// Forgets a request that was begun and came to nothing: its name is free again.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn forget_request(&self, scope: TenantScope, id: Uuid) -> Result<(), StoreError> {
        let statement = sql("DELETE FROM idempotency_keys WHERE tenant_id = $1 AND id = $2");
        self.db.run(statement.bind(scope.tenant()).bind(id)).await.map(drop)
    }

    /// Removes a batch of requests that were begun before a moment, and says how many: none when nothing is left to remove.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn remove_requests(&self, before: Timestamp, batch: u32) -> Result<u64, StoreError> {
        let old = sql("SELECT id FROM idempotency_keys WHERE begun_at < $1 ORDER BY begun_at LIMIT $2");
        let rows = self.db.all(old.bind(before).bind(u64::from(batch))).await?;
        if rows.is_empty() {
            return Ok(0);
        }
        // One by one, each by its key: a list of them would have PostgreSQL read the whole table.
        transaction!(self.db.begin_shared(), |tx| {
            let mut removed = 0;
            for row in &rows {
                let id: Uuid = row.get("id")?;
                removed += tx.run(sql("DELETE FROM idempotency_keys WHERE id = $1").bind(id)).await?;
            }
            tx.commit().await?;
            Ok(removed)
        })
    }
}
