//! The API as its clients see it: real requests against a real engine with the built-in components, over a database of its own.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod app;

mod admin;
mod analytics;
mod api_keys;
mod audit;
mod auth;
mod authorization;
mod busy;
mod chat;
mod dead_letters;
mod endpoints;
mod errors;
mod etags;
mod executions;
mod gateways;
mod idempotency;
mod limits;
mod live;
mod openapi;
mod own_account;
mod plugins;
mod privacy;
mod profile;
mod quiet;
mod recovery;
mod refusals;
mod sessions;
mod two_factor;
mod web;
mod web_hooks;
mod webhooks;
mod workspace;
