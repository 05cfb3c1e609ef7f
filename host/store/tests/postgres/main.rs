//! The store on PostgreSQL: what it promises on every database, and what only this one needs.
//!
//! The tests need a server, which `cargo xtask test` and `cargo xtask postgres <command>` start: see `store/world/postgres.rs`.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

#[path = "../store/mod.rs"]
mod store;

mod held;
mod nodes;
mod plans;
mod races;
mod schema;
mod server;
mod silent;

use store::world::Dialect;
use store::{estate, source, world};

const DIALECT: Dialect = Dialect::Postgres;
