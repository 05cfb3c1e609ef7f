//! What an execution wrote, before it is committed: the guest reads it back, nobody else sees it.

use std::collections::{BTreeSet, HashMap};
use twobot_domain::InstallId;
use twobot_store::kv::{Address, Stored, Write, WriteSet, counter};
use twobot_store::{Store, StoreError, TenantScope};

/// The storage of one install, as one execution sees it.
#[derive(Debug)]
pub(crate) struct Overlay {
    store: Store,
    scope: TenantScope,
    install: InstallId,
    /// What was read from the store; each key is read once, so that the guest sees one state.
    seen: HashMap<Address, Option<Stored>>,
    set: WriteSet,
}

impl Overlay {
    pub(crate) fn new(store: Store, scope: TenantScope, install: InstallId) -> Self {
        Self { store, scope, install, seen: HashMap::new(), set: WriteSet::default() }
    }

    /// Reads keys that were not read yet from the store, in one query.
    async fn load(&mut self, bucket: &str, keys: &[String]) -> Result<(), StoreError> {
        let missing: Vec<String> = keys
            .iter()
            .filter(|key| !self.seen.contains_key(&(bucket.to_owned(), (*key).clone())))
            .cloned()
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let mut found = self.store.kv_get(self.scope, self.install, bucket, &missing).await?;
        for key in missing {
            let stored = found.remove(&key);
            self.seen.insert((bucket.to_owned(), key), stored);
        }
        Ok(())
    }

    /// The value as the guest sees it, without noting that it depends on it.
    fn view(&self, address: &Address) -> Result<Option<Vec<u8>>, StoreError> {
        let stored = || self.seen.get(address).and_then(Option::as_ref).map(|stored| stored.value.clone());
        Ok(match self.set.writes.get(address) {
            Some(Write::Set(value)) => Some(value.clone()),
            Some(Write::Delete) => None,
            Some(Write::Add(delta)) => {
                let sum = counter(stored().as_deref())?.saturating_add(*delta);
                Some(sum.to_string().into_bytes())
            }
            None => stored(),
        })
    }

    pub(crate) async fn get_many(
        &mut self,
        bucket: &str,
        keys: &[String],
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        self.load(bucket, keys).await?;
        let mut values = Vec::with_capacity(keys.len());
        for key in keys {
            let address = (bucket.to_owned(), key.clone());
            let value = self.view(&address)?;
            // Reading one's own write depends on nobody else.
            if !matches!(self.set.writes.get(&address), Some(Write::Set(_) | Write::Delete)) {
                let version = self.seen.get(&address).and_then(Option::as_ref).map(|stored| stored.version);
                self.set.reads.insert(address, version);
            }
            values.push(value);
        }
        Ok(values)
    }

    pub(crate) fn write(&mut self, bucket: &str, key: String, write: Write) {
        self.set.writes.insert((bucket.to_owned(), key), write);
    }

    /// Adds to a counter and returns the sum as this execution sees it.
    pub(crate) async fn increment(
        &mut self,
        bucket: &str,
        key: String,
        delta: u64,
    ) -> Result<u64, StoreError> {
        self.load(bucket, std::slice::from_ref(&key)).await?;
        let address = (bucket.to_owned(), key);
        let sum = counter(self.view(&address)?.as_deref())?.saturating_add(delta);
        let write = match self.set.writes.get(&address) {
            None => Write::Add(delta),
            Some(Write::Add(before)) => Write::Add(before.saturating_add(delta)),
            Some(Write::Set(_) | Write::Delete) => Write::Set(sum.to_string().into_bytes()),
        };
        self.set.writes.insert(address, write);
        Ok(sum)
    }

    /// The keys of a bucket as the guest sees them, in byte order. Which keys there are is not checked at commit.
    pub(crate) async fn keys(&self, bucket: &str) -> Result<Vec<String>, StoreError> {
        let mut keys: BTreeSet<String> =
            self.store.kv_keys(self.scope, self.install, bucket).await?.into_iter().collect();
        for ((written, key), write) in &self.set.writes {
            if written == bucket {
                match write {
                    Write::Delete => keys.remove(key),
                    Write::Set(_) | Write::Add(_) => keys.insert(key.clone()),
                };
            }
        }
        Ok(keys.into_iter().collect())
    }

    /// Bytes that wait in the overlay.
    pub(crate) fn pending_bytes(&self) -> usize {
        self.set
            .writes
            .iter()
            .map(|((_, key), write)| key.len() + if let Write::Set(value) = write { value.len() } else { 20 })
            .sum()
    }

    pub(crate) fn into_writes(self) -> WriteSet {
        self.set
    }
}
