//! Connectors: what must stay outside the sandbox of a gateway component.
//!
//! A gateway component decides *what* to ask of its provider; a connector here does the asking, since it holds what must not
//! be in a sandbox: tokens, TLS, connection pools, long polls, webhook secrets and rate limits.

pub mod connector;

pub use connector::{Account, Arrival, Batch, Connector, Connectors, Delivery, Malformed};
