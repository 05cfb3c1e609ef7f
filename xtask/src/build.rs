//! `cargo xtask build`: components, dashboard, and the binary that carries both.

use anyhow::Result;

use crate::support::process;
use crate::support::workspace::Workspace;
use crate::{guests, web};

/// Arguments of `build`.
#[derive(Default, clap::Args)]
pub(crate) struct Args {
    /// Optimise; the result is `target/release/twobot`
    #[arg(long)]
    pub(crate) release: bool,
}

/// Builds everything that the server needs, in the order in which it is embedded.
pub(crate) fn command(ws: &Workspace, args: &Args) -> Result<()> {
    guests::command(ws, &guests::Args::default())?;
    web::command(ws, &web::Args::default())?;
    binary(ws, args.release)?;
    let binary = ws.binary(args.release);
    println!("built {}", binary.strip_prefix(ws.root()).unwrap_or(&binary).display());
    Ok(())
}

/// Builds the binary alone.
pub(crate) fn binary(ws: &Workspace, release: bool) -> Result<()> {
    let mut cargo = process::command("cargo", ws.root());
    cargo.args(["build", "-p", "twobot-host"]);
    if release {
        cargo.arg("--release");
    }
    process::run(&mut cargo)
}
