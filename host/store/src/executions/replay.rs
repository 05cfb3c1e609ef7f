//! What a run is replayed from.

use crate::db::sql;
use crate::{Store, StoreError, TenantScope};
use twobot_domain::{EventId, ExecutionId, FailureClass, InboundId, InstallId, Timestamp, Trouble};
use uuid::Uuid;

/// What stands in the place of a recording that is not kept any more.
const FORGOTTEN: &str = "{\"forgotten\":true}";

/// What is kept of an execution's last attempt.
#[derive(Clone, Debug)]
pub struct ReplayRecord {
    /// The execution.
    pub id: ExecutionId,
    /// Whose handler ran.
    pub install: InstallId,
    /// The plugin.
    pub slug: String,
    /// For which event.
    pub event: Option<EventId>,
    /// `event`, `schedule` or `action`.
    pub cause: String,
    /// The event's kind, or the action's name.
    pub event_kind: String,
    /// The input of an action, as JSON.
    pub input: Option<String>,
    /// `waiting`, `running`, `succeeded` or `failed`.
    pub state: String,
    /// Tries so far.
    pub attempt: u64,
    /// Why the last try failed.
    pub trouble: Option<Trouble>,
    /// Whose doing that was.
    pub class: Option<FailureClass>,
    /// The digest of the component that ran; none where none did.
    pub digest: Option<String>,
    /// Fuel of the last try, with that of the calls it made.
    pub fuel: u64,
    /// When it was queued: where its clock starts.
    pub created_at: Timestamp,
    /// The settings that it ran under, as JSON; none where they are not kept.
    pub setup: Option<String>,
    /// What it read and did, as JSON; none where there was nothing, or it is not kept any more.
    pub recording: Option<String>,
}

impl Store {
    /// Whose an execution is: for the operator, who names it on the command line.
    ///
    /// # Errors
    /// `NotFound` when there is no such execution.
    pub async fn owner_of_execution(&self, id: ExecutionId) -> Result<TenantScope, StoreError> {
        let row = self.db.one(sql("SELECT tenant_id FROM executions WHERE id = $1").bind(id)).await?;
        Ok(TenantScope::of(row.get("tenant_id")?))
    }

    /// The delivery that an execution comes of, if it comes of one, and how many attempts there were before its last.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such execution.
    pub async fn origin(
        &self,
        scope: TenantScope,
        id: ExecutionId,
    ) -> Result<(Option<InboundId>, u64), StoreError> {
        let statement =
            sql("SELECT e.inbound_id, x.attempt FROM executions x LEFT JOIN events e ON e.id = x.event_id \
                             AND e.tenant_id = x.tenant_id WHERE x.id = $1 AND x.tenant_id = $2");
        let row = self.db.one(statement.bind(id).bind(scope.tenant())).await?;
        // The last one is counted.
        let attempt = u64::try_from(row.get::<i64>("attempt")? - 1).unwrap_or(0);
        Ok((row.get("inbound_id")?, attempt))
    }

    /// What an execution is replayed from.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such execution.
    pub async fn replay_record(
        &self,
        scope: TenantScope,
        id: ExecutionId,
    ) -> Result<ReplayRecord, StoreError> {
        let row = self
            .db
            .one(
                sql("SELECT x.id, x.install_id, i.slug, x.event_id, x.cause, x.event_kind, x.input, x.state, x.attempt, x.trouble, \
                     x.failure, x.digest, x.fuel, x.created_at, s.document, x.recording FROM executions x \
                     JOIN installs i ON i.id = x.install_id \
                     LEFT JOIN setups s ON s.install_id = x.install_id AND s.id = x.setup AND s.tenant_id = x.tenant_id \
                     WHERE x.id = $1 AND x.tenant_id = $2")
                .bind(id)
                .bind(scope.tenant()),
            )
            .await?;
        Ok(ReplayRecord {
            id: row.get("id")?,
            install: row.get("install_id")?,
            slug: row.get("slug")?,
            event: row.get("event_id")?,
            cause: row.get("cause")?,
            event_kind: row.get("event_kind")?,
            input: row.get("input")?,
            state: row.get("state")?,
            attempt: row.get("attempt")?,
            trouble: row.json_option("trouble")?,
            class: row.get::<Option<String>>("failure")?.as_deref().and_then(FailureClass::parse),
            digest: row.get("digest")?,
            fuel: row.get("fuel")?,
            created_at: row.get("created_at")?,
            setup: row.get("document")?,
            recording: row.get("recording")?,
        })
    }

    /// Drops the recordings of a tenant's successful executions but for the newest so many, one batch at a time. `after` is what the
    /// last call answered: what lies before it was looked at. Answers where to go on, and whether a batch was full.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn remove_recordings(
        &self,
        scope: TenantScope,
        keep: u64,
        after: Uuid,
        batch: u32,
    ) -> Result<(Uuid, bool), StoreError> {
        let newest = sql("SELECT id FROM executions WHERE tenant_id = $1 ORDER BY id DESC LIMIT 1 OFFSET $2");
        let Some(row) = self.db.optional(newest.bind(scope.tenant()).bind(keep)).await? else {
            return Ok((after, false));
        };
        let last: Uuid = row.get("id")?;
        let some = sql(
            "SELECT id FROM executions WHERE tenant_id = $1 AND id > $2 AND id <= $3 ORDER BY id LIMIT $4",
        );
        let some = some.bind(scope.tenant()).bind(after).bind(last).bind(u64::from(batch));
        let rows = self.db.all(some).await?;
        let Some(end) = rows.last() else { return Ok((last.max(after), false)) };
        let end: Uuid = end.get("id")?;
        self.db
            .run(
                sql("UPDATE executions SET recording = $1 WHERE tenant_id = $2 AND id > $3 AND id <= $4 \
                     AND state = 'succeeded' AND recording IS NOT NULL")
                .bind(FORGOTTEN)
                .bind(scope.tenant())
                .bind(after)
                .bind(end),
            )
            .await?;
        Ok((end, rows.len() == batch as usize))
    }
}
