//! Running a plugin until what it did is committed or has failed: the same for events, schedules and actions.

use crate::dispatch::{self, Fresh};
use crate::engine::Engine;
use crate::live::LiveEvent;
use crate::outside::EngineOutside;
use crate::setup;
use crate::{circles, troubles};
use serde_json::Value;
use std::sync::Arc;
use std::time::Instant;
use twobot_domain::{EffectId, ExecutionId, FailureClass, InboundId, Limits, Timestamp, Trouble, Usage};
use twobot_runtime::{Failed, PluginCall, PluginComponent, PluginRun, Ran, RunLimits};
use twobot_store::effects::QueuedEffect;
use twobot_store::executions::{Commit, Denial, Failure, Kept, LogLine, Queued};
use twobot_store::installs::Install;
use twobot_store::setups::Setup;
use twobot_store::workspace::Workspace;
use twobot_store::{StoreError, TenantScope};
use twobot_telemetry::meter;
use twobot_telemetry::trace::{Ended, Span, Spot, Step};

/// How often an execution is run again because another wrote what it had read.
const CONFLICT_TRIES: u32 = 20;

/// One attempt of one execution.
pub(crate) struct Attempt<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) scope: TenantScope,
    pub(crate) workspace: &'a Workspace,
    pub(crate) execution: ExecutionId,
    pub(crate) install: &'a Install,
    pub(crate) component: &'a Arc<PluginComponent>,
    pub(crate) limits: &'a Limits,
    /// How many of the plugin's own doings led to it.
    pub(crate) depth: u64,
    /// Where the sandbox's clock starts.
    pub(crate) started_at: Timestamp,
    pub(crate) call: PluginCall,
    /// What its trace is known by: the delivery that it comes of, or else the execution.
    pub(crate) trace: Trace,
    /// Nothing of the execution has run before, in this process or another.
    pub(crate) is_first: bool,
}

/// Where an attempt stands in the trace of an event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trace {
    /// The delivery that it comes of.
    pub(crate) inbound: Option<InboundId>,
    /// Attempts before it.
    pub(crate) attempt: u64,
}

impl Trace {
    /// The span of an execution's attempt.
    pub(crate) fn spot(self, execution: ExecutionId) -> Spot {
        let trace = self.inbound.map_or(execution.uuid(), InboundId::uuid);
        Spot::of(trace, Step::Handle, execution.uuid(), self.attempt)
    }

    /// The span that it comes of.
    fn parent(self) -> Option<Spot> {
        self.inbound.map(|inbound| Spot::of(inbound.uuid(), Step::Decode, inbound.uuid(), 0))
    }
}

/// What an attempt came to.
pub(crate) enum Outcome {
    /// It is committed; what an action answered.
    Committed(Option<Value>),
    /// It failed and is not recorded yet.
    Failed(Failed, Remains),
    /// Others were always faster.
    Contended(Remains),
    /// The day's executions were used up before it could be committed. Nothing of it is kept but what it used, which counts as no
    /// execution: what it remains is one that waits.
    Tomorrow(Trouble, Remains),
}

impl Outcome {
    /// For operators, who need no more than a word.
    const fn told(&self) -> (&'static str, Ended) {
        let name = match self {
            Self::Committed(_) => return ("succeeded", Ended::Well),
            Self::Tomorrow(..) => "over_daily_limit",
            Self::Contended(_) => "contended",
            Self::Failed(Failed::Retry(_), _) => "asked_to_retry",
            Self::Failed(Failed::Fault(_), _) => "failed",
            Self::Failed(Failed::BadInput(_), _) => "bad_input",
            Self::Failed(Failed::Busy(_), _) => "busy",
            Self::Failed(Failed::Host(_), _) => "platform_failed",
        };
        (name, Ended::Badly(name))
    }
}

/// What is recorded of an attempt of which nothing else is kept.
#[derive(Default)]
pub(crate) struct Remains {
    /// What it used.
    pub(crate) usage: Usage,
    /// What it logged.
    pub(crate) logs: Vec<LogLine>,
    /// What it was denied.
    pub(crate) denials: Vec<Denial>,
    /// What it needs to be replayed.
    pub(crate) kept: Kept,
}

/// What to record of a failed attempt.
pub(crate) fn failure(
    trouble: Trouble,
    class: FailureClass,
    retry_at: Option<Timestamp>,
    remains: Remains,
    digest: Option<String>,
) -> Failure {
    let Remains { usage, logs, denials, kept } = remains;
    Failure { trouble, class, retry_at, denials, logs, usage, digest, kept }
}

/// Whose doing a failed attempt is.
pub(crate) const fn class(failed: &Failed) -> FailureClass {
    match failed {
        Failed::Retry(_) => FailureClass::TryAgain,
        Failed::Fault(_) | Failed::BadInput(_) => FailureClass::Plugin,
        Failed::Busy(_) => FailureClass::Refused,
        Failed::Host(_) => FailureClass::Platform,
    }
}

/// Why nothing more may run today, where the plan counts executions a day and they are used up. Asked before something runs, so that
/// nothing runs in vain; what counts is the look in the commit.
pub(crate) async fn over_daily_limit(
    engine: &Engine,
    scope: TenantScope,
    limits: &Limits,
) -> Result<Option<Trouble>, StoreError> {
    let Some(allowed) = limits.executions_per_day else { return Ok(None) };
    let used = engine.store().executions_today(scope).await?;
    Ok((used >= allowed).then(|| troubles::executions_per_day(used, allowed)))
}

impl Attempt<'_> {
    /// Runs the plugin and commits what it did.
    ///
    /// # Errors
    /// `NotFound` when the execution has an outcome already; otherwise those of the database.
    pub(crate) async fn run(&self) -> Result<Outcome, StoreError> {
        let began = Instant::now();
        let span = Span::begin(Step::Handle, self.trace.spot(self.execution), self.trace.parent())
            .map(|span| span.with("twobot.plugin", self.install.slug.clone()));
        let outcome = self.run_until_committed(span.as_ref().map(Span::spot)).await;
        let (name, ended) = match &outcome {
            Ok(outcome) => outcome.told(),
            Err(_) => ("not_recorded", Ended::Badly("not_recorded")),
        };
        meter::execution(name, began.elapsed());
        if let Some(span) = span {
            span.with("twobot.outcome", name).end(ended);
        }
        outcome
    }

    async fn run_until_committed(&self, spot: Option<Spot>) -> Result<Outcome, StoreError> {
        let store = self.engine.store();
        // Work that a faster one made void was done all the same: it is counted with the run that takes its place. What its calls used
        // is recorded with their answers, which that run takes from the journal.
        let mut void = Remains::default();
        for again in 0..CONFLICT_TRIES {
            let is_first = self.is_first && again == 0;
            let (Ran { result, mut usage, logs, denials, recording }, setup) =
                self.once(is_first, spot).await?;
            meter::fuel(usage.fuel);
            usage.add(&void.usage);
            let kept = Kept { setup: Some(setup), recording: recording.to_text() };
            let mut done = match result {
                Ok(done) => done,
                Err(failed) => return Ok(Outcome::Failed(failed, Remains { usage, logs, denials, kept })),
            };
            done.commit.usage = usage;
            done.commit.kept = kept;
            if !done.commit.appointments.is_empty() {
                circles::slow_down(&mut done.commit, self.depth, Timestamp::now());
            }
            match store
                .finish_execution(self.scope, self.execution, self.install.id, self.limits, &done.commit)
                .await
            {
                Ok(queued) => {
                    self.tell(done.commit, &queued);
                    return Ok(Outcome::Committed(done.output));
                }
                Err(StoreError::Conflict) => {
                    let usage = Usage { executions: 0, ..usage };
                    void = Remains { usage, logs: Vec::new(), denials, kept: done.commit.kept };
                }
                Err(StoreError::Quota { name: "executions_per_day", used, allowed, .. }) => {
                    let usage = Usage { executions: 0, ..usage };
                    let kept = done.commit.kept;
                    let remains = Remains { usage, logs, denials, kept };
                    return Ok(Outcome::Tomorrow(troubles::executions_per_day(used, allowed), remains));
                }
                Err(StoreError::Quota { name, used, allowed, unit }) => {
                    let failed = Failed::Fault(troubles::storage_quota(name, used, allowed, unit));
                    let usage = Usage { failed_executions: 1, ..usage };
                    let kept = done.commit.kept;
                    return Ok(Outcome::Failed(failed, Remains { usage, logs, denials, kept }));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Outcome::Contended(void))
    }

    async fn once(&self, is_first: bool, spot: Option<Spot>) -> Result<(Ran, Setup), StoreError> {
        let store = self.engine.store();
        let bound = self.workspace.bound_gateways(self.install.id).await?;
        let limits = RunLimits::plugin(self.limits);
        let setup = setup::of(self.install, &bound, &limits);
        let journal = if is_first { Vec::new() } else { store.journal(self.scope, self.execution).await? };
        let run = PluginRun {
            scope: self.scope,
            install: self.install.id,
            execution: self.execution,
            component: Arc::clone(self.component),
            grants: self.install.grants.clone(),
            bound: bound.to_vec(),
            config: self.install.config.clone(),
            started_at: self.started_at,
            journal,
            limits,
            call: self.call.clone(),
            outside: Arc::new(EngineOutside::new(self.engine, spot)),
        };
        Ok((self.engine.machine().run_plugin(store, run).await, setup))
    }

    /// Begins with its effects, and tells whoever looks.
    fn tell(&self, commit: Commit, queued: &Queued<EffectId>) {
        if !commit.notifications.is_empty() || !commit.left.is_empty() {
            self.engine.live().tell(self.scope, LiveEvent::Notification);
        }
        let (id, slug) = (self.execution, self.install.slug.clone());
        self.engine.live().tell(self.scope, LiveEvent::Execution { id, state: "succeeded", slug });
        let waiting = commit.effects.into_iter().filter(|effect| queued.ids.contains(&effect.id));
        let fresh = waiting.map(|effect| {
            let lane = effect.kept_lane().into_owned();
            let effect = QueuedEffect {
                id: effect.id,
                install: self.install.id,
                execution: self.execution,
                gateway: effect.gateway,
                kind: effect.kind.to_owned(),
                action: effect.action,
                attempt: 0,
                begun_at: None,
                done_at_most: 0,
                created_at: queued.at,
                depth: self.depth,
            };
            Fresh::effect(self.scope, lane, effect)
        });
        dispatch::offer(self.engine, self.scope, fresh);
    }
}
