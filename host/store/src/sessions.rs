//! Who is signed in: sessions, the devices that hold them, and their renewal.
//!
//! A session is a row. Its access token, of which only a digest is kept, signs requests in for some minutes; its renewal key, of
//! which the same is true, replaces both. See the decision record 0027.

mod keys;
mod known;
mod renew;

pub use keys::SessionKeys;
pub use renew::Renewed;

use crate::accounts::{User, token_digest, user};
use crate::db::{Row, Tx, sql, transaction};
use crate::operators::Oversight;
use crate::{Store, StoreError, TenantScope};
use secrecy::{ExposeSecret, SecretString};
use twobot_domain::{SessionId, Timestamp, UserId};
use uuid::Uuid;

/// How long an access token signs in, in milliseconds.
pub const ACCESS_MILLIS: i64 = 15 * 60 * 1_000;
/// How long a session lasts that nobody renews, in milliseconds.
pub const IDLE_MILLIS: i64 = 7 * 24 * 60 * 60 * 1_000;
/// How long a session lasts at most, in milliseconds.
pub const LIFE_MILLIS: i64 = 30 * 24 * 60 * 60 * 1_000;
/// How long after a renewal the key that was used for it is answered with the same keys again, in milliseconds: two windows of one
/// browser, and an answer that got lost, are no theft.
pub const GRACE_MILLIS: i64 = 30 * 1_000;

/// The most sessions of a user, whatever the plan says.
const MOST: u32 = 100;

/// Who is signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The right to their tenant's rows.
    pub scope: TenantScope,
    /// Who it is.
    pub user: User,
    /// The session that says so.
    pub session: SessionId,
    /// What they may do besides as an operator, if they are one.
    pub operator: Option<Oversight>,
}

/// What people are shown to know a session again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// The kind of program: `Firefox on Linux`.
    pub name: String,
    /// The part of the network address that many share: `203.0.113.0/24`.
    pub network: String,
}

/// A session to be opened.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// What its owner is given.
    pub keys: SessionKeys,
    /// Where it is opened.
    pub device: Device,
    /// What the browser was given to keep, by which it is known again wherever it is.
    pub kept: Option<SecretString>,
    /// The most that the user may have at a time, with this one. None: as many as there may be at all.
    pub most: Option<u32>,
}

/// A session, as its owner sees it.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Where it was opened or renewed the last time.
    pub device: Device,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was opened or renewed the last time.
    pub used_at: Timestamp,
    /// When it ends if it is not renewed.
    pub expires_at: Timestamp,
}

fn session(row: &Row) -> Result<Session, StoreError> {
    Ok(Session {
        id: row.get("id")?,
        device: Device { name: row.get("device")?, network: row.get("network")? },
        created_at: row.get("created_at")?,
        used_at: row.get("used_at")?,
        expires_at: row.get("expires_at")?,
    })
}

fn ids(rows: &[Row]) -> Result<Vec<SessionId>, StoreError> {
    rows.iter().map(|row| row.get("id")).collect()
}

/// Opens a session, with what else the transaction does: see [`Store::open_session`].
pub(crate) async fn open(
    tx: &mut Tx,
    store: &Store,
    scope: TenantScope,
    user: UserId,
    new: &NewSession,
) -> Result<Vec<SessionId>, StoreError> {
    let renewal = new.keys.read_renewal().ok_or(StoreError::NotFound)?;
    let keep = new.most.unwrap_or(MOST).clamp(1, MOST) - 1;
    let now = Timestamp::now();
    let ended = tx
        .all(
            sql("DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE user_id = $1 AND tenant_id = $2 \
                 ORDER BY used_at DESC, id DESC LIMIT 1000 OFFSET $3) RETURNING id")
            .bind(user)
            .bind(scope.tenant())
            .bind(u64::from(keep)),
        )
        .await?;
    let written = tx
        .run(
            sql("INSERT INTO sessions (id, tenant_id, user_id, token_hash, access_until, family_hash, renewal_hash, device, \
                 network, created_at, used_at, expires_at) \
                 SELECT $1, tenant_id, id, $2, $3, $4, $5, $6, $7, $8, $8, $9 FROM users WHERE id = $10 AND tenant_id = $11")
            .bind(new.keys.session)
            .bind(token_digest(new.keys.access.expose_secret()))
            .bind(now.plus_millis(ACCESS_MILLIS))
            .bind(renewal.family_hash())
            .bind(renewal.turn_hash())
            .bind(new.device.name.as_str())
            .bind(new.device.network.as_str())
            .bind(now)
            .bind(now.plus_millis(IDLE_MILLIS))
            .bind(user)
            .bind(scope.tenant()),
        )
        .await?;
    if written == 0 {
        return Err(StoreError::NotFound);
    }
    known::remember(tx, store, scope, user, &new.device, new.kept.as_ref()).await?;
    store.write_note(tx, scope).await?;
    ids(&ended)
}

impl Store {
    /// Opens a session for a user whose password was right, and tells them by mail if the device is a new one. Where that makes more of them than the user may have, those that were
    /// not used for the longest time end; answers their ids.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such user.
    pub async fn open_session(
        &self,
        scope: TenantScope,
        user: UserId,
        new: &NewSession,
    ) -> Result<Vec<SessionId>, StoreError> {
        transaction!(self.db.begin(scope), |tx| {
            let ended = open(&mut tx, self, scope, user, new).await?;
            tx.commit().await?;
            Ok(ended)
        })
    }

    /// Who an access token belongs to, if it is valid. So is the one before the present one, until its own time is over.
    ///
    /// # Errors
    /// Only those of the database; an unknown or expired token is `None`.
    pub async fn authenticate(&self, token: &str) -> Result<Option<SignedIn>, StoreError> {
        let row = self
            .db
            .optional(
                sql("SELECT s.id AS session_id, s.tenant_id, u.id, u.email, u.name, u.role, u.created_at, u.email_verified_at, u.operator \
                     FROM sessions s JOIN users u ON u.id = s.user_id AND u.tenant_id = s.tenant_id \
                     WHERE s.expires_at > $2 AND ((s.token_hash = $1 AND COALESCE(s.access_until, s.expires_at) > $2) \
                     OR (s.token_before = $1 AND s.before_until > $2))")
                .bind(token_digest(token))
                .bind(Timestamp::now()),
            )
            .await?;
        row.map(|row| {
            let scope = TenantScope::of(row.get("tenant_id")?);
            let operator = (row.get::<String>("operator")? == "admin").then(|| Oversight::of(scope));
            Ok(SignedIn { scope, user: user(&row)?, session: row.get("session_id")?, operator })
        })
        .transpose()
    }

    /// Whether a session has neither ended nor expired.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn session_holds(&self, scope: TenantScope, session: SessionId) -> Result<bool, StoreError> {
        let row = self
            .db
            .optional(
                sql("SELECT 1 AS one FROM sessions WHERE id = $1 AND tenant_id = $2 AND expires_at > $3")
                    .bind(session)
                    .bind(scope.tenant())
                    .bind(Timestamp::now()),
            )
            .await?;
        Ok(row.is_some())
    }

    /// The sessions of a user, what was used last first.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn sessions(&self, scope: TenantScope, user: UserId) -> Result<Vec<Session>, StoreError> {
        let rows = self
            .db
            .all(
                sql("SELECT id, device, network, created_at, used_at, expires_at FROM sessions \
                     WHERE user_id = $1 AND tenant_id = $2 AND expires_at > $3 ORDER BY used_at DESC, id DESC LIMIT 1000")
                .bind(user)
                .bind(scope.tenant())
                .bind(Timestamp::now()),
            )
            .await?;
        rows.iter().map(session).collect()
    }

    /// Ends a session.
    ///
    /// # Errors
    /// Only those of the database; a session that has ended already is no error.
    pub async fn close_session(&self, scope: TenantScope, session: SessionId) -> Result<(), StoreError> {
        self.change(
            scope,
            sql("DELETE FROM sessions WHERE id = $1 AND tenant_id = $2").bind(session).bind(scope.tenant()),
        )
        .await
        .map(drop)
    }

    /// Ends one of a user's sessions, which may be another than the one that asks.
    ///
    /// # Errors
    /// `NotFound` when the user has no such session.
    pub async fn revoke_session(
        &self,
        scope: TenantScope,
        user: UserId,
        session: SessionId,
    ) -> Result<(), StoreError> {
        let ended = self
            .change(
                scope,
                sql("DELETE FROM sessions WHERE id = $1 AND user_id = $2 AND tenant_id = $3")
                    .bind(session)
                    .bind(user)
                    .bind(scope.tenant()),
            )
            .await?;
        if ended == 0 { Err(StoreError::NotFound) } else { Ok(()) }
    }

    /// Ends all of a user's sessions but one, if one is to be kept; answers their ids.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn revoke_sessions(
        &self,
        scope: TenantScope,
        user: UserId,
        keep: Option<SessionId>,
    ) -> Result<Vec<SessionId>, StoreError> {
        transaction!(self.db.begin(scope), |tx| {
            let ended = tx
                .all(
                    sql("DELETE FROM sessions WHERE user_id = $1 AND tenant_id = $2 AND id <> $3 RETURNING id")
                        .bind(user)
                        .bind(scope.tenant())
                        .bind(keep.map_or(Uuid::nil(), SessionId::uuid)),
                )
                .await?;
            if !ended.is_empty() {
                self.write_note(&mut tx, scope).await?;
            }
            tx.commit().await?;
            ids(&ended)
        })
    }

    /// Removes sessions and sign-ins half done that have expired, and says how many sessions.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn remove_expired_sessions(&self) -> Result<u64, StoreError> {
        self.db
            .run(sql("DELETE FROM sign_in_challenges WHERE expires_at <= $1").bind(Timestamp::now()))
            .await?;
        self.db.run(sql("DELETE FROM sessions WHERE expires_at <= $1").bind(Timestamp::now())).await
    }
}
