//! Running an action of a plugin, for whoever waits for its answer.

use crate::attempt::{Attempt, Outcome, Remains, Trace, class, failure, over_daily_limit};
use crate::engine::{Engine, Inner};
use crate::error::EngineError;
use crate::live::LiveEvent;
use crate::plugins::grants;
use crate::{backoff, schema, suspension, troubles};
use serde_json::Value;
use twobot_domain::{ExecutionId, FailureClass, InstallId, Timestamp};
use twobot_runtime::recording::MAX_RECORDING;
use twobot_runtime::{Failed, PluginCall};
use twobot_store::executions::{Cause, NewExecution};
use twobot_store::installs::Install;
use twobot_store::{StoreError, TenantScope};

/// Bytes of an input that are kept for a replay.
const MAX_KEPT_INPUT: usize = MAX_RECORDING;

/// What an action answered.
#[derive(Clone, Debug)]
pub struct ActionRun {
    /// Its execution.
    pub execution: ExecutionId,
    /// Its answer.
    pub output: Value,
}

impl Engine {
    /// Runs an action of an installed plugin and waits for its answer. What it wrote is committed.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for input that does not fit; `Suspended`; `Trouble` when it failed.
    pub async fn run_action(
        &self,
        scope: TenantScope,
        slug: &str,
        action: &str,
        input: Value,
    ) -> Result<ActionRun, EngineError> {
        let install = self.store().install(scope, slug).await.map_err(EngineError::missing("plugin"))?;
        let component = self.catalogue().plugin(slug).ok_or(EngineError::NotFound("plugin"))?;
        let spec = component.manifest.actions.iter().find(|spec| spec.name == action);
        schema::check("input", &spec.ok_or(EngineError::NotFound("action"))?.input_schema, &input)?;
        if let Some(trouble) = grants::undecided(&component.manifest, &install) {
            return Err(EngineError::Trouble(Box::new(trouble)));
        }
        let workspace = self.store().workspace(scope).await?;
        suspension::may_run(workspace.tenant())?;
        let limits = self.limits_in(&workspace);
        if let Some(trouble) = over_daily_limit(self, scope, limits).await? {
            return Err(EngineError::Trouble(Box::new(trouble)));
        }
        let new = NewExecution {
            id: ExecutionId::new(),
            install: install.id,
            event: None,
            cause: Cause::Action,
            event_kind: action.to_owned(),
            lane: String::new(),
            depth: 0,
        };
        let (text, started_at) = (input.to_string(), Timestamp::now());
        let kept = (text.len() <= MAX_KEPT_INPUT).then_some(text.as_str());
        // From here on it stands there as running, until its outcome is recorded.
        let mut running = Running { engine: self, scope, execution: new.id, install: &install, ended: false };
        self.store().begin_action_with(scope, &new, started_at, kept).await?;
        let attempt = Attempt {
            engine: self,
            scope,
            workspace: &workspace,
            execution: new.id,
            install: &install,
            component,
            limits,
            depth: 0,
            started_at,
            call: PluginCall::Action { name: action.to_owned(), input },
            trace: Trace { inbound: None, attempt: 0 },
            is_first: true,
        };
        let (trouble, class, remains) = match attempt.run().await? {
            Outcome::Committed(output) => {
                running.ended = true;
                return Ok(ActionRun { execution: new.id, output: output.unwrap_or(Value::Null) });
            }
            Outcome::Tomorrow(trouble, remains) => (trouble, FailureClass::Refused, remains),
            Outcome::Contended(remains) => (troubles::conflict(), FailureClass::Platform, remains),
            Outcome::Failed(failed, remains) => {
                let class = class(&failed);
                let trouble = match failed {
                    Failed::Retry(trouble) | Failed::Fault(trouble) | Failed::Busy(trouble) => trouble,
                    Failed::BadInput(reason) => troubles::invalid_input(&reason),
                    Failed::Host(error) => {
                        tracing::error!(%error, execution = %new.id, "an action failed for the platform's own reason");
                        troubles::platform_failed()
                    }
                };
                (trouble, class, remains)
            }
        };
        let failure = failure(trouble.clone(), class, None, remains, Some(component.digest.clone()));
        self.store().fail_execution(scope, new.id, install.id, &failure).await?;
        running.ended = true;
        running.tell_failed();
        Err(EngineError::Trouble(Box::new(trouble)))
    }
}

/// An action that stands in the database as running. Where it goes out of scope without an outcome, since the database failed or nobody
/// waits for its answer any more, it is given up by a task of its own: nobody else would before the node goes.
struct Running<'a> {
    engine: &'a Engine,
    scope: TenantScope,
    execution: ExecutionId,
    install: &'a Install,
    /// Its outcome is recorded.
    ended: bool,
}

impl Running<'_> {
    fn tell_failed(&self) {
        tell_failed(self.engine, self.scope, self.execution, self.install.slug.clone());
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let Inner { tasks, threads, .. } = &*self.engine.inner;
        let lost =
            (self.engine.clone(), self.scope, self.execution, self.install.id, self.install.slug.clone());
        tasks.spawn_on(give_up(lost), threads);
    }
}

/// Gives an action up, as soon as the database takes it.
async fn give_up(
    (engine, scope, execution, install, slug): (Engine, TenantScope, ExecutionId, InstallId, String),
) {
    let failure =
        failure(troubles::action_not_recorded(), FailureClass::Platform, None, Remains::default(), None);
    for tries in 1.. {
        match engine.store().fail_execution(scope, execution, install, &failure).await {
            Ok(_) => return tell_failed(&engine, scope, execution, slug),
            // It has an outcome, or has never begun, or is gone with its plugin.
            Err(StoreError::NotFound) => return,
            Err(error) => {
                tracing::warn!(%error, %execution, "an action could not be given up; it is tried again");
            }
        }
        tokio::select! {
            // Who comes next gives up what this node leaves running.
            () = engine.stopped() => return,
            () = tokio::time::sleep(backoff::pause(tries)) => {}
        }
    }
}

fn tell_failed(engine: &Engine, scope: TenantScope, id: ExecutionId, slug: String) {
    engine.live().tell(scope, LiveEvent::Execution { id, state: "failed", slug });
}
