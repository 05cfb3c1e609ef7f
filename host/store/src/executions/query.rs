//! Looking at executions.

use super::LogLine;
use crate::db::{Row, sql, sql_of};
use crate::{Page, PageRequest, Store, StoreError, TenantScope};
use twobot_domain::{EventId, ExecutionId, FailureClass, GatewayId, InstallId, Timestamp, Trouble};
use uuid::Uuid;

/// An execution as its owner sees it.
#[derive(Clone, Debug)]
pub struct ExecutionRecord {
    /// Its id.
    pub id: ExecutionId,
    /// Whose handler ran.
    pub install: InstallId,
    /// The plugin.
    pub slug: String,
    /// For which event.
    pub event: Option<EventId>,
    /// Where the event came from.
    pub gateway: Option<(GatewayId, String)>,
    /// `event`, `schedule` or `action`.
    pub cause: String,
    /// The event's kind, or the action's name.
    pub event_kind: String,
    /// `waiting`, `running`, `succeeded` or `failed`.
    pub state: String,
    /// Tries so far.
    pub attempt: u64,
    /// Why the last try failed.
    pub trouble: Option<Trouble>,
    /// Whose doing that was; none for what failed before this was recorded.
    pub class: Option<FailureClass>,
    /// When a person discarded it, or ran it again with another payload.
    pub settled_at: Option<Timestamp>,
    /// The execution that it was made of, with another payload.
    pub retry_of: Option<ExecutionId>,
    /// Fuel of the last try.
    pub fuel: u64,
    /// The largest sandbox of the last try, in bytes.
    pub peak_memory_bytes: u64,
    /// Milliseconds of the last try.
    pub wall_ms: u64,
    /// When it was queued.
    pub created_at: Timestamp,
    /// When it had its outcome.
    pub finished_at: Option<Timestamp>,
}

/// Which executions are wanted.
#[derive(Clone, Debug, Default)]
pub struct ExecutionFilter {
    /// Of this plugin.
    pub slug: Option<String>,
    /// In this state.
    pub state: Option<String>,
}

/// Figures of an install's executions since some moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExecutionStats {
    /// All that finished.
    pub executions: u64,
    /// Those that failed.
    pub failures: u64,
    /// When the newest was queued, at any time.
    pub last_at: Option<Timestamp>,
}

const QUERY: &str = "SELECT x.id, x.install_id, i.slug, x.event_id, e.gateway_id, g.name AS gateway_name, x.cause, x.event_kind, \
                     x.state, x.attempt, x.trouble, x.failure, x.settled_at, x.retry_of, x.fuel, x.peak_memory, x.wall_ms, x.created_at, x.finished_at \
                     FROM executions x JOIN installs i ON i.id = x.install_id LEFT JOIN events e ON e.id = x.event_id \
                     LEFT JOIN gateways g ON g.id = e.gateway_id AND g.tenant_id = x.tenant_id WHERE x.tenant_id = $1";

/// An id that no execution queued since a moment is below. So the index by id finds where to begin, and an install's past is not
/// read. The hour allows for a clock that was set back meanwhile.
fn below_since(since: Timestamp) -> Uuid {
    crate::usage::first_id(since.plus_millis(-3_600_000))
}

fn record(row: &Row) -> Result<ExecutionRecord, StoreError> {
    let gateway =
        match (row.get::<Option<GatewayId>>("gateway_id")?, row.get::<Option<String>>("gateway_name")?) {
            (Some(id), Some(name)) => Some((id, name)),
            _ => None,
        };
    Ok(ExecutionRecord {
        id: row.get("id")?,
        install: row.get("install_id")?,
        slug: row.get("slug")?,
        event: row.get("event_id")?,
        gateway,
        cause: row.get("cause")?,
        event_kind: row.get("event_kind")?,
        state: row.get("state")?,
        attempt: row.get("attempt")?,
        trouble: row.json_option("trouble")?,
        class: row.get::<Option<String>>("failure")?.as_deref().and_then(FailureClass::parse),
        settled_at: row.get("settled_at")?,
        retry_of: row.get("retry_of")?,
        fuel: row.get("fuel")?,
        peak_memory_bytes: row.get("peak_memory")?,
        wall_ms: row.get("wall_ms")?,
        created_at: row.get("created_at")?,
        finished_at: row.get("finished_at")?,
    })
}

impl Store {
    /// The tenant's executions, newest first.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn executions(
        &self,
        scope: TenantScope,
        filter: &ExecutionFilter,
        page: PageRequest,
    ) -> Result<Page<ExecutionRecord>, StoreError> {
        // The state stands in the text, since the indexes of rare states are found by it alone.
        let (state, few) = match filter.state.as_deref() {
            None => ("", false),
            Some("waiting") => (" AND x.state = 'waiting'", true),
            Some("running") => (" AND x.state = 'running'", true),
            Some("succeeded") => (" AND x.state = 'succeeded'", false),
            Some("failed") => (" AND x.state = 'failed'", false),
            Some(_) => return Ok(Page { items: Vec::new(), next: None }),
        };
        let slug = match (&filter.slug, few) {
            (None, _) => "",
            (Some(_), true) => " AND i.slug = $4",
            // Begins with the install, unless few of the tenant's executions are in the state.
            (Some(_), false) => " AND i.tenant_id = $1 AND i.slug = $4",
        };
        let text = format!("{QUERY} AND x.id < $2{state}{slug} ORDER BY x.id DESC LIMIT $3");
        let mut statement = sql_of(text).bind(scope.tenant()).bind(page.before()).bind(page.probe());
        if let Some(slug) = &filter.slug {
            statement = statement.bind(slug.as_str());
        }
        let items = self.db.all(statement).await?.iter().map(record).collect::<Result<_, _>>()?;
        Ok(Page::from_probe(items, page, |item| item.id.uuid()))
    }

    /// One execution.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such execution.
    pub async fn execution(
        &self,
        scope: TenantScope,
        id: ExecutionId,
    ) -> Result<ExecutionRecord, StoreError> {
        record(&self.db.one(sql_of(format!("{QUERY} AND x.id = $2")).bind(scope.tenant()).bind(id)).await?)
    }

    /// The log of an execution, in order.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn execution_logs(
        &self,
        scope: TenantScope,
        id: ExecutionId,
    ) -> Result<Vec<LogLine>, StoreError> {
        let rows = self
            .db
            .all(
                sql("SELECT at, level, message, fields FROM logs WHERE execution_id = $1 AND tenant_id = $2 ORDER BY seq")
                    .bind(id)
                    .bind(scope.tenant()),
            )
            .await?;
        rows.iter()
            .map(|row| {
                let level = match row.get::<String>("level")?.as_str() {
                    "debug" => "debug",
                    "warn" => "warn",
                    "error" => "error",
                    _ => "info",
                };
                Ok(LogLine {
                    at: row.get("at")?,
                    level,
                    message: row.get("message")?,
                    fields: row.json("fields")?,
                })
            })
            .collect()
    }

    /// Figures of an install's executions since some moment.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn execution_stats(
        &self,
        scope: TenantScope,
        install: InstallId,
        since: Timestamp,
    ) -> Result<ExecutionStats, StoreError> {
        let row = self
            .db
            .one(
                sql("SELECT count(*) FILTER (WHERE state IN ('succeeded', 'failed')) AS executions, \
                     count(*) FILTER (WHERE state = 'failed') AS failures, \
                     (SELECT x.created_at FROM executions x WHERE x.install_id = $1 AND x.tenant_id = $2 \
                     ORDER BY x.id DESC LIMIT 1) AS last_at \
                     FROM executions WHERE install_id = $1 AND tenant_id = $2 AND id >= $3 AND created_at >= $4")
                .bind(install)
                .bind(scope.tenant())
                .bind(below_since(since))
                .bind(since),
            )
            .await?;
        Ok(ExecutionStats {
            executions: row.get("executions")?,
            failures: row.get("failures")?,
            last_at: row.get("last_at")?,
        })
    }

    /// Deliveries and executions that wait for their turn; not those that are held for a person.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn waiting_events(&self, scope: TenantScope) -> Result<u64, StoreError> {
        self.db
            .one(
                sql("SELECT (SELECT count(*) FROM inbound WHERE tenant_id = $1 AND state = 'waiting') + \
                     (SELECT count(*) FROM executions WHERE tenant_id = $1 AND state = 'waiting') - \
                 (SELECT count(*) FROM executions WHERE tenant_id = $1 AND held = 1) AS n")
                .bind(scope.tenant()),
            )
            .await?
            .get("n")
    }
}
