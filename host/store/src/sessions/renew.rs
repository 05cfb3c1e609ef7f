//! Renewing a session, and noticing that two hold its key.

use super::keys::{Renewal, SessionKeys};
use super::{ACCESS_MILLIS, Device, GRACE_MILLIS, IDLE_MILLIS, LIFE_MILLIS};
use crate::accounts::{User, token_digest, user};
use crate::db::{Row, Tx, sql, transaction};
use crate::mails::queue;
use crate::{Store, StoreError, TenantScope};
use secrecy::ExposeSecret;
use twobot_domain::{Mail, SessionId, Timestamp};

/// What came of renewing a session.
#[derive(Clone, Debug)]
pub enum Renewed {
    /// It goes on.
    Yes {
        /// The new keys.
        keys: SessionKeys,
        /// Until when the access token signs in.
        access_until: Timestamp,
        /// When the session ends if it is not renewed.
        expires_at: Timestamp,
    },
    /// The key was used before, and not just now: two hold it, and nobody knows which is the owner. The session has ended.
    Stolen,
    /// There is no such session.
    Unknown,
}

/// Whether a row's digest is that of what was shown. Digests of random values: how long it takes tells nothing of what they are made of.
fn is(row: &Row, column: &str, digest: &[u8]) -> Result<bool, StoreError> {
    Ok(row.get::<Option<Vec<u8>>>(column)?.is_some_and(|kept| kept == digest))
}

impl Store {
    /// Whose session a renewal key belongs or belonged to. It stays as good as it is.
    ///
    /// # Errors
    /// Only those of the database; a key that no session ever had is `None`.
    pub async fn session_owner(
        &self,
        renewal: &str,
    ) -> Result<Option<(TenantScope, User, SessionId)>, StoreError> {
        let Some(renewal) = Renewal::read(renewal) else { return Ok(None) };
        let row = self
            .db
            .optional(
                sql("SELECT s.tenant_id, s.family_hash, u.id, u.email, u.name, u.role, u.created_at, u.email_verified_at \
                     FROM sessions s JOIN users u ON u.id = s.user_id AND u.tenant_id = s.tenant_id WHERE s.id = $1 AND s.expires_at > $2")
                .bind(renewal.session)
                .bind(Timestamp::now()),
            )
            .await?;
        let Some(row) = row else { return Ok(None) };
        // Who knows a session's id only can do nothing to it.
        if !is(&row, "family_hash", &renewal.family_hash())? {
            return Ok(None);
        }
        Ok(Some((TenantScope::of(row.get("tenant_id")?), user(&row)?, renewal.session)))
    }

    /// Renews a session by its key, which is replaced. The one that was replaced last is answered with the same keys for
    /// [`GRACE_MILLIS`]; any that is older ends the session, with a mail to its owner and the note that this store was given.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn renew_session(
        &self,
        scope: TenantScope,
        renewal: &str,
        device: &Device,
    ) -> Result<Renewed, StoreError> {
        let Some(shown) = Renewal::read(renewal) else { return Ok(Renewed::Unknown) };
        let salt: [u8; 32] = rand::random();
        transaction!(self.db.begin(scope), |tx| {
            let now = Timestamp::now();
            let row = tx
                .optional(
                    sql("SELECT created_at, expires_at, access_until, family_hash, renewal_hash, renewal_before, salt, renewed_at \
                         FROM sessions WHERE id = $1 AND tenant_id = $2 AND expires_at > $3")
                    .bind(shown.session)
                    .bind(scope.tenant())
                    .bind(now),
                )
                .await?;
            let Some(row) = row else { return Ok(Renewed::Unknown) };
            if !is(&row, "family_hash", &shown.family_hash())? {
                return Ok(Renewed::Unknown);
            }
            let turn = shown.turn_hash();
            if is(&row, "renewal_hash", &turn)? {
                let renewed = turn_over(&mut tx, scope, &shown, &salt, &row, device, now).await?;
                tx.commit().await?;
                return Ok(renewed);
            }
            let renewed_at: Timestamp = row.get("renewed_at")?;
            if is(&row, "renewal_before", &turn)? && now <= renewed_at.plus_millis(GRACE_MILLIS) {
                return Ok(Renewed::Yes {
                    keys: shown.next(&row.get::<Vec<u8>>("salt")?),
                    access_until: row.get("access_until")?,
                    expires_at: row.get("expires_at")?,
                });
            }
            self.end_stolen(&mut tx, scope, shown.session, device, now).await?;
            tx.commit().await?;
            Ok(Renewed::Stolen)
        })
    }

    async fn end_stolen(
        &self,
        tx: &mut Tx,
        scope: TenantScope,
        session: SessionId,
        device: &Device,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let owner = tx
            .optional(
                sql("SELECT u.id, u.name FROM sessions s JOIN users u ON u.id = s.user_id AND u.tenant_id = s.tenant_id \
                     WHERE s.id = $1 AND s.tenant_id = $2")
                .bind(session)
                .bind(scope.tenant()),
            )
            .await?
            .ok_or(StoreError::NotFound)?;
        tx.run(
            sql("DELETE FROM sessions WHERE id = $1 AND tenant_id = $2").bind(session).bind(scope.tenant()),
        )
        .await?;
        let mail = Mail::SessionStolen {
            name: owner.get("name")?,
            device: device.name.clone(),
            address: device.network.clone(),
            at,
        };
        queue(tx, &self.key, scope, owner.get("id")?, &mail).await?;
        self.write_note(tx, scope).await
    }
}

/// Replaces a session's keys by those that come next.
async fn turn_over(
    tx: &mut Tx,
    scope: TenantScope,
    shown: &Renewal,
    salt: &[u8],
    row: &Row,
    device: &Device,
    now: Timestamp,
) -> Result<Renewed, StoreError> {
    let keys = shown.next(salt);
    let next = keys.read_renewal().ok_or(StoreError::NotFound)?;
    let end: Timestamp = row.get::<Timestamp>("created_at")?.plus_millis(LIFE_MILLIS);
    let expires_at = now.plus_millis(IDLE_MILLIS).min(end);
    let access_until = now.plus_millis(ACCESS_MILLIS).min(end);
    tx.run(
        sql("UPDATE sessions SET token_before = token_hash, before_until = access_until, token_hash = $1, access_until = $2, \
             renewal_before = renewal_hash, renewal_hash = $3, salt = $4, renewed_at = $5, used_at = $5, expires_at = $6, device = $7, \
             network = $8 WHERE id = $9 AND tenant_id = $10")
        .bind(token_digest(keys.access.expose_secret()))
        .bind(access_until)
        .bind(next.turn_hash())
        .bind(salt)
        .bind(now)
        .bind(expires_at)
        .bind(device.name.as_str())
        .bind(device.network.as_str())
        .bind(shown.session)
        .bind(scope.tenant()),
    )
    .await?;
    Ok(Renewed::Yes { keys, access_until, expires_at })
}
