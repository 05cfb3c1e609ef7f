//! `cargo xtask run`: builds everything and becomes the server.

use anyhow::{Context, Result};

use crate::build;
use crate::support::process;
use crate::support::workspace::Workspace;

/// Arguments of `run`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Passed on to `twobot serve --demo`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

impl Args {
    /// What the server gets.
    pub(crate) fn args(&self) -> &[String] {
        &self.args
    }
}

/// Builds and starts the server with demo data.
pub(crate) fn command(ws: &Workspace, args: &Args) -> Result<()> {
    build::command(ws, &build::Args::default())?;
    let mut server = process::command(ws.binary(false), ws.root());
    server.args(["serve", "--demo"]).args(args.args());
    become_it(server).context("the server can not be started")
}

/// Replaces this process, so that signals reach the server and its exit code the caller.
#[cfg(unix)]
fn become_it(mut command: std::process::Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    Err(command.exec().into())
}

/// Where a process can not be replaced, the console delivers Ctrl-C to both.
#[cfg(not(unix))]
fn become_it(mut command: std::process::Command) -> Result<()> {
    process::run(&mut command)
}
