//! `cargo xtask check`: formatting, lints, dependencies and repository hygiene.

mod dependencies;
mod hygiene;

use anyhow::Result;

use crate::support::stages::{self, Stage};
use crate::support::workspace::Workspace;
use crate::support::{npm, process};

/// Runs all checks, also after one failed, so that one run shows everything.
pub(crate) fn command(ws: &Workspace) -> Result<()> {
    let cargo = |args: &[&str]| process::run(process::command("cargo", ws.root()).args(args));
    let clippy = &["clippy", "--workspace", "--all-targets", "--keep-going", "--", "-D", "warnings"];
    stages::run(vec![
        Stage { name: "format", needs: &[], run: Box::new(|| cargo(&["fmt", "--all", "--check"])) },
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
    ])
}
