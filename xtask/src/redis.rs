//! `cargo xtask redis`: a private Redis server for as long as a command runs.

use anyhow::Result;

use crate::support::process;
use crate::support::redis::{self, Redis};
use crate::support::workspace::Workspace;

/// Arguments of `redis`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The command, such as `cargo nextest run -p twobot-redis`; without one the server runs until Ctrl-C
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

/// Starts the server, runs the command with its address in the environment, and ends the server.
pub(crate) fn command(ws: &Workspace, args: &Args) -> Result<()> {
    let mut server = Redis::start()?;
    let Some((program, arguments)) = args.command.split_first() else {
        println!("{}={}", redis::VARIABLE, server.url());
        return server.wait();
    };
    let mut command = process::command(program, ws.root());
    process::run(command.args(arguments).env(redis::VARIABLE, server.url()))
}
