//! The settings that are kept: of the tenants that worked last, as many as fit.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use twobot_domain::{GatewayId, InstallId, TenantId};

use crate::gateways::{Gateway, SealedSecrets};
use crate::installs::{BoundGateway, Install};

/// Bytes of one generation, as far as they are known; there are two. Three thousand tenants with a bot and three plugins each take that.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// What a tenant, or one part of its settings, is counted as besides its texts: names, ids, tables.
const EACH: usize = 1_024;

/// What is kept of all tenants. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept(Arc<Mutex<Generations>>);

/// Two generations: what is asked for moves to the young one, and when that is full, the old one goes.
#[derive(Debug, Default)]
struct Generations {
    young: HashMap<TenantId, Arc<Parts>>,
    old: HashMap<TenantId, Arc<Parts>>,
    /// Of the young one.
    bytes: usize,
}

/// What is kept of one tenant: read after its row had this revision.
#[derive(Debug)]
pub(crate) struct Parts {
    revision: i64,
    bytes: AtomicUsize,
    pub(super) gateways: Part<GatewayId, Gateway>,
    pub(super) secrets: Part<GatewayId, SealedSecrets>,
    pub(super) installs: Part<InstallId, Install>,
    pub(super) bound: Part<InstallId, Vec<BoundGateway>>,
    pub(super) subscribers: Part<GatewayId, Vec<Install>>,
}

impl Kept {
    /// What is kept of a tenant whose row has this revision.
    pub(super) fn at(&self, tenant: TenantId, revision: i64) -> Arc<Parts> {
        let mut all = self.lock();
        // What was read later than the row is newer than it, and as good.
        let fits = |parts: &&Arc<Parts>| parts.revision >= revision;
        if let Some(parts) = all.young.get(&tenant).filter(fits) {
            return Arc::clone(parts);
        }
        let parts = all.old.remove(&tenant).filter(|parts| fits(&parts));
        let parts = parts.unwrap_or_else(|| Arc::new(Parts::new(revision)));
        let bytes = parts.bytes.load(Ordering::Relaxed);
        if let Some(stale) = all.young.insert(tenant, Arc::clone(&parts)) {
            all.bytes = all.bytes.saturating_sub(stale.bytes.load(Ordering::Relaxed));
        }
        all.add(bytes);
        parts
    }

    /// A part of a tenant's settings was read.
    pub(super) fn grew(&self, parts: &Parts, bytes: usize) {
        let bytes = bytes.saturating_add(EACH);
        parts.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.lock().add(bytes);
    }

    fn lock(&self) -> MutexGuard<'_, Generations> {
        // Nothing here leaves the maps half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn add(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > MOST_BYTES {
            self.old = std::mem::take(&mut self.young);
            self.bytes = 0;
        }
    }
}

impl Parts {
    fn new(revision: i64) -> Self {
        Self {
            revision,
            bytes: AtomicUsize::new(EACH),
            gateways: Part::default(),
            secrets: Part::default(),
            installs: Part::default(),
            bound: Part::default(),
            subscribers: Part::default(),
        }
    }
}

/// Rows of one kind.
#[derive(Debug)]
pub(super) struct Part<K, V>(Mutex<HashMap<K, Arc<V>>>);

impl<K, V> Default for Part<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V> Part<K, V> {
    pub(super) fn get(&self, key: &K) -> Option<Arc<V>> {
        self.lock().get(key).map(Arc::clone)
    }

    /// Keeps it, unless somebody else was faster; what is kept.
    pub(super) fn put(&self, key: K, value: Arc<V>) -> Arc<V> {
        Arc::clone(self.lock().entry(key).or_insert(value))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Arc<V>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_revision_is_never_found_and_a_newer_one_does() {
        let (kept, tenant) = (Kept::default(), TenantId::new());
        let first = kept.at(tenant, 3);
        assert!(Arc::ptr_eq(&first, &kept.at(tenant, 3)));
        assert!(!Arc::ptr_eq(&first, &kept.at(TenantId::new(), 3)));
        let second = kept.at(tenant, 4);
        assert!(!Arc::ptr_eq(&first, &second));
        // Whoever read the row before the change gets what was read after it.
        assert!(Arc::ptr_eq(&second, &kept.at(tenant, 3)));
    }

    #[test]
    fn what_is_not_asked_for_goes_when_there_is_too_much() {
        let kept = Kept::default();
        let (asked, forgotten) = (TenantId::new(), TenantId::new());
        let [first, other] = [asked, forgotten].map(|tenant| kept.at(tenant, 1));
        for _ in 0..3 {
            assert!(Arc::ptr_eq(&first, &kept.at(asked, 1)));
            kept.grew(&kept.at(TenantId::new(), 1), MOST_BYTES);
        }
        assert!(Arc::ptr_eq(&first, &kept.at(asked, 1)));
        assert!(!Arc::ptr_eq(&other, &kept.at(forgotten, 1)));
        let all = kept.lock();
        let tenants = all.young.len() + all.old.len();
        assert!(tenants < 5, "{tenants}");
    }

    #[test]
    fn a_stale_revision_in_the_old_generation_is_not_taken_up() {
        let (kept, tenant) = (Kept::default(), TenantId::new());
        let stale = kept.at(tenant, 1);
        kept.grew(&kept.at(TenantId::new(), 1), MOST_BYTES);
        assert!(!Arc::ptr_eq(&stale, &kept.at(tenant, 2)));
        assert_eq!(kept.at(tenant, 2).revision, 2);
    }
}
