//! Between the contract's types and the domain's: one function per concept.

pub(crate) mod error;
pub(crate) mod manifest;
pub(crate) mod schema;
