//! Looking at the audit log.

use super::AuditRecord;
use crate::db::{Row, Statement, Value, sql_of};
use crate::{Page, PageRequest, Store, StoreError, TenantScope};
use twobot_domain::{AuditOutcome, Timestamp};
use uuid::Uuid;

const QUERY: &str = "SELECT id, seq, created_at, actor_kind, actor_id, actor_name, action, target_kind, target_id, \
                                target_name, outcome, detail, request_id, address, previous, hash \
                                FROM audit_log WHERE tenant_id = $1";

/// Which rows are wanted.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Of this area (`plugin`), or of this action (`plugin.install`).
    pub action: Option<String>,
    /// By this person or plugin.
    pub actor: Option<Uuid>,
    /// With this outcome.
    pub outcome: Option<AuditOutcome>,
    /// Not before this moment.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
}

/// The least id of a moment. The ids of the rows carry their times.
fn least_id(at: Timestamp) -> Uuid {
    Uuid::from_u128(u128::from(at.millis()) << 80)
}

pub(super) fn record(row: &Row) -> Result<AuditRecord, StoreError> {
    Ok(AuditRecord {
        id: row.get("id")?,
        seq: row.get("seq")?,
        created_at: row.get("created_at")?,
        actor_kind: row.get("actor_kind")?,
        actor_id: row.get("actor_id")?,
        actor_name: row.get("actor_name")?,
        action: row.get("action")?,
        target_kind: row.get("target_kind")?,
        target_id: row.get("target_id")?,
        target_name: row.get("target_name")?,
        outcome: row.get("outcome")?,
        detail: row.get("detail")?,
        request_id: row.get("request_id")?,
        address: row.get("address")?,
    })
}

/// The values of conditions that are not always there.
struct Conditions {
    count: usize,
    values: Vec<Value>,
}

impl Conditions {
    /// Adds a value, and says the position of its parameter.
    fn bind(&mut self, value: impl Into<Value>) -> usize {
        self.values.push(value.into());
        self.count + self.values.len()
    }
}

impl Store {
    /// The rows of a tenant's chain after a place, in its order.
    pub(super) async fn chain_after(
        &self,
        scope: TenantScope,
        seq: u64,
        count: u64,
    ) -> Result<Vec<Row>, StoreError> {
        let statement = sql_of(format!("{QUERY} AND seq > $2 ORDER BY seq LIMIT $3"));
        self.db.all(statement.bind(scope.tenant()).bind(seq).bind(count)).await
    }

    /// The tenant's audit log, newest first.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn audit_log(
        &self,
        scope: TenantScope,
        filter: &AuditFilter,
        page: PageRequest,
    ) -> Result<Page<AuditRecord>, StoreError> {
        // Each condition has an index that ends in the id, so that a page costs the same whichever are asked for.
        let mut conditions = Conditions { count: 4, values: Vec::new() };
        let (mut area, mut exact, mut actor, mut outcome) =
            (String::new(), String::new(), String::new(), String::new());
        if let Some(action) = &filter.action {
            let position = conditions.bind(action.split('.').next());
            area = format!(" AND area = ${position}");
            if action.contains('.') {
                let position = conditions.bind(action.as_str());
                exact = format!(" AND action = ${position}");
            }
        }
        if let Some(who) = filter.actor {
            let position = conditions.bind(who);
            actor = format!(" AND actor_id = ${position}");
        }
        if let Some(how) = filter.outcome {
            let position = conditions.bind(how.as_str());
            outcome = format!(" AND outcome = ${position}");
        }
        let text = format!(
            "{QUERY} AND id < $2 AND id >= $3{area}{exact}{actor}{outcome} ORDER BY id DESC LIMIT $4"
        );
        let before = filter.until.map_or(Uuid::max(), least_id);
        let statement = sql_of(text)
            .bind(scope.tenant())
            .bind(page.before().min(before))
            .bind(least_id(filter.from.unwrap_or(Timestamp(0))))
            .bind(page.probe());
        let statement = conditions.values.into_iter().fold(statement, Statement::bind);
        let items = self.db.all(statement).await?.iter().map(record).collect::<Result<_, _>>()?;
        Ok(Page::from_probe(items, page, |item: &AuditRecord| item.id.uuid()))
    }
}
