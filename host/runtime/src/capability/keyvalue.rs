//! `wasi:keyvalue`: the install's own data.

use crate::bindings::plugin::wasi::keyvalue::{atomics, batch, store};
use crate::overlay::weight;
use crate::sandbox::guest::{Guest, PluginSide, Work};
use crate::storage_rate::RateExceeded;
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
/// Bytes that may wait in the overlay. They are the host's memory, and part of the sandbox's.
const MAX_PENDING: usize = 16 * 1024 * 1024;
/// Bytes of one answer.
const MAX_ANSWER: usize = 16 * 1024 * 1024;
/// Keys that are read at once, so that what they bring is counted before there is too much of it.
const READ_AT_ONCE: usize = 100;
/// Questions to the store in one run.
const MAX_QUERIES: usize = 10_000;

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

fn too_much(what: &str) -> Error {
    refused("too_much_at_once", what)
}

/// Waits until so many operations may be done on the store.
async fn keep_pace(work: &Work, operations: usize) -> Result<(), Error> {
    work.storage.take(operations).await.map_err(|exceeded| refused(RateExceeded::CODE, &exceeded.message()))
}

fn check_queries(work: &Work) -> Result<(), Error> {
    if work.overlay.queries() >= MAX_QUERIES {
        return Err(refused("too_many_queries", &format!("one run may ask {MAX_QUERIES} times")));
    }
    Ok(())
}

impl Guest<PluginSide> {
    /// The name of an open bucket, for a plugin that may use storage.
    fn bucket(&mut self, bucket: &Resource<Bucket>) -> Result<String, Error> {
        let name = self.table.get(bucket).map_err(|_| Error::NoSuchStore)?.name.clone();
        self.work()?;
        Ok(name)
    }

    fn work(&mut self) -> Result<&mut Work, Error> {
        self.side.granted(Capability::Storage).map_err(|_| Error::AccessDenied)
    }

    /// Counts what the overlay has come to hold since it held `before`.
    fn hold_since(&mut self, before: usize) -> Result<(), Error> {
        let grown = self.work()?.overlay.held_bytes().saturating_sub(before);
        if self.memory.hold(grown) {
            return Ok(());
        }
        Err(too_much("the sandbox's memory is used up; do less in one run"))
    }

    async fn read(
        &mut self,
        bucket: &Resource<Bucket>,
        keys: &[String],
    ) -> Result<Vec<Option<Vec<u8>>>, Error> {
        self.pace.call(keys.iter().map(String::len).sum()).await;
        let watch = self.watch.clone();
        let name = self.bucket(bucket)?;
        check_batch(keys.len())?;
        keys.iter().try_for_each(|key| check_key(key))?;
        let (mut values, mut bytes) = (Vec::with_capacity(keys.len()), 0);
        for keys in keys.chunks(READ_AT_ONCE) {
            let work = self.work()?;
            check_queries(work)?;
            keep_pace(work, work.overlay.count_missing(&name, keys)).await?;
            let before = work.overlay.held_bytes();
            let pause = watch.pause();
            let read = match work.overlay.get_many(&name, keys).await {
                Ok(read) => read,
                Err(error) => return Err(from_store(work, error)),
            };
            drop(pause);
            self.hold_since(before)?;
            bytes += read.iter().flatten().map(Vec::len).sum::<usize>();
            if bytes > MAX_ANSWER {
                return Err(too_much(&format!("one answer may have {MAX_ANSWER} bytes; ask for fewer keys")));
            }
            values.extend(read);
        }
        self.pace.call(bytes).await;
        Ok(values)
    }

    async fn write(&mut self, bucket: &Resource<Bucket>, entries: Vec<(String, Write)>) -> Result<(), Error> {
        let weight = entries.iter().map(|(key, write)| weight(key, write)).sum();
        self.pace.call(weight).await;
        let name = self.bucket(bucket)?;
        check_batch(entries.len())?;
        for (key, write) in &entries {
            check_key(key)?;
            if matches!(write, Write::Set(value) if value.len() > MAX_VALUE) {
                return Err(refused("value_too_large", &format!("values have at most {MAX_VALUE} bytes")));
            }
        }
        let work = self.work()?;
        let before = work.overlay.held_bytes();
        if work.overlay.pending_bytes().saturating_add(weight) > MAX_PENDING {
            return Err(too_much(&format!("one run may write {MAX_PENDING} bytes")));
        }
        // What replaces an earlier write of this run takes less than this.
        if !self.memory.hold(weight) {
            return Err(too_much("the sandbox's memory is used up; do less in one run"));
        }
        let work = self.work()?;
        for (key, write) in entries {
            work.overlay.write(&name, key, write);
        }
        let after = work.overlay.held_bytes();
        self.memory.let_go(before.saturating_add(weight).saturating_sub(after));
        Ok(())
    }
}

impl store::Host for Guest<PluginSide> {
    async fn open(&mut self, identifier: String) -> Result<Resource<Bucket>, Error> {
        self.pace.call(identifier.len()).await;
        self.work()?;
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
        self.write(&bucket, vec![(key, Write::Set(value))]).await
    }

    async fn delete(&mut self, bucket: Resource<Bucket>, key: String) -> Result<(), Error> {
        self.write(&bucket, vec![(key, Write::Delete)]).await
    }

    async fn exists(&mut self, bucket: Resource<Bucket>, key: String) -> Result<bool, Error> {
        Ok(self.read(&bucket, &[key]).await?.pop().flatten().is_some())
    }

    async fn list_keys(
        &mut self,
        bucket: Resource<Bucket>,
        cursor: Option<u64>,
    ) -> Result<KeyResponse, Error> {
        self.pace.call(0).await;
        let watch = self.watch.clone();
        let name = self.bucket(&bucket)?;
        let work = self.work()?;
        check_queries(work)?;
        keep_pace(work, 1).await?;
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
        self.pace.call(key.len()).await;
        let watch = self.watch.clone();
        let name = self.bucket(&bucket)?;
        check_key(&key)?;
        let work = self.work()?;
        check_queries(work)?;
        let before = work.overlay.held_bytes();
        let more = weight(&key, &Write::Add(delta));
        if work.overlay.pending_bytes().saturating_add(more) > MAX_PENDING {
            return Err(too_much(&format!("one run may write {MAX_PENDING} bytes")));
        }
        keep_pace(work, work.overlay.count_missing(&name, std::slice::from_ref(&key))).await?;
        let pause = watch.pause();
        let sum = match work.overlay.increment(&name, key, delta).await {
            Ok(sum) => sum,
            Err(error) => return Err(from_store(work, error)),
        };
        drop(pause);
        self.hold_since(before)?;
        Ok(sum)
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
        self.write(&bucket, entries.into_iter().map(|(key, value)| (key, Write::Set(value))).collect()).await
    }

    async fn delete_many(&mut self, bucket: Resource<Bucket>, keys: Vec<String>) -> Result<(), Error> {
        self.write(&bucket, keys.into_iter().map(|key| (key, Write::Delete)).collect()).await
    }
}
