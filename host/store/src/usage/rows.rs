//! The queries over rows and sums. Each is one statement, so that it sees one moment: use that moves from a row to `usage_apart`, or from
//! rows to a sum, is seen in one of the two places and never in both.

use super::{FIELDS, MINUTE_MS, PEAK, Resolution, first_id, usage_of};
use crate::TenantScope;
use crate::db::{Db, Row, Statement, Tx, sql};
use crate::error::StoreError;
use std::sync::LazyLock;
use twobot_domain::{Timestamp, Usage};
use uuid::Uuid;

/// The largest sum that is kept, about 4.5 × 10^15: a day of 1,440 minutes of it fits into 63 bits.
pub(super) const LARGEST_SUM: i64 = 1 << 52;

/// Figures of rows that have columns for some of them, in the order of [`FIELDS`].
const OF_EXECUTIONS: &str = "runs AS executions, failed_runs AS failed_executions, 0 AS messages_in, 0 AS messages_out, fuel, \
     peak_memory, wall_ms, 0 AS ai_tokens_in, 0 AS ai_tokens_out, 0 AS http_requests, 0 AS http_bytes_in, 0 AS http_bytes_out";
const OF_EFFECTS: &str =
    "f.runs, f.failed_runs, 0, f.messages_out, f.fuel, f.peak_memory, f.wall_ms, 0, 0, 0, 0, 0";
const OF_EVENTS: &str = "runs, failed_runs, messages_in, 0, fuel, peak_memory, wall_ms, 0, 0, 0, 0, 0";

/// The names of the figures, as a list.
pub(super) static NAMES: LazyLock<String> = LazyLock::new(|| FIELDS.join(", "));

/// Their sums (of the peak, the largest), each no more than [`LARGEST_SUM`].
pub(super) static SUMS: LazyLock<String> = LazyLock::new(|| {
    let sum = |name: &&str| match *name {
        "peak_memory" => "max(peak_memory) AS peak_memory".to_owned(),
        name => format!(
            "CAST(CASE WHEN sum({name}) > {LARGEST_SUM} THEN {LARGEST_SUM} ELSE sum({name}) END AS BIGINT) AS {name}"
        ),
    };
    FIELDS.iter().map(sum).collect::<Vec<_>>().join(", ")
});

const UNTIL: &str = "(SELECT summed_until FROM usage_progress WHERE id = 1)";
const SINCE_ID: &str = "(SELECT first_id FROM usage_progress WHERE id = 1)";

/// The rows of a tenant with ids from one on, by minutes.
fn rows_since(since_id: &str, since: &str) -> String {
    format!(
        "SELECT metered AS minute, {OF_EXECUTIONS} FROM executions \
         WHERE tenant_id = $1 AND id >= {since_id} AND metered >= {since} \
         UNION ALL SELECT f.metered, {OF_EFFECTS} FROM executions x JOIN effects f ON f.execution_id = x.id \
         WHERE x.tenant_id = $1 AND x.id >= {since_id} AND f.metered >= {since} \
         UNION ALL SELECT metered, {OF_EVENTS} FROM events \
         WHERE tenant_id = $1 AND id >= {since_id} AND metered >= {since} \
         UNION ALL SELECT minute, {names} FROM usage_apart WHERE tenant_id = $1 AND minute >= {since}",
        names = *NAMES
    )
}

/// The table of a resolution's sums, and what its periods are called.
pub(super) const fn table(resolution: Resolution) -> (&'static str, &'static str) {
    match resolution {
        Resolution::Minute => ("usage_minutes", "minute"),
        Resolution::Hour => ("usage_hours", "hour"),
        Resolution::Day => ("usage_days", "day"),
    }
}

fn place(resolution: Resolution) -> usize {
    match resolution {
        Resolution::Minute => 0,
        Resolution::Hour => 1,
        Resolution::Day => 2,
    }
}

const RESOLUTIONS: [Resolution; 3] = [Resolution::Minute, Resolution::Hour, Resolution::Day];

static OF_TENANT: LazyLock<[String; 3]> = LazyLock::new(|| {
    RESOLUTIONS.map(|resolution| {
        let (sums, period) = table(resolution);
        format!(
            "SELECT period, {sum} FROM (SELECT {period} AS period, {names} FROM {sums} \
             WHERE tenant_id = $1 AND {period} >= $2 AND {period} <= $3 \
             UNION ALL SELECT minute / {minutes}, {names} FROM ({rows}) AS unsummed) AS used \
             WHERE period >= $2 AND period <= $3 GROUP BY period ORDER BY period",
            sum = *SUMS,
            names = *NAMES,
            minutes = resolution.minutes(),
            rows = rows_since(SINCE_ID, UNTIL),
        )
    })
});

/// What a tenant used in the periods of a range: what is summed, and what is not summed yet.
pub(super) fn of_tenant(scope: TenantScope, resolution: Resolution, from: i64, to: i64) -> Statement {
    sql(&OF_TENANT[place(resolution)]).bind(scope.tenant()).bind(from).bind(to)
}

static EACH_OF_MINUTE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT tenant_id, {OF_EXECUTIONS} FROM executions WHERE id >= $1 AND id < $2 AND metered = $3 \
         UNION ALL SELECT f.tenant_id, {OF_EFFECTS} FROM effects f \
         WHERE f.execution_id >= $1 AND f.execution_id < $2 AND f.metered = $3 \
         UNION ALL SELECT tenant_id, {OF_EVENTS} FROM events WHERE id >= $1 AND id < $2 AND metered = $3 \
         UNION ALL SELECT tenant_id, {names} FROM usage_apart WHERE minute = $3",
        names = *NAMES
    )
});
static OF_MINUTE: LazyLock<String> = LazyLock::new(|| {
    format!("SELECT tenant_id, {} FROM ({}) AS used GROUP BY tenant_id", *SUMS, *EACH_OF_MINUTE)
});

/// What every tenant used in a minute, from rows. In one statement, whoever adds it up.
pub(super) async fn of_minute(db: &Db, minute: i64) -> Result<Vec<(Uuid, Usage)>, StoreError> {
    let begin = |minute: i64| first_id(Timestamp(minute.saturating_mul(MINUTE_MS)));
    let of = |text| sql(text).bind(begin(minute)).bind(begin(minute + 1)).bind(minute);
    let totals = db.totals(of(&EACH_OF_MINUTE), of(&OF_MINUTE), add).await?;
    Ok(totals.into_iter().map(|(tenant, figures)| (tenant, usage_of(figures))).collect())
}

/// Adds figures as [`SUMS`] does.
fn add(sums: &mut [i64; FIELDS.len()], figures: [i64; FIELDS.len()]) {
    for (place, (sum, figure)) in sums.iter_mut().zip(figures).enumerate() {
        *sum = if place == PEAK { (*sum).max(figure) } else { sum.saturating_add(figure).min(LARGEST_SUM) };
    }
}

static BOTH_SIDES: LazyLock<[String; 3]> = LazyLock::new(|| {
    RESOLUTIONS.map(|resolution| {
        let (sums, period) = table(resolution);
        let (parts, since) = match resolution {
            Resolution::Minute => (
                format!(
                    "SELECT CAST(1 AS BIGINT) AS side, minute AS period, {} FROM ({}) AS used",
                    *NAMES,
                    rows_since("$3", "$2")
                ),
                // Rows before this minute may have been removed after they were summed.
                "AND period >= (SELECT usage_from FROM tenants WHERE id = $1)",
            ),
            Resolution::Hour => (
                format!(
                    "SELECT CAST(1 AS BIGINT) AS side, minute / 60 AS period, {} FROM usage_minutes WHERE tenant_id = $1",
                    *NAMES
                ),
                "",
            ),
            Resolution::Day => (
                format!(
                    "SELECT CAST(1 AS BIGINT) AS side, hour / 24 AS period, {names} FROM usage_hours WHERE tenant_id = $1 \
                     UNION ALL SELECT 1, day, {names} FROM usage_daily WHERE tenant_id = $1",
                    names = *NAMES
                ),
                "",
            ),
        };
        format!(
            "SELECT side, period, {sum} FROM (SELECT CAST(0 AS BIGINT) AS side, {period} AS period, {names} FROM {sums} \
             WHERE tenant_id = $1 AND {period} >= $2 / {minutes} UNION ALL {parts}) AS used WHERE period >= $2 / {minutes} {since} \
             AND period * {minutes} < {UNTIL} GROUP BY side, period ORDER BY period, side",
            sum = *SUMS,
            names = *NAMES,
            minutes = resolution.minutes(),
        )
    })
});

/// What a tenant used by minute, hour or day, once as it is summed (`side` 0) and once as what it is the sum of says (`side` 1), from a
/// minute on, as far as both are there.
pub(super) fn both_sides(scope: TenantScope, resolution: Resolution, from: i64) -> Statement {
    let statement = sql(&BOTH_SIDES[place(resolution)]).bind(scope.tenant()).bind(from);
    match resolution {
        Resolution::Minute => statement.bind(first_id(Timestamp(from.saturating_mul(MINUTE_MS)))),
        Resolution::Hour | Resolution::Day => statement,
    }
}

/// Up to where everything is summed: the minute, and its smallest id.
pub(crate) async fn progress(tx: &mut Tx) -> Result<(i64, Uuid), StoreError> {
    let row = tx.optional(sql(PROGRESS)).await?.ok_or(StoreError::NotFound)?;
    read_progress(&row)
}

pub(super) const PROGRESS: &str = "SELECT summed_until, first_id FROM usage_progress WHERE id = 1";

pub(super) fn read_progress(row: &Row) -> Result<(i64, Uuid), StoreError> {
    Ok((row.get("summed_until")?, row.get("first_id")?))
}

/// The texts of these queries.
pub(super) fn texts() -> Vec<&'static str> {
    let mut texts: Vec<&str> = vec![&EACH_OF_MINUTE, &OF_MINUTE];
    texts.extend(OF_TENANT.iter().chain(BOTH_SIDES.iter()).map(String::as_str));
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_added_and_the_peak_is_the_largest() {
        assert_eq!(FIELDS[PEAK], "peak_memory");
        let mut sums = [1; FIELDS.len()];
        add(&mut sums, [2; FIELDS.len()]);
        for (place, sum) in sums.into_iter().enumerate() {
            assert_eq!(sum, if place == PEAK { 2 } else { 3 }, "{}", FIELDS[place]);
        }
        add(&mut sums, [i64::MAX; FIELDS.len()]);
        assert_eq!((sums[0], sums[PEAK]), (LARGEST_SUM, i64::MAX));
    }
}
