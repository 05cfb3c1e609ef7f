//! The bytes of plugins, by digest: a run can be replayed with the component that ran, also after an upgrade.
//!
//! Not a tenant's data: components are the operator's, and every tenant is offered the same.

use crate::db::sql;
use crate::{Store, StoreError};
use twobot_domain::Timestamp;

impl Store {
    /// Keeps a plugin that is offered now. `bytes` is asked for only where they are not there yet.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn keep_component(
        &self,
        digest: &str,
        bytes: impl FnOnce() -> Vec<u8>,
    ) -> Result<(), StoreError> {
        let now = Timestamp::now();
        let known = sql("UPDATE components SET offered_at = $1 WHERE digest = $2").bind(now).bind(digest);
        if self.db.run(known).await? > 0 {
            return Ok(());
        }
        let new = sql(
            "INSERT INTO components (digest, bytes, offered_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        );
        self.db.run(new.bind(digest).bind(bytes()).bind(now)).await.map(drop)
    }

    /// Notes that plugins are still offered.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn offer_components(&self, digests: &[&str]) -> Result<(), StoreError> {
        for digest in digests {
            let offered = sql("UPDATE components SET offered_at = $1 WHERE digest = $2");
            self.db.run(offered.bind(Timestamp::now()).bind(*digest)).await?;
        }
        Ok(())
    }

    /// The bytes of a plugin that is or was offered.
    ///
    /// # Errors
    /// `NotFound` when none of this digest is kept.
    pub async fn component(&self, digest: &str) -> Result<Vec<u8>, StoreError> {
        self.db.one(sql("SELECT bytes FROM components WHERE digest = $1").bind(digest)).await?.get("bytes")
    }

    /// Removes the plugins that have not been offered since a moment: no run that is kept refers to them.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn remove_components(&self, not_offered_since: Timestamp) -> Result<u64, StoreError> {
        self.db.run(sql("DELETE FROM components WHERE offered_at < $1").bind(not_offered_since)).await
    }
}
