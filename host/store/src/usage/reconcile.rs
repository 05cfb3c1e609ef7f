//! Sums held against rows, as far as both are there: minutes against rows, hours against minutes, days against hours.

use super::rows;
use super::sum::{KEPT_HOURS_MS, KEPT_MINUTES_MS, roll_up, write_minute};
use super::{FIELDS, MINUTE_MS, Resolution, figures, usage};
use crate::db::{Row, Tx, sql, transaction};
use crate::{Store, StoreError, TenantScope};
use std::collections::BTreeMap;
use twobot_domain::{TenantId, Timestamp, Usage};

/// A figure of a sum that is not what it is the sum of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Whose.
    pub tenant: TenantId,
    /// Of which sums.
    pub resolution: Resolution,
    /// When the period begins.
    pub at: Timestamp,
    /// Which figure.
    pub field: &'static str,
    /// What rows, minutes or hours say.
    pub expected: u64,
    /// What the sum says.
    pub found: u64,
}

/// What a repair did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repaired {
    /// Sums that were computed anew.
    pub sums: u64,
}

/// The periods in which sides differ, each with what is summed and what should be.
type Sides = BTreeMap<i64, [Usage; 2]>;

const RESOLUTIONS: [Resolution; 3] = [Resolution::Minute, Resolution::Hour, Resolution::Day];

/// From which minute on both sides are there at a moment.
const fn from(resolution: Resolution, now: Timestamp) -> i64 {
    let kept = match resolution {
        // What is just being removed is left out.
        Resolution::Minute => return now.plus_millis(3_600_000 - KEPT_MINUTES_MS).0.div_euclid(MINUTE_MS),
        Resolution::Hour => KEPT_MINUTES_MS,
        Resolution::Day => KEPT_HOURS_MS,
    };
    // Whole periods only, and the one that begins to be removed is left out.
    (resolution.period(now.plus_millis(-kept)) + 2) * resolution.minutes()
}

fn sides(rows: &[Row]) -> Result<Sides, StoreError> {
    let mut sides = Sides::new();
    for row in rows {
        let side: i64 = row.get("side")?;
        sides.entry(row.get("period")?).or_default()[usize::from(side != 0)] = usage(row)?;
    }
    sides.retain(|_, [found, expected]| found != expected);
    Ok(sides)
}

impl Store {
    /// Every tenant, or one, for [`Store::usage_differences`].
    ///
    /// # Errors
    /// `NotFound` when there is no such tenant.
    pub async fn tenants_with_usage(&self, only: Option<TenantId>) -> Result<Vec<TenantScope>, StoreError> {
        let rows = match only {
            Some(tenant) => {
                vec![self.db.one(sql("SELECT id FROM tenants WHERE id = $1").bind(tenant)).await?]
            }
            None => self.db.all(sql("SELECT id FROM tenants ORDER BY id")).await?,
        };
        rows.iter().map(|row| Ok(TenantScope::of(row.get("id")?))).collect()
    }

    /// Where a tenant's sums are not what they are the sums of: of the last seven days by minutes (as far as no rows were removed) and by
    /// hours, of the last year by days. Nothing is changed. Right also while a server works.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn usage_differences(
        &self,
        scope: TenantScope,
        now: Timestamp,
    ) -> Result<Vec<Difference>, StoreError> {
        let mut differences = Vec::new();
        for resolution in RESOLUTIONS {
            let rows = self.db.all(rows::both_sides(scope, resolution, from(resolution, now))).await?;
            for (period, [found, expected]) in sides(&rows)? {
                for (field, (found, expected)) in
                    FIELDS.into_iter().zip(figures(&found).into_iter().zip(figures(&expected)))
                {
                    if found != expected {
                        let at = resolution.begin(period);
                        let tenant = scope.tenant();
                        differences.push(Difference { tenant, resolution, at, field, expected, found });
                    }
                }
            }
        }
        Ok(differences)
    }

    /// Computes a tenant's sums anew where they differ: minutes first, then what follows from them.
    ///
    /// # Errors
    /// Only those of the database; nothing is changed then.
    pub async fn repair_usage(&self, scope: TenantScope, now: Timestamp) -> Result<Repaired, StoreError> {
        transaction!(self.db.begin(scope), |tx| {
            let mut repaired = Repaired::default();
            for resolution in RESOLUTIONS {
                let rows = tx.all(rows::both_sides(scope, resolution, from(resolution, now))).await?;
                for (period, [_, expected]) in sides(&rows)? {
                    repair(&mut tx, scope, resolution, period, &expected).await?;
                    repaired.sums += 1;
                }
            }
            tx.commit().await?;
            Ok(repaired)
        })
    }
}

async fn repair(
    tx: &mut Tx,
    scope: TenantScope,
    resolution: Resolution,
    period: i64,
    expected: &Usage,
) -> Result<(), StoreError> {
    if *expected == Usage::default() {
        let remove = match resolution {
            Resolution::Minute => sql("DELETE FROM usage_minutes WHERE tenant_id = $1 AND minute = $2"),
            Resolution::Hour => sql("DELETE FROM usage_hours WHERE tenant_id = $1 AND hour = $2"),
            Resolution::Day => sql("DELETE FROM usage_days WHERE tenant_id = $1 AND day = $2"),
        };
        return tx.run(remove.bind(scope.tenant()).bind(period)).await.map(drop);
    }
    let tenant = scope.tenant().uuid();
    match resolution {
        Resolution::Minute => write_minute(tx, tenant, period, expected).await,
        Resolution::Hour | Resolution::Day => roll_up(tx, tenant, resolution, period).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_periods_that_are_kept_are_compared() {
        let now = Timestamp(1_795_000_000_000);
        for (resolution, kept) in [(Resolution::Hour, KEPT_MINUTES_MS), (Resolution::Day, KEPT_HOURS_MS)] {
            let from = from(resolution, now);
            assert_eq!(from % resolution.minutes(), 0);
            assert!(from * MINUTE_MS > now.0 - kept);
        }
        assert!(from(Resolution::Minute, now) * MINUTE_MS > now.0 - KEPT_MINUTES_MS);
    }
}
