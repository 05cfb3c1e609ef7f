//! The real sandbox host with a database, tenants and installs.

use crate::guests;
use anyhow::{Result, anyhow};
use async_trait::async_trait;
use serde_json::{Value, json};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use twobot_domain::manifest::{Capability, WhenUnknown};
use twobot_domain::{
    EffectKey, ExecutionId, GatewayError, GatewayId, HttpError, Limits, PlanCatalogue, Timestamp, Usage,
};
use twobot_runtime::contract::{Event, Payload, events};
use twobot_runtime::{
    AtOnce, Done, HttpAnswer, HttpRequest, InlineAnswer, InlineCall, Machine, MachineConfig, Outside,
    PluginCall, PluginComponent, PluginRun, Ran, RunLimits,
};
use twobot_store::accounts::NewAccount;
use twobot_store::executions::{Cause, NewExecution};
use twobot_store::installs::{BoundGateway, InstallState, NewInstall};
use twobot_store::{MasterKey, Store, TenantScope};

/// Sandboxes that a benchmark's machine has room for, where it does not ask for more.
pub const SANDBOXES: u32 = 1_500;

/// As many runs of a tenant as there are places: what its plan allows is not what is measured.
pub const MANY: AtOnce = AtOnce { tenant: 1_000_000, install: 1_000_000 };

/// A database in a temporary folder, and a machine.
pub struct Host {
    /// The database.
    pub store: Store,
    /// The machine that is measured.
    pub machine: Machine,
    /// The benchmarks' plugin.
    pub component: Arc<PluginComponent>,
    /// Where the database and the compiled components lie.
    pub folder: TempDir,
}

/// A tenant with an install of the benchmarks' plugin.
#[derive(Clone)]
pub struct Tenant {
    /// Its scope.
    pub scope: TenantScope,
    /// Its install of the plugin.
    pub install: twobot_domain::InstallId,
    /// The gateways that are bound to it.
    pub bound: Vec<BoundGateway>,
    /// What one run may use.
    pub limits: RunLimits,
    /// Carries out inline effects.
    pub outside: Arc<dyn Outside>,
}

/// The settings of a machine that keeps compiled components in a folder.
pub fn config(cache: Option<&Path>, threads: usize, sandboxes: u32) -> MachineConfig {
    MachineConfig {
        cache: cache.map(|folder| folder.join("compiled")),
        sandboxes,
        ..MachineConfig::new([7; 32], NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN))
    }
}

/// A runtime for what stands around sandboxes, as the server's own.
pub fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// The limits of the plan that a stranger gets.
pub fn plan() -> Result<Limits> {
    Ok(PlanCatalogue::load("full").map_err(|error| anyhow!("{error}"))?.default_plan().limits.clone())
}

impl Host {
    /// A host with so many threads for guests.
    pub async fn new(threads: usize, sandboxes: u32) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let machine = Machine::new(config(Some(folder.path()), threads, sandboxes))?;
        let component = Arc::new(machine.load_plugin(guests::component()?).await?);
        let store = open(folder.path(), [1; 32]).await?;
        Ok(Self { store, machine, component, folder })
    }

    /// A tenant that nothing holds back but what is measured: its processor share is that of the whole machine.
    pub async fn tenant(&self, name: &str) -> Result<Tenant> {
        let scope = register(&self.store, name).await?;
        let install = install(&self.store, scope, "bench", &self.component.digest).await?;
        let mut limits = RunLimits::plugin(&plan()?);
        limits.vcpu = 1_000.0;
        limits.at_once = MANY;
        Ok(Tenant { scope, install, bound: Vec::new(), limits, outside: Arc::new(Nobody) })
    }

    /// One attempt of an execution that the database need not know.
    pub fn run(&self, tenant: &Tenant, call: PluginCall) -> PluginRun {
        PluginRun {
            scope: tenant.scope,
            install: tenant.install,
            execution: ExecutionId::new(),
            component: Arc::clone(&self.component),
            grants: vec![Capability::Ai],
            bound: tenant.bound.clone(),
            config: json!({}),
            started_at: Timestamp::now(),
            journal: Vec::new(),
            limits: tenant.limits,
            call,
            outside: Arc::clone(&tenant.outside),
        }
    }

    /// Has the database know an execution.
    pub async fn begin(&self, tenant: &Tenant, execution: ExecutionId) -> Result<()> {
        let new = NewExecution {
            id: execution,
            install: tenant.install,
            event: None,
            cause: Cause::Action,
            event_kind: "benchmark".to_owned(),
            lane: String::new(),
            depth: 0,
        };
        Ok(self.store.begin_action(tenant.scope, &new).await?)
    }
}

/// Opens the database of a folder, with its schema.
pub async fn open(folder: &Path, key: [u8; 32]) -> Result<Store> {
    open_at(&format!("sqlite:{}", folder.join("2bot.db").display()), key).await
}

/// Opens a database by its address, with its schema.
pub async fn open_at(url: &str, key: [u8; 32]) -> Result<Store> {
    let store = Store::open(url, MasterKey::new(key)).await?;
    store.migrate().await?;
    Ok(store)
}

/// Registers a tenant.
pub async fn register(store: &Store, name: &str) -> Result<TenantScope> {
    let account = NewAccount {
        email: format!("{name}@example.org"),
        name: name.to_owned(),
        password_hash: "none".to_owned(),
        role: "owner".to_owned(),
        plan: "free".to_owned(),
    };
    Ok(store.register(&account).await?.0)
}

/// Installs a plugin for a tenant.
pub async fn install(
    store: &Store,
    scope: TenantScope,
    slug: &str,
    digest: &str,
) -> Result<twobot_domain::InstallId> {
    let new = NewInstall {
        slug: slug.to_owned(),
        version: "1.0.0".to_owned(),
        digest: digest.to_owned(),
        state: InstallState::Enabled,
        config: json!({}),
        grants: vec![Capability::Ai],
        asked: vec![Capability::Ai],
        bindings: Default::default(),
    };
    Ok(store.create_install(scope, &new, None).await?.id)
}

/// An event in which hardly anything is: a message without text, which the plugin does nothing with.
pub fn empty_event() -> Event {
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
        text: None,
        command: None,
        media: Vec::new(),
        location: None,
        contact: None,
        poll: None,
        reply_to: None,
        sent_at: 0,
        edited_at: None,
        service: None,
    };
    Event {
        id: "event".to_owned(),
        occurred_at: 0,
        gateway: None,
        payload: Payload::Message(message),
        raw: None,
    }
}

/// A call of one of the plugin's actions.
pub fn action(name: &str, input: Value) -> PluginCall {
    PluginCall::Action { name: name.to_owned(), input }
}

/// What a run did; it must have done it.
pub fn done(ran: Ran) -> Result<Done> {
    ran.result.map_err(|failed| anyhow!("the sandbox failed: {failed:?}"))
}

/// An AI gateway for a tenant whose plugin waits for one.
pub fn model() -> BoundGateway {
    BoundGateway {
        slot: "models".to_owned(),
        id: GatewayId::new(),
        kind: "ai".to_owned(),
        name: "Model".to_owned(),
    }
}

/// Answers nobody: most benchmarks have no inline effects.
struct Nobody;

#[async_trait]
impl Outside for Nobody {
    async fn carry_out(
        &self,
        _: TenantScope,
        _: GatewayId,
        _: &InlineCall,
        _: &EffectKey,
    ) -> (Result<InlineAnswer, GatewayError>, Usage) {
        (Err(GatewayError::Unavailable("nobody is there".to_owned())), Usage::default())
    }

    async fn when_unknown(&self, _: TenantScope, _: GatewayId, _: &InlineCall) -> WhenUnknown {
        WhenUnknown::Report
    }

    async fn fetch(&self, _: TenantScope, _: HttpRequest) -> Result<HttpAnswer, HttpError> {
        Err(HttpError::UnknownHost)
    }
}

/// How long nobody waits.
pub const LONG: Duration = Duration::from_secs(60);
