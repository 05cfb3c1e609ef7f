//! What the store promises about tenants, durability, atomicity and quotas, whatever the database.
//!
//! `tests/sqlite` and `tests/postgres` each run all of this, and say which database it is with `crate::DIALECT`.

pub(crate) mod estate;
#[allow(dead_code, reason = "what only one database needs is built on it")]
pub(crate) mod retention;
pub(crate) mod source;
#[allow(dead_code, reason = "each database's program uses another part of what they share")]
pub(crate) mod world;

mod account_tokens;
mod accounts;
mod api_keys;
mod audit;
mod backlog;
mod chat;
mod closing;
mod conflicts;
mod connections;
mod damage;
mod dead_letters;
mod deliveries;
mod effects;
mod executions;
mod export;
mod gateways;
mod idempotency;
mod inbound;
mod installs;
mod journal;
mod mails;
mod notifications;
mod operators;
mod order;
mod outcomes;
mod pages;
mod profiles;
mod quotas;
mod rotation;
mod schedules;
mod schema;
mod sessions;
mod tenancy;
mod texts;
mod two_factor;
mod usage;
mod usage_before;
mod versions;
mod warnings;
mod workspace;
