//! The data that plugins keep: keys and values, per install.
//!
//! Guests write to an overlay; what they wrote is applied here, in the transaction that acknowledges their event.

use crate::db::{Tx, sql, sql_of};
use crate::{Store, StoreError, TenantScope};
use std::collections::{BTreeMap, HashMap};
use twobot_domain::{InstallId, Limits};

/// A bucket and a key in it.
pub type Address = (String, String);

/// A stored value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The value.
    pub value: Vec<u8>,
    /// Counts the writes of this key.
    pub version: u64,
}

/// A write that waits for its commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Replace.
    Set(Vec<u8>),
    /// Remove.
    Delete,
    /// Add to the decimal number there. Applied to whatever stands there at commit, so that it never conflicts.
    Add(u64),
}

/// What an execution read and wrote.
#[derive(Clone, Debug, Default)]
pub struct WriteSet {
    /// The versions that it read; none where there was no such key.
    pub reads: HashMap<Address, Option<u64>>,
    /// The writes, at most one per key.
    pub writes: BTreeMap<Address, Write>,
}

/// What a tenant keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Keys.
    pub keys: u64,
    /// Bytes of keys and values.
    pub bytes: u64,
}

/// The number that a counter's bytes stand for; 0 where there are none.
///
/// # Errors
/// When the bytes are not a decimal number.
pub fn counter(value: Option<&[u8]>) -> Result<u64, StoreError> {
    let Some(value) = value else { return Ok(0) };
    std::str::from_utf8(value)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| StoreError::Corrupt("the value is not a decimal number".to_owned()))
}

async fn current(
    tx: &mut Tx,
    scope: TenantScope,
    install: InstallId,
    (bucket, key): &Address,
) -> Result<Option<Stored>, StoreError> {
    let row = tx
        .optional(
            sql("SELECT value, version FROM kv WHERE install_id = $1 AND bucket = $2 AND key = $3 AND tenant_id = $4")
                .bind(install)
                .bind(bucket.as_str())
                .bind(key.as_str())
                .bind(scope.tenant()),
        )
        .await?;
    row.map(|row| Ok(Stored { value: row.get("value")?, version: row.get("version")? })).transpose()
}

/// Applies what an execution wrote.
pub(crate) async fn apply(
    tx: &mut Tx,
    scope: TenantScope,
    install: InstallId,
    set: &WriteSet,
    limits: &Limits,
) -> Result<(), StoreError> {
    if set.writes.is_empty() {
        return Ok(());
    }
    for (address, version) in &set.reads {
        let now = current(tx, scope, install, address).await?;
        if now.map(|stored| stored.version) != *version {
            return Err(StoreError::Conflict);
        }
    }
    let (mut keys, mut bytes) = (0_i64, 0_i64);
    for (address, write) in &set.writes {
        let before = current(tx, scope, install, address).await?;
        let size = |value: &[u8]| i64::try_from(value.len() + address.1.len()).unwrap_or(i64::MAX);
        if let Some(before) = &before {
            keys -= 1;
            bytes -= size(&before.value);
        }
        let value = match write {
            Write::Delete => None,
            Write::Set(value) => Some(value.clone()),
            Write::Add(delta) => {
                // The execution has seen a number, so that what stands there now was written meanwhile.
                let number = counter(before.as_ref().map(|stored| stored.value.as_slice()))
                    .map_err(|_| StoreError::Conflict)?;
                Some(number.saturating_add(*delta).to_string().into_bytes())
            }
        };
        match value {
            None => {
                tx.run(
                    sql("DELETE FROM kv WHERE install_id = $1 AND bucket = $2 AND key = $3 AND tenant_id = $4")
                        .bind(install)
                        .bind(address.0.as_str())
                        .bind(address.1.as_str())
                        .bind(scope.tenant()),
                )
                .await?;
            }
            Some(value) => {
                keys += 1;
                bytes = bytes.saturating_add(size(&value));
                tx.run(
                    sql("INSERT INTO kv (install_id, bucket, key, tenant_id, value, version) VALUES ($1, $2, $3, $4, $5, $6) \
                         ON CONFLICT (install_id, bucket, key) DO UPDATE SET value = excluded.value, version = kv.version + 1")
                    .bind(install)
                    .bind(address.0.as_str())
                    .bind(address.1.as_str())
                    .bind(scope.tenant())
                    .bind(value)
                    // A key that is made again after a delete must not look like the one that was read before it.
                    .bind(i64::from(rand::random::<u32>()) << 20),
                )
                .await?;
            }
        }
    }
    change_totals(tx, scope, keys, bytes, Some(limits)).await
}

/// Keeps the sums, and checks them against the plan. What shrinks is always allowed, also above the limit.
async fn change_totals(
    tx: &mut Tx,
    scope: TenantScope,
    keys: i64,
    bytes: i64,
    limits: Option<&Limits>,
) -> Result<(), StoreError> {
    let row = tx
        .optional(
            sql("INSERT INTO kv_totals (tenant_id, keys, bytes) VALUES ($1, $2, $3) \
                 ON CONFLICT (tenant_id) DO UPDATE SET keys = kv_totals.keys + excluded.keys, \
                 bytes = kv_totals.bytes + excluded.bytes RETURNING keys, bytes")
            .bind(scope.tenant())
            .bind(keys)
            .bind(bytes),
        )
        .await?;
    let (Some(row), Some(limits)) = (row, limits) else { return Ok(()) };
    let check = |grows: bool, name, used: u64, allowed: u64, unit| {
        if grows && used > allowed { Err(StoreError::Quota { name, used, allowed, unit }) } else { Ok(()) }
    };
    check(keys > 0, "kv_keys", row.get("keys")?, limits.kv_keys, "keys")?;
    check(bytes > 0, "kv_bytes", row.get("bytes")?, limits.kv_bytes.min(limits.storage_bytes()), "bytes")
}

/// Takes an install's data off the sums, before it goes.
pub(crate) async fn forget_install(
    tx: &mut Tx,
    scope: TenantScope,
    install: InstallId,
) -> Result<(), StoreError> {
    let row = tx
        .optional(
            sql("SELECT count(*) AS keys, coalesce(sum(octet_length(value) + octet_length(key)), 0) AS bytes FROM kv \
                 WHERE install_id = $1 AND tenant_id = $2")
            .bind(install)
            .bind(scope.tenant()),
        )
        .await?;
    let Some(row) = row else { return Ok(()) };
    change_totals(tx, scope, -row.get::<i64>("keys")?, -row.get::<i64>("bytes")?, None).await
}

impl Store {
    /// The values of some keys, in one reading; keys that do not exist are left out.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn kv_get(
        &self,
        scope: TenantScope,
        install: InstallId,
        bucket: &str,
        keys: &[String],
    ) -> Result<HashMap<String, Stored>, StoreError> {
        let mut found = HashMap::with_capacity(keys.len());
        // Databases bound the number of parameters, and prepare each text anew: there are ten of them and not 512.
        for keys in keys.chunks(512) {
            let count = keys.len().next_power_of_two();
            let places = (0..count).map(|place| format!("${}", place + 4)).collect::<Vec<_>>().join(", ");
            let text = format!(
                "SELECT key, value, version FROM kv WHERE install_id = $1 AND bucket = $2 AND tenant_id = $3 AND key IN ({places})"
            );
            let mut statement = sql_of(text).bind(install).bind(bucket).bind(scope.tenant());
            for key in keys.iter().chain(std::iter::repeat(&keys[0])).take(count) {
                statement = statement.bind(key.as_str());
            }
            for row in self.db.all(statement).await? {
                found.insert(
                    row.get("key")?,
                    Stored { value: row.get("value")?, version: row.get("version")? },
                );
            }
        }
        Ok(found)
    }

    /// All keys of a bucket, in byte order. The plan bounds how many there are.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn kv_keys(
        &self,
        scope: TenantScope,
        install: InstallId,
        bucket: &str,
    ) -> Result<Vec<String>, StoreError> {
        let rows = self
            .db
            .all(
                sql("SELECT key FROM kv WHERE install_id = $1 AND bucket = $2 AND tenant_id = $3 ORDER BY key")
                    .bind(install)
                    .bind(bucket)
                    .bind(scope.tenant()),
            )
            .await?;
        rows.iter().map(|row| row.get("key")).collect()
    }

    /// What the tenant's plugins keep in sum.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn kv_totals(&self, scope: TenantScope) -> Result<Totals, StoreError> {
        let row = self
            .db
            .optional(sql("SELECT keys, bytes FROM kv_totals WHERE tenant_id = $1").bind(scope.tenant()))
            .await?;
        row.map_or(Ok(Totals::default()), |row| {
            Ok(Totals { keys: row.get("keys")?, bytes: row.get("bytes")? })
        })
    }
}
