//! `cargo xtask check`: formatting, lints, dependencies and repository hygiene.

mod dependencies;
mod hygiene;

use anyhow::Result;

use crate::support::stages::{self, Stage};
use crate::support::workspace::Workspace;
use crate::support::{npm, process};

/// Arguments of `check`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Lint and test the benchmarks too, which builds the peers that they compare with: minutes
    #[arg(long)]
    benches: bool,
}

/// Runs all checks, also after one failed, so that one run shows everything.
pub(crate) fn command(ws: &Workspace, args: &Args) -> Result<()> {
    let cargo = |args: &[&str]| process::run(process::command("cargo", ws.root()).args(args));
    let benches = |args: &[&str]| process::run(process::command("cargo", &ws.benches()).args(args));
    let format = &["fmt", "--all", "--check"];
    let clippy = &["clippy", "--workspace", "--all-targets", "--keep-going", "--", "-D", "warnings"];
    let mut all = vec![
        Stage { name: "format", needs: &[], run: Box::new(|| cargo(format).and_then(|()| benches(format))) },
        Stage { name: "hygiene", needs: &[], run: Box::new(|| hygiene::check(ws)) },
        Stage {
            name: "dashboard",
            needs: &[],
            run: Box::new(|| {
                npm::install(ws)?;
                process::run(&mut npm::script(ws, "check"))
            }),
        },
        Stage { name: "dependencies", needs: &[], run: Box::new(|| dependencies::check(ws)) },
        Stage { name: "clippy", needs: &[], run: Box::new(|| cargo(clippy)) },
    ];
    if args.benches {
        all.push(Stage { name: "clippy of benches", needs: &[], run: Box::new(|| benches(clippy)) });
        let test = &["test", "-p", "twobot-benches", "-p", "bench-handler", "--lib"];
        all.push(Stage { name: "tests of benches", needs: &[], run: Box::new(|| benches(test)) });
    }
    stages::run(all)
}
