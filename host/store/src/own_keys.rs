//! Keys of the deployment itself, other than the one that seals: from them come the chance that sandboxes see and the names on a Redis server.
//!
//! They stay when the master key is rotated: a run of before is replayed with the chance of before.

use crate::db::sql;
use crate::{Store, StoreError};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

/// What the envelope of a key belongs to.
pub(crate) fn context(id: Uuid) -> String {
    format!("own key {id}")
}

/// The row of a purpose.
fn row_of(purpose: &str) -> Uuid {
    let digest = Sha256::new().chain_update(b"2bot own key ").chain_update(purpose).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

impl Store {
    /// The deployment's key for a purpose: the same for all its nodes, and for ever. Where it is not there yet, what it would be.
    ///
    /// # Errors
    /// `Unsealable` where it is there and the master key does not open it; otherwise those of the database.
    pub async fn own_key(&self, purpose: &str) -> Result<[u8; 32], StoreError> {
        Ok(self.kept_key(row_of(purpose)).await?.unwrap_or_else(|| self.key.derive(purpose)))
    }

    /// Makes the deployment's key for a purpose, from the master key as it is now, unless it is there.
    ///
    /// # Errors
    /// As [`Store::own_key`].
    pub async fn make_own_key(&self, purpose: &str) -> Result<(), StoreError> {
        let id = row_of(purpose);
        if self.kept_key(id).await?.is_some() {
            return Ok(());
        }
        let key = Zeroizing::new(hex::encode(self.key.derive(purpose)));
        let sealed = self.key.seal(&context(id), &SecretString::from(key.as_str().to_owned()))?;
        // Another process may be faster.
        let statement =
            sql("INSERT INTO own_keys (id, purpose, sealed) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING");
        self.db.run(statement.bind(id).bind(purpose).bind(sealed)).await.map(drop)
    }

    async fn kept_key(&self, id: Uuid) -> Result<Option<[u8; 32]>, StoreError> {
        let found = self.db.optional(sql("SELECT sealed FROM own_keys WHERE id = $1").bind(id)).await?;
        let Some(row) = found else { return Ok(None) };
        let text = self.key.open(&context(id), &row.get::<Vec<u8>>("sealed")?)?;
        let mut key = [0; 32];
        hex::decode_to_slice(text.expose_secret(), &mut key)
            .map_err(|_| StoreError::Corrupt("a key of the deployment".to_owned()))?;
        Ok(Some(key))
    }
}
