//! Storage outside a component: in the memory of the thread, for tests. It behaves as the host's does, without its quotas.

use super::StorageError;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// As many keys as the host gives on one page.
const PAGE: usize = 1_000;

type Result<T> = core::result::Result<T, StorageError>;
type Values = BTreeMap<String, Vec<u8>>;
type Entry = (String, Vec<u8>);

thread_local! {
    static BUCKETS: RefCell<BTreeMap<String, Values>> = const { RefCell::new(BTreeMap::new()) };
}

#[derive(Debug)]
pub(super) struct Bucket(String);

impl Bucket {
    pub(super) fn open(name: &str) -> Result<Self> {
        if (1..=64).contains(&name.chars().count()) {
            Ok(Self(name.to_owned()))
        } else {
            Err(StorageError::BucketName)
        }
    }

    pub(super) fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.with(|values| values.get(key).cloned()))
    }

    pub(super) fn set(&self, key: &str, value: Vec<u8>) -> Result<()> {
        if !(1..=512).contains(&key.len()) {
            return Err(StorageError::Other(format!("key_too_long: {} bytes", key.len())));
        }
        self.with(|values| values.insert(key.to_owned(), value));
        Ok(())
    }

    pub(super) fn delete(&self, key: &str) -> Result<()> {
        self.with(|values| values.remove(key));
        Ok(())
    }

    pub(super) fn exists(&self, key: &str) -> Result<bool> {
        Ok(self.with(|values| values.contains_key(key)))
    }

    pub(super) fn increment(&self, key: &str, delta: u64) -> Result<u64> {
        let before = match self.get(key)? {
            None => 0,
            Some(bytes) => std::str::from_utf8(&bytes)
                .ok()
                .and_then(|text| text.parse::<u64>().ok())
                .ok_or_else(|| StorageError::Other(format!("not_a_counter: `{key}`")))?,
        };
        let sum = before.saturating_add(delta);
        self.set(key, sum.to_string().into_bytes())?;
        Ok(sum)
    }

    pub(super) fn list_keys(&self, cursor: Option<u64>) -> Result<(Vec<String>, Option<u64>)> {
        let start = cursor.unwrap_or(0);
        let skipped = usize::try_from(start).unwrap_or(usize::MAX);
        let keys: Vec<_> = self.with(|values| values.keys().skip(skipped).take(PAGE).cloned().collect());
        let next = (keys.len() == PAGE).then(|| start + PAGE as u64);
        Ok((keys, next))
    }

    pub(super) fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Entry>>> {
        Ok(self.with(|values| {
            keys.iter().map(|key| values.get(key).map(|value| (key.clone(), value.clone()))).collect()
        }))
    }

    pub(super) fn delete_many(&self, keys: &[String]) -> Result<()> {
        keys.iter().try_for_each(|key| self.delete(key))
    }

    fn with<T>(&self, act: impl FnOnce(&mut Values) -> T) -> T {
        BUCKETS.with_borrow_mut(|buckets| act(buckets.entry(self.0.clone()).or_default()))
    }
}
