//! The sandbox host: runs plugins and gateways as WebAssembly components.
//!
//! A sandbox is made for one call and thrown away after it. It gets the interfaces of `wit/` and nothing else; what it may do
//! with them is what its manifest asks for and its tenant granted. What it writes gathers in an overlay, and whoever ran it
//! commits that in one transaction, or not at all.

pub mod contract;

mod admission;
mod bindings;
mod cache;
mod capability;
pub mod capacity;
mod compiler;
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
pub mod recording;
mod room;
mod sandbox;
mod storage_rate;
mod too_much;
mod trace;
mod trap;

/// The version of Wasmtime, which runs the sandboxes.
pub const WASMTIME_VERSION: &str = wasmtime_environ::VERSION;

pub use admission::AtOnce;
pub use compiler::{Compiler, CompilerProcess, serve_compiler};
pub use component::{ComponentError, GatewayComponent, PluginComponent, digest_of, world_of};
pub use files::{DirectoryReading, FilePiece};
pub use limits::{RunLimits, TenantMemory};
pub use machine::{CACHE_BYTES, Machine, MachineConfig, Occupied};
pub use outside::{
    HttpAnswer, HttpRequest, InlineAnswer, InlineCall, MAX_HTTP_BODY, MAX_HTTP_HEADER_BYTES,
    MAX_HTTP_HEADERS, Outside, Patience, ProviderCalls,
};
pub use recording::Recording;
pub use sandbox::gateway::{GatewayCall, GatewayRan, GatewayRun};
pub use sandbox::plugin::{Done, Failed, PluginCall, PluginRun, Ran};
pub use sandbox::replay::{AnswerFrom, Asked, NoOutside, Replayed};
pub use storage_rate::StorageRate;
pub use too_much::TooMuch;
