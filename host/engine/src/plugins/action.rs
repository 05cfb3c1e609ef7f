//! Running an action of a plugin, for whoever waits for its answer.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::live::LiveEvent;
use crate::outside::EngineOutside;
use crate::schema;
use serde_json::Value;
use std::sync::Arc;
use twobot_domain::{ExecutionId, Timestamp, Trouble};
use twobot_runtime::{Done, Failed, PluginCall, PluginRun, Ran, RunLimits};
use twobot_store::executions::{Cause, Failure, NewExecution};
use twobot_store::installs::Install;
use twobot_store::{StoreError, TenantScope};

/// How often an action is run again because another wrote what it had read.
const CONFLICT_TRIES: u32 = 20;

/// What an action answered.
#[derive(Clone, Debug)]
pub struct ActionRun {
    /// Its execution.
    pub execution: ExecutionId,
    /// Its answer.
    pub output: Value,
}

/// Words for input that a plugin itself refused.
pub(crate) fn bad_input(reason: &str) -> Trouble {
    Trouble::new(
        "invalid_input",
        "The plugin refused the input",
        reason,
        "Correct the input and run it again.",
    )
}

impl Engine {
    /// Runs an action of an installed plugin and waits for its answer. What it wrote is committed.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for input that does not fit; `Conflict` when the plugin is not enabled; `Trouble` when it failed.
    pub async fn run_action(
        &self,
        scope: TenantScope,
        slug: &str,
        action: &str,
        input: Value,
    ) -> Result<ActionRun, EngineError> {
        let install = self.store().install(scope, slug).await.map_err(EngineError::missing("plugin"))?;
        let component = self.catalogue().plugin(slug).cloned().ok_or(EngineError::NotFound("plugin"))?;
        let spec = component.manifest.actions.iter().find(|spec| spec.name == action);
        let spec = spec.ok_or(EngineError::NotFound("action"))?;
        schema::check("input", &spec.input_schema, &input)?;
        let limits = self.limits(scope).await?;
        let new = NewExecution {
            id: ExecutionId::new(),
            install: install.id,
            event: None,
            cause: Cause::Action,
            event_kind: action.to_owned(),
            lane: String::new(),
        };
        self.store().begin_action(scope, &new).await?;
        for _ in 0..CONFLICT_TRIES {
            let run = PluginRun {
                scope,
                install: install.id,
                execution: new.id,
                component: Arc::clone(&component),
                grants: install.grants.clone(),
                bound: self.store().bound_gateways(scope, install.id).await?,
                config: install.config.clone(),
                started_at: Timestamp::now(),
                journal: self.store().journal(scope, new.id).await?,
                limits: RunLimits::plugin(&limits),
                call: PluginCall::Action { name: action.to_owned(), input: input.clone() },
                outside: Arc::new(EngineOutside::new(self)),
            };
            let Ran { result, usage, logs } = self.machine().run_plugin(self.store(), run).await;
            let trouble = match result {
                Ok(Done { commit, output }) => {
                    match self.store().finish_execution(scope, new.id, install.id, &limits, &commit).await {
                        Err(StoreError::Conflict) => continue,
                        Err(StoreError::Quota { name, used, allowed, unit }) => Trouble::new(
                            "storage_quota",
                            "The storage is full",
                            "What this action wrote does not fit your plan. Nothing of it was kept.",
                            "Remove data or plugins that you no longer need, or choose a larger plan.",
                        )
                        .with_limit(name, used, allowed, unit),
                        Err(error) => return Err(error.into()),
                        Ok(()) => {
                            self.wake_effects(scope);
                            self.tell_action(scope, &install, new.id, "succeeded");
                            return Ok(ActionRun {
                                execution: new.id,
                                output: output.unwrap_or(Value::Null),
                            });
                        }
                    }
                }
                Err(Failed::Retry(trouble) | Failed::Fault(trouble)) => trouble,
                Err(Failed::BadInput(reason)) => bad_input(&reason),
                Err(Failed::Host(error)) => {
                    tracing::error!(%error, execution = %new.id, "an action failed for the platform's own reason");
                    Trouble::new(
                        "platform_failed",
                        "The platform failed",
                        "This is not the plugin's fault. Nothing of this run was kept.",
                        "Run it again. If it stays, tell the operator.",
                    )
                }
            };
            let failure = Failure {
                trouble: trouble.clone(),
                retry_at: None,
                logs,
                usage,
                digest: Some(component.digest.clone()),
            };
            self.store().fail_execution(scope, new.id, install.id, &failure).await?;
            self.tell_action(scope, &install, new.id, "failed");
            return Err(EngineError::Trouble(Box::new(trouble)));
        }
        Err(EngineError::Conflict(
            "other runs of this plugin kept changing its data; run the action again".to_owned(),
        ))
    }

    fn tell_action(&self, scope: TenantScope, install: &Install, id: ExecutionId, state: &'static str) {
        self.live().tell(scope, LiveEvent::Execution { id, state, slug: install.slug.clone() });
    }
}
