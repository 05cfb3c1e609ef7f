//! What the binary can do, one command a file.

pub(crate) mod answer;
pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod compile;
pub(crate) mod config;
pub(crate) mod demo;
pub(crate) mod keys;
pub(crate) mod mail;
pub(crate) mod migrate;
pub(crate) mod openapi;
pub(crate) mod plugin;
pub(crate) mod replay;
pub(crate) mod serve;
pub(crate) mod usage;
pub(crate) mod user;
