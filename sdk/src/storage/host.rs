//! Storage in a component: the host's.

use super::StorageError;
use crate::bindings::plugin::wasi::keyvalue::{atomics, batch, store};

#[derive(Debug)]
pub(super) struct Bucket(store::Bucket);

type Result<T> = core::result::Result<T, StorageError>;

impl Bucket {
    pub(super) fn open(name: &str) -> Result<Self> {
        Ok(Self(store::open(name)?))
    }

    pub(super) fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.0.get(key)?)
    }

    pub(super) fn set(&self, key: &str, value: Vec<u8>) -> Result<()> {
        Ok(self.0.set(key, &value)?)
    }

    pub(super) fn delete(&self, key: &str) -> Result<()> {
        Ok(self.0.delete(key)?)
    }

    pub(super) fn exists(&self, key: &str) -> Result<bool> {
        Ok(self.0.exists(key)?)
    }

    pub(super) fn increment(&self, key: &str, delta: u64) -> Result<u64> {
        Ok(atomics::increment(&self.0, key, delta)?)
    }

    pub(super) fn list_keys(&self, cursor: Option<u64>) -> Result<(Vec<String>, Option<u64>)> {
        let page = self.0.list_keys(cursor)?;
        Ok((page.keys, page.cursor))
    }

    pub(super) fn get_many(&self, keys: &[String]) -> Result<Vec<Option<(String, Vec<u8>)>>> {
        Ok(batch::get_many(&self.0, keys)?)
    }

    pub(super) fn delete_many(&self, keys: &[String]) -> Result<()> {
        Ok(batch::delete_many(&self.0, keys)?)
    }
}

impl From<store::Error> for StorageError {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::NoSuchStore => Self::BucketName,
            store::Error::AccessDenied => Self::Denied,
            store::Error::Other(why) => Self::Other(why),
        }
    }
}
