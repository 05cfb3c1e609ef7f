//! Running a plugin for an event, and recording what came of it.

use super::retry;
use crate::engine::Engine;
use crate::live::LiveEvent;
use crate::outside::EngineOutside;
use crate::plugins;
use std::sync::Arc;
use twobot_domain::{ExecutionId, GatewayId, Limits, Timestamp, Trouble, Usage};
use twobot_runtime::contract::{self, Event, GatewayRef, Payload};
use twobot_runtime::{Done, Failed, PluginCall, PluginComponent, PluginRun, Ran, RunLimits};
use twobot_store::events::StoredEvent;
use twobot_store::executions::{Failure, LogLine, QueuedExecution, Work};
use twobot_store::installs::{Install, InstallState};
use twobot_store::{StoreError, TenantScope};

/// How often an execution is run again because another wrote what it had read.
const CONFLICT_TRIES: u32 = 20;

/// Failed executions in a row after which an install is paused.
const FAILURES_BEFORE_PAUSE: u64 = 5;

pub(super) async fn execute(engine: &Engine, work: &Work) -> Result<(), StoreError> {
    let (store, scope) = (engine.store(), work.scope);
    let queued = store.queued_execution(scope, ExecutionId::from_uuid(work.id)).await?;
    let install = store.install_by_id(scope, queued.install).await?;
    let event = match queued.event {
        Some(id) => Some(store.event(scope, id).await?),
        None => None,
    };
    let attempt = Attempt { engine, scope, queued, install, event };
    attempt.run().await
}

/// One attempt of one execution.
struct Attempt<'a> {
    engine: &'a Engine,
    scope: TenantScope,
    queued: QueuedExecution,
    install: Install,
    event: Option<StoredEvent>,
}

impl Attempt<'_> {
    async fn run(&self) -> Result<(), StoreError> {
        let Some(component) = self.engine.catalogue().plugin(&self.install.slug).cloned() else {
            return self.give_up(missing_component(&self.install.slug)).await;
        };
        if self.install.state != InstallState::Enabled {
            return self.give_up(not_enabled(&self.install)).await;
        }
        let Some(stored) = &self.event else {
            return self.give_up(lost_event()).await;
        };
        let limits = self.engine.limits(self.scope).await?;
        if let Some(failure) = self.over_daily_limit(&limits).await? {
            self.engine.store().fail_execution(self.scope, self.queued.id, self.install.id, &failure).await?;
            return Ok(());
        }
        let Ok(payload) = serde_json::from_str::<Payload>(&stored.payload) else {
            return self.give_up(lost_event()).await;
        };
        let event = Event {
            id: stored.id.to_string(),
            occurred_at: stored.occurred_at.millis(),
            gateway: self.gateway_ref(stored.gateway).await?,
            payload,
            raw: stored.raw.clone(),
        };
        for _ in 0..CONFLICT_TRIES {
            let ran = self.attempt(&component, &limits, event.clone()).await?;
            match ran.result {
                Ok(done) => match self.commit(&done, &limits).await {
                    // Another execution wrote what this one had read. Nothing of it happened: run it again.
                    Err(StoreError::Conflict) => {}
                    Err(StoreError::Quota { name, used, allowed, unit }) => {
                        let trouble = quota(name, used, allowed, unit);
                        return self.fail(trouble, None, ran.usage, ran.logs, &component).await;
                    }
                    other => return other,
                },
                Err(failed) => return self.failed(failed, ran.usage, ran.logs, &component, &event).await,
            }
        }
        let retry_at = Some(retry::after(self.queued.attempt + 1));
        self.fail(contended(), retry_at, Usage::default(), Vec::new(), &component).await
    }

    async fn attempt(
        &self,
        component: &Arc<PluginComponent>,
        limits: &Limits,
        event: Event,
    ) -> Result<Ran, StoreError> {
        let store = self.engine.store();
        let run = PluginRun {
            scope: self.scope,
            install: self.install.id,
            execution: self.queued.id,
            component: Arc::clone(component),
            grants: self.install.grants.clone(),
            bound: store.bound_gateways(self.scope, self.install.id).await?,
            config: self.install.config.clone(),
            started_at: self.queued.created_at,
            journal: store.journal(self.scope, self.queued.id).await?,
            limits: RunLimits::plugin(limits),
            call: PluginCall::Handle(Box::new(event)),
            outside: Arc::new(EngineOutside::new(self.engine)),
        };
        Ok(self.engine.machine().run_plugin(store, run).await)
    }

    async fn commit(&self, done: &Done, limits: &Limits) -> Result<(), StoreError> {
        let store = self.engine.store();
        store.finish_execution(self.scope, self.queued.id, self.install.id, limits, &done.commit).await?;
        if !done.commit.effects.is_empty() {
            self.engine.wake_effects(self.scope);
        }
        if !done.commit.notifications.is_empty() {
            self.engine.live().tell(self.scope, LiveEvent::Notification);
        }
        self.tell("succeeded");
        Ok(())
    }

    async fn failed(
        &self,
        failed: Failed,
        usage: Usage,
        logs: Vec<LogLine>,
        component: &PluginComponent,
        event: &Event,
    ) -> Result<(), StoreError> {
        let tries = self.queued.attempt + 1;
        let (trouble, retry_at) = match failed {
            Failed::Retry(trouble) => (trouble, (tries < retry::HANDLER_TRIES).then(|| retry::after(tries))),
            Failed::Fault(trouble) => (trouble, None),
            Failed::BadInput(reason) => (plugins::action::bad_input(&reason), None),
            Failed::Host(error) => {
                tracing::error!(%error, execution = %self.queued.id, "an execution failed for the platform's own reason");
                (platform_failed(), (tries < retry::PLATFORM_TRIES).then(|| retry::after(tries)))
            }
        };
        if retry_at.is_none() {
            self.show(&trouble, event).await;
        }
        self.fail(trouble, retry_at, usage, logs, component).await
    }

    /// Records a failed attempt, and pauses an install that fails again and again.
    async fn fail(
        &self,
        trouble: Trouble,
        retry_at: Option<Timestamp>,
        usage: Usage,
        logs: Vec<LogLine>,
        component: &PluginComponent,
    ) -> Result<(), StoreError> {
        let store = self.engine.store();
        let failure = Failure { trouble, retry_at, logs, usage, digest: Some(component.digest.clone()) };
        let failures = store.fail_execution(self.scope, self.queued.id, self.install.id, &failure).await?;
        if retry_at.is_some() {
            self.engine.wake_executions(self.scope);
            return Ok(());
        }
        self.tell("failed");
        if failures >= FAILURES_BEFORE_PAUSE {
            plugins::pause(
                self.engine,
                self.scope,
                &self.install,
                &component.manifest.name,
                failures,
                &failure.trouble,
            )
            .await?;
        }
        Ok(())
    }

    /// Records that this execution can not run at all.
    async fn give_up(&self, trouble: Trouble) -> Result<(), StoreError> {
        let failure =
            Failure { trouble, retry_at: None, logs: Vec::new(), usage: Usage::default(), digest: None };
        self.engine.store().fail_execution(self.scope, self.queued.id, self.install.id, &failure).await?;
        self.tell("failed");
        Ok(())
    }

    /// Where the plan counts executions a day and they are used up: wait for tomorrow.
    async fn over_daily_limit(&self, limits: &Limits) -> Result<Option<Failure>, StoreError> {
        let Some(allowed) = limits.executions_per_day else { return Ok(None) };
        let today = Timestamp::now().day();
        let used = self
            .engine
            .store()
            .usage(self.scope, today, today)
            .await?
            .first()
            .map_or(0, |(_, used)| used.executions);
        if used < allowed {
            return Ok(None);
        }
        let trouble = Trouble::new(
            "executions_per_day",
            "Today's executions are used up",
            format!("Your plan allows {allowed} executions a day. This one waits for tomorrow (UTC)."),
            "Wait, or choose a larger plan.",
        )
        .with_limit("executions_per_day", used, allowed, "executions");
        let tomorrow = Timestamp((today + 1) * 86_400_000);
        Ok(Some(Failure {
            trouble,
            retry_at: Some(tomorrow),
            logs: Vec::new(),
            usage: Usage::default(),
            digest: None,
        }))
    }

    async fn gateway_ref(&self, gateway: Option<GatewayId>) -> Result<Option<GatewayRef>, StoreError> {
        let Some(id) = gateway else { return Ok(None) };
        match self.engine.store().gateway(self.scope, id).await {
            Ok(gateway) => {
                Ok(Some(GatewayRef { id: gateway.id.to_string(), kind: gateway.kind, name: gateway.name }))
            }
            Err(StoreError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Tells whoever waits for an answer in one of the platform's own pages.
    async fn show(&self, trouble: &Trouble, event: &Event) {
        let gateway = self.event.as_ref().and_then(|event| event.gateway);
        if let (Some(gateway), Some(conversation)) = (gateway, contract::conversation(&event.payload)) {
            self.engine.show_trouble(self.scope, gateway, conversation, trouble).await;
        }
    }

    fn tell(&self, state: &'static str) {
        let slug = self.install.slug.clone();
        self.engine.live().tell(self.scope, LiveEvent::Execution { id: self.queued.id, state, slug });
    }
}

fn missing_component(slug: &str) -> Trouble {
    Trouble::new(
        "plugin_missing",
        "The plugin is gone",
        format!("This host no longer has a plugin `{slug}`."),
        "Uninstall it, or ask the operator to bring it back.",
    )
}

fn not_enabled(install: &Install) -> Trouble {
    Trouble::new(
        "plugin_not_enabled",
        "The plugin was switched off",
        format!(
            "The event came while the plugin was {}, or it was switched off before its turn.",
            install.state.as_str()
        ),
        "Enable the plugin on its page.",
    )
}

fn lost_event() -> Trouble {
    Trouble::new(
        "event_missing",
        "The event can not be read",
        "The event is gone or was stored by another version.",
        "Nothing to do; if it happens again, tell the operator.",
    )
}

fn platform_failed() -> Trouble {
    Trouble::new(
        "platform_failed",
        "The platform failed",
        "This is not the plugin's fault. Nothing of this run was kept.",
        "It is tried again by itself. If it stays, tell the operator.",
    )
}

fn contended() -> Trouble {
    Trouble::new(
        "conflict",
        "Others were always faster",
        "Other runs of this plugin kept changing the data that this one had read.",
        "It is tried again by itself. The plugin's author can count with `increment`, or ask for one event at a time.",
    )
}

fn quota(name: &str, used: u64, allowed: u64, unit: &str) -> Trouble {
    Trouble::new(
        "storage_quota",
        "The storage is full",
        format!(
            "Your plugins would keep {used} {unit}; your plan allows {allowed}. Nothing of this run was kept."
        ),
        "Remove data or plugins that you no longer need, or choose a larger plan.",
    )
    .with_limit(name, used, allowed, unit)
}
