//! Regular schedules and single appointments of installs.

use crate::db::{sql, transaction};
use crate::events::NewEvent;
use crate::executions::NewExecution;
use crate::{Store, StoreError, TenantScope};
use twobot_domain::{InstallId, ScheduleId, Timestamp};

/// A schedule that is due.
#[derive(Clone, Debug)]
pub struct Due {
    /// Whose it is.
    pub scope: TenantScope,
    /// Its id.
    pub id: ScheduleId,
    /// Whom to tell.
    pub install: InstallId,
    /// Of which plugin it is an install.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Five fields (POSIX crontab); none for a single appointment.
    pub cron: Option<String>,
    /// IANA time zone.
    pub time_zone: String,
    /// What to give back.
    pub data: Option<String>,
    /// When it was due.
    pub due_at: Timestamp,
    /// How many of the plugin's own doings led to it.
    pub depth: u64,
}

/// A regular schedule of a manifest.
#[derive(Clone, Debug)]
pub struct NewSchedule {
    /// Its name.
    pub name: String,
    /// Five fields (POSIX crontab).
    pub cron: String,
    /// IANA time zone.
    pub time_zone: String,
    /// When it is due first.
    pub due_at: Timestamp,
}

impl Store {
    /// Replaces the regular schedules of an install; those that stay the same keep their next time. An install that is gone has none.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn set_schedules(
        &self,
        scope: TenantScope,
        install: InstallId,
        schedules: &[NewSchedule],
    ) -> Result<(), StoreError> {
        transaction!(self.db.begin(scope), |tx| {
            let rows = tx
            .all(
                sql("SELECT name FROM schedules WHERE install_id = $1 AND tenant_id = $2 AND cron IS NOT NULL")
                    .bind(install)
                    .bind(scope.tenant()),
            )
            .await?;
            for row in rows {
                let name: String = row.get("name")?;
                if !schedules.iter().any(|schedule| schedule.name == name) {
                    let delete =
                        sql("DELETE FROM schedules WHERE install_id = $1 AND tenant_id = $2 AND name = $3");
                    tx.run(delete.bind(install).bind(scope.tenant()).bind(name)).await?;
                }
            }
            for schedule in schedules {
                tx.run(
                sql("INSERT INTO schedules (id, tenant_id, install_id, name, cron, time_zone, due_at) \
                     SELECT $1, tenant_id, id, $2, $3, $4, $5 FROM installs WHERE id = $6 AND tenant_id = $7 \
                     ON CONFLICT (install_id, name) DO UPDATE SET \
                     due_at = CASE WHEN schedules.cron = excluded.cron AND schedules.time_zone = excluded.time_zone \
                     THEN schedules.due_at ELSE excluded.due_at END, \
                     cron = excluded.cron, time_zone = excluded.time_zone, data = NULL")
                .bind(ScheduleId::new())
                .bind(schedule.name.as_str())
                .bind(schedule.cron.as_str())
                .bind(schedule.time_zone.as_str())
                .bind(schedule.due_at)
                .bind(install)
                .bind(scope.tenant()),
            )
            .await?;
            }
            tx.commit().await
        })
    }

    /// Schedules of enabled installs in running workspaces that are due, the longest due first; not those of tenants that another
    /// node works for.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn due_schedules(&self, now: Timestamp, limit: u32) -> Result<Vec<Due>, StoreError> {
        let rows = self
            .db
            .all(
                sql("SELECT s.id, s.tenant_id, s.install_id, s.name, s.cron, s.time_zone, s.data, s.due_at, s.depth, i.slug FROM schedules s \
                     JOIN installs i ON i.id = s.install_id AND i.state = 'enabled' \
                     JOIN tenants t ON t.id = s.tenant_id AND t.state = 'running' \
                     WHERE s.due_at <= $1 AND NOT EXISTS \
                     (SELECT 1 FROM leases l WHERE l.tenant_id = s.tenant_id AND l.node_id <> $2) ORDER BY s.due_at LIMIT $3")
                .bind(now)
                .bind(self.joined.node())
                .bind(u64::from(limit)),
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Due {
                    scope: TenantScope::of(row.get("tenant_id")?),
                    id: row.get("id")?,
                    install: row.get("install_id")?,
                    slug: row.get("slug")?,
                    name: row.get("name")?,
                    cron: row.get("cron")?,
                    time_zone: row.get("time_zone")?,
                    data: row.get("data")?,
                    due_at: row.get("due_at")?,
                    depth: row.get("depth")?,
                })
            })
            .collect()
    }

    /// Fires a schedule: queues its event and moves it to its next time, or removes it where there is none. Says whether it
    /// fired: for one due time only the first caller does.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn fire(
        &self,
        due: &Due,
        next: Option<Timestamp>,
        event: &NewEvent,
        execution: &NewExecution,
    ) -> Result<bool, StoreError> {
        transaction!(self.db.begin(due.scope), |tx| {
            let statement = match next {
                Some(next) => {
                    sql("UPDATE schedules SET due_at = $1 WHERE id = $2 AND due_at = $3 AND tenant_id = $4")
                        .bind(next)
                }
                None => sql("DELETE FROM schedules WHERE id = $1 AND due_at = $2 AND tenant_id = $3"),
            }
            .bind(due.id)
            .bind(due.due_at)
            .bind(due.scope.tenant());
            if tx.run(statement).await? == 0 {
                return Ok(false);
            }
            crate::events::insert(&mut tx, due.scope, event).await?;
            crate::executions::insert(&mut tx, due.scope, execution).await?;
            tx.commit().await?;
            Ok(true)
        })
    }

    /// How many single appointments wait for an install.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn appointments(&self, scope: TenantScope, install: InstallId) -> Result<u64, StoreError> {
        self.db
            .one(
                sql("SELECT count(*) AS n FROM schedules WHERE install_id = $1 AND tenant_id = $2 AND cron IS NULL")
                    .bind(install)
                    .bind(scope.tenant()),
            )
            .await?
            .get("n")
    }
}
