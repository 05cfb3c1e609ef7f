//! P11: the first page of a list, for a tenant with few rows and for one with many, among many more of others.

use crate::host;
use crate::race::{percentile, race, timed};
use crate::row::{Row, thousands, time};
use crate::run::Effort;
use anyhow::{Context as _, Result, ensure};
use rusqlite::{Connection, params};
use std::path::Path;
use std::time::Duration;
use twobot_domain::InstallId;
use twobot_store::executions::ExecutionFilter;
use twobot_store::{PageRequest, Store, TenantScope};
use uuid::Uuid;

/// Executions of all tenants together.
const ROWS: u64 = 10_000_000;

/// Those of the tenant with many, and of the one with few.
const MANY: u64 = 100_000;
const FEW: u64 = 100;

/// Tenants that share the rest.
const OTHERS: u64 = 98;

/// How many times as long the list of many may take.
const MOST: f64 = 2.0;

pub(crate) fn measure(effort: Effort) -> Result<Vec<Row>> {
    let runtime = host::runtime()?;
    let rows = if effort.rounds(10) == 10 { ROWS } else { ROWS / 100 };
    let folder = tempfile::tempdir()?;
    let (store, many, few) = runtime.block_on(fill(folder.path(), rows))?;
    let page = |scope: TenantScope| {
        let (runtime, store) = (&runtime, &store);
        move || {
            timed(|| {
                let filter = ExecutionFilter::default();
                let page = runtime.block_on(store.executions(scope, &filter, PageRequest::default()))?;
                ensure!(page.items.len() == 50, "a page has {} rows", page.items.len());
                Ok(())
            })
        }
    };
    let times = race(effort.rounds(2_000), [Box::new(page(many)), Box::new(page(few))])?;
    let p95 = |side: usize| percentile(&mut times.of(side).to_vec(), 0.95);
    let (ours, theirs): (Duration, Duration) = (p95(0), p95(1));
    let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
    Ok(vec![
        Row::new(
            format!(
                "first page of a list, 95 % are faster than, a tenant with {} rows among {}",
                thousands(MANY),
                thousands(rows)
            ),
            time(ours),
        )
        .beside(format!("one with {FEW} rows: {}", time(theirs)))
        .times(ratio)
        .target("P11", "≤ 2 ×", ratio <= MOST),
    ])
}

/// A database with so many executions, and the scopes of the tenants with many and with few.
async fn fill(folder: &Path, rows: u64) -> Result<(Store, TenantScope, TenantScope)> {
    let store = host::open(folder, [1; 32]).await?;
    let mut tenants = Vec::new();
    for number in 0..OTHERS + 2 {
        let scope = host::register(&store, &format!("tenant-{number}")).await?;
        let install = host::install(&store, scope, "bench", &"0".repeat(64)).await?;
        tenants.push((scope, install));
    }
    let mut connection = Connection::open(folder.join("2bot.db"))?;
    // Nothing of it has to outlive a power failure.
    connection
        .execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; PRAGMA foreign_keys = OFF;")?;
    let (first, others) = tenants.split_at(2);
    let [(many, its), (few, theirs)] = first else { anyhow::bail!("there are two tenants") };
    let transaction = connection.transaction()?;
    {
        let mut insert = transaction.prepare(
            "INSERT INTO executions (id, tenant_id, install_id, cause, event_kind, lane, state, attempt, next_at, created_at, finished_at) \
             VALUES (?1, ?2, ?3, 'event', 'message', 'lane', 'succeeded', 1, ?4, ?4, ?4)",
        )?;
        let mut add = |number: u64, scope: &TenantScope, install: &InstallId| {
            // As the platform's ids: the time first.
            let at = 1_700_000_000_000 + number;
            let id = Uuid::from_u128((u128::from(at) << 80) | (7 << 76) | (2 << 62) | u128::from(number));
            let (tenant, install) = (scope.tenant().uuid(), install.uuid());
            let at = i64::try_from(at)?;
            insert.execute(params![id.as_bytes(), tenant.as_bytes(), install.as_bytes(), at])?;
            anyhow::Ok(())
        };
        for number in 0..rows {
            // All of them come in turns, as they would.
            if number.is_multiple_of(rows / MANY.min(rows / 10)) {
                add(number, many, its)?;
            } else if number % (rows / FEW) == 1 {
                add(number, few, theirs)?;
            } else {
                let (scope, install) =
                    others.get((number % OTHERS) as usize).context("there are other tenants")?;
                add(number, scope, install)?;
            }
        }
    }
    transaction.commit()?;
    Ok((store, *many, *few))
}
