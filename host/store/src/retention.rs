//! Removing the past: deliveries, events and executions, with their journals, logs and effects.
//!
//! It goes in batches, each a short transaction of its own, so that nobody waits long for it.

use crate::db::{Statement, Tx, sql, sql_of, transaction};
use crate::usage::{Resolution, first_id, minute_of};
use crate::{Store, StoreError, TenantScope};
use twobot_domain::Timestamp;
use uuid::Uuid;

/// What of a tenant's past is kept.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// Nothing that is older than this.
    pub since: Timestamp,
    /// The newest so many executions, and so many events.
    pub rows: u64,
    /// Whatever is younger than this, however much it is: providers may still repeat a delivery, and its row is what tells.
    pub at_least_since: Timestamp,
}

impl Store {
    /// The tenants that have a past.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn tenants_with_history(&self) -> Result<Vec<TenantScope>, StoreError> {
        let rows = self
            .db
            .all(sql("SELECT t.id FROM tenants t WHERE EXISTS (SELECT 1 FROM events e WHERE e.tenant_id = t.id) \
                 OR EXISTS (SELECT 1 FROM executions x WHERE x.tenant_id = t.id) \
                 OR EXISTS (SELECT 1 FROM inbound q WHERE q.tenant_id = t.id AND q.state IN ('not_handled', 'failed'))"))
            .await?;
        rows.iter().map(|row| Ok(TenantScope::of(row.get("id")?))).collect()
    }

    /// Removes one batch of what is no longer kept, oldest first, and says how many rows of all kinds it was: none when nothing is
    /// left to remove. What waits, and what has effects that wait, stays however old it is; so does what is not summed yet of usage.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn remove_history(
        &self,
        scope: TenantScope,
        keep: &Retention,
        batch: u32,
    ) -> Result<u64, StoreError> {
        transaction!(self.db.begin(scope), |tx| {
            let (_, not_summed) = crate::usage::progress(&mut tx).await?;
            let executions =
                sql("SELECT id FROM executions WHERE tenant_id = $1 ORDER BY id DESC LIMIT 1 OFFSET $2");
            let before = bound(&mut tx, scope, keep, executions).await?.min(not_summed);
            let mut last = before;
            let mut removed = tx
            .run(
                sql("DELETE FROM executions WHERE id IN (SELECT x.id FROM executions x WHERE x.tenant_id = $1 AND x.id < $2 \
                     AND x.state IN ('succeeded', 'failed') AND NOT EXISTS \
                     (SELECT 1 FROM effects f WHERE f.execution_id = x.id AND f.state IN ('waiting', 'running')) \
                     ORDER BY x.id LIMIT $3)")
                .bind(scope.tenant())
                .bind(before)
                .bind(u64::from(batch)),
            )
            .await?;

            let events = sql("SELECT id FROM events WHERE tenant_id = $1 ORDER BY id DESC LIMIT 1 OFFSET $2");
            let before = bound(&mut tx, scope, keep, events).await?.min(not_summed);
            last = last.max(before);
            let events = tx
            .all(
                sql("DELETE FROM events WHERE id IN (SELECT e.id FROM events e WHERE e.tenant_id = $1 AND e.id < $2 \
                     AND NOT EXISTS (SELECT 1 FROM executions x WHERE x.event_id = e.id) ORDER BY e.id LIMIT $3) \
                     RETURNING inbound_id")
                .bind(scope.tenant())
                .bind(before)
                .bind(u64::from(batch)),
            )
            .await?;
            removed += events.len() as u64;
            if removed > 0 {
                // Of the minute of the bound some are removed, unless that is its beginning.
                let minute =
                    minute_of(last) + i64::from(last != first_id(Resolution::Minute.begin(minute_of(last))));
                crate::usage::rows_removed(&mut tx, scope, minute).await?;
            }
            let mut deliveries = Vec::with_capacity(events.len());
            for event in &events {
                deliveries.extend(event.get::<Option<Uuid>>("inbound_id")?);
            }
            removed += remove_deliveries(&mut tx, scope, &deliveries).await?;

            removed += tx
            .run(
                sql("DELETE FROM inbound WHERE id IN (SELECT id FROM inbound WHERE tenant_id = $1 AND id < $2 \
                     AND state IN ('not_handled', 'failed') ORDER BY id LIMIT $3)")
                .bind(scope.tenant())
                .bind(before)
                .bind(u64::from(batch)),
            )
            .await?;
            tx.commit().await?;
            Ok(removed)
        })
    }
}

/// The id before which rows are no longer kept. `nth` finds the newest row of those that are too many.
async fn bound(
    tx: &mut Tx,
    scope: TenantScope,
    keep: &Retention,
    nth: Statement,
) -> Result<Uuid, StoreError> {
    let old = first_id(keep.since);
    // The first of those that are kept for their number.
    let last_kept = keep.rows.saturating_sub(1);
    let Some(row) = tx.optional(nth.bind(scope.tenant()).bind(last_kept)).await? else { return Ok(old) };
    let many: Uuid = row.get("id")?;
    Ok(old.max(many.min(first_id(keep.at_least_since))))
}

/// Removes the deliveries of events that were removed, where no other event came of them.
async fn remove_deliveries(tx: &mut Tx, scope: TenantScope, ids: &[Uuid]) -> Result<u64, StoreError> {
    let mut removed = 0;
    for some in ids.chunks(100) {
        let places: Vec<_> = (0..some.len()).map(|place| format!("${}", place + 2)).collect();
        let places = places.join(", ");
        let text = format!(
            "DELETE FROM inbound WHERE tenant_id = $1 AND state = 'decoded' AND id IN ({places}) \
             AND NOT EXISTS (SELECT 1 FROM events e WHERE e.inbound_id = inbound.id)"
        );
        let statement =
            some.iter().fold(sql_of(text).bind(scope.tenant()), |statement, id| statement.bind(*id));
        removed += tx.run(statement).await?;
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use twobot_domain::EventId;

    #[test]
    fn ids_sort_by_the_time_of_their_making() {
        let now = Timestamp::now();
        let made = EventId::new().uuid();
        assert!(first_id(now) <= made);
        assert!(made < first_id(now.plus_millis(60_000)));
    }
}
