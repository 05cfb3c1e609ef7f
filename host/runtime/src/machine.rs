//! The one Wasmtime engine of a host, with what all sandboxes share.

use crate::admission::{Admission, World};
use crate::bindings::{gateway, plugin};
use crate::cache::CompiledCache;
use crate::capability;
use crate::capacity;
use crate::compiler::Compiler;
use crate::component::ComponentError;
use crate::files::Directories;
use crate::limits::{LARGEST_MEMORY, TABLE_ELEMENTS, TenantMemory};
use crate::room::Room;
use crate::sandbox;
use crate::sandbox::guest::{GatewaySide, Guest, PluginSide};
use crate::sandbox::turns::Turns;
use crate::storage_rate::StorageAccounts;
use std::fmt;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::runtime::{Handle, Runtime};
use tokio::sync::Semaphore;
use twobot_domain::TenantId;
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, WasmBacktraceDetails,
};

/// Memories and tables that one place in the room has. A sandbox that needs more takes several places, so that who finds a place finds
/// its memories and tables too.
const PLACE_MEMORIES: u32 = 2;
const PLACE_TABLES: u32 = 4;

/// The most memories, tables and core instances of one component. Compilers make one memory, one or two tables and about three
/// instances.
const MAX_MEMORIES: u32 = 8;
const MAX_TABLES: u32 = 16;
const MAX_CORE_INSTANCES: u32 = 32;

/// The stack of a guest, in bytes.
const GUEST_STACK: usize = 512 * 1024;

/// The stack of a guest and of the host functions that it calls, in bytes.
const ASYNC_STACK: usize = 2 * 1024 * 1024;

/// The niceness of the threads on which guests compute. Without it the kernel lets them finish their time slice of some milliseconds
/// before a thread that has an answer to pass on; with it that one goes first. They still get all that the others leave them.
const GUEST_NICENESS: i32 = 10;

/// The most bytes of compiled components that are kept, unless the operator says otherwise.
pub const CACHE_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// How a host runs sandboxes.
#[derive(Clone, Debug)]
pub struct MachineConfig {
    /// Where compiled components are kept; without it they are compiled at every start.
    pub cache: Option<PathBuf>,
    /// The key by which this deployment knows the files that it wrote, and from which executions get their randomness.
    pub key: [u8; 32],
    /// Threads that run guests; they serve nothing else.
    pub threads: NonZeroUsize,
    /// Where plugins keep files; without it the capability `directory` gives none.
    pub files: Option<PathBuf>,
    /// Live sandboxes at the same time, over all tenants and both worlds; who comes when all places are taken waits for one.
    /// See [`capacity::of_this_machine`](crate::capacity::of_this_machine).
    pub sandboxes: u32,
    /// Where components are compiled.
    pub compiler: Compiler,
    /// The most bytes of compiled components that are kept in `cache`.
    pub cache_bytes: u64,
}

impl MachineConfig {
    /// Without a cache, compiling in this process, and with room for a thousand sandboxes.
    #[must_use]
    pub const fn new(key: [u8; 32], threads: NonZeroUsize) -> Self {
        Self {
            cache: None,
            key,
            threads,
            files: None,
            sandboxes: 1_000,
            compiler: Compiler::Here,
            cache_bytes: CACHE_BYTES,
        }
    }

    /// The settings of the engine. Public so that a benchmark can set up the engine alone in the same way.
    #[must_use]
    pub fn engine(&self) -> Config {
        engine_config(self.sandboxes.clamp(capacity::LEAST, capacity::MOST))
    }
}

/// What a tenant's sandboxes occupy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Occupied {
    /// Bytes of memory.
    pub memory_bytes: u64,
    /// Plugins that run.
    pub plugins: u32,
    /// Gateways that run and may call their providers.
    pub gateways: u32,
    /// Gateways that decode.
    pub decoding: u32,
    /// Runs that wait for a place.
    pub waiting: usize,
    /// Turns on the processors that are taken or waited for.
    pub turns: usize,
}

/// The places that a component's sandboxes take in the room.
pub(crate) fn places(component: &Component) -> u32 {
    // What can not be told beforehand is counted as the most that there can be.
    let (memories, tables) = component
        .resources_required()
        .map_or((MAX_MEMORIES, MAX_TABLES), |needed| (needed.num_memories, needed.num_tables));
    memories.div_ceil(PLACE_MEMORIES).max(tables.div_ceil(PLACE_TABLES)).max(1)
}

/// The one Wasmtime engine of a host, with what all sandboxes share. Cheap to clone.
#[derive(Clone)]
pub struct Machine {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) engine: Engine,
    pub(crate) plugins: Linker<Guest<PluginSide>>,
    pub(crate) gateways: Linker<Guest<GatewaySide>>,
    pub(crate) memory: TenantMemory,
    /// Each tenant's runs.
    pub(crate) admission: Admission,
    /// Each tenant's work on the store.
    pub(crate) storage: StorageAccounts,
    /// Room for sandboxes, per world. A plugin that waits for a gateway holds its own place: with one room for both, plugins could
    /// fill it and wait for ever for the gateways that find no place in it.
    pub(crate) plugin_room: Room,
    pub(crate) gateway_room: Room,
    pub(crate) cache: CompiledCache,
    pub(crate) compiler: Compiler,
    /// How many components were compiled.
    pub(crate) compilations: AtomicU64,
    /// One compilation at a time: it takes every thread it gets, and nobody waits for the second.
    pub(crate) compilation: Semaphore,
    pub(crate) key: [u8; 32],
    pub(crate) turns: Turns,
    pub(crate) directories: Directories,
    guests: GuestThreads,
}

/// The threads on which guests run. Dropped from wherever, it never blocks.
struct GuestThreads(Option<Runtime>);

impl Drop for GuestThreads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Machine {
    /// Makes the engine and starts the threads that run guests.
    ///
    /// # Errors
    /// When the engine refuses its settings or the threads can not be started.
    pub fn new(config: MachineConfig) -> Result<Self, ComponentError> {
        let refused = |error: wasmtime::Error| ComponentError::Host(format!("{error:#}"));
        let (engine, sandboxes) = engine_with_room(config.sandboxes).map_err(refused)?;

        let mut plugins = Linker::new(&engine);
        sandbox::wasi::add_to_linker(&mut plugins).map_err(refused)?;
        capability::filesystem::add_to_linker(&mut plugins).map_err(refused)?;
        plugin::Plugin::add_to_linker::<_, HasSelf<Guest<PluginSide>>>(&mut plugins, |guest| guest)
            .map_err(refused)?;
        capability::http::add_to_linker(&mut plugins).map_err(refused)?;

        let mut gateways = Linker::new(&engine);
        sandbox::wasi::add_to_linker(&mut gateways).map_err(refused)?;
        gateway::Gateway::add_to_linker::<_, HasSelf<Guest<GatewaySide>>>(&mut gateways, |guest| guest)
            .map_err(refused)?;

        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(config.threads.get())
            .thread_name("guest")
            .on_thread_start(behind_the_others)
            // Clocks are looked at between so many slices, which take a tenth of a millisecond each.
            .event_interval(16)
            .enable_all()
            .build()
            .map_err(|error| ComponentError::Host(error.to_string()))?;
        let cache = CompiledCache::new(config.cache, config.key, engine.clone(), config.cache_bytes);
        cache.tidy();
        // Half for each world: a plugin's sandbox that waits has at most one gateway's beside it.
        let room = sandboxes / 2;
        let largest = MAX_MEMORIES.div_ceil(PLACE_MEMORIES).max(MAX_TABLES.div_ceil(PLACE_TABLES));
        Ok(Self {
            shared: Arc::new(Shared {
                engine,
                plugins,
                gateways,
                memory: TenantMemory::default(),
                admission: Admission::default(),
                storage: StorageAccounts::default(),
                plugin_room: Room::new(room, largest),
                gateway_room: Room::new(room, largest),
                cache,
                compiler: config.compiler,
                compilations: AtomicU64::new(0),
                compilation: Semaphore::new(1),
                key: config.key,
                turns: Turns::new(config.threads.get()),
                directories: Directories::beneath(config.files),
                guests: GuestThreads(Some(runtime)),
            }),
        })
    }

    /// The memory of each tenant's live sandboxes.
    #[must_use]
    pub fn memory(&self) -> &TenantMemory {
        &self.shared.memory
    }

    /// How many components this machine compiled; those that it found compiled are not among them.
    #[must_use]
    pub fn compilations(&self) -> u64 {
        self.shared.compilations.load(Ordering::Relaxed)
    }

    /// What a tenant's sandboxes occupy now: all zero when none of them lives.
    #[must_use]
    pub fn occupied(&self, tenant: TenantId) -> Occupied {
        let (plugins, plugins_waiting) = self.shared.admission.counts(tenant, World::Plugin);
        let (gateways, gateways_waiting) = self.shared.admission.counts(tenant, World::Gateway);
        let (decoding, decoding_waiting) = self.shared.admission.counts(tenant, World::Decoding);
        Occupied {
            memory_bytes: self.shared.memory.used(tenant),
            plugins,
            gateways,
            decoding,
            waiting: plugins_waiting + gateways_waiting + decoding_waiting,
            turns: self.shared.turns.of(tenant),
        }
    }

    /// The threads that run guests; the current ones while the machine is being dropped.
    pub(crate) fn guest_threads(&self) -> Handle {
        self.shared.guests.0.as_ref().map_or_else(Handle::current, |runtime| runtime.handle().clone())
    }
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Machine").finish_non_exhaustive()
    }
}

/// Has this thread give way to those that serve.
fn behind_the_others() {
    // Asked without naming a process, it means this thread alone (setpriority(2), "C library/kernel differences").
    if let Err(error) = rustix::process::setpriority_process(None, GUEST_NICENESS) {
        tracing::warn!(%error, "guests compute with the same priority as the rest of the server");
    }
}

/// An engine with room for so many sandboxes, or for as many as the process's addresses have room for; says for how many.
///
/// Each memory reserves gigabytes of addresses, in one piece with all others. Where the kernel and the allocator put what they have is chosen by
/// chance, and now and then the largest piece that is left is a little too small.
fn engine_with_room(sandboxes: u32) -> wasmtime::Result<(Engine, u32)> {
    let mut most = sandboxes.clamp(capacity::LEAST, capacity::MOST);
    loop {
        match Engine::new(&engine_config(most)) {
            Err(error) if most > capacity::LEAST => {
                let fewer = (most - most / 8 - 1).max(capacity::LEAST);
                tracing::warn!(%error, most, fewer, "there is no room for so many sandboxes");
                most = fewer;
            }
            made => return made.map(|engine| (engine, most)),
        }
    }
}

pub(crate) fn engine_config(sandboxes: u32) -> Config {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(sandboxes)
        // Only counted, so that there may be as many as all sandboxes together can have; memories and tables take room.
        .total_core_instances(sandboxes * MAX_CORE_INSTANCES)
        .total_memories(sandboxes * PLACE_MEMORIES)
        .total_tables(sandboxes * PLACE_TABLES)
        .total_stacks(sandboxes)
        .max_memory_size(LARGEST_MEMORY)
        .table_elements(TABLE_ELEMENTS)
        .max_memories_per_module(MAX_MEMORIES)
        .max_tables_per_module(MAX_TABLES)
        .max_memories_per_component(MAX_MEMORIES)
        .max_tables_per_component(MAX_TABLES)
        .max_core_instances_per_component(MAX_CORE_INSTANCES)
        // What a sandbox touched stays mapped up to these sizes and is only cleared: cheaper than giving it back and faulting
        // it in again. `pagemap_scan` finds what was touched, so that clearing costs what was used.
        .linear_memory_keep_resident(512 * 1024)
        .table_keep_resident(64 * 1024)
        .async_stack_keep_resident(64 * 1024)
        .pagemap_scan(Enabled::Auto)
        .decommit_batch_size(16)
        .max_unused_warm_slots(64);

    let mut config = code_config();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

/// What compiled code depends on: the same for the process that compiles and the one that runs.
pub(crate) fn code_config() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        // Nothing of the asynchronous component model is served, and its bookkeeping costs a fifth of a short call.
        .concurrency_support(false)
        .consume_fuel(true)
        // Look-ups of native unwind tables grow with the number of loaded components.
        .native_unwind_info(false)
        // Frames are told by function names alone. Debug information would be a stranger's program for the host to interpret, and
        // by default an environment variable switches that on.
        .wasm_backtrace_details(WasmBacktraceDetails::Disable)
        .wasm_backtrace_max_frames(NonZeroUsize::new(20))
        .max_wasm_stack(GUEST_STACK)
        .async_stack_size(ASYNC_STACK)
        .memory_init_cow(true);
    config
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    #[test]
    fn where_addresses_are_scarce_there_is_room_for_fewer() {
        let before = getrlimit(Resource::As);
        // The test's own process. Each place takes 8 GiB of addresses: this is enough for some hundreds.
        let scarce = Rlimit { current: Some(4 << 40), ..before };
        setrlimit(Resource::As, scarce).unwrap();
        let made = engine_with_room(2_000);
        setrlimit(Resource::As, before).unwrap();
        let (_, room) = made.unwrap();
        assert!((capacity::LEAST..2_000).contains(&room), "{room}");
        assert_eq!(engine_with_room(100).unwrap().1, 100, "and for all that are asked for where they fit");
    }
}
