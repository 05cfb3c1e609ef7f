//! What a transaction that records an outcome does about usage.
//!
//! An outcome that comes within a minute or two of its row's making, as nearly all do, fills columns of the row, in the statement that
//! records it. Everything else goes to `usage_apart`, with a statement more: later outcomes, earlier attempts, what rows have no
//! columns for, and what rows that are removed had.

use super::rows::{LARGEST_SUM, NAMES, progress};
use super::{FIELDS, MINUTE_MS, figures, minute_of};
use crate::db::{Tx, sql};
use crate::{StoreError, TenantScope};
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock, RwLock};
use twobot_domain::{EffectId, EventId, ExecutionId, GatewayId, InstallId, TenantId, Timestamp, Usage};
use uuid::Uuid;

/// The largest figure of one record, about 10^12: four million of them in a minute still fit into a sum.
pub(crate) const MAX_FIGURE: u64 = 1 << 40;

/// Minutes after that of its making in which a row takes up what it used. Sums are made long after that: see `sum`.
const OPEN_MINUTES: i64 = 1;

/// What a process knows of the sums. Shared by all copies of its store.
#[derive(Clone, Debug, Default)]
pub(crate) struct Metering {
    /// The first minute that is not being summed. What rows of earlier ones use does not stand in them any more.
    floor: Arc<AtomicI64>,
    /// The tenants whose executions are counted by the day, and of which day it is known that the count is right.
    pub(super) counted: Arc<RwLock<HashMap<TenantId, i64>>>,
}

impl Metering {
    /// Nothing more is added to rows of minutes before this one.
    pub(super) fn close(&self, until: i64) {
        self.floor.fetch_max(until, Ordering::SeqCst);
    }

    /// The minute in which use that can not stand in its row counts.
    pub(crate) fn now(&self) -> i64 {
        Timestamp::now().0.div_euclid(MINUTE_MS).max(self.floor.load(Ordering::SeqCst))
    }

    /// The minute of a row with this id, if what it used may still stand in it. To be asked within the transaction that records it: one
    /// that began before the minute was closed has ended before it is summed.
    pub(crate) fn place(&self, id: Uuid) -> Option<i64> {
        let minute = minute_of(id);
        (minute > 0 && minute >= self.first_open()).then_some(minute)
    }

    /// The first minute whose rows take up what they used.
    pub(crate) fn first_open(&self) -> i64 {
        let now = Timestamp::now().0.div_euclid(MINUTE_MS);
        (now - OPEN_MINUTES).max(self.floor.load(Ordering::SeqCst))
    }
}

/// What of a usage stands in its row, and what apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OnRow {
    /// In the row's columns; nothing where it came too late for that.
    pub(crate) row: Usage,
    /// The minute in which it counts; 0 where there is nothing.
    pub(crate) metered: i64,
    /// The rest.
    rest: Usage,
    /// The minute in which the rest counts.
    rest_minute: i64,
}

impl OnRow {
    /// Of an execution.
    pub(crate) fn of_execution(metering: &Metering, id: ExecutionId, usage: &Usage) -> Self {
        let used = limited(usage);
        let row = Usage {
            executions: used.executions,
            failed_executions: used.failed_executions,
            fuel: used.fuel,
            peak_memory_bytes: used.peak_memory_bytes,
            wall_ms: used.wall_ms,
            ..Usage::default()
        };
        Self::new(metering, metering.place(id.uuid()), used, row)
    }

    /// Of a delivery that became events, in the first of them.
    pub(crate) fn of_event(metering: &Metering, first: Option<EventId>, usage: &Usage) -> Self {
        let used = limited(usage);
        let row = Usage {
            messages_out: 0,
            ai_tokens_in: 0,
            ai_tokens_out: 0,
            http_requests: 0,
            http_bytes_in: 0,
            http_bytes_out: 0,
            ..used
        };
        Self::new(metering, first.and_then(|id| metering.place(id.uuid())), used, row)
    }

    /// Of an effect, if it stands in the row: in the minute of its execution, which the database knows.
    pub(crate) fn of_effect(usage: &Usage) -> Self {
        let used = limited(usage);
        let row = Usage {
            messages_in: 0,
            ai_tokens_in: 0,
            ai_tokens_out: 0,
            http_requests: 0,
            http_bytes_in: 0,
            http_bytes_out: 0,
            ..used
        };
        Self { row, metered: 0, rest: without(&used, &row), rest_minute: 0 }
    }

    fn new(metering: &Metering, place: Option<i64>, used: Usage, row: Usage) -> Self {
        match place {
            Some(minute) if row != Usage::default() => {
                Self { row, metered: minute, rest: without(&used, &row), rest_minute: minute }
            }
            _ => Self { row: Usage::default(), metered: 0, rest: used, rest_minute: metering.now() },
        }
    }

    /// Records what does not stand in the row.
    pub(crate) async fn record_rest(&self, tx: &mut Tx, scope: TenantScope) -> Result<(), StoreError> {
        rest(tx, scope, self.rest_minute, &self.rest).await
    }

    /// Records what does not stand in an effect's row: all of it, where the row did not take it.
    pub(crate) async fn record_rest_of_effect(
        &self,
        tx: &mut Tx,
        scope: TenantScope,
        metering: &Metering,
        metered: i64,
    ) -> Result<(), StoreError> {
        if metered > 0 {
            return rest(tx, scope, metered, &self.rest).await;
        }
        let mut all = self.row;
        all.add(&self.rest);
        rest(tx, scope, metering.now(), &all).await
    }
}

/// A usage with no figure that is larger than any real one.
fn limited(usage: &Usage) -> Usage {
    Usage {
        executions: usage.executions.min(MAX_FIGURE),
        failed_executions: usage.failed_executions.min(MAX_FIGURE),
        messages_in: usage.messages_in.min(MAX_FIGURE),
        messages_out: usage.messages_out.min(MAX_FIGURE),
        fuel: usage.fuel.min(MAX_FIGURE),
        peak_memory_bytes: usage.peak_memory_bytes.min(MAX_FIGURE),
        wall_ms: usage.wall_ms.min(MAX_FIGURE),
        ai_tokens_in: usage.ai_tokens_in.min(MAX_FIGURE),
        ai_tokens_out: usage.ai_tokens_out.min(MAX_FIGURE),
        http_requests: usage.http_requests.min(MAX_FIGURE),
        http_bytes_in: usage.http_bytes_in.min(MAX_FIGURE),
        http_bytes_out: usage.http_bytes_out.min(MAX_FIGURE),
    }
}

/// What a part leaves of a whole.
const fn without(used: &Usage, row: &Usage) -> Usage {
    Usage {
        executions: used.executions - row.executions,
        failed_executions: used.failed_executions - row.failed_executions,
        messages_in: used.messages_in - row.messages_in,
        messages_out: used.messages_out - row.messages_out,
        fuel: used.fuel - row.fuel,
        peak_memory_bytes: used.peak_memory_bytes - row.peak_memory_bytes,
        wall_ms: used.wall_ms - row.wall_ms,
        ai_tokens_in: used.ai_tokens_in,
        ai_tokens_out: used.ai_tokens_out,
        http_requests: used.http_requests,
        http_bytes_in: used.http_bytes_in,
        http_bytes_out: used.http_bytes_out,
    }
}

/// What happens where `usage_apart` has something for the minute already.
static ADDED: LazyLock<String> = LazyLock::new(|| {
    let add = |name: &&str| {
        match *name {
        "peak_memory" => "peak_memory = CASE WHEN excluded.peak_memory > usage_apart.peak_memory THEN excluded.peak_memory \
             ELSE usage_apart.peak_memory END"
            .to_owned(),
        name => format!(
            "{name} = CASE WHEN usage_apart.{name} > {LARGEST_SUM} - excluded.{name} THEN {LARGEST_SUM} \
             ELSE usage_apart.{name} + excluded.{name} END"
        ),
    }
    };
    let all = FIELDS.iter().map(add).collect::<Vec<_>>().join(", ");
    format!("ON CONFLICT (minute, tenant_id) DO UPDATE SET {all}")
});

static REST: LazyLock<String> = LazyLock::new(|| {
    let places = (3..FIELDS.len() + 3).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ");
    format!("INSERT INTO usage_apart (minute, tenant_id, {}) VALUES ($1, $2, {places}) {}", *NAMES, *ADDED)
});

/// What takes use out of rows: of one execution, of one effect, of an install's executions and effects, of a gateway's effects.
static FOLD: LazyLock<[String; 5]> = LazyLock::new(|| {
    [
        fold_executions("id = $1 AND tenant_id = $2 AND metered > 0"),
        fold_effects("id = $1 AND tenant_id = $2 AND metered > 0"),
        fold_executions("install_id = $1 AND tenant_id = $2 AND id >= $3 AND metered >= $4"),
        fold_effects("install_id = $1 AND tenant_id = $2 AND execution_id >= $3 AND metered >= $4"),
        fold_effects("gateway_id = $1 AND tenant_id = $2 AND execution_id >= $3 AND metered >= $4"),
    ]
});

/// The texts of these statements.
pub(super) fn texts() -> Vec<&'static str> {
    std::iter::once(&*REST).chain(FOLD.iter()).map(String::as_str).collect()
}

/// Records what no row shows.
pub(crate) async fn rest(
    tx: &mut Tx,
    scope: TenantScope,
    minute: i64,
    usage: &Usage,
) -> Result<(), StoreError> {
    if *usage == Usage::default() {
        return Ok(());
    }
    let statement = sql(&REST).bind(minute).bind(scope.tenant());
    let figures = figures(&limited(usage));
    tx.run(figures.into_iter().fold(statement, |statement, figure| statement.bind(figure))).await.map(drop)
}

/// Takes what an attempt before used out of an execution's row, in which that of another is to stand. Says whether there was something.
pub(crate) async fn fold_execution(
    tx: &mut Tx,
    scope: TenantScope,
    id: ExecutionId,
) -> Result<bool, StoreError> {
    tx.run(sql(&FOLD[0]).bind(id).bind(scope.tenant())).await?;
    let empty = sql(
        "UPDATE executions SET metered = 0, runs = 0, failed_runs = 0 WHERE id = $1 AND tenant_id = $2 AND metered > 0",
    );
    Ok(tx.run(empty.bind(id).bind(scope.tenant())).await? > 0)
}

/// The same for an effect.
pub(crate) async fn fold_effect(tx: &mut Tx, scope: TenantScope, id: EffectId) -> Result<bool, StoreError> {
    tx.run(sql(&FOLD[1]).bind(id).bind(scope.tenant())).await?;
    let empty = sql("UPDATE effects SET metered = 0 WHERE id = $1 AND tenant_id = $2 AND metered > 0");
    Ok(tx.run(empty.bind(id).bind(scope.tenant())).await? > 0)
}

fn fold_executions(which: &str) -> String {
    format!(
        "INSERT INTO usage_apart (minute, tenant_id, executions, failed_executions, fuel, peak_memory, wall_ms) \
         SELECT metered, tenant_id, {} FROM executions WHERE {which} GROUP BY metered, tenant_id {}",
        sums(&["runs", "failed_runs", "fuel", "peak_memory", "wall_ms"]),
        *ADDED
    )
}

fn fold_effects(which: &str) -> String {
    format!(
        "INSERT INTO usage_apart (minute, tenant_id, executions, failed_executions, messages_out, fuel, peak_memory, wall_ms) \
         SELECT metered, tenant_id, {} FROM effects WHERE {which} GROUP BY metered, tenant_id {}",
        sums(&["runs", "failed_runs", "messages_out", "fuel", "peak_memory", "wall_ms"]),
        *ADDED
    )
}

fn sums(columns: &[&str]) -> String {
    let sum = |name: &&str| match *name {
        "peak_memory" => "max(peak_memory)".to_owned(),
        name => format!(
            "CAST(CASE WHEN sum({name}) > {LARGEST_SUM} THEN {LARGEST_SUM} ELSE sum({name}) END AS BIGINT)"
        ),
    };
    columns.iter().map(sum).collect::<Vec<_>>().join(", ")
}

/// Takes what is not summed yet out of the rows of an install that is about to be removed with them.
pub(crate) async fn forget_install(
    tx: &mut Tx,
    scope: TenantScope,
    install: InstallId,
) -> Result<(), StoreError> {
    let (until, first_id) = progress(tx).await?;
    for text in &FOLD[2..4] {
        tx.run(sql(text).bind(install).bind(scope.tenant()).bind(first_id).bind(until)).await?;
    }
    rows_removed(tx, scope, until).await
}

/// The same for a gateway. Its events stay.
pub(crate) async fn forget_gateway(
    tx: &mut Tx,
    scope: TenantScope,
    gateway: GatewayId,
) -> Result<(), StoreError> {
    let (until, first_id) = progress(tx).await?;
    tx.run(sql(&FOLD[4]).bind(gateway).bind(scope.tenant()).bind(first_id).bind(until)).await?;
    rows_removed(tx, scope, until).await
}

/// Notes that of rows of minutes before this one some are no longer there.
pub(crate) async fn rows_removed(tx: &mut Tx, scope: TenantScope, minute: i64) -> Result<(), StoreError> {
    tx.run(
        sql("UPDATE tenants SET usage_from = $1 WHERE id = $2 AND usage_from < $1")
            .bind(minute)
            .bind(scope.tenant()),
    )
    .await
    .map(drop)
}
