//! What the host serves to guests, one interface a file.
//!
//! Each checks its grant on every call, clamps what it is given, and answers a denial or a wrong argument with an error value,
//! never with a trap.

pub(crate) mod ai;
pub(crate) mod config;
pub(crate) mod filesystem;
pub(crate) mod gateways;
pub(crate) mod http;
pub(crate) mod keyvalue;
pub(crate) mod log;
pub(crate) mod notify;
pub(crate) mod provider;
pub(crate) mod schedule;
pub(crate) mod words;
