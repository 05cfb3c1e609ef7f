//! The words of the platform: ids, plans, manifests, usage, and what is said when something goes wrong.
//!
//! Nothing here does I/O, and nothing here depends on another crate of the workspace.

pub mod api_scope;
pub mod audit;
pub mod capability;
pub mod config;
pub mod effect_key;
pub mod gateway_error;
pub mod http_error;
pub mod ids;
pub mod mail;
pub mod manifest;
pub mod plan;
pub mod role;
pub mod time;
pub mod trouble;
pub mod usage;

pub use api_scope::ApiScope;
pub use audit::{ActorKind, AuditAction, AuditOutcome};
pub use effect_key::{EffectKey, EffectOrigin};
pub use gateway_error::GatewayError;
pub use http_error::HttpError;
pub use ids::*;
pub use mail::Mail;
pub use plan::{Limits, Plan, PlanCatalogue};
pub use role::Role;
pub use time::Timestamp;
pub use trouble::{FailureClass, LimitHit, Trouble};
pub use usage::Usage;
