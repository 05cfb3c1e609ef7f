//! Queued effects: what an execution asked to be done in the world, delivered after its commit.

use crate::db::{Row, Statement, Tx, sql, transaction};
use crate::events::NewEvent;
use crate::executions::{NewEffect, NewExecution};
use crate::usage::OnRow;
use crate::{Store, StoreError, TenantScope, points};
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;
use twobot_domain::{EffectId, ExecutionId, GatewayId, InstallId, Timestamp, Trouble, Usage};

/// An effect that waits to be delivered.
#[derive(Clone, Debug)]
pub struct QueuedEffect {
    /// Its id.
    pub id: EffectId,
    /// Who asked for it.
    pub install: InstallId,
    /// In which execution.
    pub execution: ExecutionId,
    /// Through which gateway.
    pub gateway: GatewayId,
    /// The action's name.
    pub kind: String,
    /// The action, as JSON in the shape of the contract.
    pub action: String,
    /// Tries so far whose outcome is recorded.
    pub attempt: u64,
    /// When a try began of which no outcome is recorded: the host went away while the provider was asked.
    pub begun_at: Option<Timestamp>,
    /// How often the provider may have done it already.
    pub done_at_most: u64,
    /// When it was queued.
    pub created_at: Timestamp,
    /// How many of the plugin's own doings led to the execution that asked for it.
    pub depth: u64,
}

/// An effect as its owner sees it.
#[derive(Clone, Debug)]
pub struct EffectRecord {
    /// Its id.
    pub id: EffectId,
    /// Through which gateway.
    pub gateway: (GatewayId, String),
    /// The action's name.
    pub kind: String,
    /// `waiting`, `sent` or `failed`.
    pub state: String,
    /// Tries so far.
    pub attempt: u64,
    /// How often it may have been done beyond the first time.
    pub repeats: u64,
    /// Why the last try failed.
    pub trouble: Option<Trouble>,
    /// When it was asked for.
    pub created_at: Timestamp,
}

/// What is known of a try that did not end well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    /// It has no intent on record: the provider was not asked for anything that counts.
    NotBegun,
    /// It has an intent, and surely did nothing.
    Undone,
    /// It has an intent, and may have been done.
    Unsure,
}

impl Tried {
    /// How many times the provider did it less than the intent feared.
    const fn undone(self) -> u64 {
        matches!(self, Self::Undone) as u64
    }
}

fn record(row: &Row) -> Result<EffectRecord, StoreError> {
    let done_at_most: u64 = row.get("done_at_most")?;
    Ok(EffectRecord {
        id: row.get("id")?,
        gateway: (row.get("gateway_id")?, row.get("gateway_name")?),
        kind: row.get("kind")?,
        state: row.get("state")?,
        attempt: row.get("attempt")?,
        repeats: done_at_most.saturating_sub(1),
        trouble: row.json_option("trouble")?,
        created_at: row.get("created_at")?,
    })
}

/// Bytes of a lane. It stands in an index, where a row of PostgreSQL has 2.7 KB; and plugins choose conversations.
const MAX_LANE: usize = 255;

/// A lane that is too long, by its digest: nothing is done with lanes but to compare them.
pub(crate) fn bounded(lane: &str) -> Cow<'_, str> {
    if lane.len() <= MAX_LANE {
        Cow::Borrowed(lane)
    } else {
        Cow::Owned(hex::encode(Sha256::digest(lane.as_bytes())))
    }
}

/// Queues an effect, unless its gateway is gone; says whether it was.
pub(crate) async fn insert(
    tx: &mut Tx,
    scope: TenantScope,
    execution: ExecutionId,
    install: InstallId,
    effect: &NewEffect,
    now: Timestamp,
) -> Result<bool, StoreError> {
    // A gateway that was deleted while the handler ran takes its effects with it.
    let written = tx.run(
        sql("INSERT INTO effects (id, tenant_id, execution_id, install_id, gateway_id, kind, action, lane, state, next_at, created_at) \
             SELECT $1, $2, $3, $4, g.id, $5, $6, $7, 'waiting', $8, $8 FROM gateways g WHERE g.id = $9 AND g.tenant_id = $2")
        .bind(effect.id)
        .bind(scope.tenant())
        .bind(execution)
        .bind(install)
        .bind(effect.kind)
        .bind(effect.action.as_str())
        .bind(&*effect.kept_lane())
        .bind(now)
        .bind(effect.gateway),
    );
    Ok(written.await? > 0)
}

impl Store {
    /// An effect that waits to be delivered.
    ///
    /// # Errors
    /// `NotFound` when it has an outcome already.
    pub async fn queued_effect(&self, scope: TenantScope, id: EffectId) -> Result<QueuedEffect, StoreError> {
        let row = self
            .db
            .one(
                sql("SELECT f.id, f.install_id, f.execution_id, f.gateway_id, f.kind, f.action, f.attempt, f.begun_at, \
                     f.done_at_most, f.created_at, x.depth FROM effects f \
                     JOIN executions x ON x.id = f.execution_id WHERE f.id = $1 AND f.tenant_id = $2 AND f.state = 'waiting'")
                .bind(id)
                .bind(scope.tenant()),
            )
            .await?;
        Ok(QueuedEffect {
            id: row.get("id")?,
            install: row.get("install_id")?,
            execution: row.get("execution_id")?,
            gateway: row.get("gateway_id")?,
            kind: row.get("kind")?,
            action: row.get("action")?,
            attempt: row.get("attempt")?,
            begun_at: row.get("begun_at")?,
            done_at_most: row.get("done_at_most")?,
            created_at: row.get("created_at")?,
            depth: row.get("depth")?,
        })
    }

    /// Records that the provider is about to be asked for an effect. A try before this one that left its intent behind counts as one.
    ///
    /// # Errors
    /// `NotFound` when it has an outcome already: it must not be done.
    pub async fn begin_effect(&self, scope: TenantScope, id: EffectId) -> Result<(), StoreError> {
        let changed = self
            .db
            .run(
                sql("UPDATE effects SET attempt = attempt + CASE WHEN begun_at IS NULL THEN 0 ELSE 1 END, \
                     done_at_most = done_at_most + 1, begun_at = $1 \
                     WHERE id = $2 AND tenant_id = $3 AND state = 'waiting'")
                .bind(Timestamp::now())
                .bind(id)
                .bind(scope.tenant()),
            )
            .await?;
        if changed == 0 {
            return Err(StoreError::NotFound);
        }
        points::reach("effect-after-intent");
        Ok(())
    }

    /// Records that an effect was delivered, and what that used.
    ///
    /// # Errors
    /// `NotFound` when it has an outcome already.
    pub async fn effect_sent(
        &self,
        scope: TenantScope,
        id: EffectId,
        usage: &Usage,
    ) -> Result<(), StoreError> {
        points::reach("effect-after-call");
        transaction!(self.db.begin(scope), |tx| {
            let outcome = sql(
                "UPDATE effects SET metered = coalesce((SELECT x.metered FROM executions x WHERE x.id = effects.execution_id AND x.metered >= $1), 0), \
                 runs = $2, failed_runs = $3, messages_out = $4, fuel = $5, peak_memory = $6, wall_ms = $7, \
                 state = 'sent', attempt = attempt + 1, begun_at = NULL, trouble = NULL, finished_at = $8 \
                 WHERE id = $9 AND tenant_id = $10 AND state = 'waiting' AND metered = 0 RETURNING metered",
            );
            self.record_effect(&mut tx, scope, id, usage, outcome, |outcome| outcome.bind(Timestamp::now()))
                .await?;
            tx.commit().await?;
            points::reach("effect-after-commit");
            Ok(())
        })
    }

    /// Records a failed try that is repeated at a later time.
    ///
    /// # Errors
    /// `NotFound` when it has an outcome already.
    pub async fn postpone_effect(
        &self,
        scope: TenantScope,
        id: EffectId,
        tried: Tried,
        trouble: &Trouble,
        until: Timestamp,
        usage: &Usage,
    ) -> Result<(), StoreError> {
        self.put_off(scope, id, (1, tried), trouble, until, usage).await
    }

    /// Records that an effect has to wait, which is no failed try.
    ///
    /// # Errors
    /// `NotFound` when it has an outcome already.
    pub async fn delay_effect(
        &self,
        scope: TenantScope,
        id: EffectId,
        tried: Tried,
        trouble: &Trouble,
        until: Timestamp,
        usage: &Usage,
    ) -> Result<(), StoreError> {
        self.put_off(scope, id, (0, tried), trouble, until, usage).await
    }

    async fn put_off(
        &self,
        scope: TenantScope,
        id: EffectId,
        (tries, tried): (u64, Tried),
        trouble: &Trouble,
        until: Timestamp,
        usage: &Usage,
    ) -> Result<(), StoreError> {
        let trouble =
            serde_json::to_string(trouble).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        transaction!(self.db.begin(scope), |tx| {
            // A try that was not begun leaves what one before it left behind.
            let outcome = sql(
                "UPDATE effects SET metered = coalesce((SELECT x.metered FROM executions x WHERE x.id = effects.execution_id AND x.metered >= $1), 0), \
                 runs = $2, failed_runs = $3, messages_out = $4, fuel = $5, peak_memory = $6, wall_ms = $7, \
                 attempt = attempt + $8, done_at_most = done_at_most - $9, \
                 begun_at = CASE WHEN $10 = 1 THEN NULL ELSE begun_at END, trouble = $11, next_at = $12 \
                 WHERE id = $13 AND tenant_id = $14 AND state = 'waiting' AND metered = 0 RETURNING metered",
            );
            self.record_effect(&mut tx, scope, id, usage, outcome, |outcome| {
                outcome
                    .bind(tries)
                    .bind(tried.undone())
                    .bind(u64::from(tried != Tried::NotBegun))
                    .bind(trouble.as_str())
                    .bind(until)
            })
            .await?;
            tx.commit().await
        })
    }

    /// Records an outcome with what it used: in the minute of its execution, if that still takes it up. The statement's first seven parameters
    /// and its last two are bound here, those between by `more`. Where the row holds what a try before this one used, it changes nothing.
    async fn record_effect(
        &self,
        tx: &mut Tx,
        scope: TenantScope,
        id: EffectId,
        usage: &Usage,
        outcome: Statement,
        more: impl FnOnce(Statement) -> Statement,
    ) -> Result<(), StoreError> {
        let used = OnRow::of_effect(usage);
        let outcome = outcome
            .bind(self.metering.first_open())
            .bind(used.row.executions)
            .bind(used.row.failed_executions)
            .bind(used.row.messages_out)
            .bind(used.row.fuel)
            .bind(used.row.peak_memory_bytes)
            .bind(used.row.wall_ms);
        let outcome = more(outcome).bind(id).bind(scope.tenant());
        let row = match tx.optional(outcome.clone()).await? {
            Some(row) => row,
            // A try before this one may stand there.
            None if crate::usage::fold_effect(tx, scope, id).await? => {
                tx.optional(outcome).await?.ok_or(StoreError::NotFound)?
            }
            None => return Err(StoreError::NotFound),
        };
        used.record_rest_of_effect(tx, scope, &self.metering, row.get("metered")?).await?;
        crate::usage::count_up(tx, scope, &self.metering, usage.executions).await
    }

    /// Gives an effect up, and queues the event that tells its install, where it is to be told.
    ///
    /// # Errors
    /// `NotFound` when it has an outcome already.
    pub async fn effect_failed(
        &self,
        scope: TenantScope,
        id: EffectId,
        tried: Tried,
        trouble: &Trouble,
        usage: &Usage,
        told: Option<(&NewEvent, &NewExecution)>,
    ) -> Result<(), StoreError> {
        let trouble =
            serde_json::to_string(trouble).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        transaction!(self.db.begin(scope), |tx| {
            let outcome = sql(
                "UPDATE effects SET metered = coalesce((SELECT x.metered FROM executions x WHERE x.id = effects.execution_id AND x.metered >= $1), 0), \
                 runs = $2, failed_runs = $3, messages_out = $4, fuel = $5, peak_memory = $6, wall_ms = $7, \
                 state = 'failed', attempt = attempt + 1, done_at_most = done_at_most - $8, \
                 begun_at = NULL, trouble = $9, finished_at = $10 \
                 WHERE id = $11 AND tenant_id = $12 AND state = 'waiting' AND metered = 0 RETURNING metered",
            );
            self.record_effect(&mut tx, scope, id, usage, outcome, |outcome| {
                outcome.bind(tried.undone()).bind(trouble.as_str()).bind(Timestamp::now())
            })
            .await?;
            if let Some((event, execution)) = told {
                crate::events::insert(&mut tx, scope, event).await?;
                crate::executions::insert(&mut tx, scope, execution).await?;
            }
            tx.commit().await
        })
    }

    /// The effects of an execution, in the order in which it asked for them.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn effects_of(
        &self,
        scope: TenantScope,
        execution: ExecutionId,
    ) -> Result<Vec<EffectRecord>, StoreError> {
        let rows = self
            .db
            .all(
                sql("SELECT f.id, f.gateway_id, g.name AS gateway_name, f.kind, f.state, f.attempt, f.done_at_most, f.trouble, f.created_at \
                     FROM effects f JOIN gateways g ON g.id = f.gateway_id \
                     WHERE f.execution_id = $1 AND f.tenant_id = $2 ORDER BY f.id")
                .bind(execution)
                .bind(scope.tenant()),
            )
            .await?;
        rows.iter().map(record).collect()
    }
}
