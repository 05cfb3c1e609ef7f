//! Dead letters: what was given up is run again, as it was or corrected, or discarded, by a person's decision.

use crate::engine::Engine;
use crate::error::{EngineError, FieldError};
use crate::live::LiveEvent;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use twobot_domain::{AuditAction, ExecutionId, GatewayId, InboundId};
use twobot_runtime::contract::{self, Payload};
use twobot_store::audit::{By, Note, Target};
use twobot_store::dead_letters::{DeadLetter, DeadLetterFilter, DeadLetterKind, EditedEvent};
use twobot_store::installs::InstallState;
use twobot_store::{PageRequest, StoreError, TenantScope};
use uuid::Uuid;

/// The most that one request runs again or discards.
pub const MAX_BATCH: u32 = twobot_store::page::MAX_PAGE;

/// Pages that one request looks at until it finds something that can be run.
const MAX_LOOKS: u32 = 50;

/// Bytes of a corrected payload, as JSON.
const MAX_PAYLOAD: usize = 1024 * 1024;

/// What became of a dead letter that was run again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retried {
    /// What it is now: the same, or the new one with the corrected payload.
    pub id: Uuid,
}

/// What became of many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// How many were run again or discarded.
    pub changed: u64,
    /// How many were left as they are, because they can not be run again now.
    pub skipped: u64,
    /// Whether there are more of the kind: the same request takes the next ones.
    pub more: bool,
}

fn target(letter: &DeadLetter) -> Target {
    Target {
        kind: letter.kind.as_str(),
        id: letter.id.to_string(),
        name: letter.slug.clone().unwrap_or_else(|| letter.what.clone()),
    }
}

/// What a filter asked for, for the audit log.
fn told(filter: &DeadLetterFilter) -> Value {
    json!({
        "kind": filter.kind.map(DeadLetterKind::as_str),
        "plugin": filter.slug,
        "gateway": filter.gateway.map(|id| id.to_string()),
        "code": filter.code,
        "from": filter.from.map(|at| at.to_string()),
        "until": filter.until.map(|at| at.to_string()),
    })
}

impl Engine {
    /// Runs a dead letter again: as it is, or with another payload. What an execution did inline is in its journal and is not done
    /// again; an effect is delivered once more.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for a payload that is no event of the same kind; `Conflict` where it can not be run now.
    pub async fn retry_dead_letter(
        &self,
        scope: TenantScope,
        by: &By,
        id: Uuid,
        edited: Option<Value>,
    ) -> Result<Retried, EngineError> {
        let letter =
            self.store().dead_letter(scope, id).await.map_err(EngineError::missing("dead letter"))?;
        self.check_runnable(scope, &letter).await?;
        let action =
            if edited.is_some() { AuditAction::DeadLetterEdit } else { AuditAction::DeadLetterRetry };
        let note = Note::new(by, action, target(&letter)).with(json!({"code": letter.trouble.code}));
        let store = self.store().noting(note);
        let now = match (edited, letter.kind) {
            (None, kind) => match store.retry_dead_letters(scope, &[(kind, id)]).await? {
                0 => return Err(EngineError::NotFound("dead letter")),
                _ => id,
            },
            (Some(payload), DeadLetterKind::Execution) => {
                let event = edited_event(&letter, &payload)?;
                let new = store.retry_execution_edited(scope, ExecutionId::from_uuid(id), &event).await;
                new.map_err(EngineError::missing("dead letter"))?.uuid()
            }
            (Some(payload), DeadLetterKind::Delivery) => {
                let body = text(&payload)?;
                let new = store.retry_delivery_edited(scope, InboundId::from_uuid(id), &body).await;
                new.map_err(EngineError::missing("dead letter"))?.uuid()
            }
            (Some(_), DeadLetterKind::Effect) => {
                return Err(EngineError::field(
                    "payload",
                    "must be left out: an effect is delivered as its plugin asked",
                ));
            }
        };
        self.workspace_changed(scope);
        self.tell_decided(scope, &[letter], "waiting").await?;
        Ok(Retried { id: now })
    }

    /// Discards a dead letter. It stays in the history as failed.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn discard_dead_letter(
        &self,
        scope: TenantScope,
        by: &By,
        id: Uuid,
    ) -> Result<(), EngineError> {
        let letter =
            self.store().dead_letter(scope, id).await.map_err(EngineError::missing("dead letter"))?;
        let note = Note::new(by, AuditAction::DeadLetterDiscard, target(&letter))
            .with(json!({"code": letter.trouble.code}));
        match self.store().noting(note).discard_dead_letters(scope, &[(letter.kind, id)]).await? {
            0 => Err(EngineError::NotFound("dead letter")),
            _ => self.tell_decided(scope, &[letter], "failed").await,
        }
    }

    /// Runs dead letters again as they are, the newest first, as many as a request may and as there is room for in the queue.
    ///
    /// # Errors
    /// `QueueFull` where nothing more may wait.
    pub async fn retry_dead_letters(
        &self,
        scope: TenantScope,
        by: &By,
        filter: &DeadLetterFilter,
    ) -> Result<Batch, EngineError> {
        let room = self.room(scope).await?;
        let batch = self.batch(scope, by, AuditAction::DeadLetterRetry, filter, room).await?;
        self.workspace_changed(scope);
        Ok(batch)
    }

    /// Discards dead letters, the newest first, as many as a request may.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn discard_dead_letters(
        &self,
        scope: TenantScope,
        by: &By,
        filter: &DeadLetterFilter,
    ) -> Result<Batch, EngineError> {
        self.batch(scope, by, AuditAction::DeadLetterDiscard, filter, MAX_BATCH).await
    }

    async fn batch(
        &self,
        scope: TenantScope,
        by: &By,
        action: AuditAction,
        filter: &DeadLetterFilter,
        most: u32,
    ) -> Result<Batch, EngineError> {
        let all = Target { kind: "dead_letters", id: String::new(), name: "dead letters".to_owned() };
        let store = self.store().noting(Note::new(by, action, all).with(told(filter)));
        let mut batch = Batch { changed: 0, skipped: 0, more: false };
        let mut request = PageRequest { limit: most, after: None };
        // Those that can not be run stay, and must not be all that is ever found.
        for _ in 0..MAX_LOOKS {
            let page = self.store().dead_letters(scope, filter, request).await?;
            let which: Vec<_> = page.items.iter().map(|letter| (letter.kind, letter.id)).collect();
            let (changed, state) = if action == AuditAction::DeadLetterRetry {
                (store.retry_dead_letters(scope, &which).await?, "waiting")
            } else {
                (store.discard_dead_letters(scope, &which).await?, "failed")
            };
            if changed > 0 {
                self.tell_decided(scope, &page.items, state).await?;
            }
            batch.changed += changed;
            batch.skipped += which.len() as u64 - changed;
            batch.more = page.next.is_some() && batch.changed > 0;
            match page.next {
                Some(next) if changed == 0 => request.after = Some(next),
                _ => break,
            }
        }
        Ok(batch)
    }

    /// Tells whoever looks that these are dead letters no more: of a run, by its execution, and of a delivery, by its gateway.
    async fn tell_decided(
        &self,
        scope: TenantScope,
        letters: &[DeadLetter],
        state: &'static str,
    ) -> Result<(), EngineError> {
        let mut gateways = BTreeSet::new();
        for letter in letters {
            match (letter.execution, &letter.slug) {
                (Some(id), Some(slug)) => {
                    // What asked for an effect has its outcome, and keeps it.
                    let state = if letter.kind == DeadLetterKind::Effect { "succeeded" } else { state };
                    self.live().tell(scope, LiveEvent::Execution { id, state, slug: slug.clone() });
                }
                _ => gateways.extend(letter.gateway.as_ref().map(|(id, _)| *id)),
            }
        }
        for id in gateways {
            self.tell_gateway(scope, id).await?;
        }
        Ok(())
    }

    /// Tells whoever looks that something of a gateway changed, such as its deliveries. One that is gone is nobody's news.
    pub(crate) async fn tell_gateway(&self, scope: TenantScope, id: GatewayId) -> Result<(), StoreError> {
        match self.store().gateway(scope, id).await {
            Ok(gateway) => {
                self.live().tell(scope, LiveEvent::Gateway { id, status: gateway.status.as_str() });
                Ok(())
            }
            Err(StoreError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// How much may be put into the queue at once.
    async fn room(&self, scope: TenantScope) -> Result<u32, EngineError> {
        let allowed = u64::from(self.limits(scope).await?.waiting_events);
        let waiting = self.store().waiting_events(scope).await?;
        let room = u32::try_from(allowed.saturating_sub(waiting)).unwrap_or(u32::MAX).min(MAX_BATCH);
        if room == 0 { Err(EngineError::QueueFull) } else { Ok(room) }
    }

    /// Whether a dead letter can be run now; says why not.
    async fn check_runnable(&self, scope: TenantScope, letter: &DeadLetter) -> Result<(), EngineError> {
        self.room(scope).await?;
        if letter.kind != DeadLetterKind::Execution {
            return Ok(());
        }
        if self.store().dead_letter_payload(scope, letter.kind, letter.id).await?.is_none() {
            return Err(EngineError::Conflict(
                "Its event is no longer here, so that it can not be run again.".to_owned(),
            ));
        }
        let slug = letter.slug.clone().unwrap_or_default();
        let install = match self.store().install(scope, &slug).await {
            Ok(install) => install,
            Err(StoreError::NotFound) => return Err(EngineError::NotFound("plugin")),
            Err(error) => return Err(error.into()),
        };
        if install.state == InstallState::Enabled || install.waits {
            return Ok(());
        }
        let why = format!(
            "The plugin `{slug}` is {}. Enable it on its page, then run this again.",
            install.state.as_str()
        );
        Err(EngineError::Conflict(why))
    }
}

fn text(payload: &Value) -> Result<String, EngineError> {
    let text = payload.to_string();
    if text.len() > MAX_PAYLOAD {
        return Err(EngineError::field("payload", format!("must have at most {MAX_PAYLOAD} bytes as JSON")));
    }
    Ok(text)
}

/// A corrected payload, if it is an event of the same kind in the contract's shape.
fn edited_event(letter: &DeadLetter, payload: &Value) -> Result<EditedEvent, EngineError> {
    text(payload)?;
    let parsed: Payload = serde_path_to_error::deserialize(payload).map_err(|error| {
        let path = error.path().to_string();
        let field = if path == "." { "payload".to_owned() } else { format!("payload.{path}") };
        EngineError::Invalid(vec![FieldError { field, message: error.into_inner().to_string() }])
    })?;
    let kind = contract::kind(&parsed).as_str();
    if kind != letter.what {
        return Err(EngineError::field(
            "payload",
            format!("must stay a `{}`, but is a `{kind}`", letter.what),
        ));
    }
    let kept = serde_json::to_value(&parsed).unwrap_or_default();
    if let Some(field) = unknown("payload", payload, &kept) {
        return Err(EngineError::field(field, "is no field of this event"));
    }
    Ok(EditedEvent { payload: kept.to_string(), kind })
}

/// The first field that was given and is not known: a misspelt one would otherwise do nothing.
fn unknown(path: &str, given: &Value, kept: &Value) -> Option<String> {
    match (given, kept) {
        (Value::Object(given), Value::Object(kept)) => given.iter().find_map(|(name, value)| {
            let path = format!("{path}.{name}");
            match kept.get(name) {
                None => Some(path),
                Some(kept) => unknown(&path, value, kept),
            }
        }),
        (Value::Array(given), Value::Array(kept)) => given
            .iter()
            .zip(kept)
            .enumerate()
            .find_map(|(place, (given, kept))| unknown(&format!("{path}.{place}"), given, kept)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_are_not_known_are_named() {
        let kept = json!({"Message": {"text": "a", "media": [{"kind": "Photo"}]}});
        let check = |given: Value, expected: Option<&str>| {
            assert_eq!(unknown("payload", &given, &kept).as_deref(), expected, "{given}");
        };
        check(json!({"Message": {"text": "b"}}), None);
        check(json!({"Message": {"txt": "b"}}), Some("payload.Message.txt"));
        check(
            json!({"Message": {"media": [{"kind": "Photo", "size": 1}]}}),
            Some("payload.Message.media.0.size"),
        );
    }
}
