//! The settings under which runs ran: configuration, grants, bound gateways and limits.
//!
//! A run refers to them by an id that is made of them, so that the same settings are kept once, and a run in a thousand writes them.

use crate::db::{Tx, sql};
use crate::{Store, StoreError, TenantScope};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use twobot_domain::{InstallId, Timestamp};
use uuid::Uuid;

/// For how long settings that were written count as kept without looking. Also how far `used_at` is behind at most.
const KNOWN: Duration = Duration::from_secs(3_600);

/// Installs whose settings are known to be kept; beyond this all are looked at anew.
const MOST_KNOWN: usize = 65_536;

/// The settings of an install, as one JSON document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    id: Uuid,
    document: String,
}

impl Setup {
    /// Settings from their JSON document. The same document has the same id.
    #[must_use]
    pub fn new(document: String) -> Self {
        let digest: [u8; 32] = Sha256::digest(document.as_bytes()).into();
        let (first, _) = digest.split_at(16);
        Self { id: Uuid::from_slice(first).unwrap_or_default(), document }
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        self.id
    }

    /// The document.
    #[must_use]
    pub fn document(&self) -> &str {
        &self.document
    }
}

/// The settings that are known to be kept, the newest of each install. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known(Arc<Mutex<HashMap<InstallId, (Uuid, Instant)>>>);

impl Known {
    fn knows(&self, install: InstallId, id: Uuid) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&install).is_some_and(|(newest, since)| *newest == id && since.elapsed() < KNOWN)
    }

    /// Notes what is kept now, after its commit.
    pub(crate) fn note(&self, kept: Option<(InstallId, Uuid)>) {
        let Some((install, id)) = kept else { return };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert(install, (id, Instant::now()));
    }
}

impl Store {
    /// Keeps the settings that a run refers to, unless they are known to be kept. Says what to [`Known::note`] after the commit.
    pub(crate) async fn keep_setup(
        &self,
        tx: &mut Tx,
        scope: TenantScope,
        install: InstallId,
        setup: Option<&Setup>,
    ) -> Result<Option<(InstallId, Uuid)>, StoreError> {
        let Some(setup) = setup.filter(|setup| !self.setups.knows(install, setup.id)) else {
            return Ok(None);
        };
        tx.run(
            sql("INSERT INTO setups (install_id, id, tenant_id, document, used_at) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT (install_id, id) DO UPDATE SET used_at = excluded.used_at")
                .bind(install)
                .bind(setup.id)
                .bind(scope.tenant())
                .bind(setup.document.as_str())
                .bind(Timestamp::now()),
        )
        .await?;
        Ok(Some((install, setup.id)))
    }

    /// Removes the settings, of all tenants, that no run has referred to since a moment.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn remove_setups(&self, unused_since: Timestamp) -> Result<u64, StoreError> {
        self.db.run(sql("DELETE FROM setups WHERE used_at < $1").bind(unused_since)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_the_newest_of_an_install() {
        let (known, install) = (Known::default(), InstallId::new());
        let [one, two] = ["{\"a\":1}", "{\"a\":2}"].map(|text| Setup::new(text.to_owned()));
        assert_eq!(one, Setup::new("{\"a\":1}".to_owned()));
        assert_ne!(one.id(), two.id());
        assert!(!known.knows(install, one.id()));
        known.note(Some((install, one.id())));
        assert!(known.knows(install, one.id()) && !known.knows(InstallId::new(), one.id()));
        known.note(Some((install, two.id())));
        assert!(known.knows(install, two.id()) && !known.knows(install, one.id()));
    }
}
