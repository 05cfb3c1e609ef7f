//! `cargo xtask crash-test`: kills the server again and again under load.

use anyhow::Result;

use crate::support::process;
use crate::support::workspace::Workspace;
use crate::{build, guests, web};

/// Arguments of `crash-test`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// What the crash test is given: `--kills N`, `--tenants N`, `--seed N`, …; `--help` lists all
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Builds what is needed and runs the crash test.
pub(crate) fn command(ws: &Workspace, args: &Args) -> Result<()> {
    guests::command(ws, &guests::Args::default())?;
    web::command(ws, &web::Args::default())?;
    build::binary(ws, false)?;
    let plugin = ws.components().join("tests/ledger.wasm");
    let mut cargo = process::command("cargo", ws.root());
    cargo.args(["run", "--package", "twobot-crash-test", "--", "--binary"]).arg(ws.binary(false));
    cargo.arg("--plugin").arg(plugin).args(&args.rest);
    process::run(&mut cargo)
}
