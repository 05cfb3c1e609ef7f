//! The real host, for tests: one machine for a process, a database in a temporary folder, tenants with installs.

use crate::handmade::Handmade;
use crate::outside::FakeOutside;
use serde_json::{Value, json};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use twobot_domain::manifest::Capability;
use twobot_domain::{ExecutionId, Limits, PlanCatalogue, Timestamp, Trouble, Usage};
use twobot_runtime::contract::{Event, Payload, events};
use twobot_runtime::{
    AtOnce, Failed, Machine, MachineConfig, Occupied, PluginCall, PluginComponent, PluginRun, Ran, RunLimits,
    StorageRate,
};
use twobot_store::accounts::NewAccount;
use twobot_store::executions::{Cause, NewExecution};
use twobot_store::installs::{BoundGateway, Install, InstallState, NewInstall};
use twobot_store::{MasterKey, Store, StoreError, TenantScope};

pub(crate) const MB: u64 = 1024 * 1024;

/// Everything that a plugin can be granted.
pub(crate) const ALL: [Capability; 5] =
    [Capability::Storage, Capability::Send, Capability::Ai, Capability::Notify, Capability::Schedule];

/// The moment at which executions of tests are queued.
pub(crate) const QUEUED_AT: Timestamp = Timestamp(1_700_000_000_000);

/// The machine of this process.
pub(crate) fn machine() -> &'static Machine {
    static MACHINE: OnceLock<Machine> = OnceLock::new();
    MACHINE.get_or_init(|| {
        Machine::new(MachineConfig {
            // Compiled once, for all tests and all runs of them.
            cache: Some(Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled")),
            files: Some(files_folder()),
            ..MachineConfig::new([7; 32], NonZeroUsize::new(2).unwrap())
        })
        .unwrap()
    })
}

/// Where the machine of this process keeps the directories of installs.
pub(crate) fn files_folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("files")
}

/// A test component, as `cargo xtask guests` built it.
pub(crate) fn guest(name: &str) -> Vec<u8> {
    let file: PathBuf =
        [env!("CARGO_MANIFEST_DIR"), "../../target/components/tests", &format!("{name}.wasm")]
            .iter()
            .collect();
    std::fs::read(&file)
        .unwrap_or_else(|error| panic!("{}: {error}; run: cargo xtask guests", file.display()))
}

/// The plugin that follows a script.
pub(crate) async fn probe() -> Arc<PluginComponent> {
    load(guest("probe")).await
}

/// The same plugin, asking its tenant for less.
pub(crate) async fn probe_asking(capabilities: &str) -> Arc<PluginComponent> {
    load(guest_asking(capabilities)).await
}

/// Its bytes.
pub(crate) fn guest_asking(capabilities: &str) -> Vec<u8> {
    const ASKS: &str =
        "probe asks: storage send ai notify schedule                                                     ";
    let mut bytes = guest("probe");
    let at = bytes
        .windows(ASKS.len())
        .position(|part| part == ASKS.as_bytes())
        .expect("the probe says what it asks");
    let words = format!("{:1$}", format!("probe asks: {capabilities}"), ASKS.len());
    bytes[at..at + ASKS.len()].copy_from_slice(words.as_bytes());
    bytes
}

pub(crate) async fn load(bytes: Vec<u8>) -> Arc<PluginComponent> {
    Arc::new(machine().load_plugin(bytes).await.unwrap_or_else(|error| panic!("{error}")))
}

/// Limits that end a runaway soon, and are far above what a well-behaved run of a test needs.
pub(crate) fn limits() -> RunLimits {
    RunLimits {
        fuel: 200_000_000,
        // So much that nobody waits for it.
        vcpu: 1_000.0,
        memory_bytes: 32 * MB,
        tenant_memory_bytes: 64 * MB,
        own_time: Duration::from_secs(30),
        total_time: Duration::from_secs(60),
        directory_bytes: MB,
        at_once: AtOnce { tenant: 100, install: 100 },
        // So fast that nobody waits for it.
        storage: StorageRate { per_second: 1_000_000_000, burst: 1_000_000_000 },
    }
}

/// The limits of a plan.
pub(crate) fn plan() -> Limits {
    PlanCatalogue::load("full").unwrap().default_plan().limits.clone()
}

/// A database and what tests put there.
pub(crate) struct Host {
    pub(crate) store: Store,
    _folder: tempfile::TempDir,
}

impl Host {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        let store = Store::open(&url, MasterKey::new([1; 32])).await.unwrap();
        store.migrate().await.unwrap();
        Self { store, _folder: folder }
    }

    /// A tenant with one install, to which everything is granted.
    pub(crate) async fn tenant(&self, name: &str) -> Tenant {
        let account = NewAccount {
            email: format!("{name}@example.org"),
            name: name.to_owned(),
            password_hash: "none".to_owned(),
            role: "owner".to_owned(),
            plan: "free".to_owned(),
        };
        let (scope, _) = self.store.register(&account).await.unwrap();
        let install = install(&self.store, scope, "probe").await;
        Tenant { store: self.store.clone(), scope, install, outside: Arc::default() }
    }
}

impl Host {
    /// After an attack: nothing of the attacker's is left in any account of the machine, and a neighbour works. Every test of the
    /// hostile corpus ends with this.
    #[track_caller]
    pub(crate) fn unhurt_by(&self, attacker: &Tenant) -> impl Future<Output = ()> {
        let left = machine().occupied(attacker.scope.tenant());
        assert_eq!(left, Occupied::default(), "memory, places and turns are all given back");
        self.unhurt()
    }

    /// A neighbour works.
    pub(crate) async fn unhurt(&self) {
        let neighbour = self.tenant(&format!("neighbour-{}", ExecutionId::new())).await;
        let component = load(Handmade::default().component()).await;
        let ran = neighbour.go(neighbour.run(&component, message("hello"))).await;
        assert!(ran.result.is_ok(), "the neighbour: {:?}", ran.result);
        assert_eq!(machine().occupied(neighbour.scope.tenant()), Occupied::default());
    }
}

async fn install(store: &Store, scope: TenantScope, slug: &str) -> Install {
    let new = NewInstall {
        slug: slug.to_owned(),
        version: "1.0.0".to_owned(),
        digest: "0".repeat(64),
        state: InstallState::Enabled,
        config: json!({}),
        grants: ALL.to_vec(),
        asked: ALL.to_vec(),
        bindings: Default::default(),
    };
    store.create_install(scope, &new, None).await.unwrap()
}

/// A tenant with an install.
#[derive(Clone)]
pub(crate) struct Tenant {
    pub(crate) store: Store,
    pub(crate) scope: TenantScope,
    pub(crate) install: Install,
    pub(crate) outside: Arc<FakeOutside>,
}

impl Tenant {
    /// The same tenant's next install.
    pub(crate) async fn another_install(&self, slug: &str) -> Self {
        Self { install: install(&self.store, self.scope, slug).await, ..self.clone() }
    }

    /// What is recorded of its use.
    pub(crate) async fn used(&self) -> Usage {
        let mut sum = Usage::default();
        for (_, usage) in self.store.usage(self.scope, 0, i64::MAX).await.unwrap() {
            sum.add(&usage);
        }
        sum
    }

    /// A run that can still be changed.
    pub(crate) fn run(&self, component: &Arc<PluginComponent>, call: PluginCall) -> PluginRun {
        PluginRun {
            scope: self.scope,
            install: self.install.id,
            execution: ExecutionId::new(),
            component: Arc::clone(component),
            grants: ALL.to_vec(),
            bound: Vec::new(),
            config: json!({}),
            started_at: QUEUED_AT,
            journal: Vec::new(),
            limits: limits(),
            call,
            outside: self.outside.clone(),
        }
    }

    /// Runs it, as an execution that the database knows.
    pub(crate) async fn go(&self, run: PluginRun) -> Ran {
        let new = NewExecution {
            id: run.execution,
            install: run.install,
            event: None,
            cause: Cause::Action,
            event_kind: "script".to_owned(),
            lane: String::new(),
            depth: 0,
        };
        // A retry is the same execution.
        if self.store.execution(self.scope, run.execution).await.is_err() {
            self.store.begin_action(self.scope, &new).await.unwrap();
        }
        machine().run_plugin(&self.store, run).await
    }

    /// Runs a script's steps; gives what came of each. Nothing is committed.
    pub(crate) async fn outcomes(&self, component: &Arc<PluginComponent>, steps: Value) -> Vec<Value> {
        self.go(self.run(component, script(steps))).await.outcomes()
    }

    /// Runs a script's steps and commits what they wrote.
    pub(crate) async fn commit(
        &self,
        component: &Arc<PluginComponent>,
        steps: Value,
    ) -> Result<Vec<Value>, StoreError> {
        let run = self.run(component, script(steps));
        let execution = run.execution;
        let ran = self.go(run).await;
        let Ok(done) = &ran.result else { panic!("{:?}", ran.result) };
        self.store
            .finish_execution(self.scope, execution, self.install.id, &plan(), &done.commit)
            .await
            .map(|_| ran.outcomes())
    }
}

/// A call of the probe's one action.
pub(crate) fn script(steps: Value) -> PluginCall {
    PluginCall::Action { name: "script".to_owned(), input: json!({ "steps": steps }) }
}

/// A call of the probe's one action, with what the run ends in.
pub(crate) fn script_ending(steps: Value, ending: Value) -> PluginCall {
    PluginCall::Action { name: "script".to_owned(), input: json!({ "steps": steps, "ending": ending }) }
}

/// A message event with this text.
pub(crate) fn message(text: &str) -> PluginCall {
    let conversation = events::Conversation {
        id: "conversation".to_owned(),
        kind: events::ConversationKind::Private,
        title: None,
        thread: None,
        on_behalf_of: None,
    };
    let message = events::Message {
        id: "message".to_owned(),
        conversation,
        sender: None,
        text: Some(text.to_owned()),
        command: None,
        media: Vec::new(),
        location: None,
        contact: None,
        poll: None,
        reply_to: None,
        sent_at: QUEUED_AT.millis(),
        edited_at: None,
        service: None,
    };
    PluginCall::Handle(Box::new(Event {
        id: "event".to_owned(),
        occurred_at: QUEUED_AT.millis(),
        gateway: None,
        payload: Payload::Message(message),
        raw: None,
    }))
}

/// A gateway that is bound to an install.
pub(crate) fn bound(kind: &str) -> BoundGateway {
    BoundGateway {
        slot: "channels".to_owned(),
        id: twobot_domain::GatewayId::new(),
        kind: kind.to_owned(),
        name: format!("My {kind}"),
    }
}

/// What tests ask of a finished run.
pub(crate) trait Ended {
    /// What came of each step of a script.
    fn outcomes(&self) -> Vec<Value>;
    /// The trouble of a run that can not be helped by trying again.
    fn fault(&self) -> &Trouble;
}

impl Ended for Ran {
    #[track_caller]
    fn outcomes(&self) -> Vec<Value> {
        match &self.result {
            Ok(done) => done.output.as_ref().and_then(Value::as_array).cloned().unwrap_or_default(),
            Err(failed) => panic!("the script did not end well: {failed:?}; {:?}", self.logs),
        }
    }

    #[track_caller]
    fn fault(&self) -> &Trouble {
        match &self.result {
            Err(Failed::Fault(trouble)) => trouble,
            other => panic!("no fault: {other:?}"),
        }
    }
}

/// What a step gave, where it went well.
#[track_caller]
pub(crate) fn good(outcome: &Value) -> &Value {
    outcome.get("ok").unwrap_or_else(|| panic!("it failed: {outcome}"))
}

/// What a step was refused with.
#[track_caller]
pub(crate) fn refused(outcome: &Value) -> &str {
    outcome.get("error").and_then(Value::as_str).unwrap_or_else(|| panic!("it was not refused: {outcome}"))
}
