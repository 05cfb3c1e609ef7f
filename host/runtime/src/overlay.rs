//! What an execution wrote, before it is committed: the guest reads it back, nobody else sees it.

use crate::recording::{Bytes, Listing, MAX_RECORDING};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use twobot_domain::InstallId;
use twobot_store::kv::{Address, Stored, Write, WriteSet, counter};
use twobot_store::{Store, StoreError, TenantScope};

/// Bytes that a key takes in the host's memory besides its own and its value's: in maps, twice where it is read and written.
const ENTRY: usize = 256;

/// The storage of one install, as one execution sees it.
#[derive(Debug)]
pub(crate) struct Overlay {
    source: Source,
    /// The lists of keys that were read, for the recording.
    listed: Vec<Listing>,
    /// Bytes of those lists, and whether there were too many to keep them all.
    listed_bytes: usize,
    is_too_long: bool,
    /// What was read from the store; each key is read once, so that the guest sees one state.
    seen: HashMap<Address, Option<Stored>>,
    set: WriteSet,
    /// Bytes of the host's memory that reads take.
    held: usize,
    /// Bytes of the host's memory that writes take.
    pending: usize,
    /// How often the store was asked.
    queries: usize,
}

/// Where what is read comes from.
#[derive(Debug)]
enum Source {
    Store {
        store: Store,
        scope: TenantScope,
        install: InstallId,
    },
    /// What a run was recorded to have read.
    Recording(Recorded),
}

/// What a replay reads.
#[derive(Debug, Default)]
pub(crate) struct Recorded {
    pub(crate) reads: BTreeMap<String, BTreeMap<String, Option<Bytes>>>,
    pub(crate) listings: Vec<Listing>,
    /// What it asked for and is not there.
    pub(crate) missed: Vec<String>,
}

impl Recorded {
    fn get(&mut self, bucket: &str, keys: &[String]) -> HashMap<String, Stored> {
        let known = self.reads.get(bucket);
        let mut found = HashMap::new();
        for key in keys {
            match known.and_then(|known| known.get(key)) {
                Some(Some(value)) => match value.bytes() {
                    Some(value) => drop(found.insert(key.clone(), Stored { value, version: 0 })),
                    None => self.missed.push(format!("{bucket}/{key}")),
                },
                Some(None) => {}
                None => self.missed.push(format!("{bucket}/{key}")),
            }
        }
        found
    }

    /// The next list of a bucket's keys; the last one again where the recorded run asked less often.
    fn keys(&mut self, bucket: &str) -> Vec<String> {
        let mut of_bucket: Vec<_> =
            self.listings.iter_mut().filter(|listing| listing.bucket == bucket).collect();
        let last = of_bucket.len().saturating_sub(1);
        let next = of_bucket.iter().position(|listing| listing.times > 0).unwrap_or(last);
        match of_bucket.get_mut(next) {
            Some(listing) => {
                listing.times = listing.times.saturating_sub(1);
                listing.keys.clone()
            }
            None => {
                self.missed.push(format!("the keys of {bucket}"));
                Vec::new()
            }
        }
    }
}

/// What an execution read, and what it would write.
pub(crate) struct Read {
    pub(crate) reads: BTreeMap<String, BTreeMap<String, Option<Bytes>>>,
    pub(crate) listings: Vec<Listing>,
    /// Whether something of it is left out.
    pub(crate) truncated: bool,
    /// What a replay asked for and did not find recorded.
    pub(crate) missed: Vec<String>,
    pub(crate) writes: WriteSet,
}

/// Bytes of the host's memory that a write takes.
pub(crate) fn weight(key: &str, write: &Write) -> usize {
    ENTRY + key.len() + if let Write::Set(value) = write { value.len() } else { 0 }
}

impl Overlay {
    pub(crate) fn new(store: Store, scope: TenantScope, install: InstallId) -> Self {
        Self::reading(Source::Store { store, scope, install })
    }

    /// That of a replay.
    pub(crate) fn replaying(recorded: Recorded) -> Self {
        Self::reading(Source::Recording(recorded))
    }

    fn reading(source: Source) -> Self {
        Self {
            source,
            listed: Vec::new(),
            listed_bytes: 0,
            is_too_long: false,
            seen: HashMap::new(),
            set: WriteSet::default(),
            held: 0,
            pending: 0,
            queries: 0,
        }
    }

    /// Keys that were not read from the store yet. A guest may name one twice.
    fn missing(&self, bucket: &str, keys: &[String]) -> BTreeSet<String> {
        let unseen = keys.iter().filter(|key| !self.seen.contains_key(&(bucket.to_owned(), (*key).clone())));
        unseen.cloned().collect()
    }

    /// How many keys the store will be asked for when these are read.
    pub(crate) fn count_missing(&self, bucket: &str, keys: &[String]) -> usize {
        self.missing(bucket, keys).len()
    }

    /// Reads keys that were not read yet from the store, in one query.
    async fn load(&mut self, bucket: &str, keys: &[String]) -> Result<(), StoreError> {
        let missing: Vec<String> = self.missing(bucket, keys).into_iter().collect();
        if missing.is_empty() {
            return Ok(());
        }
        self.queries += 1;
        let mut found = match &mut self.source {
            Source::Store { store, scope, install } => {
                store.kv_get(*scope, *install, bucket, &missing).await?
            }
            Source::Recording(recorded) => recorded.get(bucket, &missing),
        };
        for key in missing {
            let stored = found.remove(&key);
            let value = stored.as_ref().map_or(0, |stored| stored.value.len());
            self.held = self.held.saturating_add(ENTRY + 2 * (bucket.len() + key.len()) + value);
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
        self.pending = self.pending.saturating_add(weight(&key, &write));
        let address = (bucket.to_owned(), key);
        if let Some(before) = self.set.writes.get(&address) {
            self.pending = self.pending.saturating_sub(weight(&address.1, before));
        }
        self.set.writes.insert(address, write);
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
        self.write(bucket, address.1, write);
        Ok(sum)
    }

    /// The keys of a bucket as the guest sees them, in byte order. Which keys there are is not checked at commit.
    pub(crate) async fn keys(&mut self, bucket: &str) -> Result<Vec<String>, StoreError> {
        self.queries += 1;
        let stored = match &mut self.source {
            Source::Store { store, scope, install } => store.kv_keys(*scope, *install, bucket).await?,
            Source::Recording(recorded) => recorded.keys(bucket),
        };
        self.note_listing(bucket, &stored);
        let mut keys: BTreeSet<String> = stored.into_iter().collect();
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

    /// Keeps a list of keys for the recording, as far as one may be. Who reads a list page by page is given the same again and again.
    fn note_listing(&mut self, bucket: &str, keys: &[String]) {
        if let Some(last) = self.listed.last_mut().filter(|last| last.bucket == bucket && last.keys == keys) {
            last.times += 1;
            return;
        }
        let bytes = keys.iter().map(|key| key.len() + 3).sum::<usize>() + bucket.len() + 32;
        if self.listed_bytes.saturating_add(bytes) > MAX_RECORDING {
            self.is_too_long = true;
            return;
        }
        self.listed_bytes += bytes;
        self.listed.push(Listing { bucket: bucket.to_owned(), keys: keys.to_vec(), times: 1 });
    }

    /// Keys that will be written.
    pub(crate) fn pending_keys(&self) -> usize {
        self.set.writes.len()
    }

    /// Bytes of the host's memory that waiting writes take.
    pub(crate) const fn pending_bytes(&self) -> usize {
        self.pending
    }

    /// Bytes of the host's memory that reads and writes take together.
    pub(crate) const fn held_bytes(&self) -> usize {
        self.held.saturating_add(self.pending)
    }

    /// How often the store was asked.
    pub(crate) const fn queries(&self) -> usize {
        self.queries
    }

    pub(crate) fn into_parts(self) -> Read {
        let mut reads: BTreeMap<String, BTreeMap<String, Option<Bytes>>> = BTreeMap::new();
        for ((bucket, key), stored) in self.seen {
            reads.entry(bucket).or_default().insert(key, stored.map(|stored| stored.value.into()));
        }
        let missed = match self.source {
            Source::Store { .. } => Vec::new(),
            Source::Recording(recorded) => recorded.missed,
        };
        Read { reads, listings: self.listed, truncated: self.is_too_long, missed, writes: self.set }
    }
}
