//! Measures 2Bot beside its peers: `cargo xtask bench`, or `cargo bench` in this folder once that has built the components.
//!
//! Each benchmark runs both sides in turns, in one process and one run, and gives ratios: absolute figures drift with whatever
//! else the machine does, ratios of neighbouring rounds hardly do. That is also why no benchmark library is used here: those
//! finish one side before they begin the next.

#![expect(clippy::print_stdout, reason = "a command line tool talks to the terminal")]

pub mod guests;
pub mod host;
pub mod race;
pub mod row;
pub mod run;
pub mod versions;

mod compile;
mod density;
mod fuel;
mod idle;
mod lists;
mod load;
mod neighbour;
mod node;
mod overhead;
mod proc;
mod raw;
mod server;

use anyhow::Result;
use run::Bench;

/// The benchmarks of this crate, in the order of the table.
pub const ALL: &[Bench] = &[
    Bench { name: "overhead", measure: overhead::measure },
    Bench { name: "node", measure: node::measure },
    Bench { name: "density", measure: |_| density::measure() },
    Bench { name: "neighbour", measure: neighbour::measure },
    Bench { name: "compile", measure: compile::measure },
    Bench { name: "fuel", measure: fuel::measure },
    Bench { name: "load", measure: load::measure },
    Bench { name: "lists", measure: lists::measure },
    Bench { name: "idle", measure: |_| idle::measure() },
];

/// What a process does that a benchmark started for itself.
///
/// # Errors
/// When it can not.
pub fn child(task: &str) -> Result<()> {
    match task {
        load::BARE => load::serve_bare(),
        _ => density::child(task),
    }
}
