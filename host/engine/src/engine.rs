//! The engine: what holds the parts together.

use crate::catalogue::{Catalogue, GatewayEntry};
use crate::dispatch::Queues;
use crate::gateways::connections::{self, Connections};
use crate::live::Live;
use crate::marks::{self, Marks};
use crate::nodes::{Hold, Kinds, Nodes, Role};
use crate::warnings::{self, Warnings};
use crate::{dispatch, metering, plugins, retention, scheduler};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use twobot_domain::{ExecutionId, Limits, PlanCatalogue};
use twobot_gateways::{Connector, Connectors, EgressClients};
use twobot_redis::Redis;
use twobot_runtime::Machine;
use twobot_store::executions::WorkKind;
use twobot_store::versions::Expected;
use twobot_store::workspace::Workspace;
use twobot_store::{Store, StoreError, TenantScope};
use url::Url;

/// What an engine is made of.
pub struct EngineConfig {
    /// The database.
    pub store: Store,
    /// The sandbox host.
    pub machine: Machine,
    /// The plans.
    pub plans: PlanCatalogue,
    /// The plugins and gateway kinds.
    pub catalogue: Catalogue,
    /// The connectors, without that of the web chat, which the engine brings.
    pub connectors: Connectors,
    /// How plugins reach other hosts.
    pub egress: EgressClients,
    /// Where providers reach this host; without it there are no webhooks.
    pub public_url: Option<Url>,
    /// The folder of the files in which stands what runs; without it, an execution that ends the process is tried for ever.
    pub marks: Option<PathBuf>,
    /// Carries what nodes tell each other; without it, and where it is away, the database does.
    pub redis: Option<Redis>,
}

/// The event engine. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    pub(crate) inner: Arc<Inner>,
    /// The database, under the lease for which this copy of the engine works, if it does.
    pub(crate) store: Store,
}

pub(crate) struct Inner {
    machine: Machine,
    plans: PlanCatalogue,
    catalogue: Catalogue,
    connectors: Connectors,
    pub(crate) egress: EgressClients,
    public_url: Option<Url>,
    pub(crate) redis: Option<Redis>,
    live: Live,
    pub(crate) queues: Queues,
    pub(crate) connections: Connections,
    pub(crate) nodes: Nodes,
    /// A mail was queued on this node.
    pub(crate) mail: tokio::sync::Notify,
    /// The mail that was tried last has to be tried again.
    pub(crate) mails_delayed: AtomicBool,
    pub(crate) warnings: Warnings,
    pub(crate) marks: Marks,
    /// What ran when the process before ended.
    marked: Vec<ExecutionId>,
    stop: CancellationToken,
    /// The threads for waiting on networks, apart from those on which guests compute.
    pub(crate) threads: Handle,
    pub(crate) tasks: TaskTracker,
}

impl Engine {
    /// Puts an engine together, on the runtime that calls this. It does nothing by itself until [`Engine::start`].
    #[must_use]
    pub fn new(config: EngineConfig) -> Self {
        let live = Live::default();
        let (marks, marked) = match config.marks.as_deref().map(Marks::open) {
            None => (Marks::default(), Vec::new()),
            Some(Ok(opened)) => opened,
            Some(Err(error)) => {
                tracing::warn!(%error, "what runs is not marked: the file can not be opened");
                (Marks::default(), Vec::new())
            }
        };
        let web_chat = crate::chat::WebChat::new(config.store.clone(), live.clone());
        let nodes = Nodes::new(Arc::clone(live.outbox()));
        Self {
            store: config.store,
            inner: Arc::new(Inner {
                connectors: config.connectors.with(Arc::new(web_chat)),
                machine: config.machine,
                plans: config.plans,
                catalogue: config.catalogue,
                egress: config.egress,
                public_url: config.public_url,
                redis: config.redis,
                live,
                queues: Queues::default(),
                connections: Connections::default(),
                nodes,
                mail: tokio::sync::Notify::new(),
                mails_delayed: AtomicBool::new(false),
                warnings: Warnings::default(),
                marks,
                marked,
                stop: CancellationToken::new(),
                threads: Handle::current(),
                tasks: TaskTracker::new(),
            }),
        }
    }

    /// Takes up what waits, fires what is due, and connects the gateways that are switched on.
    ///
    /// # Errors
    /// As [`Engine::start_as`].
    pub async fn start(&self) -> Result<(), StoreError> {
        self.start_as(Role::All).await
    }

    /// Begins to work as one of the nodes on the database, or alone.
    ///
    /// # Errors
    /// When the database does not answer; `Unsealable` when other nodes have another master key.
    pub async fn start_as(&self, role: Role) -> Result<(), StoreError> {
        // What is summed takes up nothing more.
        self.store().follow_sums().await?;
        let membership = self.join(role).await?;
        let tasks = &self.inner.tasks;
        if role.works() {
            marks::take_stock(self.store(), &self.inner.marks, &self.inner.marked).await?;
            plugins::grants::follow_catalogue(self).await?;
            // Who comes to others leaves their connections alone.
            if self.inner.nodes.is_first() {
                self.store().connect_all_anew().await?;
            }
            for kind in [WorkKind::Inbound, WorkKind::Execution, WorkKind::Effect] {
                tasks.spawn(dispatch::run(self.clone(), kind));
            }
            tasks.spawn(connections::run(self.clone()));
            tasks.spawn(scheduler::run(self.clone()));
            tasks.spawn(retention::run(self.clone()));
            tasks.spawn(metering::run(self.clone()));
            tasks.spawn(warnings::run(self.clone()));
        }
        tasks.spawn(plugins::files::remove_orphans(self.clone()));
        self.remain(role, membership);
        Ok(())
    }

    /// Stops taking up work and waits for what runs, at most this long; tenants for whom nothing runs are given back to other nodes meanwhile, and
    /// all at the end. What does not end in time is found waiting, by another node or at the next start.
    pub async fn stop(&self, patience: Duration) {
        self.inner.stop.cancel();
        self.inner.tasks.close();
        let ended = tokio::select! {
            ended = tokio::time::timeout(patience, self.inner.tasks.wait()) => ended.is_ok(),
            () = self.hand_back() => false,
        };
        if !ended {
            tracing::warn!(
                "work was still running at the end; it is taken up by another node or at the next start"
            );
        }
        // Whatever still runs is not why the process ends.
        self.inner.marks.clear();
        self.leave().await;
    }

    /// Ends when the engine stops.
    pub async fn stopped(&self) {
        self.inner.stop.cancelled().await;
    }

    /// Whether it is stopping.
    pub(crate) fn is_stopping(&self) -> bool {
        self.inner.stop.is_cancelled()
    }

    /// The database.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The sandbox host.
    #[must_use]
    pub fn machine(&self) -> &Machine {
        &self.inner.machine
    }

    /// The plans.
    #[must_use]
    pub fn plans(&self) -> &PlanCatalogue {
        &self.inner.plans
    }

    /// What a tenant's plan allows.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn limits(&self, scope: TenantScope) -> Result<Limits, StoreError> {
        Ok(self.limits_in(&self.store().workspace(scope).await?).clone())
    }

    /// The same, where the tenant's settings are at hand.
    pub(crate) fn limits_in(&self, workspace: &Workspace) -> &Limits {
        let limits = &self.plans().get_or_default(&workspace.tenant().plan).limits;
        // Whatever runs asks for its limits before: so what it uses is counted where the day's executions are limited.
        self.store().count_executions(workspace.scope(), limits.executions_per_day.is_some());
        limits
    }

    /// The plugins and gateway kinds.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.inner.catalogue
    }

    /// What changes, as it changes.
    #[must_use]
    pub fn live(&self) -> &Live {
        &self.inner.live
    }

    /// Whether what nodes share in Redis is reached at the moment; none where there is no Redis.
    #[must_use]
    pub fn redis_is_connected(&self) -> Option<bool> {
        self.inner.redis.as_ref().map(Redis::is_connected)
    }

    /// Where providers reach this host.
    pub(crate) fn public_url(&self) -> Option<&Url> {
        self.inner.public_url.as_ref()
    }

    /// The connector of a gateway kind.
    pub(crate) fn connector(&self, entry: &GatewayEntry) -> Option<Arc<dyn Connector>> {
        self.inner.connectors.get(&entry.manifest.connector).cloned()
    }

    /// The engine for a person's change that is made only if a thing is still as they know it; see [`Store::expecting`].
    #[must_use]
    pub fn expecting(&self, expected: Expected) -> Self {
        Self { inner: Arc::clone(&self.inner), store: self.store.expecting(expected) }
    }

    /// The engine for what is done under a lease: it writes nothing once the lease is lost.
    pub(crate) fn under(&self, hold: &Hold) -> Self {
        Self { inner: Arc::clone(&self.inner), store: self.store.under(&hold.lease) }
    }

    /// A workspace was started or stopped: what waits for it is looked at again.
    pub fn workspace_changed(&self, scope: TenantScope) {
        self.wake(scope, Kinds::INBOUND.and(Kinds::EXECUTIONS).and(Kinds::EFFECTS));
    }

    /// A tenant was suspended or resumed: besides, nobody is with the gateways of one that is suspended.
    pub fn tenant_suspended(&self, scope: TenantScope) {
        self.workspace_changed(scope);
        self.wake_connections(scope);
    }

    pub(crate) fn wake_inbound(&self, scope: TenantScope) {
        self.wake(scope, Kinds::INBOUND);
    }

    pub(crate) fn wake_executions(&self, scope: TenantScope) {
        self.wake(scope, Kinds::EXECUTIONS);
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("catalogue", &self.inner.catalogue).finish_non_exhaustive()
    }
}
