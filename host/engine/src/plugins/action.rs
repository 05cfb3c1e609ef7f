//! Running an action of a plugin, for whoever waits for its answer.

use crate::attempt::{Attempt, Outcome, Remains, failure};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::live::LiveEvent;
use crate::plugins::grants;
use crate::{schema, troubles};
use serde_json::Value;
use twobot_domain::{ExecutionId, Timestamp};
use twobot_runtime::{Failed, PluginCall};
use twobot_store::TenantScope;
use twobot_store::executions::{Cause, NewExecution};

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
    /// `NotFound`; `Invalid` for input that does not fit; `Trouble` when it failed.
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
        let limits = self.limits(scope).await?;
        let new = NewExecution {
            id: ExecutionId::new(),
            install: install.id,
            event: None,
            cause: Cause::Action,
            event_kind: action.to_owned(),
            lane: String::new(),
            depth: 0,
        };
        self.store().begin_action(scope, &new).await?;
        let attempt = Attempt {
            engine: self,
            scope,
            execution: new.id,
            install: &install,
            component,
            limits: &limits,
            depth: 0,
            started_at: Timestamp::now(),
            call: PluginCall::Action { name: action.to_owned(), input },
        };
        let (trouble, remains) = match attempt.run().await? {
            Outcome::Committed(output) => {
                return Ok(ActionRun { execution: new.id, output: output.unwrap_or(Value::Null) });
            }
            Outcome::Tomorrow(trouble) => (trouble, Remains::default()),
            Outcome::Contended(remains) => (troubles::conflict(), remains),
            Outcome::Failed(
                Failed::Retry(trouble) | Failed::Fault(trouble) | Failed::Busy(trouble),
                remains,
            ) => (trouble, remains),
            Outcome::Failed(Failed::BadInput(reason), remains) => (troubles::invalid_input(&reason), remains),
            Outcome::Failed(Failed::Host(error), remains) => {
                tracing::error!(%error, execution = %new.id, "an action failed for the platform's own reason");
                (troubles::platform_failed(), remains)
            }
        };
        let failure = failure(trouble.clone(), None, remains, Some(component.digest.clone()));
        self.store().fail_execution(scope, new.id, install.id, &failure).await?;
        let slug = install.slug.clone();
        self.live().tell(scope, LiveEvent::Execution { id: new.id, state: "failed", slug });
        Err(EngineError::Trouble(Box::new(trouble)))
    }
}
