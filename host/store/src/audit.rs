//! The audit log: who did what, when, on what, and how it went; also what plugins were denied.
//!
//! A row is written in the transaction of what it tells of, so that neither is there without the other. Rows are never changed;
//! see [`chain`] for what makes that visible.

mod chain;
mod kept;
mod query;

pub use chain::{Chain, Fault};
pub use query::AuditFilter;

use crate::db::{Statement, Tx, sql, storable, transaction};
use crate::executions::Denial;
use crate::{Store, StoreError, TenantScope};
use serde_json::{Value, json};
use std::net::IpAddr;
use std::sync::Arc;
use twobot_domain::{
    ActorKind, AuditAction, AuditId, AuditOutcome, ExecutionId, InstallId, Timestamp, UserId,
};
use uuid::Uuid;

/// Bytes of a row's detail. What is larger is left out: the log tells what was done, not with what.
const MAX_DETAIL: usize = 4 * 1024;

/// Characters of a name in a row.
const MAX_NAME: usize = 300;

/// On whose word something is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By {
    /// What kind of doer it is.
    pub kind: ActorKind,
    /// Who, where it has an id.
    pub id: Option<Uuid>,
    /// How it is called.
    pub name: String,
    /// The request that asked for it.
    pub request_id: Option<String>,
    /// The network address that the request came from.
    pub address: Option<IpAddr>,
}

impl By {
    /// The platform itself.
    #[must_use]
    pub fn system() -> Self {
        Self { kind: ActorKind::System, id: None, name: "2Bot".to_owned(), request_id: None, address: None }
    }

    /// A person.
    #[must_use]
    pub fn user(id: UserId, name: &str) -> Self {
        Self { kind: ActorKind::User, id: Some(id.uuid()), name: name.to_owned(), ..Self::system() }
    }

    fn plugin(id: InstallId, slug: String) -> Self {
        Self { kind: ActorKind::Plugin, id: Some(id.uuid()), name: slug, ..Self::system() }
    }

    /// The same, in a request from somewhere.
    #[must_use]
    pub fn in_request(mut self, id: &str, address: IpAddr) -> Self {
        self.request_id = Some(id.to_owned());
        self.address = Some(address);
        self
    }
}

/// What something is done to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// `user`, `gateway`, `plugin`, `capability` or `apikey`.
    pub kind: &'static str,
    /// Its id; for plugins the slug, for capabilities the text.
    pub id: String,
    /// How it is called.
    pub name: String,
}

/// What is to be recorded of something that is done.
#[derive(Clone, Debug)]
pub struct Note {
    /// On whose word.
    pub by: By,
    /// What.
    pub action: AuditAction,
    /// To what.
    pub target: Target,
    /// How it went.
    pub outcome: AuditOutcome,
    /// More, as a small JSON object. No secrets, no texts of people.
    pub detail: Value,
}

impl Note {
    /// Something that is done, where it is done.
    #[must_use]
    pub fn new(by: &By, action: AuditAction, target: Target) -> Self {
        Self { by: by.clone(), action, target, outcome: AuditOutcome::Success, detail: json!({}) }
    }

    /// The same with particulars.
    #[must_use]
    pub fn with(mut self, detail: Value) -> Self {
        self.detail = detail;
        self
    }

    /// The same with another outcome.
    #[must_use]
    pub const fn ending(mut self, outcome: AuditOutcome) -> Self {
        self.outcome = outcome;
        self
    }
}

/// A row of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// Its id; the time in it is the row's.
    pub id: AuditId,
    /// Its place in the tenant's chain, from 1.
    pub seq: u64,
    /// When.
    pub created_at: Timestamp,
    /// `user`, `plugin` or `system`.
    pub actor_kind: String,
    /// Who, where it has an id.
    pub actor_id: Option<Uuid>,
    /// How they were called then.
    pub actor_name: String,
    /// What, such as `plugin.install`.
    pub action: String,
    /// `user`, `gateway`, `plugin` or `capability`.
    pub target_kind: String,
    /// Its id.
    pub target_id: String,
    /// How it was called then.
    pub target_name: String,
    /// `success`, `denied` or `failure`.
    pub outcome: String,
    /// More, as a JSON object.
    pub detail: String,
    /// The request that asked for it.
    pub request_id: Option<String>,
    /// Where the request came from.
    pub address: Option<String>,
}

/// A text as the row will have it. The hash is made of it, so that nothing may change it on its way.
fn clamp(text: &str) -> String {
    storable(text.chars().take(MAX_NAME).collect())
}

/// Adds a row to a tenant's chain.
pub(crate) async fn append(tx: &mut Tx, scope: TenantScope, note: &Note) -> Result<AuditId, StoreError> {
    let (seq, previous) = chain::take_place(tx, scope).await?;
    let id = AuditId::new();
    let detail = note.detail.to_string();
    let record = AuditRecord {
        id,
        seq,
        created_at: chain::moment(id),
        actor_kind: note.by.kind.as_str().to_owned(),
        actor_id: note.by.id,
        actor_name: clamp(&note.by.name),
        action: note.action.as_str().to_owned(),
        target_kind: note.target.kind.to_owned(),
        target_id: clamp(&note.target.id),
        target_name: clamp(&note.target.name),
        outcome: note.outcome.as_str().to_owned(),
        detail: if detail.len() > MAX_DETAIL { json!({"too_large": true}).to_string() } else { detail },
        request_id: note.by.request_id.as_deref().map(clamp),
        address: note.by.address.map(|address| address.to_string()),
    };
    let hash = chain::hash(scope, &previous, &record);
    tx.run(
        sql("INSERT INTO audit_log (id, tenant_id, seq, created_at, actor_kind, actor_id, actor_name, area, action, target_kind, \
             target_id, target_name, outcome, detail, request_id, address, previous, hash) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)")
        .bind(id)
        .bind(scope.tenant())
        .bind(seq)
        .bind(record.created_at)
        .bind(record.actor_kind)
        .bind(record.actor_id)
        .bind(record.actor_name)
        .bind(note.action.area())
        .bind(record.action)
        .bind(record.target_kind)
        .bind(record.target_id)
        .bind(record.target_name)
        .bind(record.outcome)
        .bind(record.detail)
        .bind(record.request_id)
        .bind(record.address)
        .bind(previous)
        .bind(hash.clone()),
    )
    .await?;
    chain::advance(tx, scope, hash).await?;
    Ok(id)
}

/// Records what an execution was denied, one row for each capability, with the count. Asks nothing of the database where nothing was
/// denied.
pub(crate) async fn denied(
    tx: &mut Tx,
    scope: TenantScope,
    install: InstallId,
    execution: ExecutionId,
    denials: &[Denial],
) -> Result<(), StoreError> {
    if denials.is_empty() {
        return Ok(());
    }
    let row = tx
        .optional(
            sql("SELECT slug FROM installs WHERE id = $1 AND tenant_id = $2")
                .bind(install)
                .bind(scope.tenant()),
        )
        .await?
        .ok_or(StoreError::NotFound)?;
    let by = By::plugin(install, row.get("slug")?);
    for denial in denials {
        let capability = denial.capability.to_string();
        let target = Target {
            kind: "capability",
            name: if denial.detail.is_empty() { capability.clone() } else { denial.detail.clone() },
            id: capability,
        };
        let detail = json!({"execution": execution.to_string(), "count": denial.count});
        let note =
            Note::new(&by, AuditAction::CapabilityDenied, target).ending(AuditOutcome::Denied).with(detail);
        append(tx, scope, &note).await?;
    }
    Ok(())
}

impl Store {
    /// The same store, which records this note in the transaction of the next change that it is used for. These changes take one:
    /// opening and closing a session, and making, changing and removing gateways, installs and keys of the API.
    #[must_use]
    pub fn noting(&self, note: Note) -> Self {
        Self { note: Some(Arc::new(note)), ..self.clone() }
    }

    /// Records the note that this store was given, if it was given one.
    pub(crate) async fn write_note(&self, tx: &mut Tx, scope: TenantScope) -> Result<(), StoreError> {
        match &self.note {
            Some(note) => append(tx, scope, note).await.map(drop),
            None => Ok(()),
        }
    }

    /// The same for something whose id was only made now.
    pub(crate) async fn write_note_of(
        &self,
        tx: &mut Tx,
        scope: TenantScope,
        id: String,
    ) -> Result<(), StoreError> {
        let Some(note) = &self.note else { return Ok(()) };
        let mut note = Note::clone(note);
        note.target.id = id;
        append(tx, scope, &note).await.map(drop)
    }

    /// Runs the one statement of a change, and records the note with it. Says how many rows it changed; none is nothing to record.
    pub(crate) async fn change(&self, scope: TenantScope, statement: Statement) -> Result<u64, StoreError> {
        if self.note.is_none() {
            return self.db.run(statement).await;
        }
        transaction!(self.begin(scope), |tx| {
            let changed = tx.run(statement.clone()).await?;
            if changed > 0 {
                self.write_note(&mut tx, scope).await?;
                tx.commit().await?;
            }
            Ok(changed)
        })
    }

    /// Records something that no change of the store goes with, such as a sign-in that failed.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn record_audit(&self, scope: TenantScope, note: &Note) -> Result<AuditId, StoreError> {
        transaction!(self.db.begin(scope), |tx| {
            let id = append(&mut tx, scope, note).await?;
            tx.commit().await?;
            Ok(id)
        })
    }
}
