//! The install's own data: buckets of keys with JSON values, and counters.
//!
//! Writes take effect when the execution commits, and are seen by its own reads before.

#[cfg_attr(target_family = "wasm", path = "host.rs")]
#[cfg_attr(not(target_family = "wasm"), path = "memory.rs")]
mod backend;
mod keys;

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;

pub use keys::Keys;

/// How many values are asked for at once: as many of the largest as one answer may hold (16 MB), and far above one call per key.
const BATCH: usize = 100;

/// Why data could not be read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorageError {
    /// A bucket's name has 1 to 64 characters.
    BucketName,
    /// The manifest did not ask for `storage`, or the tenant did not grant it.
    Denied,
    /// The value is not what the plugin expected, or can not be written as JSON.
    Value {
        /// Under which key.
        key: String,
        /// What is wrong with it.
        why: String,
    },
    /// Anything else; starts with the host's stable code.
    Other(String),
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BucketName => f.write_str("storage: a bucket's name has 1 to 64 characters"),
            Self::Denied => f.write_str("storage: not granted"),
            Self::Value { key, why } => write!(f, "storage: the value under `{key}`: {why}"),
            Self::Other(why) => write!(f, "storage: {why}"),
        }
    }
}

impl std::error::Error for StorageError {}

/// A named set of keys.
#[derive(Debug)]
pub struct Bucket(backend::Bucket);

impl Bucket {
    /// Opens a bucket of this install. Buckets need not be made first.
    pub fn open(name: &str) -> Result<Self, StorageError> {
        backend::Bucket::open(name).map(Self)
    }

    /// The value under a key.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, StorageError> {
        self.0.get(key)?.map(|bytes| read(key, &bytes)).transpose()
    }

    /// Puts a value under a key.
    pub fn set<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<(), StorageError> {
        let bytes = serde_json::to_vec(value)
            .map_err(|error| StorageError::Value { key: key.to_owned(), why: error.to_string() })?;
        self.0.set(key, bytes)
    }

    /// Removes a key, if it is there.
    pub fn delete(&self, key: &str) -> Result<(), StorageError> {
        self.0.delete(key)
    }

    /// Whether there is a value under a key.
    pub fn exists(&self, key: &str) -> Result<bool, StorageError> {
        self.0.exists(key)
    }

    /// Adds to a counter and returns its sum as this execution sees it. Executions side by side do not lose each other's additions.
    /// Read a counter as a number: `bucket.get::<u64>(key)`.
    pub fn increment(&self, key: &str, delta: u64) -> Result<u64, StorageError> {
        self.0.increment(key, delta)
    }

    /// All keys, in byte order, asked for page by page.
    pub fn keys(&self) -> Keys<'_> {
        Keys::new(&self.0)
    }

    /// The values under many keys, with their keys; keys that are not there are left out.
    pub fn get_many<T: DeserializeOwned>(&self, keys: &[String]) -> Result<Vec<(String, T)>, StorageError> {
        let mut values = Vec::with_capacity(keys.len());
        for batch in keys.chunks(BATCH) {
            for (key, bytes) in self.0.get_many(batch)?.into_iter().flatten() {
                let value = read(&key, &bytes)?;
                values.push((key, value));
            }
        }
        Ok(values)
    }

    /// Removes many keys.
    pub fn delete_many(&self, keys: &[String]) -> Result<(), StorageError> {
        keys.chunks(BATCH).try_for_each(|batch| self.0.delete_many(batch))
    }
}

fn read<T: DeserializeOwned>(key: &str, bytes: &[u8]) -> Result<T, StorageError> {
    serde_json::from_slice(bytes)
        .map_err(|error| StorageError::Value { key: key.to_owned(), why: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_counters_and_keys() {
        let bucket = Bucket::open("b").unwrap();
        bucket.set("name", "Ada").unwrap();
        assert_eq!(bucket.get::<String>("name").unwrap().as_deref(), Some("Ada"));
        assert_eq!(bucket.increment("count", 2).unwrap(), 2);
        assert_eq!(bucket.increment("count", 3).unwrap(), 5);
        assert_eq!(bucket.get::<u64>("count").unwrap(), Some(5));
        assert!(matches!(bucket.get::<u64>("name"), Err(StorageError::Value { .. })));
        assert!(matches!(bucket.increment("name", 1), Err(StorageError::Other(_))));
        let keys: Vec<_> = bucket.keys().collect::<Result<_, _>>().unwrap();
        assert_eq!(keys, ["count", "name"]);
        bucket.delete("name").unwrap();
        assert!(!bucket.exists("name").unwrap());
    }

    #[test]
    fn many_keys_cross_pages_and_batches() {
        let bucket = Bucket::open("many").unwrap();
        let keys: Vec<_> = (0..2_345).map(|n| format!("{n:05}")).collect();
        for key in &keys {
            bucket.increment(key, 1).unwrap();
        }
        assert_eq!(bucket.keys().collect::<Result<Vec<_>, _>>().unwrap(), keys);
        assert_eq!(bucket.get_many::<u64>(&keys).unwrap().len(), keys.len());
        bucket.delete_many(&keys[1..]).unwrap();
        assert_eq!(bucket.get_many::<u64>(&keys).unwrap(), [("00000".to_owned(), 1)]);
    }
}
