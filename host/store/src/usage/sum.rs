//! The sums by minute, hour and day, made in the background, and what of them is no longer kept.
//!
//! A minute is summed a while after it was over, when nothing can be added to its rows any more, of all tenants at once: rows of a minute
//! lie together by their ids, so that no index is needed for it. Sums replace what is there, so that doing it twice is as good as
//! once; where it was is noted with the last of them.

use super::rows::{self, NAMES, PROGRESS, SUMS, read_progress};
use super::{FIELDS, MINUTE_MS, Resolution, figures, first_id, minute_of};
use crate::db::{Tx, sql, transaction};
use crate::{Store, StoreError, TenantScope};
use std::collections::HashSet;
use std::sync::LazyLock;
use twobot_domain::{TenantId, Timestamp, Usage};
use uuid::Uuid;

/// How long after a minute was over it is summed.
///
/// Its rows take up what they used for a minute more; the rest is for transactions that
/// take long (30 s at most, see `db/postgres.rs`, and the 30 s after which the server ends them) and for clocks of nodes that differ.
pub const SUMMED_AFTER_MS: i64 = 240_000;

/// For how long sums by the minute are kept.
pub const KEPT_MINUTES_MS: i64 = 7 * 86_400_000;

/// For how long sums by the hour are kept.
pub const KEPT_HOURS_MS: i64 = 366 * 86_400_000;

/// Tenants whose sums are written in one transaction: some milliseconds, in which nobody else writes.
const TENANTS: usize = 50;

/// Rows that are removed in one transaction.
const BATCH: u64 = 1_000;

/// What one go of summing did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summed {
    /// Minutes in which something was used.
    pub minutes: u32,
    /// Who used something in them.
    pub tenants: HashSet<TenantScope>,
    /// There are more.
    pub more: bool,
}

impl Store {
    /// Sums what was used until a moment (its minute left out), at most so many minutes in which there is something. The moment should be
    /// [`SUMMED_AFTER_MS`] ago. From now on nothing of this process stands in rows of these minutes any more.
    ///
    /// # Errors
    /// Only those of the database; what was summed until then stays.
    pub async fn sum_usage(&self, until: Timestamp, most: u32) -> Result<Summed, StoreError> {
        let until = until.0.div_euclid(MINUTE_MS);
        let row = self.db.one(sql(PROGRESS)).await?;
        let (mut minute, _) = read_progress(&row)?;
        self.metering.close(minute.max(until));
        // Of this process, whoever found the minutes open has committed when this has.
        self.db.begin_shared().await?.commit().await?;
        let mut summed = Summed::default();
        while minute < until {
            if summed.minutes == most {
                summed.more = true;
                return Ok(summed);
            }
            let mut used = rows::of_minute(&self.db, minute).await?;
            // In an order, so that two who do the same do not wait for each other in a circle.
            used.sort_by_key(|(tenant, _)| *tenant);
            let next = if used.is_empty() { self.next_used(minute + 1, until).await? } else { minute + 1 };
            summed.minutes += u32::from(!used.is_empty());
            self.write_sums(minute, &used, next).await?;
            summed
                .tenants
                .extend(used.iter().map(|(tenant, _)| TenantScope::of(TenantId::from_uuid(*tenant))));
            minute = next;
        }
        Ok(summed)
    }

    /// Who used something in the minutes that were summed last, so many of them: for who was interrupted and does not know whom it was about.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn used_lately(&self, minutes: u32) -> Result<HashSet<TenantScope>, StoreError> {
        let row = self.db.one(sql(PROGRESS)).await?;
        let (until, _) = read_progress(&row)?;
        let mut tenants = HashSet::new();
        for minute in until.saturating_sub(i64::from(minutes))..until {
            let used = rows::of_minute(&self.db, minute).await?;
            tenants.extend(used.into_iter().map(|(tenant, _)| TenantScope::of(TenantId::from_uuid(tenant))));
        }
        Ok(tenants)
    }

    /// Learns how far others have summed.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn follow_sums(&self) -> Result<(), StoreError> {
        let row = self.db.one(sql(PROGRESS)).await?;
        self.metering.close(read_progress(&row)?.0);
        Ok(())
    }

    /// The first minute from one on in which something may have been used; `until` where there is none before.
    async fn next_used(&self, minute: i64, until: i64) -> Result<i64, StoreError> {
        let from = first_id(Timestamp(minute.saturating_mul(MINUTE_MS)));
        let mut next = until;
        for statement in [
            sql("SELECT id FROM executions WHERE id >= $1 ORDER BY id LIMIT 1"),
            sql("SELECT id FROM events WHERE id >= $1 ORDER BY id LIMIT 1"),
        ] {
            if let Some(row) = self.db.optional(statement.bind(from)).await? {
                next = next.min(minute_of(row.get("id")?));
            }
        }
        let apart = sql("SELECT minute FROM usage_apart WHERE minute >= $1 ORDER BY minute LIMIT 1");
        if let Some(row) = self.db.optional(apart.bind(minute)).await? {
            next = next.min(row.get("minute")?);
        }
        Ok(next.max(minute))
    }

    /// Writes the sums of a minute, and what follows from them. With the last of them it is noted up to where everything is summed.
    async fn write_sums(&self, minute: i64, used: &[(Uuid, Usage)], next: i64) -> Result<(), StoreError> {
        let chunks = used.len().div_ceil(TENANTS).max(1);
        for number in 0..chunks {
            let some = used.chunks(TENANTS).nth(number).unwrap_or_default();
            transaction!(self.db.begin_shared(), |tx| {
                for (tenant, usage) in some {
                    write_minute(&mut tx, *tenant, minute, usage).await?;
                    roll_up(&mut tx, *tenant, Resolution::Hour, minute / 60).await?;
                    roll_up(&mut tx, *tenant, Resolution::Day, minute / 1_440).await?;
                }
                if number + 1 == chunks {
                    tx.run(
                        sql("UPDATE usage_progress SET summed_until = $1, first_id = $2 WHERE id = 1 AND summed_until < $1")
                            .bind(next)
                            .bind(first_id(Timestamp(next.saturating_mul(MINUTE_MS)))),
                    )
                    .await?;
                }
                tx.commit().await
            })?;
        }
        Ok(())
    }

    /// Removes one batch of the sums that are no longer kept, and says how many rows that was.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn remove_sums(&self, now: Timestamp) -> Result<u64, StoreError> {
        let kept = |ago: i64| now.plus_millis(-ago).0.div_euclid(MINUTE_MS);
        let mut removed = 0;
        for (resolution, before, one, batch) in [
            (
                Resolution::Minute,
                kept(KEPT_MINUTES_MS),
                "SELECT t.id FROM tenants t WHERE EXISTS \
                 (SELECT 1 FROM usage_minutes u WHERE u.tenant_id = t.id AND u.minute < $1) LIMIT 1",
                "DELETE FROM usage_minutes WHERE tenant_id = $1 AND minute IN \
                 (SELECT minute FROM usage_minutes WHERE tenant_id = $1 AND minute < $2 ORDER BY minute LIMIT $3)",
            ),
            (
                Resolution::Hour,
                kept(KEPT_HOURS_MS) / 60,
                "SELECT t.id FROM tenants t WHERE EXISTS \
                 (SELECT 1 FROM usage_hours u WHERE u.tenant_id = t.id AND u.hour < $1) LIMIT 1",
                "DELETE FROM usage_hours WHERE tenant_id = $1 AND hour IN \
                 (SELECT hour FROM usage_hours WHERE tenant_id = $1 AND hour < $2 ORDER BY hour LIMIT $3)",
            ),
        ] {
            let Some(row) = self.db.optional(sql(one).bind(before)).await? else { continue };
            let scope = TenantScope::of(row.get("id")?);
            tracing::debug!(tenant = %scope.tenant(), resolution = resolution.as_str(), "old sums are removed");
            removed += self.db.run(sql(batch).bind(scope.tenant()).bind(before).bind(BATCH)).await?;
        }
        // What was not summed yet is never old: the sums come first.
        let apart = "DELETE FROM usage_apart WHERE minute = (SELECT minute FROM usage_apart WHERE minute < $1 \
                     AND minute < (SELECT summed_until FROM usage_progress WHERE id = 1) ORDER BY minute LIMIT 1)";
        removed += self.db.run(sql(apart).bind(kept(KEPT_MINUTES_MS))).await?;
        Ok(removed)
    }
}

static MINUTE: LazyLock<String> = LazyLock::new(|| {
    let places = (2..FIELDS.len() + 2).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ");
    // A tenant that is gone meanwhile is left out.
    format!(
        "INSERT INTO usage_minutes (tenant_id, minute, {}) SELECT id, $1, {places} FROM tenants WHERE id = ${last} \
         ON CONFLICT (tenant_id, minute) DO UPDATE SET {}",
        *NAMES,
        replaced(),
        last = FIELDS.len() + 2
    )
});

/// Replaces a tenant's sum of a minute.
pub(super) async fn write_minute(
    tx: &mut Tx,
    tenant: Uuid,
    minute: i64,
    usage: &Usage,
) -> Result<(), StoreError> {
    let statement = sql(&MINUTE).bind(minute);
    let statement = figures(usage).into_iter().fold(statement, |statement, figure| statement.bind(figure));
    tx.run(statement.bind(tenant)).await.map(drop)
}

fn replaced() -> String {
    FIELDS.iter().map(|name| format!("{name} = excluded.{name}")).collect::<Vec<_>>().join(", ")
}

static HOUR: LazyLock<String> = LazyLock::new(|| {
    roll_up_text(
        Resolution::Hour,
        &format!(
            "SELECT tenant_id, {} FROM usage_minutes WHERE tenant_id = $2 AND minute >= $1 * 60 AND minute < $1 * 60 + 60",
            *NAMES
        ),
    )
});
static DAY: LazyLock<String> = LazyLock::new(|| {
    roll_up_text(
        Resolution::Day,
        &format!(
            "SELECT tenant_id, {names} FROM usage_hours WHERE tenant_id = $2 AND hour >= $1 * 24 AND hour < $1 * 24 + 24 \
             UNION ALL SELECT tenant_id, {names} FROM usage_daily WHERE tenant_id = $2 AND day = $1",
            names = *NAMES
        ),
    )
});

/// The texts of these statements.
pub(super) fn texts() -> Vec<&'static str> {
    vec![&MINUTE, &HOUR, &DAY]
}

/// Replaces a tenant's sum of an hour by that of its minutes, or of a day by that of its hours.
pub(super) async fn roll_up(
    tx: &mut Tx,
    tenant: Uuid,
    resolution: Resolution,
    period: i64,
) -> Result<(), StoreError> {
    let text: &'static str = match resolution {
        Resolution::Minute => return Ok(()),
        Resolution::Hour => &HOUR,
        Resolution::Day => &DAY,
    };
    tx.run(sql(text).bind(period).bind(tenant)).await.map(drop)
}

fn roll_up_text(resolution: Resolution, parts: &str) -> String {
    let (table, period) = rows::table(resolution);
    format!(
        "INSERT INTO {table} (tenant_id, {period}, {names}) SELECT tenant_id, $1, {sums} FROM ({parts}) AS parts \
         WHERE tenant_id = $2 GROUP BY tenant_id ON CONFLICT (tenant_id, {period}) DO UPDATE SET {replaced}",
        names = *NAMES,
        sums = *SUMS,
        replaced = replaced()
    )
}
