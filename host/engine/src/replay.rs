//! Replaying an execution: its last attempt runs again in the real sandbox, from what was recorded of it, and touches nothing.
//!
//! What came into the sandbox then comes into it again: the event, the settings, what it read, what it was answered, its clock and its
//! chance. What it would do is shown and not done. See `docs/decisions/0022-replay-and-dead-letters.md`.

mod compare;

pub use compare::Difference;

use crate::engine::Engine;
use crate::setup::Settings;
use crate::suspension;
use serde_json::Value;
use std::sync::Arc;
use thiserror::Error;
use twobot_domain::{ExecutionId, FailureClass, Limits, Trouble, Usage};
use twobot_runtime::contract::{Event, GatewayRef, Payload};
use twobot_runtime::recording::Deed;
use twobot_runtime::{
    AnswerFrom, Asked, ComponentError, Failed, Machine, NoOutside, PluginCall, PluginComponent, PluginRun,
    Ran, Recording, Replayed, RunLimits,
};
use twobot_store::events::StoredEvent;
use twobot_store::executions::{Denial, LogLine, ReplayRecord};
use twobot_store::{Store, StoreError, TenantScope};

/// Why an execution can not be replayed.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// There is none of this id in the scope.
    #[error("there is no such execution")]
    NotFound,
    /// It did not run yet, or was given up without a run.
    #[error("nothing of this execution ran yet, so there is nothing to replay")]
    NothingRan,
    /// The component that ran is not kept here.
    #[error(
        "the component that ran, with the digest {0}, is no longer here; replay with another build of it"
    )]
    ComponentGone(String),
    /// What it ran for is not there any more.
    #[error("{0}, so that it can not be run again")]
    CauseGone(&'static str),
    /// The component can not be used.
    #[error("the component can not be run: {0}")]
    Component(#[from] ComponentError),
    /// Its tenant is suspended: nothing of it runs.
    #[error("the account is suspended")]
    Suspended,
    /// Its tenant has too much running.
    #[error("{}", .0.detail)]
    Busy(Box<Trouble>),
    /// The host itself failed.
    #[error("the sandbox host failed: {0}")]
    Host(String),
    /// The store.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for ReplayError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::NotFound,
            other => Self::Store(other),
        }
    }
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Ending {
    /// `succeeded`, `try_again` or `failed`.
    pub state: &'static str,
    /// Why it failed.
    pub trouble: Option<Trouble>,
}

/// What a replay came to.
#[derive(Clone, Debug)]
pub struct ReplayReport {
    /// The execution.
    pub execution: ExecutionId,
    /// The plugin.
    pub slug: String,
    /// The event's kind, or the action's name.
    pub event_kind: String,
    /// The digest of the component that ran then.
    pub recorded_digest: String,
    /// The digest of the component that ran now.
    pub digest: String,
    /// Its version.
    pub version: String,
    /// How it ended then.
    pub recorded: Ending,
    /// How it ended now.
    pub replayed: Ending,
    /// What an action answered now.
    pub output: Option<Value>,
    /// What it logged now.
    pub logs: Vec<LogLine>,
    /// What it would have written and asked for.
    pub deeds: Vec<Deed>,
    /// The calls that it waited for.
    pub asked: Vec<Asked>,
    /// What it was denied.
    pub denials: Vec<Denial>,
    /// Where it went another way than then.
    pub differences: Vec<Difference>,
    /// What could not be made as it was then, in words for people.
    pub not_reproduced: Vec<String>,
    /// What the replay used. Nobody is billed for it.
    pub usage: Usage,
}

/// With which component an execution is replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum With {
    /// The one that ran then.
    Recorded,
    /// The one that is offered now.
    Current,
}

impl Engine {
    /// Replays the last attempt of an execution. It takes the tenant's places, memory and turns on the processors like a run of an
    /// action, and is not billed: nothing is written.
    ///
    /// # Errors
    /// Why it can not be replayed.
    pub async fn replay(
        &self,
        scope: TenantScope,
        id: ExecutionId,
        with: With,
    ) -> Result<ReplayReport, ReplayError> {
        let record = self.store().replay_record(scope, id).await?;
        if suspension::may_run(&self.store().tenant(scope).await?).is_err() {
            return Err(ReplayError::Suspended);
        }
        let digest = record.digest.clone().ok_or(ReplayError::NothingRan)?;
        let current = self.catalogue().plugin(&record.slug);
        let component = match (with, current) {
            (With::Current, None) => return Err(ReplayError::CauseGone("the plugin is no longer offered")),
            (With::Current, Some(current)) => Arc::clone(current),
            (With::Recorded, Some(current)) if current.digest == digest => Arc::clone(current),
            (With::Recorded, _) => match self.store().component(&digest).await {
                Ok(bytes) => Arc::new(self.machine().load_plugin(bytes).await?),
                Err(StoreError::NotFound) => return Err(ReplayError::ComponentGone(digest)),
                Err(error) => return Err(error.into()),
            },
        };
        let limits = self.limits(scope).await?;
        replay(self.store(), self.machine(), &limits, scope, record, component).await
    }
}

/// Replays the last attempt of an execution with a component. Asks the store and changes nothing.
///
/// # Errors
/// Why it can not be replayed.
pub async fn replay(
    store: &Store,
    machine: &Machine,
    limits: &Limits,
    scope: TenantScope,
    record: ReplayRecord,
    component: Arc<PluginComponent>,
) -> Result<ReplayReport, ReplayError> {
    let recorded_digest = record.digest.clone().ok_or(ReplayError::NothingRan)?;
    let mut notes = Vec::new();
    let damaged = |error: serde_json::Error| StoreError::Corrupt(error.to_string());
    let recording: Recording = record
        .recording
        .as_deref()
        .map(serde_json::from_str)
        .transpose()
        .map_err(damaged)?
        .unwrap_or_default();
    let settings: Option<Settings<'_>> =
        record.setup.as_deref().map(serde_json::from_str).transpose().map_err(damaged)?;
    compare::note(&record, &recording, settings.is_some(), &mut notes);

    let call = call(store, scope, &record, settings.as_ref()).await?;
    let journal = store.journal(scope, record.id).await?;
    let now = RunLimits::plugin(limits);
    let (config, grants, bound, limits) = match settings {
        Some(settings) => {
            let (bound, limits) = (settings.bound(), settings.limits(now));
            (settings.config.into_owned(), settings.grants.into_owned(), bound, limits)
        }
        None => {
            let install = store.install_by_id(scope, record.install).await?;
            let bound = store.bound_gateways(scope, record.install).await?;
            (install.config, install.grants, bound, now)
        }
    };
    let run = PluginRun {
        scope,
        install: record.install,
        execution: record.id,
        component: Arc::clone(&component),
        grants,
        bound,
        config,
        started_at: record.created_at,
        journal: journal.clone(),
        limits,
        call,
        outside: Arc::new(NoOutside),
    };
    let Replayed { ran, asked, missed } = machine.replay_plugin(run, recording.clone()).await;
    let Ran { result, usage, logs, denials, recording: made } = ran;
    let (replayed, output) = match result {
        Ok(done) => (Ending { state: "succeeded", trouble: None }, done.output),
        Err(Failed::Retry(trouble)) => (Ending { state: "try_again", trouble: Some(trouble) }, None),
        Err(Failed::Fault(trouble)) => (Ending { state: "failed", trouble: Some(trouble) }, None),
        Err(Failed::BadInput(why)) => {
            (Ending { state: "failed", trouble: Some(crate::troubles::invalid_input(&why)) }, None)
        }
        Err(Failed::Busy(trouble)) => return Err(ReplayError::Busy(Box::new(trouble))),
        Err(Failed::Host(error)) => return Err(ReplayError::Host(error)),
    };
    let recorded = ending(&record);
    let recorded_logs = store.execution_logs(scope, record.id).await?;
    let then = compare::Then {
        record: &record,
        recording: &recording,
        ending: &recorded,
        journal: &journal,
        logs: &recorded_logs,
    };
    let now =
        compare::Now { ending: &replayed, recording: &made, asked: &asked, missed: &missed, logs: &logs };
    let differences = compare::differences(&then, &now);
    for (place, one) in asked.iter().enumerate() {
        if one.from == AnswerFrom::NotKept {
            notes.push(format!(
                "The answer to call {} is not kept; the plugin was told that it can not be reached.",
                place + 1
            ));
        }
    }
    Ok(ReplayReport {
        execution: record.id,
        slug: record.slug,
        event_kind: record.event_kind,
        recorded_digest,
        digest: component.digest.clone(),
        version: component.manifest.version.clone(),
        recorded,
        replayed,
        output,
        logs,
        deeds: made.deeds,
        asked,
        denials,
        differences,
        not_reproduced: notes,
        usage,
    })
}

/// How the last attempt ended.
fn ending(record: &ReplayRecord) -> Ending {
    let state = match (record.state.as_str(), record.class) {
        ("succeeded", _) => "succeeded",
        (_, Some(FailureClass::TryAgain)) => "try_again",
        _ => "failed",
    };
    Ending { state, trouble: record.trouble.clone() }
}

/// What it ran for.
async fn call(
    store: &Store,
    scope: TenantScope,
    record: &ReplayRecord,
    settings: Option<&Settings<'_>>,
) -> Result<PluginCall, ReplayError> {
    if record.cause == "action" {
        let input =
            record.input.as_deref().ok_or(ReplayError::CauseGone("the action's input is not recorded"))?;
        let input = serde_json::from_str(input).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        return Ok(PluginCall::Action { name: record.event_kind.clone(), input });
    }
    let gone = ReplayError::CauseGone("the event is no longer here");
    let Some(event) = record.event else { return Err(gone) };
    let stored = store.event(scope, event).await?;
    let Ok(payload) = serde_json::from_str::<Payload>(&stored.payload) else { return Err(gone) };
    let gateway = gateway(store, scope, &stored, settings).await?;
    Ok(PluginCall::Handle(Box::new(Event {
        id: stored.id.to_string(),
        occurred_at: stored.occurred_at.millis(),
        gateway,
        payload,
        raw: stored.raw,
    })))
}

/// The event's gateway as it was called then, or as it is called now.
async fn gateway(
    store: &Store,
    scope: TenantScope,
    stored: &StoredEvent,
    settings: Option<&Settings<'_>>,
) -> Result<Option<GatewayRef>, StoreError> {
    let Some(id) = stored.gateway else { return Ok(None) };
    let then = settings.and_then(|settings| settings.bound().into_iter().find(|bound| bound.id == id));
    if let Some(bound) = then {
        return Ok(Some(GatewayRef { id: id.to_string(), kind: bound.kind, name: bound.name }));
    }
    match store.gateway(scope, id).await {
        Ok(gateway) => Ok(Some(GatewayRef { id: id.to_string(), kind: gateway.kind, name: gateway.name })),
        Err(StoreError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}
