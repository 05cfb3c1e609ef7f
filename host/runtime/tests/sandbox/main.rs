//! The sandbox against guests that want out: real components in the real host.
//!
//! The guests lie in `../guests/` and are built by `cargo xtask guests`; what no compiler makes is written by hand in the tests.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod handmade;
mod host;
mod outside;

mod at_once;
mod calls;
mod compiling;
mod components;
mod effects;
mod files;
mod gateways;
mod grants;
mod http;
mod journal;
mod limits;
mod manifests;
mod memory;
mod neighbours;
mod storage;
mod wasi;
