//! What a tenant used: kept with the rows that used it, and summed in the background by minute, hour and day.
//!
//! So everything is counted exactly once, and what is done for an event waits for no sum. Why so: `docs/decisions/0023-usage-is-summed-from-rows.md`.
//!
//! | file | |
//! |---|---|
//! | `record` | what a transaction that records an outcome does: nothing more than to fill columns, most of the time |
//! | `sum` | the sums, and what of them is no longer kept |
//! | `rows` | the queries over rows and sums |
//! | `quota` | executions of a day, where a plan limits them |
//! | `reconcile` | sums held against rows |

mod quota;
mod reconcile;
mod record;
mod rows;
mod sum;

pub(crate) use quota::{add as count_up, count};
pub use reconcile::{Difference, Repaired};
pub(crate) use record::{
    MAX_FIGURE, Metering, OnRow, fold_effect, fold_execution, forget_gateway, forget_install, rest,
    rows_removed,
};
pub(crate) use rows::progress;
pub use sum::{KEPT_HOURS_MS, KEPT_MINUTES_MS, SUMMED_AFTER_MS, Summed};

use crate::db::Row;
use crate::{Store, StoreError, TenantScope};
use twobot_domain::{Timestamp, Usage};
use uuid::{Builder, Uuid};

const MINUTE_MS: i64 = 60_000;

/// How finely usage is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resolution {
    /// By the minute; kept for [`KEPT_MINUTES_MS`].
    Minute,
    /// By the hour; kept for [`KEPT_HOURS_MS`].
    Hour,
    /// By the day in UTC; kept for ever.
    Day,
}

impl Resolution {
    /// The name in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// Minutes in one period.
    #[must_use]
    pub const fn minutes(self) -> i64 {
        match self {
            Self::Minute => 1,
            Self::Hour => 60,
            Self::Day => 1_440,
        }
    }

    /// The period of a moment: how many of them are between 1970-01-01T00:00Z and it.
    #[must_use]
    pub const fn period(self, at: Timestamp) -> i64 {
        at.0.div_euclid(MINUTE_MS * self.minutes())
    }

    /// The moment at which a period begins.
    #[must_use]
    pub const fn begin(self, period: i64) -> Timestamp {
        Timestamp(period.saturating_mul(MINUTE_MS * self.minutes()))
    }
}

/// The figures, as their columns are called.
const FIELDS: [&str; 12] = [
    "executions",
    "failed_executions",
    "messages_in",
    "messages_out",
    "fuel",
    "peak_memory",
    "wall_ms",
    "ai_tokens_in",
    "ai_tokens_out",
    "http_requests",
    "http_bytes_in",
    "http_bytes_out",
];

/// Which of them is the largest of its records, and not their sum.
const PEAK: usize = 5;

/// The figures, in the order of [`FIELDS`].
const fn figures(usage: &Usage) -> [u64; 12] {
    [
        usage.executions,
        usage.failed_executions,
        usage.messages_in,
        usage.messages_out,
        usage.fuel,
        usage.peak_memory_bytes,
        usage.wall_ms,
        usage.ai_tokens_in,
        usage.ai_tokens_out,
        usage.http_requests,
        usage.http_bytes_in,
        usage.http_bytes_out,
    ]
}

/// The usage with these figures, in the order of [`FIELDS`].
fn usage_of(figures: [i64; FIELDS.len()]) -> Usage {
    let [
        executions,
        failed_executions,
        messages_in,
        messages_out,
        fuel,
        peak_memory_bytes,
        wall_ms,
        ai_tokens_in,
        ai_tokens_out,
        http_requests,
        http_bytes_in,
        http_bytes_out,
    ] = figures.map(|figure| u64::try_from(figure).unwrap_or(0));
    Usage {
        executions,
        failed_executions,
        messages_in,
        messages_out,
        fuel,
        peak_memory_bytes,
        wall_ms,
        ai_tokens_in,
        ai_tokens_out,
        http_requests,
        http_bytes_in,
        http_bytes_out,
    }
}

fn usage(row: &Row) -> Result<Usage, StoreError> {
    let mut figures = [0; FIELDS.len()];
    for (figure, name) in figures.iter_mut().zip(FIELDS) {
        *figure = row.get(name)?;
    }
    Ok(usage_of(figures))
}

/// The statements that are put together here, for who looks how a database carries them out.
#[must_use]
pub fn statements() -> Vec<&'static str> {
    [rows::texts(), record::texts(), sum::texts()].concat()
}

/// The smallest id (version 7 of RFC 9562) that was made at a moment. Ids sort by the time of their making.
pub(crate) fn first_id(at: Timestamp) -> Uuid {
    Builder::from_unix_timestamp_millis(at.millis(), &[0; 10]).into_uuid()
}

/// The minute in which an id was made.
pub(crate) fn minute_of(id: Uuid) -> i64 {
    let (high, _) = id.as_u64_pair();
    i64::try_from(high >> 16).unwrap_or(i64::MAX) / MINUTE_MS
}

impl Store {
    /// The days of a range (UTC days since 1970-01-01, both ends included) on which something was used, to this moment.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn usage(
        &self,
        scope: TenantScope,
        from: i64,
        to: i64,
    ) -> Result<Vec<(i64, Usage)>, StoreError> {
        self.usage_by(scope, Resolution::Day, from, to).await
    }

    /// The periods of a range (see [`Resolution::period`]; both ends included) in which something was used, to this moment, oldest first.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn usage_by(
        &self,
        scope: TenantScope,
        resolution: Resolution,
        from: i64,
        to: i64,
    ) -> Result<Vec<(i64, Usage)>, StoreError> {
        let rows = self.db.all(rows::of_tenant(scope, resolution, from, to)).await?;
        rows.iter().map(|row| Ok((row.get("period")?, usage(row)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minute_of_an_id_is_that_of_its_making() {
        for millis in [0, 59_999, 60_000, 1_795_000_000_123] {
            assert_eq!(minute_of(first_id(Timestamp(millis))), millis / 60_000, "{millis}");
        }
        assert_eq!(minute_of(Uuid::max()), 0xFFFF_FFFF_FFFF / 60_000);
    }

    #[test]
    fn periods_begin_where_they_begin() {
        for (resolution, at, period) in [
            (Resolution::Minute, 119_999, 1),
            (Resolution::Hour, 3_600_000, 1),
            (Resolution::Day, 86_399_999, 0),
            (Resolution::Day, -1, -1),
        ] {
            assert_eq!(resolution.period(Timestamp(at)), period);
            assert!(resolution.begin(period).0 <= at && at < resolution.begin(period + 1).0);
        }
    }
}
