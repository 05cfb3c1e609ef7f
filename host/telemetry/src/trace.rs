//! One trace for what comes of one delivery: receiving, decoding, the plugins' runs with what they ask of outside, and the replies.
//!
//! These happen minutes apart, in other processes, or again after a crash; nothing of a trace is stored for that. Its id is that of the delivery,
//! and the id of each span comes from what the span is of ([`Step`]), so that a child knows its parent without having met it.
//! Spans go to a collector over OTLP (HTTP, protobuf).

mod export;
mod span;

pub use export::{Options, Traces, Wrong};
pub use span::{Ended, Span, Spot, Step};

/// Whether anybody collects traces.
#[must_use]
pub fn is_on() -> bool {
    export::is_on()
}
