//! Where outgoing requests of tenants may go.
//!
//! A tenant names addresses (a base URL of an AI provider), and its plugins name hosts, and the host connects to them from
//! inside the operator's network. So every address is checked at the moment of connecting, after the name was resolved: a name that
//! is public when it is configured may point to a private address when it is used. Redirects are not followed, since each one
//! is a new address that someone else chose.

mod address;
mod client;
mod fetch;
mod lookup;
mod policy;

pub use address::refused_because;
pub use client::EgressClients;
pub(crate) use client::refusal;
pub use fetch::{Fetch, Fetched, Most};
pub use policy::{EgressPolicy, HostPort, InvalidEgressPolicy, RefusedAddress};
