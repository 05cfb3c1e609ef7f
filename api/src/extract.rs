//! What handlers take from a request.

mod address;
mod caller;
mod device;
mod id;
mod if_match;
mod json;
mod operator;
mod origin;
mod query;
mod session;

pub(crate) use address::ClientAddress;
pub(crate) use caller::{Caller, ShownKey};
pub(crate) use device::DeviceOf;
pub(crate) use id::{Id, Names};
pub(crate) use if_match::{IfMatch, IfMatchHeader};
pub(crate) use json::BODY_LIMIT;
pub(crate) use json::Json;
pub(crate) use operator::Operator;
pub(crate) use origin::{Origin, RequestId};
pub(crate) use query::{ListQuery, Query, RangeQuery};
pub(crate) use session::{Session, ShownSession, Unsaid, is_safe, require_same_origin};
