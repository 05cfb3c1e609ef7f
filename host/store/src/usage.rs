//! What a tenant used, by UTC day. Added in the transaction of whatever used it, so that it is counted exactly once.

use crate::db::{Row, Tx, sql};
use crate::{Store, StoreError, TenantScope};
use twobot_domain::{Timestamp, Usage};

pub(crate) async fn add(
    tx: &mut Tx,
    scope: TenantScope,
    at: Timestamp,
    usage: &Usage,
) -> Result<(), StoreError> {
    if *usage == Usage::default() {
        return Ok(());
    }
    tx.run(
        sql("INSERT INTO usage_daily (tenant_id, day, executions, failed_executions, messages_in, messages_out, fuel, \
             peak_memory, wall_ms, ai_tokens_in, ai_tokens_out, http_requests, http_bytes_in, http_bytes_out) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
             ON CONFLICT (tenant_id, day) DO UPDATE SET executions = usage_daily.executions + excluded.executions, \
             failed_executions = usage_daily.failed_executions + excluded.failed_executions, \
             messages_in = usage_daily.messages_in + excluded.messages_in, \
             messages_out = usage_daily.messages_out + excluded.messages_out, \
             fuel = usage_daily.fuel + excluded.fuel, \
             peak_memory = CASE WHEN excluded.peak_memory > usage_daily.peak_memory THEN excluded.peak_memory \
             ELSE usage_daily.peak_memory END, \
             wall_ms = usage_daily.wall_ms + excluded.wall_ms, \
             ai_tokens_in = usage_daily.ai_tokens_in + excluded.ai_tokens_in, \
             ai_tokens_out = usage_daily.ai_tokens_out + excluded.ai_tokens_out, \
             http_requests = usage_daily.http_requests + excluded.http_requests, \
             http_bytes_in = usage_daily.http_bytes_in + excluded.http_bytes_in, \
             http_bytes_out = usage_daily.http_bytes_out + excluded.http_bytes_out")
        .bind(scope.tenant())
        .bind(at.day())
        .bind(usage.executions)
        .bind(usage.failed_executions)
        .bind(usage.messages_in)
        .bind(usage.messages_out)
        .bind(usage.fuel)
        .bind(usage.peak_memory_bytes)
        .bind(usage.wall_ms)
        .bind(usage.ai_tokens_in)
        .bind(usage.ai_tokens_out)
        .bind(usage.http_requests)
        .bind(usage.http_bytes_in)
        .bind(usage.http_bytes_out),
    )
    .await
    .map(drop)
}

/// Executions that were counted on the day of a moment.
pub(crate) async fn executions_on(tx: &mut Tx, scope: TenantScope, at: Timestamp) -> Result<u64, StoreError> {
    let row = tx
        .optional(
            sql("SELECT executions FROM usage_daily WHERE tenant_id = $1 AND day = $2")
                .bind(scope.tenant())
                .bind(at.day()),
        )
        .await?;
    row.map_or(Ok(0), |row| row.get("executions"))
}

fn usage(row: &Row) -> Result<Usage, StoreError> {
    Ok(Usage {
        executions: row.get("executions")?,
        failed_executions: row.get("failed_executions")?,
        messages_in: row.get("messages_in")?,
        messages_out: row.get("messages_out")?,
        fuel: row.get("fuel")?,
        peak_memory_bytes: row.get("peak_memory")?,
        wall_ms: row.get("wall_ms")?,
        ai_tokens_in: row.get("ai_tokens_in")?,
        ai_tokens_out: row.get("ai_tokens_out")?,
        http_requests: row.get("http_requests")?,
        http_bytes_in: row.get("http_bytes_in")?,
        http_bytes_out: row.get("http_bytes_out")?,
    })
}

impl Store {
    /// The days of a range (UTC days since 1970-01-01, both ends included) on which something was used.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn usage(
        &self,
        scope: TenantScope,
        from: i64,
        to: i64,
    ) -> Result<Vec<(i64, Usage)>, StoreError> {
        let rows = self
            .db
            .all(
                sql("SELECT day, executions, failed_executions, messages_in, messages_out, fuel, peak_memory, wall_ms, \
                     ai_tokens_in, ai_tokens_out, http_requests, http_bytes_in, http_bytes_out FROM usage_daily WHERE tenant_id = $1 AND day >= $2 AND day <= $3 ORDER BY day")
                .bind(scope.tenant())
                .bind(from)
                .bind(to),
            )
            .await?;
        rows.iter().map(|row| Ok((row.get("day")?, usage(row)?))).collect()
    }
}
