//! Running a plugin for an event, and recording what came of it.

use super::{Done, retry};
use crate::attempt::{Attempt, Outcome, Remains, Trace, class, failure, over_daily_limit};
use crate::engine::Engine;
use crate::live::LiveEvent;
use crate::{backoff, plugins, troubles};
use std::sync::Arc;
use twobot_domain::{ExecutionId, FailureClass, GatewayId, Timestamp, Trouble, Usage};
use twobot_runtime::contract::{self, Event, GatewayRef, Payload};
use twobot_runtime::{Failed, PluginCall, PluginComponent};
use twobot_store::events::StoredEvent;
use twobot_store::executions::{QueuedExecution, Work};
use twobot_store::installs::{Install, InstallState};
use twobot_store::workspace::Workspace;
use twobot_store::{StoreError, TenantScope};

/// Failed executions in a row after which an install is paused.
const FAILURES_BEFORE_PAUSE: u64 = 5;

pub(super) async fn execute(
    engine: &Engine,
    work: &Work,
    workspace: &Workspace,
    known: Option<(QueuedExecution, StoredEvent)>,
) -> Result<Done, StoreError> {
    let (store, scope) = (engine.store(), work.scope);
    let is_first = known.is_some();
    let (queued, stored) = match known {
        Some((queued, stored)) => (queued, Some(stored)),
        None => {
            let queued = store.queued_execution(scope, ExecutionId::from_uuid(work.id)).await?;
            let stored = match queued.event {
                Some(id) => Some(store.event(scope, id).await?),
                None => None,
            };
            (queued, stored)
        }
    };
    let install = workspace.install(queued.install).await?;
    let execution = Execution { engine, scope, workspace, queued, install, is_first };
    // As long as it runs, it is marked: should the process end with it, the next one knows.
    let _mark = engine.inner.marks.enter(execution.queued.id);
    match stored {
        Some(stored) => execution.handle(stored).await,
        None => execution.give_up(troubles::event_missing()).await,
    }
}

/// An execution whose turn it is.
struct Execution<'a> {
    engine: &'a Engine,
    scope: TenantScope,
    workspace: &'a Workspace,
    queued: QueuedExecution,
    install: Arc<Install>,
    /// It was recorded just now: nothing of it has run.
    is_first: bool,
}

impl Execution<'_> {
    async fn handle(&self, stored: StoredEvent) -> Result<Done, StoreError> {
        let Some(component) = self.engine.catalogue().plugin(&self.install.slug) else {
            return self.give_up(troubles::plugin_missing(&self.install.slug)).await;
        };
        if self.install.state != InstallState::Enabled {
            return self.give_up(troubles::plugin_not_enabled(&self.install)).await;
        }
        let Ok(payload) = serde_json::from_str::<Payload>(&stored.payload) else {
            return self.give_up(troubles::event_missing()).await;
        };
        let limits = self.engine.limits_in(self.workspace);
        if let Some(trouble) = over_daily_limit(self.engine, self.scope, limits).await? {
            return self.wait_for_tomorrow(&trouble, &Usage::default()).await;
        }
        let conversation = contract::conversation(&payload).map(str::to_owned);
        let event = Event {
            id: stored.id.to_string(),
            occurred_at: stored.occurred_at.millis(),
            gateway: self.gateway_ref(stored.gateway).await?,
            payload,
            raw: stored.raw,
        };
        let attempt = Attempt {
            engine: self.engine,
            scope: self.scope,
            execution: self.queued.id,
            workspace: self.workspace,
            install: &self.install,
            component,
            limits,
            trace: Trace { inbound: stored.inbound, attempt: self.queued.attempt },
            is_first: self.is_first,
            depth: self.queued.depth,
            started_at: self.queued.created_at,
            call: PluginCall::Handle(Box::new(event)),
        };
        let tries = self.queued.attempt + 1;
        let (trouble, class, retry_at, remains) = match attempt.run().await? {
            Outcome::Committed(_) => return Ok(Done::Yes),
            Outcome::Tomorrow(trouble, remains) => {
                return self.wait_for_tomorrow(&trouble, &remains.usage).await;
            }
            Outcome::Contended(remains) => (
                troubles::conflict(),
                FailureClass::Platform,
                (tries < retry::PLATFORM_TRIES).then(|| backoff::after(tries)),
                remains,
            ),
            // Nothing ran: no try is counted, and it stays in the queue.
            Outcome::Failed(Failed::Busy(trouble), ..) => {
                return self.put_off(&trouble, backoff::after(1), &Usage::default()).await;
            }
            Outcome::Failed(failed, remains) => {
                let (trouble, class, retry_at) = self.judge(failed, tries);
                (trouble, class, retry_at, remains)
            }
        };
        if let (None, Some(gateway), Some(conversation)) = (retry_at, stored.gateway, conversation) {
            // Whoever waits for an answer in one of the platform's own pages is told.
            self.engine.show_trouble(self.scope, gateway, &conversation, &trouble).await;
        }
        self.fail(trouble, class, retry_at, remains, component).await
    }

    /// What a failure means, whose doing it is, and when to try again.
    fn judge(&self, failed: Failed, tries: u64) -> (Trouble, FailureClass, Option<Timestamp>) {
        let class = class(&failed);
        let most = match class {
            FailureClass::TryAgain => retry::HANDLER_TRIES,
            FailureClass::Platform => retry::PLATFORM_TRIES,
            FailureClass::Plugin | FailureClass::Refused => 0,
        };
        let trouble = match failed {
            Failed::Retry(trouble) | Failed::Fault(trouble) | Failed::Busy(trouble) => trouble,
            Failed::BadInput(reason) => troubles::invalid_input(&reason),
            Failed::Host(error) => {
                tracing::error!(%error, execution = %self.queued.id, "an execution failed for the platform's own reason");
                troubles::platform_failed()
            }
        };
        (trouble, class, (tries < most).then(|| backoff::after(tries)))
    }

    /// Records a failed attempt, and pauses an install that fails again and again.
    async fn fail(
        &self,
        trouble: Trouble,
        class: FailureClass,
        retry_at: Option<Timestamp>,
        remains: Remains,
        component: &PluginComponent,
    ) -> Result<Done, StoreError> {
        let store = self.engine.store();
        let failure = failure(trouble, class, retry_at, remains, Some(component.digest.clone()));
        let failures = store.fail_execution(self.scope, self.queued.id, self.install.id, &failure).await?;
        if retry_at.is_some() {
            return Ok(Done::No);
        }
        self.tell_failed();
        if failures >= FAILURES_BEFORE_PAUSE {
            let trouble = troubles::plugin_paused(&component.manifest.name, failures, &failure.trouble);
            plugins::pause(self.engine, self.scope, &self.install, &trouble).await?;
        }
        Ok(Done::Yes)
    }

    /// Records that this execution can not run at all.
    async fn give_up(&self, trouble: Trouble) -> Result<Done, StoreError> {
        let failure = failure(trouble, FailureClass::Refused, None, Remains::default(), None);
        self.engine.store().fail_execution(self.scope, self.queued.id, self.install.id, &failure).await?;
        self.tell_failed();
        Ok(Done::Yes)
    }

    async fn wait_for_tomorrow(&self, trouble: &Trouble, used: &Usage) -> Result<Done, StoreError> {
        self.put_off(trouble, Timestamp((Timestamp::now().day() + 1) * 86_400_000), used).await
    }

    async fn put_off(&self, trouble: &Trouble, until: Timestamp, used: &Usage) -> Result<Done, StoreError> {
        self.engine.store().put_off_execution(self.scope, self.queued.id, trouble, until, used).await?;
        Ok(Done::No)
    }

    async fn gateway_ref(&self, gateway: Option<GatewayId>) -> Result<Option<GatewayRef>, StoreError> {
        let Some(id) = gateway else { return Ok(None) };
        match self.workspace.gateway(id).await {
            Ok(gateway) => Ok(Some(GatewayRef {
                id: gateway.id.to_string(),
                kind: gateway.kind.clone(),
                name: gateway.name.clone(),
            })),
            Err(StoreError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn tell_failed(&self) {
        let (id, slug) = (self.queued.id, self.install.slug.clone());
        self.engine.live().tell(self.scope, LiveEvent::Execution { id, state: "failed", slug });
    }
}
