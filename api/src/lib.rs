//! The REST API, its reference, and the dashboard: everything that a browser or a program sees of 2Bot, as one axum router.
//!
//! A handler authenticates, loads, acts and responds. It calls the engine and the store and nothing else; every error leaves
//! through [`error::ApiError`], and what must happen to each request whatever it asks for happens once, in [`edge`].

mod config;
mod router;
mod state;

mod access;
mod edge;
mod error;
mod extract;
mod limits;
mod validate;

mod key_token;
mod password;
mod second_factor;
mod streams;
mod throttle;
mod token;

mod routes;
mod wire;

mod dashboard;
mod document;
mod reference;

pub use config::ApiConfig;
pub use document::openapi;
pub use limits::Limits;
pub use password::{PasswordError, hash_password, validate_email, validate_password};
pub use router::{health_router, router};

/// A replay as the API answers it.
#[must_use]
pub fn replay_answer(report: &twobot_engine::replay::ReplayReport) -> serde_json::Value {
    serde_json::to_value(routes::executions::Replay::new(report)).unwrap_or_default()
}
