//! Executions of a day, where a plan limits them: a count of its own in the transaction that records them, since every commit asks for it.
//! Tenants without such a limit pay nothing for it.
//!
//! The count is begun from the sums and rows, once for each day and process; from then on whatever the process records is added. So it is
//! right also when a plan changes in the middle of a day.

use super::{Resolution, rows};
use crate::db::{Tx, sql, transaction};
use crate::usage::record::Metering;
use crate::{Store, StoreError, TenantScope};
use std::sync::PoisonError;
use twobot_domain::{TenantId, Timestamp};

/// A day of which nothing is known.
const NEVER: i64 = i64::MIN;

impl Metering {
    fn counted_day(&self, tenant: TenantId) -> Option<i64> {
        self.counted.read().unwrap_or_else(PoisonError::into_inner).get(&tenant).copied()
    }

    /// Says whether a tenant's executions are counted by the day.
    fn declare(&self, tenant: TenantId, counts: bool) {
        if self.counted_day(tenant).is_some() == counts {
            return;
        }
        let mut counted = self.counted.write().unwrap_or_else(PoisonError::into_inner);
        if counts {
            counted.entry(tenant).or_insert(NEVER);
        } else {
            counted.remove(&tenant);
        }
    }

    fn is_right(&self, tenant: TenantId, day: i64) {
        self.counted.write().unwrap_or_else(PoisonError::into_inner).insert(tenant, day);
    }
}

/// A count that is right when its transaction was committed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Count {
    /// Executions of the day so far.
    pub(crate) used: u64,
    tenant: TenantId,
    day: i64,
}

impl Count {
    /// To be called after the commit.
    pub(crate) fn note(self, metering: &Metering) {
        metering.is_right(self.tenant, self.day);
    }
}

/// Adds executions to the day's count, where there is one.
pub(crate) async fn add(
    tx: &mut Tx,
    scope: TenantScope,
    metering: &Metering,
    executions: u64,
) -> Result<(), StoreError> {
    if executions == 0 || metering.counted_day(scope.tenant()).is_none() {
        return Ok(());
    }
    tx.run(
        sql("UPDATE usage_quota SET executions = executions + $1 WHERE tenant_id = $2 AND day = $3")
            .bind(executions.min(1 << 40))
            .bind(scope.tenant())
            .bind(Timestamp::now().day()),
    )
    .await
    .map(drop)
}

/// The executions of a day before this transaction records its own.
pub(crate) async fn count(
    tx: &mut Tx,
    scope: TenantScope,
    metering: &Metering,
    day: i64,
) -> Result<Count, StoreError> {
    let tenant = scope.tenant();
    metering.declare(tenant, true);
    if metering.counted_day(tenant) == Some(day)
        && let Some(row) = tx.optional(read(scope, day)).await?
    {
        return Ok(Count { used: row.get("executions")?, tenant, day });
    }
    let row = tx.optional(rows::of_tenant(scope, Resolution::Day, day, day)).await?;
    let used: u64 = row.map_or(Ok(0), |row| row.get("executions"))?;
    tx.run(
        sql("INSERT INTO usage_quota (tenant_id, day, executions) VALUES ($1, $2, $3) \
             ON CONFLICT (tenant_id) DO UPDATE SET day = excluded.day, executions = excluded.executions")
        .bind(tenant)
        .bind(day)
        .bind(used),
    )
    .await?;
    Ok(Count { used, tenant, day })
}

fn read(scope: TenantScope, day: i64) -> crate::db::Statement {
    sql("SELECT executions FROM usage_quota WHERE tenant_id = $1 AND day = $2").bind(scope.tenant()).bind(day)
}

impl Store {
    /// Says whether a tenant's plan limits its executions of a day. To be said before they are recorded.
    pub fn count_executions(&self, scope: TenantScope, counts: bool) {
        self.metering.declare(scope.tenant(), counts);
    }

    /// The executions of this UTC day, to this moment, of a tenant whose plan limits them.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn executions_today(&self, scope: TenantScope) -> Result<u64, StoreError> {
        let day = Timestamp::now().day();
        if self.metering.counted_day(scope.tenant()) == Some(day)
            && let Some(row) = self.db.optional(read(scope, day)).await?
        {
            return row.get("executions");
        }
        transaction!(self.db.begin(scope), |tx| {
            let count = count(&mut tx, scope, &self.metering, day).await?;
            tx.commit().await?;
            count.note(&self.metering);
            Ok(count.used)
        })
    }
}
