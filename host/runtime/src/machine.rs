//! The one Wasmtime engine of a host, with what all sandboxes share.

use crate::bindings::{gateway, plugin};
use crate::cache::CompiledCache;
use crate::capability;
use crate::component::ComponentError;
use crate::files::Directories;
use crate::limits::{LARGEST_MEMORY, TABLE_ELEMENTS, TenantMemory};
use crate::sandbox;
use crate::sandbox::guest::{GatewaySide, Guest, PluginSide};
use crate::sandbox::turns::Turns;
use std::fmt;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::Semaphore;
use wasmtime::component::{HasSelf, Linker};
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

/// Live sandboxes at the same time, over all tenants. A component has about three core instances, each with mappings of its
/// own; far more than this and the kernel's limit on mappings (65,530 by default) would bind before memory does.
const SANDBOXES: u32 = 1_000;

/// The stack of a guest, in bytes.
const GUEST_STACK: usize = 512 * 1024;

/// The stack of a guest and of the host functions that it calls, in bytes.
const ASYNC_STACK: usize = 2 * 1024 * 1024;

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
    /// Room for sandboxes, per world. A plugin that waits for a gateway holds its own place: with one room for both, plugins could
    /// fill it and wait for ever for the gateways that find no place in it.
    pub(crate) plugin_room: Semaphore,
    pub(crate) gateway_room: Semaphore,
    pub(crate) cache: CompiledCache,
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
        let engine = Engine::new(&engine_config()).map_err(refused)?;

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
            .enable_all()
            .build()
            .map_err(|error| ComponentError::Host(error.to_string()))?;
        let cache = CompiledCache::new(config.cache, config.key, engine.clone());
        Ok(Self {
            shared: Arc::new(Shared {
                engine,
                plugins,
                gateways,
                memory: TenantMemory::default(),
                plugin_room: Semaphore::new(SANDBOXES as usize / 2),
                gateway_room: Semaphore::new(SANDBOXES as usize / 2),
                cache,
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

fn engine_config() -> Config {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(SANDBOXES)
        .total_core_instances(SANDBOXES * 4)
        .total_memories(SANDBOXES * 2)
        .total_tables(SANDBOXES * 4)
        .total_stacks(SANDBOXES)
        .max_memory_size(LARGEST_MEMORY)
        .table_elements(TABLE_ELEMENTS)
        .max_memories_per_component(8)
        .max_tables_per_component(16)
        .max_core_instances_per_component(32)
        // What a sandbox touched stays mapped up to these sizes and is only cleared: cheaper than giving it back and faulting
        // it in again. `pagemap_scan` finds what was touched, so that clearing costs what was used.
        .linear_memory_keep_resident(512 * 1024)
        .table_keep_resident(64 * 1024)
        .async_stack_keep_resident(64 * 1024)
        .pagemap_scan(Enabled::Auto)
        .decommit_batch_size(16)
        .max_unused_warm_slots(64);

    let mut config = Config::new();
    config
        .wasm_component_model(true)
        // Nothing of the asynchronous component model is served, and its bookkeeping costs a fifth of a short call.
        .concurrency_support(false)
        .consume_fuel(true)
        // Look-ups of native unwind tables grow with the number of loaded components.
        .native_unwind_info(false)
        .wasm_backtrace_max_frames(NonZeroUsize::new(20))
        .max_wasm_stack(GUEST_STACK)
        .async_stack_size(ASYNC_STACK)
        .memory_init_cow(true)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}
