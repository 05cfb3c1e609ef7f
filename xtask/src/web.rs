//! `cargo xtask web`: builds the dashboard into `web/dist`.

use anyhow::{Result, bail};

use crate::support::stamp::{self, Stamp};
use crate::support::workspace::Workspace;
use crate::support::{npm, process};

/// Below `web/`, but neither source nor setting of the build.
const NO_INPUTS: &[&str] = &["node_modules", "dist", "e2e", "coverage", "playwright-report", "test-results"];

/// Arguments of `web`.
#[derive(Default, clap::Args)]
pub(crate) struct Args {
    /// Build even when nothing has changed since the last build
    #[arg(long)]
    force: bool,
}

/// Installs dependencies and builds, each only when needed.
pub(crate) fn command(ws: &Workspace, args: &Args) -> Result<()> {
    npm::install(ws)?;
    let inputs = stamp::fingerprint(&ws.web(), NO_INPUTS)?;
    let last = Stamp::new(&ws.stamps(), "web");
    let page = ws.web().join("dist/index.html");
    if !args.force && page.is_file() && last.matches(&inputs) {
        println!("the dashboard is up to date");
        return Ok(());
    }
    println!("building the dashboard");
    process::run(&mut npm::script(ws, "build"))?;
    if !page.is_file() {
        bail!("the dashboard's build left no web/dist/index.html");
    }
    last.set(&inputs)
}
