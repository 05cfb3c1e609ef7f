//! What several resources have in common on the wire. What only one has stands with it in [`crate::routes`].
//!
//! None of these types is a domain type: what goes over the wire is a promise to others and changes on its own terms.

mod capability;
mod failure;
mod gateway_ref;
mod list;
mod names;
mod plan;
mod tagged;
mod time;
mod trouble;
mod usage;

pub(crate) use capability::Capability;
pub(crate) use failure::FailureReason;
pub(crate) use gateway_ref::{GatewayRef, PluginRef};
pub(crate) use list::List;
pub(crate) use names::*;
pub(crate) use plan::{Limits, Plan, PlanRef};
pub(crate) use tagged::{Etag, Tagged, Versioned};
pub(crate) use time::{Date, Time};
pub(crate) use trouble::Trouble;
pub(crate) use usage::Usage;
