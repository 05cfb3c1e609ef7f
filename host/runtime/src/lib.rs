//! The sandbox host: runs plugins and gateways as WebAssembly components.
//!
//! A sandbox is made for one call and thrown away after it. It gets the interfaces of `wit/` and nothing else; what it may do
//! with them is what its manifest asks for and its tenant granted. What it writes gathers in an overlay, and whoever ran it
//! commits that in one transaction, or not at all.

pub mod contract;

mod bindings;
mod cache;
mod capability;
mod component;
mod convert;
mod denials;
mod files;
mod inspect;
mod journal;
mod limits;
mod mac;
mod machine;
mod outside;
mod overlay;
mod sandbox;
mod trap;

/// The version of Wasmtime, which runs the sandboxes.
pub const WASMTIME_VERSION: &str = wasmtime_environ::VERSION;

pub use component::{ComponentError, GatewayComponent, PluginComponent, world_of};
pub use limits::{RunLimits, TenantMemory};
pub use machine::{Machine, MachineConfig};
pub use outside::{
    HttpAnswer, HttpRequest, InlineAnswer, InlineCall, MAX_HTTP_BODY, MAX_HTTP_HEADER_BYTES,
    MAX_HTTP_HEADERS, Outside, Patience, ProviderCalls,
};
pub use sandbox::gateway::{GatewayCall, GatewayRan, GatewayRun};
pub use sandbox::plugin::{Done, Failed, PluginCall, PluginRun, Ran};
