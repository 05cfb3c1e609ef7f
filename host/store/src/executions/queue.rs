//! What waits to be done. A row waits until its outcome is recorded, so that whatever a crash interrupts is simply still waiting.

use super::{NewExecution, QueuedExecution};
use crate::db::{Row, Tx, sql, sql_of, transaction};
use crate::{Store, StoreError, TenantScope};
use twobot_domain::{ExecutionId, InstallId, Timestamp, Usage};
use uuid::Uuid;

/// The queues of the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WorkKind {
    /// Deliveries to be decoded, in order per gateway.
    Inbound,
    /// Handlers to be run, in order per install and conversation.
    Execution,
    /// Effects to be delivered, in order per gateway and conversation.
    Effect,
}

/// Something that waits.
#[derive(Clone, Debug)]
pub struct Work {
    /// Whose it is.
    pub scope: TenantScope,
    /// The row.
    pub id: Uuid,
    /// Whose handler it is for, where it is an execution.
    pub install: Option<InstallId>,
    /// What has the same lane is done in order.
    pub lane: String,
    /// Not before this.
    pub due_at: Timestamp,
    /// How often the process ended while it ran, where it is an execution.
    pub deaths: u64,
}

/// Where to look on among what waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beyond {
    /// The last that was looked at.
    pub after: Uuid,
    /// Installs whose executions need not be looked at; only executions have any.
    pub installs: Vec<InstallId>,
    /// Lanes that need not be looked at. Of more than [`MOST_LANES`], some are found all the same.
    pub lanes: Vec<String>,
}

/// Lanes that one look leaves out, at most: each is a value in its statement.
pub const MOST_LANES: usize = 64;

/// So many parameters, from this one on.
fn places(first: usize, count: usize) -> String {
    (first..first + count).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ")
}

fn work(row: &Row, scope: TenantScope, kind: WorkKind) -> Result<Work, StoreError> {
    let lane = match kind {
        WorkKind::Inbound => row.get::<Uuid>("gateway_id")?.simple().to_string(),
        WorkKind::Execution | WorkKind::Effect => row.get("lane")?,
    };
    let (install, deaths) = match kind {
        WorkKind::Execution => (Some(row.get("install_id")?), row.get("deaths")?),
        WorkKind::Inbound | WorkKind::Effect => (None, 0),
    };
    Ok(Work { scope, id: row.get("id")?, install, lane, due_at: row.get("next_at")?, deaths })
}

/// Queues an execution, unless its install was removed meanwhile or is not the tenant's.
pub(crate) async fn insert(tx: &mut Tx, scope: TenantScope, new: &NewExecution) -> Result<(), StoreError> {
    insert_at(tx, scope, new, Timestamp::now()).await.map(drop)
}

/// The same at a given time; says whether it waits for its turn now, and not for its install's owner.
pub(crate) async fn insert_at(
    tx: &mut Tx,
    scope: TenantScope,
    new: &NewExecution,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let statement =
        sql("INSERT INTO executions (id, tenant_id, install_id, event_id, cause, event_kind, lane, state, next_at, created_at, \
             depth, held) SELECT $1, tenant_id, id, $2, $3, $4, $5, 'waiting', $6, $6, $7, waits FROM installs \
             WHERE id = $8 AND tenant_id = $9 RETURNING held")
        .bind(new.id)
        .bind(new.event)
        .bind(new.cause.as_str())
        .bind(new.event_kind.as_str())
        .bind(new.lane.as_str())
        .bind(now)
        .bind(new.depth)
        .bind(new.install)
        .bind(scope.tenant());
    match tx.optional(statement).await? {
        Some(row) if row.get("held")? => {
            super::held::check(tx, scope, new.install, new.id).await?;
            Ok(false)
        }
        row => Ok(row.is_some()),
    }
}

impl Store {
    /// The tenants with a running workspace for which something waits in a queue.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn tenants_with_work(&self, kind: WorkKind) -> Result<Vec<TenantScope>, StoreError> {
        // Beginning with what waits and not with the tenants: many tenants are idle.
        let statement = match kind {
            WorkKind::Inbound => sql("SELECT t.id FROM tenants t WHERE t.state = 'running' AND t.id IN \
                 (SELECT q.tenant_id FROM inbound q WHERE q.state = 'waiting')"),
            WorkKind::Execution => sql("SELECT t.id FROM tenants t WHERE t.state = 'running' AND t.id IN \
                 (SELECT q.tenant_id FROM executions q WHERE q.state = 'waiting')"),
            WorkKind::Effect => sql("SELECT t.id FROM tenants t WHERE t.state = 'running' AND t.id IN \
                 (SELECT q.tenant_id FROM effects q WHERE q.state = 'waiting')"),
        };
        self.db.all(statement).await?.iter().map(|row| Ok(TenantScope::of(row.get("id")?))).collect()
    }

    /// The first things that wait for their turn for a tenant, oldest first, whether due or not: an item that is not due yet holds back what
    /// follows in its lane. Nothing while the workspace does not run.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn waiting(
        &self,
        scope: TenantScope,
        kind: WorkKind,
        limit: u32,
    ) -> Result<Vec<Work>, StoreError> {
        let statement = match kind {
            WorkKind::Inbound => sql("SELECT q.id, q.gateway_id, q.next_at FROM inbound q JOIN tenants t \
                 ON t.id = q.tenant_id AND t.state = 'running' WHERE q.tenant_id = $1 AND q.state = 'waiting' \
                 ORDER BY q.id LIMIT $2"),
            WorkKind::Execution => sql(
                "SELECT q.id, q.install_id, q.lane, q.next_at, q.deaths FROM executions q JOIN tenants t \
                 ON t.id = q.tenant_id AND t.state = 'running' WHERE q.tenant_id = $1 AND q.state = 'waiting' AND q.held = 0 \
                 ORDER BY q.id LIMIT $2",
            ),
            WorkKind::Effect => sql("SELECT q.id, q.lane, q.next_at FROM effects q JOIN tenants t \
                 ON t.id = q.tenant_id AND t.state = 'running' WHERE q.tenant_id = $1 AND q.state = 'waiting' \
                 ORDER BY q.id LIMIT $2"),
        };
        let rows = self.db.all(statement.bind(scope.tenant()).bind(u64::from(limit))).await?;
        rows.iter().map(|row| work(row, scope, kind)).collect()
    }

    /// What waits behind what was looked at before, oldest first, besides what need not be looked at.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn waiting_beyond(
        &self,
        scope: TenantScope,
        kind: WorkKind,
        beyond: &Beyond,
        limit: u32,
    ) -> Result<Vec<Work>, StoreError> {
        // A list can not be empty in all dialects: nobody's id begins the one, and the other repeats itself.
        let installs = places(4, beyond.installs.len() + 1);
        let mut besides = beyond.lanes.as_slice();
        besides = &besides[..besides.len().min(MOST_LANES)];
        // Lists of a few lengths only, so that there are few statements to be prepared.
        let length = [1, 4, 16].into_iter().find(|length| besides.len() <= *length).unwrap_or(MOST_LANES);
        let first = if kind == WorkKind::Execution { 5 + beyond.installs.len() } else { 4 };
        let lanes = places(first, length);
        let text = match kind {
            WorkKind::Inbound => format!(
                "SELECT q.id, q.gateway_id, q.next_at FROM inbound q JOIN tenants t \
                 ON t.id = q.tenant_id AND t.state = 'running' WHERE q.tenant_id = $1 AND q.state = 'waiting' \
                 AND q.id > $2 AND q.gateway_id NOT IN ({lanes}) ORDER BY q.id LIMIT $3"
            ),
            WorkKind::Execution => format!(
                "SELECT q.id, q.install_id, q.lane, q.next_at, q.deaths FROM executions q JOIN tenants t \
                 ON t.id = q.tenant_id AND t.state = 'running' WHERE q.tenant_id = $1 AND q.state = 'waiting' AND q.held = 0 \
                 AND q.id > $2 AND q.install_id NOT IN ({installs}) AND q.lane NOT IN ({lanes}) ORDER BY q.id LIMIT $3"
            ),
            WorkKind::Effect => format!(
                "SELECT q.id, q.lane, q.next_at FROM effects q JOIN tenants t \
                 ON t.id = q.tenant_id AND t.state = 'running' WHERE q.tenant_id = $1 AND q.state = 'waiting' \
                 AND q.id > $2 AND q.lane NOT IN ({lanes}) ORDER BY q.id LIMIT $3"
            ),
        };
        let mut statement = sql_of(text).bind(scope.tenant()).bind(beyond.after).bind(u64::from(limit));
        if kind == WorkKind::Execution {
            statement = statement.bind(InstallId::from_uuid(Uuid::nil()));
            statement = beyond.installs.iter().fold(statement, |statement, install| statement.bind(*install));
        }
        let lanes = besides
            .iter()
            .map(String::as_str)
            .chain(std::iter::repeat(besides.first().map_or("", String::as_str)));
        for lane in lanes.take(length) {
            statement = match kind {
                // The lane of a delivery is its gateway.
                WorkKind::Inbound => statement.bind(Uuid::parse_str(lane).unwrap_or_default()),
                WorkKind::Execution | WorkKind::Effect => statement.bind(lane),
            };
        }
        self.db.all(statement).await?.iter().map(|row| work(row, scope, kind)).collect()
    }

    /// An execution that waits to run.
    ///
    /// # Errors
    /// `NotFound` when it has an outcome already.
    pub async fn queued_execution(
        &self,
        scope: TenantScope,
        id: ExecutionId,
    ) -> Result<QueuedExecution, StoreError> {
        let row = self
            .db
            .one(
                sql("SELECT id, install_id, event_id, cause, attempt, deaths, depth, created_at FROM executions \
                     WHERE id = $1 AND tenant_id = $2 AND state = 'waiting' AND held = 0")
                .bind(id)
                .bind(scope.tenant()),
            )
            .await?;
        Ok(QueuedExecution {
            id: row.get("id")?,
            install: row.get("install_id")?,
            event: row.get("event_id")?,
            cause: row.get("cause")?,
            attempt: row.get("attempt")?,
            deaths: row.get("deaths")?,
            depth: row.get("depth")?,
            created_at: row.get("created_at")?,
        })
    }

    /// Lets an execution wait until a later time. It did not run, and no try is counted.
    ///
    /// # Errors
    /// `NotFound` when it has an outcome already.
    pub async fn postpone_execution(
        &self,
        scope: TenantScope,
        id: ExecutionId,
        trouble: &twobot_domain::Trouble,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        self.put_off_execution(scope, id, trouble, until, &Usage::default()).await
    }

    /// The same for one that did run and of which nothing is kept: what it used is recorded all the same, apart from its row, in which
    /// what its next attempt uses is to stand.
    ///
    /// # Errors
    /// `NotFound` when it has an outcome already.
    pub async fn put_off_execution(
        &self,
        scope: TenantScope,
        id: ExecutionId,
        trouble: &twobot_domain::Trouble,
        until: Timestamp,
        used: &Usage,
    ) -> Result<(), StoreError> {
        let trouble =
            serde_json::to_string(trouble).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let put_off = || {
            sql("UPDATE executions SET trouble = $1, next_at = $2 \
                 WHERE id = $3 AND tenant_id = $4 AND state = 'waiting'")
            .bind(trouble.as_str())
            .bind(until)
            .bind(id)
            .bind(scope.tenant())
        };
        if *used == Usage::default() {
            return if self.db.run(put_off()).await? == 0 { Err(StoreError::NotFound) } else { Ok(()) };
        }
        transaction!(self.db.begin(scope), |tx| {
            if tx.run(put_off()).await? == 0 {
                return Err(StoreError::NotFound);
            }
            crate::usage::rest(&mut tx, scope, self.metering.now(), used).await?;
            crate::usage::count_up(&mut tx, scope, &self.metering, used.executions).await?;
            tx.commit().await
        })
    }

    /// Records an action that begins to run now. It is never queued: whoever asked waits for its answer.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such install.
    pub async fn begin_action(&self, scope: TenantScope, new: &NewExecution) -> Result<(), StoreError> {
        self.begin_action_with(scope, new, Timestamp::now(), None).await
    }

    /// The same with its input as JSON, and the time at which its sandbox's clock starts: what a replay needs.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such install.
    pub async fn begin_action_with(
        &self,
        scope: TenantScope,
        new: &NewExecution,
        at: Timestamp,
        input: Option<&str>,
    ) -> Result<(), StoreError> {
        let written = self
            .db
            .run(
                sql("INSERT INTO executions (id, tenant_id, install_id, cause, event_kind, lane, state, next_at, created_at, node_id, input) \
                     SELECT $1, tenant_id, id, $2, $3, $4, 'running', $5, $5, $6, $7 FROM installs WHERE id = $8 AND tenant_id = $9")
                .bind(new.id)
                .bind(new.cause.as_str())
                .bind(new.event_kind.as_str())
                .bind(new.lane.as_str())
                .bind(at)
                .bind(self.joined.node())
                .bind(input)
                .bind(new.install)
                .bind(scope.tenant()),
            )
            .await?;
        if written == 0 { Err(StoreError::NotFound) } else { Ok(()) }
    }

    /// Gives up what was running on hosts that went away: actions, for whose answer nobody waits any more.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn abandon_running(&self, trouble: &twobot_domain::Trouble) -> Result<u64, StoreError> {
        let trouble =
            serde_json::to_string(trouble).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        self.db
            .run(
                sql("UPDATE executions SET state = 'failed', failure = 'platform', trouble = $1, finished_at = $2 WHERE state = 'running' \
                     AND (node_id IS NULL OR NOT EXISTS (SELECT 1 FROM nodes n WHERE n.id = executions.node_id))")
                    .bind(trouble)
                    .bind(Timestamp::now()),
            )
            .await
    }
}
