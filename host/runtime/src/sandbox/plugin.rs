//! Running a plugin: one event or one action.

use crate::admission::{Who, World};
use crate::bindings::plugin::exports::twobot::plugin::plugin_handler::{ActionError, HandlerError};
use crate::component::PluginComponent;
use crate::contract::Event;
use crate::convert::error::clamp;
use crate::files::FileTable;
use crate::journal::Journal;
use crate::limits::RunLimits;
use crate::machine::Machine;
use crate::outside::Outside;
use crate::overlay::{Overlay, Read, Recorded};
use crate::recording::{self, Recording};
use crate::sandbox::guest::{Guest, Origin, PluginSide, Work};
use crate::sandbox::replay::Asked;
use crate::sandbox::run::{self, Entry, NotRun};
use crate::sandbox::stopwatch::Stopwatch;
use crate::storage_rate::{StorageAccounts, StoragePace};
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use twobot_domain::manifest::Capability;
use twobot_domain::{ExecutionId, InstallId, Timestamp, Trouble, Usage};
use twobot_store::executions::{Commit, Denial, Kept, LogLine};
use twobot_store::installs::BoundGateway;
use twobot_store::journal::JournalEntry;
use twobot_store::{Store, TenantScope};

/// The most bytes of an action's output.
const MAX_OUTPUT: usize = 1024 * 1024;

/// What to run a plugin for.
#[derive(Clone, Debug)]
pub enum PluginCall {
    /// An event.
    Handle(Box<Event>),
    /// An action; its input was checked against its schema.
    Action {
        /// Its name.
        name: String,
        /// Its input.
        input: Value,
    },
}

/// One attempt of one execution.
pub struct PluginRun {
    /// Whose it is.
    pub scope: TenantScope,
    /// Whose handler runs.
    pub install: InstallId,
    /// The execution.
    pub execution: ExecutionId,
    /// The component.
    pub component: Arc<PluginComponent>,
    /// What its tenant granted.
    pub grants: Vec<Capability>,
    /// The gateways that are bound to it.
    pub bound: Vec<BoundGateway>,
    /// Its configuration.
    pub config: Value,
    /// When the execution was queued: where its clock starts.
    pub started_at: Timestamp,
    /// What earlier attempts did inline.
    pub journal: Vec<JournalEntry>,
    /// What it may use.
    pub limits: RunLimits,
    /// What to run it for.
    pub call: PluginCall,
    /// Carries out its inline effects.
    pub outside: Arc<dyn Outside>,
}

/// What an attempt came to.
#[derive(Debug)]
pub struct Ran {
    /// Whether it succeeded.
    pub result: Result<Done, Failed>,
    /// What it used, and the sandboxes of its inline effects. What passed between those and the world is recorded with their answers.
    pub usage: Usage,
    /// What it wrote to its log.
    pub logs: Vec<LogLine>,
    /// What it was denied, whether it succeeded or not.
    pub denials: Vec<Denial>,
    /// What it read and did; empty where nothing ran.
    pub recording: Recording,
}

impl Ran {
    /// One that the host could not carry through.
    fn lost(error: String, usage: Usage, logs: Vec<LogLine>, denials: Vec<Denial>) -> Self {
        Self { result: Err(Failed::Host(error)), usage, logs, denials, recording: Recording::default() }
    }
}

/// A successful attempt, to be committed.
#[derive(Debug)]
pub struct Done {
    /// What is to be committed; logs, denials and usage are filled in.
    pub commit: Commit,
    /// What an action answered.
    pub output: Option<Value>,
}

/// A failed attempt. Nothing of it is kept.
#[derive(Debug)]
pub enum Failed {
    /// The handler asks to be tried again.
    Retry(Trouble),
    /// It can not be helped by trying again.
    Fault(Trouble),
    /// Its tenant had too much running for as long as it could wait. It did not run; later it may.
    Busy(Trouble),
    /// The action's input was refused by the plugin itself.
    BadInput(String),
    /// The host failed; the plugin can not be blamed.
    Host(String),
}

impl Failed {
    /// Where the directory was full before, that is what the owner is told: the plugin itself often just crashes over it. Another
    /// limit that it ran into stands.
    fn after_files(self, files: &FileTable) -> Self {
        let told = |trouble: Trouble| match files.trouble(&trouble) {
            Some(full) if trouble.limit.is_none() => full,
            _ => trouble,
        };
        match self {
            Self::Retry(trouble) => Self::Retry(told(trouble)),
            Self::Fault(trouble) => Self::Fault(told(trouble)),
            Self::Busy(_) | Self::BadInput(_) | Self::Host(_) => self,
        }
    }
}

/// What a call into a plugin answered.
enum Answer {
    Handled(Result<(), HandlerError>),
    Acted(Result<String, ActionError>),
}

impl Machine {
    /// Runs one attempt of an execution in a sandbox of its own. Changes nothing: what succeeded is for the caller to commit.
    pub async fn run_plugin(&self, store: &Store, run: PluginRun) -> Ran {
        self.run_from(Source::Store(store.clone()), run).await.0
    }

    /// Runs an attempt with what it reads from somewhere. A replay says besides what it asked for, and what it found nothing of.
    pub(crate) async fn run_from(&self, source: Source, run: PluginRun) -> (Ran, Aside) {
        let PluginRun {
            scope,
            install,
            execution,
            component,
            grants,
            bound,
            config,
            started_at,
            journal,
            limits,
            call,
            outside,
        } = run;
        // What the manifest does not ask for is not granted, whatever the tenant once said.
        let asked: HashSet<Capability> = component.manifest.capabilities.iter().cloned().collect();
        let grants = grants.into_iter().filter(|grant| asked.contains(grant)).collect();
        let seed = execution.uuid().as_bytes().as_slice().into();
        let origin = Origin { tenant: scope.tenant(), seed, started_at };
        let machine = self.clone();
        let is_replay = matches!(source, Source::Recording(_));
        // Who replays does not work on the store, so that nobody has to wait for it.
        let accounts = if is_replay { StorageAccounts::default() } else { self.shared.storage.clone() };
        let make = move |watch: Stopwatch| {
            let pace =
                StoragePace::new(accounts, scope.tenant(), limits.storage, limits.total_time, watch.clone());
            let mut work = Work {
                scope,
                install,
                store: None,
                bound,
                overlay: Overlay::replaying(Recorded::default()),
                storage: pace,
                journal: Journal::replaying(execution, Vec::new(), BTreeMap::new()),
                files: FileTable::default(),
                outside,
                effects: Vec::new(),
                effect_ids: Vec::new(),
                notifications: Vec::new(),
                appointments: Vec::new(),
                appointments_waiting: None,
                usage: Usage::default(),
                host_failure: None,
            };
            match source {
                Source::Store(store) => {
                    work.overlay = Overlay::new(store.clone(), scope, install);
                    work.journal = Journal::new(store.clone(), scope, execution, journal);
                    work.store = Some(store);
                }
                Source::Recording(Recording {
                    reads, listings, unsettled, appointments, effects, ..
                }) => {
                    work.overlay = Overlay::replaying(Recorded { reads, listings, missed: Vec::new() });
                    work.journal = Journal::replaying(execution, journal, unsettled);
                    work.effect_ids = effects;
                    work.appointments_waiting = appointments;
                }
            }
            let mut guest =
                Guest::new(&machine, &origin, &limits, config, watch, PluginSide::new(grants, work));
            if is_replay {
                guest.give_no_directory(&machine);
            } else {
                guest.give_directory(&machine, &limits);
            }
            guest
        };
        let pre = component.pre.clone();
        let who = Who { tenant: scope.tenant(), world: World::Plugin, install: Some(install) };
        let entry = Entry { who, places: component.places };
        let ended = run::run(self, entry, limits, make, move |store| {
            Box::pin(async move {
                let instance = pre.instantiate_async(&mut *store).await?;
                let handler = instance.twobot_plugin_plugin_handler();
                Ok(match call {
                    PluginCall::Handle(event) => Answer::Handled(handler.call_handle(store, &event).await?),
                    PluginCall::Action { name, input } => {
                        Answer::Acted(handler.call_run(store, &name, &input.to_string()).await?)
                    }
                })
            })
        })
        .await;
        let failed = match ended {
            Ok(finished) => return conclude(finished, &component.digest, is_replay).await,
            Err(NotRun::Full(full)) => Failed::Busy(full.trouble()),
            Err(NotRun::Host(error)) => Failed::Host(error),
        };
        let ran = Ran {
            result: Err(failed),
            usage: Usage::default(),
            logs: Vec::new(),
            denials: Vec::new(),
            recording: Recording::default(),
        };
        (ran, Aside::default())
    }
}

/// Where a run reads from.
pub(crate) enum Source {
    /// The store; what it asks of the world is made and journaled.
    Store(Store),
    /// What another run was recorded to have read.
    Recording(Recording),
}

/// What a replay says besides.
#[derive(Debug, Default)]
pub(crate) struct Aside {
    pub(crate) asked: Vec<Asked>,
    pub(crate) missed: Vec<String>,
}

async fn conclude(
    finished: run::Finished<PluginSide, Answer>,
    digest: &str,
    is_replay: bool,
) -> (Ran, Aside) {
    let run::Finished { guest, result, mut usage } = finished;
    let log = guest.log;
    let (work, denials) = guest.side.into_work();
    let Some(work) = work else {
        let lost = Ran::lost("the sandbox was lost".to_owned(), usage, log.finish(), denials);
        return (lost, Aside::default());
    };
    work.files.tell(&log);
    let logs = log.finish();
    usage.add(&work.usage);
    usage.executions = 1;
    let host_failure = work.host_failure.or_else(|| work.files.host_failure());
    let result = match (host_failure, result) {
        (Some(failure), _) => Err(Failed::Host(failure)),
        (None, Err(trouble)) => Err(Failed::Fault(trouble)),
        (None, Ok(answer)) => judge(answer),
    };
    let result = match result {
        // Whoever commits next finds the store as busy as these writes make it.
        Ok(output) => match work.storage.take(work.overlay.pending_keys()).await {
            Ok(()) => Ok(output),
            Err(exceeded) => Err(Failed::Fault(exceeded.trouble())),
        },
        Err(failed) => Err(failed),
    };
    let result = result.map_err(|failed| failed.after_files(&work.files));
    let calls = work.journal.made();
    let left = work.journal.left_behind(&work.bound);
    let Read { reads, listings, truncated, missed, writes } = work.overlay.into_parts();
    let (asked, unsettled) = work.journal.into_parts();
    let mut deeds = Vec::new();
    deeds.extend(writes.writes.iter().map(|(address, write)| recording::write(address, write, is_replay)));
    deeds.extend(work.effects.iter().map(|effect| recording::effect(effect, is_replay)));
    deeds.extend(work.notifications.iter().map(|post| recording::notification(post, is_replay)));
    deeds.extend(work.appointments.iter().map(|one| recording::appointment(one, is_replay)));
    let recording = Recording {
        reads,
        listings,
        calls,
        unsettled,
        appointments: work.appointments_waiting,
        effects: work.effects.iter().map(|effect| effect.id).collect(),
        deeds,
        logs: logs.len(),
        directory: work.files.is_used(),
        truncated,
        forgotten: false,
    };
    let result = result.map(|output| Done {
        output,
        commit: Commit {
            writes,
            effects: work.effects,
            notifications: work.notifications,
            appointments: work.appointments,
            denials: denials.clone(),
            logs: logs.clone(),
            usage,
            digest: digest.to_owned(),
            kept: Kept::default(),
            left,
        },
    });
    if result.is_err() {
        usage.failed_executions = 1;
    }
    (Ran { result, usage, logs, denials, recording }, Aside { asked, missed })
}

/// What the guest said of its own run.
#[expect(clippy::result_large_err, reason = "made once in a run and moved once")]
fn judge(answer: Answer) -> Result<Option<Value>, Failed> {
    let failed = |detail: String| {
        Trouble::new(
            "handler_failed",
            "The plugin could not do it",
            clamp(detail),
            "Read what it says above and its log; often a setting of the plugin or of a gateway is missing.",
        )
    };
    match answer {
        Answer::Handled(Ok(())) => Ok(None),
        Answer::Handled(Err(HandlerError::Retry(reason))) => Err(Failed::Retry(failed(reason))),
        Answer::Handled(Err(HandlerError::Failed(reason))) => Err(Failed::Fault(failed(reason))),
        Answer::Acted(Ok(output)) if output.len() > MAX_OUTPUT => Err(Failed::Fault(
            Trouble::new(
                "output_too_large",
                "The answer is too large",
                "An action may answer with at most 1 MB.",
                "Ask for less at a time. If the plugin is not yours, tell its author.",
            )
            .with_limit("action_output", output.len() as u64, MAX_OUTPUT as u64, "bytes"),
        )),
        Answer::Acted(Ok(output)) => match serde_json::from_str(&output) {
            Ok(output) => Ok(Some(output)),
            Err(error) => Err(Failed::Fault(failed(format!("its answer is not JSON: {error}")))),
        },
        Answer::Acted(Err(ActionError::InvalidInput(reason))) => Err(Failed::BadInput(clamp(reason))),
        Answer::Acted(Err(ActionError::UnknownAction)) => Err(Failed::Fault(failed(
            "it does not know this action, though its manifest names it".to_owned(),
        ))),
        Answer::Acted(Err(ActionError::Failed(reason))) => Err(Failed::Fault(failed(reason))),
    }
}
