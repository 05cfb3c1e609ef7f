//! Why a sandbox ended before its time, in words for its owner.

use crate::limits::{MemoryExceeded, RunLimits};
use std::time::Duration;
use twobot_domain::Trouble;
use wasmtime::Trap;

/// Which clock ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overtime {
    /// The guest's own running.
    Own(Duration),
    /// The whole execution.
    Total(Duration),
}

/// What is known of a sandbox that ended before its time.
pub(crate) struct Ended<'a> {
    pub(crate) error: &'a wasmtime::Error,
    pub(crate) memory: Option<MemoryExceeded>,
    pub(crate) fuel_used: u64,
    pub(crate) limits: &'a RunLimits,
}

/// Bytes that a guest may hand to the host in one call, or answer with: the host keeps a copy while it works on them.
pub(crate) const CALL_BYTES: usize = 4 * 1024 * 1024;

/// Whether a call was ended because of [`CALL_BYTES`]. The engine has no type for this error, only words.
fn handed_over_too_much(error: &wasmtime::Error) -> bool {
    error.root_cause().to_string().contains("fuel allocated for hostcalls has been exhausted")
}

fn mb(bytes: u64) -> String {
    format!("{:.0} MB", bytes as f64 / (1024.0 * 1024.0))
}

/// Words for a sandbox that ran out of a limit or crashed.
pub(crate) fn ended(ended: &Ended<'_>) -> Trouble {
    let trap = ended.error.downcast_ref::<Trap>();
    // A guest may live through a refusal of memory; what ended it then is something else.
    if let Some(memory) = ended.memory
        && !matches!(trap, Some(Trap::OutOfFuel | Trap::StackOverflow))
    {
        return Trouble::new(
            "memory_exceeded",
            "Ran out of memory",
            format!("It asked for {} of memory and may have {}.", mb(memory.wanted), mb(memory.allowed)),
            "Keep less in memory at a time; a larger plan allows more over all plugins together. If the plugin is not yours, tell its author.",
        )
        .with_limit(memory.name, memory.wanted, memory.allowed, "bytes");
    }
    if handed_over_too_much(ended.error) {
        return Trouble::new(
            "call_too_large",
            "Handed over too much at once",
            "It called the platform with more data than one call may bring.",
            "Hand over less at a time. If the plugin is not yours, tell its author.",
        )
        .with_limit("call_bytes", CALL_BYTES as u64, CALL_BYTES as u64, "bytes");
    }
    match trap {
        Some(Trap::OutOfFuel) => Trouble::new(
            "fuel_exhausted",
            "Used up its computing time",
            "It computed without end, or more than one run may. It was stopped, and nothing of this run was kept.",
            "Look for a loop that does not end, or do less in one run; a larger plan allows more. If the plugin is not yours, tell its author.",
        )
        .with_limit("fuel_per_execution", ended.fuel_used, ended.limits.fuel, "fuel"),
        Some(Trap::StackOverflow) => Trouble::new(
            "stack_overflow",
            "Called itself too deeply",
            "Its functions called each other until the stack was full.",
            "Look for a recursion that does not end. If the plugin is not yours, tell its author.",
        ),
        Some(trap) => Trouble::new(
            "trapped",
            "Crashed",
            format!("It stopped with: {trap}. Nothing of this run was kept; the log below has what it wrote until then."),
            "Read the log for the reason. If the plugin is not yours, tell its author.",
        ),
        None => Trouble::new(
            "trapped",
            "Crashed",
            "It could not be run to its end. Nothing of this run was kept.",
            "Read the log for the reason. If the plugin is not yours, tell its author.",
        ),
    }
}

/// Words for a sandbox that took too long.
pub(crate) fn overtime(overtime: Overtime) -> Trouble {
    let (name, used, detail) = match overtime {
        Overtime::Own(allowed) => (
            "handler_time",
            allowed,
            format!("It ran for {} s, which is the limit of one run.", allowed.as_secs()),
        ),
        Overtime::Total(allowed) => (
            "execution_time",
            allowed,
            format!("It ran and waited for {} s, which is the limit of one run.", allowed.as_secs()),
        ),
    };
    let millis = u64::try_from(used.as_millis()).unwrap_or(u64::MAX);
    Trouble::new(
        "time_exceeded",
        "Took too long",
        detail,
        "Do less in one run, or wait for less. If the plugin is not yours, tell its author.",
    )
    .with_limit(name, millis, millis, "ms")
}
