//! What to measure, by the command line.

use crate::row::{self, Row};
use anyhow::{Context as _, Result};
use clap::Parser;

/// One benchmark.
#[derive(Clone, Copy, Debug)]
pub struct Bench {
    /// Its name on the command line and in the results.
    pub name: &'static str,
    /// Measures, and says what was found.
    pub measure: fn(Effort) -> Result<Vec<Row>>,
}

/// How much to measure.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Divides rounds.
    divisor: u32,
}

impl Effort {
    /// So many rounds, or fewer when it should be quick; at least three, so that there is a middle one.
    #[must_use]
    pub const fn rounds(self, full: u32) -> u32 {
        let rounds = full / self.divisor;
        if rounds < 3 { 3 } else { rounds }
    }
}

/// Measures 2Bot beside its peers.
#[derive(Parser)]
struct Args {
    /// What to measure; everything when nothing is named. Names of other programs' benchmarks are passed over
    only: Vec<String>,
    /// Fewer rounds: a look whether all works, no figures to keep
    #[arg(long)]
    quick: bool,
    /// Cargo says this to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
    /// What a process that a benchmark started for itself has to do
    #[arg(long, hide = true)]
    child: Option<String>,
}

/// Runs what the command line names.
///
/// # Errors
/// When a benchmark can not be carried out; says which.
pub fn run(all: &[Bench]) -> Result<()> {
    let args = Args::parse();
    if let Some(task) = &args.child {
        return crate::child(task);
    }
    let effort = Effort { divisor: if args.quick { 10 } else { 1 } };
    for bench in all {
        if args.only.is_empty() || args.only.iter().any(|name| name == bench.name) {
            println!("\n{}", bench.name);
            let rows = (bench.measure)(effort).with_context(|| format!("benchmark {}", bench.name))?;
            row::show(&rows);
            row::keep(bench.name, &rows)?;
        }
    }
    Ok(())
}
