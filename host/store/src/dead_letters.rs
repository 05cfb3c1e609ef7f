//! Dead letters: what was given up and waits for a person, who looks at it, runs it again or discards it.
//!
//! Executions of events and schedules, deliveries that could not be decoded, and effects that could not be delivered. They stay in
//! their tables: a dead letter is a row that failed and that nobody has settled. Actions are none: whoever ran one was told at once.

mod change;
mod query;

pub use change::EditedEvent;
pub use query::{DeadLetter, DeadLetterFilter, DeadLetterKind, MOST_COUNTED};
