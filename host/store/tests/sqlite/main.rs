//! The store on SQLite: what it promises on every database, and what only this one needs.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

#[path = "../store/mod.rs"]
mod store;

mod backup;
mod files;
mod growth;
mod plans;

use store::world::Dialect;
use store::{estate, source, world};

const DIALECT: Dialect = Dialect::Sqlite;
