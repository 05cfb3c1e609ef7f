//! One module per resource, one file per verb where it is not trivial.

pub(crate) mod admin;
pub(crate) mod analytics;
pub(crate) mod api_keys;
pub(crate) mod audit_log;
pub(crate) mod auth;
pub(crate) mod conversations;
pub(crate) mod dead_letters;
pub(crate) mod executions;
pub(crate) mod gateway_kinds;
pub(crate) mod gateways;
pub(crate) mod health;
pub(crate) mod installs;
pub(crate) mod live;
pub(crate) mod notifications;
pub(crate) mod own_account;
pub(crate) mod plugins;
pub(crate) mod profile;
pub(crate) mod status;
pub(crate) mod stream;
pub(crate) mod two_factor;
pub(crate) mod usage;
pub(crate) mod webhooks;
pub(crate) mod workspace;
