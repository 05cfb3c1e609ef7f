//! Where a user has signed in from before.

use super::Device;
use crate::db::{Tx, sql};
use crate::mails::queue;
use crate::{Store, StoreError, TenantScope};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use twobot_domain::{Mail, Timestamp, UserId};
use uuid::Uuid;

/// The most devices that are known of a user; those that were not seen for the longest time are forgotten.
const MOST: u64 = 100;
/// How long a device is known that is not seen, in milliseconds.
const KEEP_MILLIS: i64 = 365 * 24 * 60 * 60 * 1_000;

/// The digests by which a device is known again: of what its browser was given to keep, which goes with it wherever it is; and of what
/// it is and where, for programs that keep nothing.
fn marks(device: &Device, kept: Option<&SecretString>) -> Vec<Vec<u8>> {
    let place = Sha256::new()
        .chain_update(b"place ")
        .chain_update(device.name.as_bytes())
        .chain_update(b" at ")
        .chain_update(device.network.as_bytes());
    std::iter::once(place.finalize().to_vec()).chain(kept.map(mark_of)).collect()
}

fn mark_of(kept: &SecretString) -> Vec<u8> {
    Sha256::new().chain_update(b"kept ").chain_update(kept.expose_secret().as_bytes()).finalize().to_vec()
}

/// Remembers a device on which somebody signs in, and sends them a mail if it is a new one. The first of all is none: there is nobody yet
/// who would have to be told.
pub(super) async fn remember(
    tx: &mut Tx,
    store: &Store,
    scope: TenantScope,
    user: UserId,
    device: &Device,
    kept: Option<&SecretString>,
) -> Result<(), StoreError> {
    let (marks, now) = (marks(device, kept), Timestamp::now());
    let rows = tx
        .all(
            sql("SELECT mark FROM known_devices WHERE user_id = $1 AND tenant_id = $2")
                .bind(user)
                .bind(scope.tenant()),
        )
        .await?;
    let known: Vec<Vec<u8>> = rows.iter().map(|row| row.get("mark")).collect::<Result<_, _>>()?;
    for mark in &marks {
        tx.run(
            sql("INSERT INTO known_devices (id, tenant_id, user_id, mark, seen_at) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT (user_id, mark) DO UPDATE SET seen_at = excluded.seen_at")
            .bind(Uuid::now_v7())
            .bind(scope.tenant())
            .bind(user)
            .bind(mark.as_slice())
            .bind(now),
        )
        .await?;
    }
    tx.run(
        sql("DELETE FROM known_devices WHERE id IN (SELECT id FROM known_devices WHERE user_id = $1 AND tenant_id = $2 \
             ORDER BY seen_at DESC, id DESC LIMIT 1000 OFFSET $3)")
        .bind(user)
        .bind(scope.tenant())
        .bind(MOST),
    )
    .await?;
    if known.is_empty() || marks.iter().any(|mark| known.contains(mark)) {
        return Ok(());
    }
    let row = tx
        .optional(
            sql("SELECT name FROM users WHERE id = $1 AND tenant_id = $2").bind(user).bind(scope.tenant()),
        )
        .await?
        .ok_or(StoreError::NotFound)?;
    let mail = Mail::NewDevice {
        name: row.get("name")?,
        device: device.name.clone(),
        address: device.network.clone(),
        at: now,
    };
    queue(tx, &store.key, scope, user, &mail).await.map(drop)
}

impl Store {
    /// Whether a browser is known by what it was given to keep.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn knows_device(
        &self,
        scope: TenantScope,
        user: UserId,
        kept: &SecretString,
    ) -> Result<bool, StoreError> {
        let row = self
            .db
            .optional(
                sql("SELECT 1 AS one FROM known_devices WHERE user_id = $1 AND mark = $2 AND tenant_id = $3")
                    .bind(user)
                    .bind(mark_of(kept))
                    .bind(scope.tenant()),
            )
            .await?;
        Ok(row.is_some())
    }

    /// Forgets devices that were not seen for a year, and says how many.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn forget_devices(&self) -> Result<u64, StoreError> {
        let before = Timestamp::now().plus_millis(-KEEP_MILLIS);
        self.db.run(sql("DELETE FROM known_devices WHERE seen_at < $1").bind(before)).await
    }
}
