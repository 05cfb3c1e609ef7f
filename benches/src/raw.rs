//! Bare Wasmtime: the same component in an engine with the same settings, made and called as Wasmtime's guide does it. The
//! limit of what any host built on it can reach.

use anyhow::{Result, anyhow};
use twobot_runtime::contract::Event;
use wasmtime::component::{
    Component, ComponentExportIndex, ComponentType, InstancePre, Lift, Linker, ResourceTable, ResourceType,
    types::ComponentItem,
};
use wasmtime::{Config, Engine, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

/// A component, ready to be instantiated without any of the platform's care.
pub(crate) struct Raw {
    engine: Engine,
    pre: InstancePre<State>,
    handle: ComponentExportIndex,
    run: ComponentExportIndex,
    fuel: bool,
}

struct State {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

/// The contract's `handler-error`.
#[expect(dead_code, reason = "shown by `Debug`, when a benchmark fails")]
#[derive(Debug, ComponentType, Lift)]
#[component(variant)]
enum HandlerError {
    #[component(name = "retry")]
    Retry(String),
    #[component(name = "failed")]
    Failed(String),
}

/// The contract's `action-error`.
#[expect(dead_code, reason = "shown by `Debug`, when a benchmark fails")]
#[derive(Debug, ComponentType, Lift)]
#[component(variant)]
enum ActionError {
    #[component(name = "unknown-action")]
    UnknownAction,
    #[component(name = "invalid-input")]
    InvalidInput(String),
    #[component(name = "failed")]
    Failed(String),
}

impl Raw {
    /// Compiles a component for these settings.
    pub(crate) fn new(config: &Config, fuel: bool, bytes: &[u8]) -> Result<Self> {
        let mut config = config.clone();
        config.consume_fuel(fuel);
        let engine = Engine::new(&config).map_err(plain)?;
        let component = Component::from_binary(&engine, bytes).map_err(plain)?;
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).map_err(plain)?;
        serve_nothing(&mut linker, &engine, &component).map_err(plain)?;
        let interface = component
            .get_export_index(None, "twobot:plugin/plugin-handler@1.0.0")
            .ok_or_else(|| anyhow!("the component is no plugin"))?;
        let function = |name| {
            component.get_export_index(Some(&interface), name).ok_or_else(|| anyhow!("no function `{name}`"))
        };
        let (handle, run) = (function("handle")?, function("run")?);
        let pre = linker.instantiate_pre(&component).map_err(plain)?;
        Ok(Self { engine, pre, handle, run, fuel })
    }

    fn store(&self) -> Result<Store<State>> {
        let state = State { wasi: WasiCtx::builder().build(), table: ResourceTable::new() };
        let mut store = Store::new(&self.engine, state);
        if self.fuel {
            store.set_fuel(u64::MAX).map_err(plain)?;
        }
        Ok(store)
    }

    /// Has an event handled in a fresh instance.
    pub(crate) async fn handle(&self, event: &Event) -> Result<()> {
        let mut store = self.store()?;
        let instance = self.pre.instantiate_async(&mut store).await.map_err(plain)?;
        let handle = instance
            .get_typed_func::<(&Event,), (Result<(), HandlerError>,)>(&mut store, &self.handle)
            .map_err(plain)?;
        let (answer,) = handle.call_async(&mut store, (event,)).await.map_err(plain)?;
        answer.map_err(|error| anyhow!("the plugin failed: {error:?}"))
    }

    /// Has an action run in a fresh instance.
    pub(crate) async fn run(&self, action: &str, input: &str) -> Result<String> {
        let mut store = self.store()?;
        let instance = self.pre.instantiate_async(&mut store).await.map_err(plain)?;
        let run = instance
            .get_typed_func::<(&str, &str), (Result<String, ActionError>,)>(&mut store, &self.run)
            .map_err(plain)?;
        let (answer,) = run.call_async(&mut store, (action, input)).await.map_err(plain)?;
        answer.map_err(|error| anyhow!("the plugin failed: {error:?}"))
    }
}

/// Defines what the contract lets a component import besides WASI. Nothing that is measured calls it.
fn serve_nothing(linker: &mut Linker<State>, engine: &Engine, component: &Component) -> wasmtime::Result<()> {
    /// What a resource of the platform's would be.
    struct Thing;
    for (interface, import) in component.component_type().imports(engine) {
        let ours =
            ["twobot:", "wasi:keyvalue/", "wasi:config/"].iter().any(|start| interface.starts_with(start));
        let ComponentItem::ComponentInstance(instance) = import.ty else { continue };
        if !ours {
            continue;
        }
        let mut served = linker.instance(interface)?;
        for (name, export) in instance.exports(engine) {
            match export.ty {
                ComponentItem::ComponentFunc(_) => served
                    .func_new(name, |_, _, _, _| wasmtime::bail!("a benchmark does not call the platform"))?,
                ComponentItem::Resource(_) => {
                    served.resource(name, ResourceType::host::<Thing>(), |_, _| Ok(()))?;
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Wasmtime's errors are of its own type.
fn plain(error: wasmtime::Error) -> anyhow::Error {
    anyhow!("{error:#}")
}
