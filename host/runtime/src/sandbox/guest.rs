//! What the host keeps for one sandbox.

use crate::capability::http::{self, Http};
use crate::denials::Denials;
use crate::files::FileTable;
use crate::journal::Journal;
use crate::limits::{MemoryMeter, RunLimits};
use crate::machine::{Machine, Shared};
use crate::outside::{Outside, ProviderCalls};
use crate::overlay::Overlay;
use crate::room::Room;
use crate::sandbox::clock::{Chance, ExecutionClock};
use crate::sandbox::log::Log;
use crate::sandbox::pace::Pace;
use crate::sandbox::stopwatch::Stopwatch;
use crate::storage_rate::StoragePace;
use serde_json::Value;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use twobot_domain::capability::HostPattern;
use twobot_domain::manifest::Capability;
use twobot_domain::{EffectId, InstallId, TenantId, Timestamp, Usage};
use twobot_store::executions::{Appointment, Denial, NewEffect, NewNotification};
use twobot_store::installs::BoundGateway;
use twobot_store::{Store, StoreError, TenantScope};
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

/// Open resources (buckets, streams, pollables) of one sandbox.
const MAX_RESOURCES: usize = 1_000;

/// What every sandbox has.
pub(crate) struct Guest<S> {
    pub(crate) tenant: TenantId,
    wasi: WasiCtx,
    pub(crate) table: ResourceTable,
    pub(crate) memory: MemoryMeter,
    pub(crate) log: Log,
    pub(crate) config: Value,
    pub(crate) watch: Stopwatch,
    pub(crate) pace: Pace,
    /// Gives the bytes that it asks for; single numbers come from WASI's own.
    pub(crate) random: Chance,
    /// What is particular to its world.
    pub(crate) side: S,
}

/// What is particular to a world.
pub(crate) trait Side: Sized + Send + 'static {
    /// Where its sandboxes find a place.
    fn room(shared: &Shared) -> &Room;

    /// Does what a guest is about to wait for.
    fn settle(_: &mut Guest<Self>) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }
}

impl Side for PluginSide {
    fn room(shared: &Shared) -> &Room {
        &shared.plugin_room
    }

    fn settle(guest: &mut Guest<Self>) -> impl Future<Output = ()> + Send {
        http::settle(guest)
    }
}

impl Side for GatewaySide {
    fn room(shared: &Shared) -> &Room {
        &shared.gateway_room
    }
}

/// What a plugin's sandbox has besides.
pub(crate) struct PluginSide {
    grants: HashSet<Capability>,
    denials: Denials,
    work: Option<Work>,
    pub(crate) http: Http,
}

/// What a plugin works with. Capabilities reach it through [`PluginSide::granted`] only.
pub(crate) struct Work {
    pub(crate) scope: TenantScope,
    pub(crate) install: InstallId,
    /// None in a replay, which asks the store nothing.
    pub(crate) store: Option<Store>,
    pub(crate) bound: Vec<BoundGateway>,
    pub(crate) overlay: Overlay,
    /// How fast it may go there.
    pub(crate) storage: StoragePace,
    pub(crate) journal: Journal,
    pub(crate) files: FileTable,
    pub(crate) outside: Arc<dyn Outside>,
    pub(crate) effects: Vec<NewEffect>,
    /// In a replay, the ids that the recorded run was told of its effects.
    pub(crate) effect_ids: Vec<EffectId>,
    pub(crate) notifications: Vec<NewNotification>,
    pub(crate) appointments: Vec<Appointment>,
    /// How many appointments wait for the install, once it was asked.
    pub(crate) appointments_waiting: Option<u64>,
    /// What the sandboxes of inline effects used.
    pub(crate) usage: Usage,
    /// Set when the host itself failed under a call: the guest was told a plain error, and the execution is tried again.
    pub(crate) host_failure: Option<String>,
}

impl Work {
    /// The id of the next effect.
    pub(crate) fn effect_id(&self) -> EffectId {
        self.effect_ids.get(self.effects.len()).copied().unwrap_or_else(EffectId::new)
    }

    /// Asks once how many appointments wait for the install.
    pub(crate) async fn count_appointments(&mut self) -> Result<u64, StoreError> {
        let waiting = match &self.store {
            Some(store) => store.appointments(self.scope, self.install).await?,
            None => 0,
        };
        Ok(*self.appointments_waiting.insert(waiting))
    }
}

/// The manifest did not ask for a capability, or the tenant did not grant it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Denied(pub(crate) Capability);

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the capability `{}` is not granted to this plugin", self.0)
    }
}

/// What a gateway's sandbox has besides.
pub(crate) struct GatewaySide {
    /// None while decoding, which may not call the provider.
    pub(crate) provider: Option<Arc<dyn ProviderCalls>>,
}

/// From what a sandbox derives its time and chance.
pub(crate) struct Origin {
    pub(crate) tenant: TenantId,
    pub(crate) seed: Arc<[u8]>,
    pub(crate) started_at: Timestamp,
}

impl<S> Guest<S> {
    pub(crate) fn new(
        machine: &Machine,
        origin: &Origin,
        limits: &RunLimits,
        config: Value,
        watch: Stopwatch,
        side: S,
    ) -> Self {
        let clock = ExecutionClock::starting_at(origin.started_at);
        let log = Log::new(clock.clone());
        let key = &machine.shared.key;
        let mut wasi = WasiCtx::builder();
        wasi.wall_clock(clock.clone())
            .monotonic_clock(clock)
            .secure_random(Chance::new(key, &origin.seed, 0))
            .insecure_random(Chance::new(key, &origin.seed, 1))
            .insecure_random_seed(u128::from_le_bytes(seed_bytes(&origin.seed)))
            .stdout(log.stdout())
            .stderr(log.stderr())
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false);
        let mut table = ResourceTable::new();
        table.set_max_capacity(MAX_RESOURCES);
        Self {
            tenant: origin.tenant,
            wasi: wasi.build(),
            table,
            memory: MemoryMeter::new(limits, machine.shared.memory.account(origin.tenant)),
            log,
            config,
            watch,
            pace: Pace::default(),
            random: Chance::new(key, &origin.seed, 2),
            side,
        }
    }
}

/// The seed of hash maps and the like, of which no secrecy is asked.
fn seed_bytes(seed: &[u8]) -> [u8; 16] {
    let mut bytes = [0; 16];
    for (place, byte) in bytes.iter_mut().zip(seed) {
        *place = *byte;
    }
    bytes
}

impl PluginSide {
    /// For an execution: what is granted, and what to work with.
    pub(crate) fn new(grants: HashSet<Capability>, work: Work) -> Self {
        Self { grants, denials: Denials::default(), work: Some(work), http: Http::default() }
    }

    /// For asking a component what it is: nothing is granted.
    pub(crate) fn without_rights() -> Self {
        Self { grants: HashSet::new(), denials: Denials::default(), work: None, http: Http::default() }
    }

    /// What a capability works with, if it is granted. Looked up on every call.
    pub(crate) fn granted(&mut self, capability: Capability) -> Result<&mut Work, Denied> {
        if !self.grants.contains(&capability) {
            return Err(self.denied(capability, ""));
        }
        self.work.as_mut().ok_or(Denied(capability))
    }

    /// Whether a capability is granted, asked by the host itself: nothing is denied by it.
    pub(crate) fn has(&self, capability: &Capability) -> bool {
        self.grants.contains(capability)
    }

    /// Notes that something was denied, for the audit log, and makes the error for it. [`PluginSide::granted`] does it by itself; this
    /// is for what it can not look up, such as a host that no granted pattern means. `detail` says what was asked for exactly where
    /// the capability does not.
    pub(crate) fn denied(&mut self, capability: Capability, detail: &str) -> Denied {
        self.denials.note(&capability, detail);
        Denied(capability)
    }

    /// The capability by which a plugin may call this host and port, if one is granted. Looked up on every call.
    pub(crate) fn granted_host(&mut self, host: &str, port: u16) -> Result<&mut Work, Denied> {
        let allows =
            |granted: &&Capability| matches!(granted, Capability::Http(hosts) if hosts.allows(host, port));
        match self.grants.iter().find(allows).cloned() {
            Some(granted) => self.granted(granted),
            None => Err(match HostPattern::of(host, port) {
                Some(only) => self.denied(Capability::Http(only), ""),
                None => self.denied(Capability::Http(HostPattern::ANY), &format!("{host}:{port}")),
            }),
        }
    }

    /// The gateways that are bound; knowing them needs no grant.
    pub(crate) fn bound(&self) -> &[BoundGateway] {
        self.work.as_ref().map_or(&[], |work| &work.bound)
    }

    pub(crate) fn into_work(self) -> (Option<Work>, Vec<Denial>) {
        (self.work, self.denials.into_list())
    }
}

impl<S: Send> WasiView for Guest<S> {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}
