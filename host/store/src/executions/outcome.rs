//! Recording what an execution came to: its writes, its effects, its acknowledgement and its usage, in one transaction.

use super::Queued;
use crate::db::{Statement, Tx, sql, transaction};
use crate::journal::LeftCall;
use crate::kv::WriteSet;
use crate::setups::Setup;
use crate::usage::{MAX_FIGURE, OnRow};
use crate::{Store, StoreError, TenantScope, points};
use std::borrow::Cow;
use twobot_domain::manifest::Capability;
use twobot_domain::{
    EffectId, ExecutionId, FailureClass, GatewayId, InstallId, Limits, NotificationId, ScheduleId, Timestamp,
    Trouble, Usage,
};

/// A line of an execution's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When it was written.
    pub at: Timestamp,
    /// `debug`, `info`, `warn` or `error`.
    pub level: &'static str,
    /// The text.
    pub message: String,
    /// Names and values.
    pub fields: Vec<(String, String)>,
}

/// An effect to be delivered after the commit.
#[derive(Clone, Debug)]
pub struct NewEffect {
    /// Its id, which the guest knows already.
    pub id: EffectId,
    /// Through which gateway.
    pub gateway: GatewayId,
    /// The action's name.
    pub kind: &'static str,
    /// The action, as JSON in the shape of the contract.
    pub action: String,
    /// What must be delivered in order has the same lane.
    pub lane: String,
}

impl NewEffect {
    /// The lane as it is kept: one that is too long stands there by its digest.
    #[must_use]
    pub fn kept_lane(&self) -> Cow<'_, str> {
        crate::effects::bounded(&self.lane)
    }
}

/// Something to tell the tenant.
#[derive(Clone, Debug)]
pub struct NewNotification {
    /// `info`, `warning` or `problem`.
    pub severity: &'static str,
    /// One line.
    pub title: String,
    /// The rest.
    pub text: String,
}

/// A change to an install's appointments.
#[derive(Clone, Debug)]
pub enum Appointment {
    /// Make or replace one.
    Once {
        /// Its name.
        name: String,
        /// When.
        due_at: Timestamp,
        /// What to be given back.
        data: Option<String>,
        /// How many of the plugin's own doings led to it.
        depth: u64,
    },
    /// Remove one.
    Cancel {
        /// Its name.
        name: String,
    },
}

/// A capability that an execution was denied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// Which.
    pub capability: Capability,
    /// What it asked for exactly, where the capability does not say it; empty otherwise.
    pub detail: String,
    /// How often.
    pub count: u64,
}

/// What a successful execution leaves behind.
#[derive(Clone, Debug, Default)]
pub struct Commit {
    /// Storage.
    pub writes: WriteSet,
    /// Queued effects, in order.
    pub effects: Vec<NewEffect>,
    /// Notifications, in order.
    pub notifications: Vec<NewNotification>,
    /// Appointments, in order.
    pub appointments: Vec<Appointment>,
    /// What it was denied.
    pub denials: Vec<Denial>,
    /// The log.
    pub logs: Vec<LogLine>,
    /// What it used, this attempt and the calls it made.
    pub usage: Usage,
    /// The digest of the component that ran.
    pub digest: String,
    /// What it needs to be replayed.
    pub kept: Kept,
    /// Calls that an attempt before began, and that it did not come to.
    pub left: Vec<LeftCall>,
}

/// What is kept of a run so that it can be replayed.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// The settings that it ran under; none where it did not run.
    pub setup: Option<Setup>,
    /// What it read and did, as JSON; none where there was nothing.
    pub recording: Option<String>,
}

/// What a failed attempt leaves behind.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Why.
    pub trouble: Trouble,
    /// Whose doing it was.
    pub class: FailureClass,
    /// When to try again; without it this was the last attempt.
    pub retry_at: Option<Timestamp>,
    /// What it was denied.
    pub denials: Vec<Denial>,
    /// The log.
    pub logs: Vec<LogLine>,
    /// What it used.
    pub usage: Usage,
    /// The digest of the component that ran.
    pub digest: Option<String>,
    /// What it needs to be replayed.
    pub kept: Kept,
}

async fn write_logs(
    tx: &mut Tx,
    scope: TenantScope,
    id: ExecutionId,
    lines: &[LogLine],
) -> Result<(), StoreError> {
    if lines.is_empty() {
        return Ok(());
    }
    // A retry's lines follow those of the attempt before.
    let row = tx
        .optional(
            sql("SELECT coalesce(max(seq), -1) AS last FROM logs WHERE execution_id = $1 AND tenant_id = $2")
                .bind(id)
                .bind(scope.tenant()),
        )
        .await?;
    let last: i64 = row.map_or(Ok(-1), |row| row.get("last"))?;
    for (seq, line) in (last + 1..).zip(lines) {
        let fields =
            serde_json::to_string(&line.fields).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        tx.run(
            sql("INSERT INTO logs (execution_id, seq, tenant_id, at, level, message, fields) VALUES ($1, $2, $3, $4, $5, $6, $7)")
                .bind(id)
                .bind(seq)
                .bind(scope.tenant())
                .bind(line.at)
                .bind(line.level)
                .bind(line.message.as_str())
                .bind(fields),
        )
        .await?;
    }
    Ok(())
}

/// Records an outcome in the execution's row, which must not hold what another attempt used: that is taken out of it first, where there is
/// something.
async fn record(
    tx: &mut Tx,
    scope: TenantScope,
    id: ExecutionId,
    outcome: Statement,
) -> Result<(), StoreError> {
    // Most executions have one attempt: nothing is lost by trying.
    if tx.run(outcome.clone()).await? > 0 {
        return Ok(());
    }
    if crate::usage::fold_execution(tx, scope, id).await? && tx.run(outcome).await? > 0 {
        return Ok(());
    }
    Err(StoreError::NotFound)
}

/// Appointments that may wait per install: what the contract promises.
pub const MAX_APPOINTMENTS: u64 = 1_000;

async fn write_appointments(
    tx: &mut Tx,
    scope: TenantScope,
    install: InstallId,
    appointments: &[Appointment],
) -> Result<(), StoreError> {
    if appointments.is_empty() {
        return Ok(());
    }
    for appointment in appointments {
        let statement = match appointment {
            Appointment::Once { name, due_at, data, depth } => {
                sql("INSERT INTO schedules (id, tenant_id, install_id, name, time_zone, data, due_at, depth) \
                     VALUES ($1, $2, $3, $4, 'UTC', $5, $6, $7) ON CONFLICT (install_id, name) DO UPDATE SET \
                     due_at = excluded.due_at, data = excluded.data, depth = excluded.depth \
                     WHERE schedules.cron IS NULL")
                .bind(ScheduleId::new())
                .bind(scope.tenant())
                .bind(install)
                .bind(name.as_str())
                .bind(data.clone())
                .bind(*due_at)
                .bind(*depth)
            }
            Appointment::Cancel { name } => {
                sql("DELETE FROM schedules WHERE install_id = $1 AND tenant_id = $2 AND name = $3 AND cron IS NULL")
                    .bind(install)
                    .bind(scope.tenant())
                    .bind(name.as_str())
            }
        };
        tx.run(statement).await?;
    }
    let row = tx
        .optional(
            sql("SELECT count(*) AS n FROM schedules WHERE install_id = $1 AND tenant_id = $2 AND cron IS NULL")
                .bind(install)
                .bind(scope.tenant()),
        )
        .await?;
    let used = row.map_or(Ok(0), |row| row.get("n"))?;
    if used > MAX_APPOINTMENTS {
        return Err(StoreError::Quota {
            name: "appointments",
            used,
            allowed: MAX_APPOINTMENTS,
            unit: "appointments",
        });
    }
    Ok(())
}

impl Store {
    /// Commits a successful execution: everything it wrote, queued and used, together with its acknowledgement. Says which of its
    /// effects wait for their turn now.
    ///
    /// # Errors
    /// `Conflict` when a key that it read was written meanwhile; `Quota` when its writes do not fit the plan; `NotFound`
    /// when it has an outcome already or is not that install's. Nothing is kept in any of these cases.
    pub async fn finish_execution(
        &self,
        scope: TenantScope,
        id: ExecutionId,
        install: InstallId,
        limits: &Limits,
        commit: &Commit,
    ) -> Result<Queued<EffectId>, StoreError> {
        let committed = transaction!(self.db.begin(scope), |tx| {
            // Within the transaction, so that it is not before a moment up to which usage was summed.
            let now = Timestamp::now();
            let metered = OnRow::of_execution(&self.metering, id, &commit.usage);
            // Before this one's own use stands in its row.
            let count = match limits.executions_per_day {
                Some(_) => Some(crate::usage::count(&mut tx, scope, &self.metering, now.day()).await?),
                None => None,
            };
            let outcome =
                sql("UPDATE executions SET state = 'succeeded', attempt = attempt + 1, trouble = NULL, failure = NULL, digest = $1, \
                     fuel = $2, peak_memory = $3, wall_ms = $4, finished_at = $5, setup = $6, recording = $7, \
                     metered = $8, runs = $9, failed_runs = $10 \
                     WHERE id = $11 AND tenant_id = $12 AND install_id = $13 AND state IN ('waiting', 'running') AND metered = 0")
                .bind(commit.digest.as_str())
                .bind(commit.usage.fuel.min(MAX_FIGURE))
                .bind(commit.usage.peak_memory_bytes.min(MAX_FIGURE))
                .bind(commit.usage.wall_ms.min(MAX_FIGURE))
                .bind(now)
                .bind(commit.kept.setup.as_ref().map(Setup::id))
                .bind(commit.kept.recording.as_deref())
                .bind(metered.metered)
                .bind(metered.row.executions)
                .bind(metered.row.failed_executions)
                .bind(id)
                .bind(scope.tenant())
                // Everything below is written for this install: it has to be the execution's own.
                .bind(install);
            record(&mut tx, scope, id, outcome).await?;
            if let (Some(count), Some(allowed)) = (count, limits.executions_per_day)
                && count.used >= allowed
            {
                return Err(StoreError::Quota {
                    name: "executions_per_day",
                    used: count.used,
                    allowed,
                    unit: "executions",
                });
            }
            crate::kv::apply(&mut tx, scope, install, &commit.writes, limits).await?;
            let mut queued = Queued::none(now);
            for effect in &commit.effects {
                if crate::effects::insert(&mut tx, scope, id, install, effect, now).await? {
                    queued.ids.push(effect.id);
                }
            }
            for notification in &commit.notifications {
                tx.run(
                sql("INSERT INTO notifications (id, tenant_id, install_id, severity, title, text, created_at) \
                     VALUES ($1, $2, $3, $4, $5, $6, $7)")
                .bind(NotificationId::new())
                .bind(scope.tenant())
                .bind(install)
                .bind(notification.severity)
                .bind(notification.title.as_str())
                .bind(notification.text.as_str())
                .bind(now),
            )
            .await?;
            }
            write_appointments(&mut tx, scope, install, &commit.appointments).await?;
            crate::journal::leave(&mut tx, scope, id, &commit.left).await?;
            write_logs(&mut tx, scope, id, &commit.logs).await?;
            crate::audit::denied(&mut tx, scope, install, id, &commit.denials).await?;
            metered.record_rest(&mut tx, scope).await?;
            crate::usage::count_up(&mut tx, scope, &self.metering, commit.usage.executions).await?;
            tx.run(
                sql("UPDATE installs SET failures = 0 WHERE id = $1 AND tenant_id = $2 AND failures > 0")
                    .bind(install)
                    .bind(scope.tenant()),
            )
            .await?;
            let kept = self.keep_setup(&mut tx, scope, install, commit.kept.setup.as_ref()).await?;
            points::reach("run-before-commit");
            tx.commit().await?;
            points::reach("run-after-commit");
            self.setups.note(kept);
            if let Some(count) = count {
                count.note(&self.metering);
            }
            Ok(queued)
        });
        if matches!(&committed, Err(StoreError::Conflict)) {
            // Whoever runs it again must find what it was in conflict with, or it would be so once more.
            self.db.settled().await;
        }
        committed
    }

    /// Records a failed attempt, and says how many executions of this install have now failed in a row (a failure that will be
    /// tried again does not count).
    ///
    /// # Errors
    /// `NotFound` when it has an outcome already or is not that install's.
    pub async fn fail_execution(
        &self,
        scope: TenantScope,
        id: ExecutionId,
        install: InstallId,
        failure: &Failure,
    ) -> Result<u64, StoreError> {
        let trouble = serde_json::to_string(&failure.trouble)
            .map_err(|error| StoreError::Corrupt(error.to_string()))?;
        transaction!(self.db.begin(scope), |tx| {
            let now = Timestamp::now();
            let (state, next_at, finished_at) = match failure.retry_at {
                Some(at) => ("waiting", at, None),
                None => ("failed", now, Some(now)),
            };
            let metered = OnRow::of_execution(&self.metering, id, &failure.usage);
            let outcome =
                sql("UPDATE executions SET state = $1, attempt = attempt + 1, next_at = $2, finished_at = $3, trouble = $4, \
                     digest = $5, fuel = $6, peak_memory = $7, wall_ms = $8, failure = $9, setup = $10, recording = $11, \
                     metered = $12, runs = $13, failed_runs = $14 \
                     WHERE id = $15 AND tenant_id = $16 AND install_id = $17 AND state IN ('waiting', 'running') AND metered = 0")
                .bind(state)
                .bind(next_at)
                .bind(finished_at)
                .bind(trouble.as_str())
                .bind(failure.digest.clone())
                .bind(failure.usage.fuel.min(MAX_FIGURE))
                .bind(failure.usage.peak_memory_bytes.min(MAX_FIGURE))
                .bind(failure.usage.wall_ms.min(MAX_FIGURE))
                .bind(failure.class.as_str())
                .bind(failure.kept.setup.as_ref().map(Setup::id))
                .bind(failure.kept.recording.as_deref())
                .bind(metered.metered)
                .bind(metered.row.executions)
                .bind(metered.row.failed_executions)
                .bind(id)
                .bind(scope.tenant())
                .bind(install);
            record(&mut tx, scope, id, outcome).await?;
            write_logs(&mut tx, scope, id, &failure.logs).await?;
            crate::audit::denied(&mut tx, scope, install, id, &failure.denials).await?;
            metered.record_rest(&mut tx, scope).await?;
            crate::usage::count_up(&mut tx, scope, &self.metering, failure.usage.executions).await?;
            let counted = u64::from(failure.retry_at.is_none());
            let row = tx
            .optional(
                sql("UPDATE installs SET failures = failures + $1 WHERE id = $2 AND tenant_id = $3 RETURNING failures")
                    .bind(counted)
                    .bind(install)
                    .bind(scope.tenant()),
            )
            .await?;
            let failures = row.map_or(Ok(0), |row| row.get("failures"))?;
            let kept = self.keep_setup(&mut tx, scope, install, failure.kept.setup.as_ref()).await?;
            tx.commit().await?;
            self.setups.note(kept);
            Ok(failures)
        })
    }
}
