//! The store on real database files: what it promises about tenants, durability, atomicity and quotas.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod estate;
mod source;
mod world;

mod accounts;
mod audit;
mod backup;
mod chat;
mod conflicts;
mod damage;
mod effects;
mod executions;
mod gateways;
mod inbound;
mod installs;
mod journal;
mod notifications;
mod outcomes;
mod pages;
mod plans;
mod quotas;
mod retention;
mod schedules;
mod schema;
mod tenancy;
mod usage;
