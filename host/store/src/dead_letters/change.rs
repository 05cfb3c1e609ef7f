//! Running dead letters again, and discarding them. Each change is a person's and takes a note for the audit log.

use super::query::DeadLetterKind;
use crate::db::{Tx, sql, transaction};
use crate::events::NewEvent;
use crate::executions::{Cause, NewExecution};
use crate::{Store, StoreError, TenantScope};
use serde_json::Value;
use twobot_domain::{EventId, ExecutionId, GatewayId, InboundId, InstallId, Timestamp};
use uuid::Uuid;

/// An event as a person corrected it.
#[derive(Clone, Debug)]
pub struct EditedEvent {
    /// The payload, as JSON in the shape of the contract.
    pub payload: String,
    /// The name of its kind.
    pub kind: &'static str,
}

async fn retry_one(
    tx: &mut Tx,
    scope: TenantScope,
    kind: DeadLetterKind,
    id: Uuid,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let statement = match kind {
        // Its journal stays, and so do its clock and its chance: what it did inline is not done again. An install that is off would
        // give it up at once; one that waits for its owner holds it.
        DeadLetterKind::Execution => sql(
            "UPDATE executions SET state = 'waiting', attempt = 0, deaths = 0, next_at = $1, finished_at = NULL, \
                 failure = NULL, held = (SELECT i.waits FROM installs i WHERE i.id = executions.install_id) \
                 WHERE id = $2 AND tenant_id = $3 AND state = 'failed' AND settled_at IS NULL AND cause <> 'action' \
                 AND event_id IS NOT NULL AND EXISTS (SELECT 1 FROM installs i WHERE i.id = executions.install_id \
                 AND (i.state = 'enabled' OR i.waits = 1))",
        ),
        DeadLetterKind::Delivery => {
            sql("UPDATE inbound SET state = 'waiting', attempt = 0, next_at = $1, note = NULL \
                 WHERE id = $2 AND tenant_id = $3 AND state = 'failed' AND settled_at IS NULL")
        }
        DeadLetterKind::Effect => {
            sql("UPDATE effects SET state = 'waiting', attempt = 0, next_at = $1, finished_at = NULL \
                 WHERE id = $2 AND tenant_id = $3 AND state = 'failed' AND settled_at IS NULL")
        }
    };
    Ok(tx.run(statement.bind(now).bind(id).bind(scope.tenant())).await? > 0)
}

async fn settle_one(
    tx: &mut Tx,
    scope: TenantScope,
    kind: DeadLetterKind,
    id: Uuid,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let statement = match kind {
        DeadLetterKind::Execution => sql("UPDATE executions SET settled_at = $1 \
             WHERE id = $2 AND tenant_id = $3 AND state = 'failed' AND settled_at IS NULL AND cause <> 'action'"),
        DeadLetterKind::Delivery => sql("UPDATE inbound SET settled_at = $1 \
             WHERE id = $2 AND tenant_id = $3 AND state = 'failed' AND settled_at IS NULL"),
        DeadLetterKind::Effect => sql("UPDATE effects SET settled_at = $1 \
             WHERE id = $2 AND tenant_id = $3 AND state = 'failed' AND settled_at IS NULL"),
    };
    Ok(tx.run(statement.bind(now).bind(id).bind(scope.tenant())).await? > 0)
}

impl Store {
    /// Lets dead letters have their turn again as they are, with all their tries, and says how many it were. Left out is what is no
    /// dead letter any more, an execution without its event, and one whose plugin is off.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn retry_dead_letters(
        &self,
        scope: TenantScope,
        which: &[(DeadLetterKind, Uuid)],
    ) -> Result<u64, StoreError> {
        let now = Timestamp::now();
        transaction!(self.db.begin(scope), |tx| {
            let mut count = 0;
            for (kind, id) in which {
                count += u64::from(retry_one(&mut tx, scope, *kind, *id, now).await?);
            }
            self.finish_change(tx, scope, count).await
        })
    }

    /// Discards dead letters, and says how many it were. They stay in the history as failed.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn discard_dead_letters(
        &self,
        scope: TenantScope,
        which: &[(DeadLetterKind, Uuid)],
    ) -> Result<u64, StoreError> {
        let now = Timestamp::now();
        transaction!(self.db.begin(scope), |tx| {
            let mut count = 0;
            for (kind, id) in which {
                count += u64::from(settle_one(&mut tx, scope, *kind, *id, now).await?);
            }
            self.finish_change(tx, scope, count).await
        })
    }

    /// Records the note with how many it were, and commits. None is nothing to record.
    async fn finish_change(&self, mut tx: Tx, scope: TenantScope, count: u64) -> Result<u64, StoreError> {
        if count > 0 {
            if let Some(note) = &self.note {
                let mut note = crate::audit::Note::clone(note);
                if let Value::Object(detail) = &mut note.detail {
                    detail.insert("count".to_owned(), count.into());
                }
                crate::audit::append(&mut tx, scope, &note).await?;
            }
            tx.commit().await?;
        }
        Ok(count)
    }

    /// Makes an execution of another payload out of a dead one, which is settled by it. It is a new one with an event of its own; the
    /// old one's journal goes along, so that what it asks for in the same words is answered from there and not done again.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such dead letter, or its plugin is off.
    pub async fn retry_execution_edited(
        &self,
        scope: TenantScope,
        id: ExecutionId,
        edited: &EditedEvent,
    ) -> Result<ExecutionId, StoreError> {
        let now = Timestamp::now();
        transaction!(self.db.begin(scope), |tx| {
            let row = tx
                .optional(
                    sql("SELECT x.install_id, x.cause, x.lane, x.depth, e.gateway_id, e.lane AS event_lane, e.occurred_at \
                         FROM executions x JOIN events e ON e.id = x.event_id JOIN installs i ON i.id = x.install_id \
                         WHERE x.id = $1 AND x.tenant_id = $2 AND x.state = 'failed' AND x.settled_at IS NULL \
                         AND x.cause <> 'action' AND (i.state = 'enabled' OR i.waits = 1)")
                    .bind(id)
                    .bind(scope.tenant()),
                )
                .await?
                .ok_or(StoreError::NotFound)?;
            let event = NewEvent {
                id: EventId::new(),
                gateway: row.get::<Option<GatewayId>>("gateway_id")?,
                // The provider's own document would tell what the person corrected.
                inbound: None,
                kind: edited.kind,
                lane: row.get("event_lane")?,
                payload: edited.payload.clone(),
                occurred_at: row.get("occurred_at")?,
            };
            let new = NewExecution {
                id: ExecutionId::new(),
                install: row.get::<InstallId>("install_id")?,
                event: Some(event.id),
                cause: if row.get::<String>("cause")? == Cause::Schedule.as_str() {
                    Cause::Schedule
                } else {
                    Cause::Event
                },
                event_kind: edited.kind.to_owned(),
                lane: row.get("lane")?,
                depth: row.get("depth")?,
            };
            crate::events::insert(&mut tx, scope, &event).await?;
            crate::executions::insert(&mut tx, scope, &new).await?;
            tx.run(
                sql("UPDATE executions SET retry_of = $1 WHERE id = $2 AND tenant_id = $3")
                    .bind(id)
                    .bind(new.id)
                    .bind(scope.tenant()),
            )
            .await?;
            tx.run(
                sql(
                    "INSERT INTO journal (execution_id, seq, tenant_id, request, result, ended, created_at) \
                     SELECT $1, seq, tenant_id, request, result, ended, created_at FROM journal \
                     WHERE execution_id = $2 AND tenant_id = $3 AND seq >= 0",
                )
                .bind(new.id)
                .bind(id)
                .bind(scope.tenant()),
            )
            .await?;
            settle_one(&mut tx, scope, DeadLetterKind::Execution, id.uuid(), now).await?;
            self.write_note(&mut tx, scope).await?;
            tx.commit().await?;
            Ok(new.id)
        })
    }

    /// Makes a delivery of another body out of a dead one, which is settled by it.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such dead letter.
    pub async fn retry_delivery_edited(
        &self,
        scope: TenantScope,
        id: InboundId,
        body: &str,
    ) -> Result<InboundId, StoreError> {
        let now = Timestamp::now();
        let new = InboundId::new();
        transaction!(self.db.begin(scope), |tx| {
            // A provider's id is known once; this one is ours.
            let written = tx
                .run(
                    sql("INSERT INTO inbound (id, tenant_id, gateway_id, provider_id, body, state, next_at, received_at, retry_of) \
                         SELECT $1, tenant_id, gateway_id, $2, $3, 'waiting', $4, received_at, id FROM inbound \
                         WHERE id = $5 AND tenant_id = $6 AND state = 'failed' AND settled_at IS NULL")
                    .bind(new)
                    .bind(format!("retry:{new}"))
                    .bind(body)
                    .bind(now)
                    .bind(id)
                    .bind(scope.tenant()),
                )
                .await?;
            if written == 0 {
                return Err(StoreError::NotFound);
            }
            settle_one(&mut tx, scope, DeadLetterKind::Delivery, id.uuid(), now).await?;
            self.write_note(&mut tx, scope).await?;
            tx.commit().await?;
            Ok(new)
        })
    }
}
