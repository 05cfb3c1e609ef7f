//! `wasi:keyvalue`: the install's own data.

use crate::bindings::plugin::wasi::keyvalue::{atomics, batch, store};
use crate::sandbox::guest::{Guest, PluginSide, Work};
use store::{Error, KeyResponse};
use twobot_domain::manifest::Capability;
use twobot_store::StoreError;
use twobot_store::kv::Write;
use wasmtime::component::Resource;

/// Bytes of a key.
const MAX_KEY: usize = 512;
/// Bytes of a value.
const MAX_VALUE: usize = 100 * 1024;
/// Keys of one call.
const MAX_BATCH: usize = 1_000;
/// Keys of one page.
const PAGE: usize = 1_000;
/// Bytes that may wait in the overlay: they are the host's memory.
const MAX_PENDING: usize = 16 * 1024 * 1024;

/// An open bucket.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Bucket {
    name: String,
}

fn refused(code: &str, message: &str) -> Error {
    Error::Other(format!("{code}: {message}"))
}

fn check_key(key: &str) -> Result<(), Error> {
    if key.is_empty() || key.len() > MAX_KEY {
        return Err(refused("invalid_key", &format!("keys have 1 to {MAX_KEY} bytes")));
    }
    if key.contains('\0') {
        return Err(refused("invalid_key", "keys must not contain NUL"));
    }
    Ok(())
}

fn check_batch(count: usize) -> Result<(), Error> {
    if count > MAX_BATCH {
        return Err(refused("batch_too_large", &format!("one call may name {MAX_BATCH} keys")));
    }
    Ok(())
}

/// The store's failures, in the interface's words. What the guest caused it is told; what the host failed in decides over the
/// whole execution.
fn from_store(work: &mut Work, error: StoreError) -> Error {
    match error {
        StoreError::Corrupt(reason) => refused("not_a_number", &reason),
        other => {
            work.host_failure = Some(other.to_string());
            refused("unavailable", "the platform failed; this run will be repeated")
        }
    }
}

impl Guest<PluginSide> {
    /// The name of an open bucket, and the work of a plugin that may use storage.
    fn bucket(&mut self, bucket: &Resource<Bucket>) -> Result<(String, &mut Work), Error> {
        let name = self.table.get(bucket).map_err(|_| Error::NoSuchStore)?.name.clone();
        let work = self.side.granted(Capability::Storage).map_err(|_| Error::AccessDenied)?;
        Ok((name, work))
    }

    async fn read(
        &mut self,
        bucket: &Resource<Bucket>,
        keys: &[String],
    ) -> Result<Vec<Option<Vec<u8>>>, Error> {
        let watch = self.watch.clone();
        let (name, work) = self.bucket(bucket)?;
        check_batch(keys.len())?;
        keys.iter().try_for_each(|key| check_key(key))?;
        let _pause = watch.pause();
        match work.overlay.get_many(&name, keys).await {
            Ok(values) => Ok(values),
            Err(error) => Err(from_store(work, error)),
        }
    }

    fn write(&mut self, bucket: &Resource<Bucket>, entries: Vec<(String, Write)>) -> Result<(), Error> {
        let (name, work) = self.bucket(bucket)?;
        check_batch(entries.len())?;
        let mut bytes = work.overlay.pending_bytes();
        for (key, write) in &entries {
            check_key(key)?;
            if let Write::Set(value) = write {
                if value.len() > MAX_VALUE {
                    return Err(refused(
                        "value_too_large",
                        &format!("values have at most {MAX_VALUE} bytes"),
                    ));
                }
                bytes += value.len();
            }
            bytes += key.len();
        }
        if bytes > MAX_PENDING {
            return Err(refused("too_much_at_once", &format!("one run may write {MAX_PENDING} bytes")));
        }
        for (key, write) in entries {
            work.overlay.write(&name, key, write);
        }
        Ok(())
    }
}

impl store::Host for Guest<PluginSide> {
    async fn open(&mut self, identifier: String) -> Result<Resource<Bucket>, Error> {
        self.side.granted(Capability::Storage).map_err(|_| Error::AccessDenied)?;
        let fits = (1..=64).contains(&identifier.len()) && !identifier.contains('\0');
        if !fits {
            return Err(Error::NoSuchStore);
        }
        self.table
            .push(Bucket { name: identifier })
            .map_err(|_| refused("too_many_open", "close a bucket first"))
    }
}

impl store::HostBucket for Guest<PluginSide> {
    async fn get(&mut self, bucket: Resource<Bucket>, key: String) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.read(&bucket, &[key]).await?.pop().flatten())
    }

    async fn set(&mut self, bucket: Resource<Bucket>, key: String, value: Vec<u8>) -> Result<(), Error> {
        self.write(&bucket, vec![(key, Write::Set(value))])
    }

    async fn delete(&mut self, bucket: Resource<Bucket>, key: String) -> Result<(), Error> {
        self.write(&bucket, vec![(key, Write::Delete)])
    }

    async fn exists(&mut self, bucket: Resource<Bucket>, key: String) -> Result<bool, Error> {
        Ok(self.read(&bucket, &[key]).await?.pop().flatten().is_some())
    }

    async fn list_keys(
        &mut self,
        bucket: Resource<Bucket>,
        cursor: Option<u64>,
    ) -> Result<KeyResponse, Error> {
        let watch = self.watch.clone();
        let (name, work) = self.bucket(&bucket)?;
        let pause = watch.pause();
        let keys = match work.overlay.keys(&name).await {
            Ok(keys) => keys,
            Err(error) => return Err(from_store(work, error)),
        };
        drop(pause);
        let start = usize::try_from(cursor.unwrap_or(0)).unwrap_or(usize::MAX);
        let end = start.saturating_add(PAGE);
        let more = keys.len() > end;
        let keys = keys.into_iter().skip(start).take(PAGE).collect();
        Ok(KeyResponse { keys, cursor: more.then_some(end as u64) })
    }

    async fn drop(&mut self, bucket: Resource<Bucket>) -> wasmtime::Result<()> {
        self.table.delete(bucket)?;
        Ok(())
    }
}

impl atomics::Host for Guest<PluginSide> {
    async fn increment(&mut self, bucket: Resource<Bucket>, key: String, delta: u64) -> Result<u64, Error> {
        let watch = self.watch.clone();
        let (name, work) = self.bucket(&bucket)?;
        check_key(&key)?;
        if work.overlay.pending_bytes() > MAX_PENDING {
            return Err(refused("too_much_at_once", &format!("one run may write {MAX_PENDING} bytes")));
        }
        let _pause = watch.pause();
        match work.overlay.increment(&name, key, delta).await {
            Ok(sum) => Ok(sum),
            Err(error) => Err(from_store(work, error)),
        }
    }
}

impl batch::Host for Guest<PluginSide> {
    async fn get_many(
        &mut self,
        bucket: Resource<Bucket>,
        keys: Vec<String>,
    ) -> Result<Vec<Option<(String, Vec<u8>)>>, Error> {
        let values = self.read(&bucket, &keys).await?;
        Ok(keys.into_iter().zip(values).map(|(key, value)| value.map(|value| (key, value))).collect())
    }

    async fn set_many(
        &mut self,
        bucket: Resource<Bucket>,
        entries: Vec<(String, Vec<u8>)>,
    ) -> Result<(), Error> {
        self.write(&bucket, entries.into_iter().map(|(key, value)| (key, Write::Set(value))).collect())
    }

    async fn delete_many(&mut self, bucket: Resource<Bucket>, keys: Vec<String>) -> Result<(), Error> {
        self.write(&bucket, keys.into_iter().map(|key| (key, Write::Delete)).collect())
    }
}
