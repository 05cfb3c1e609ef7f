//! What operators watch: metrics for Prometheus, and traces of events for OpenTelemetry.
//!
//! Both are off unless they are asked for, and cost next to nothing then. Neither names a tenant, a person, or what anybody wrote.

pub mod meter;
pub mod prometheus;
pub mod trace;
