//! The project's own commands: `cargo xtask <command>`.
//!
//! Each command is one file; what they share lies in `support`.

#![expect(clippy::print_stdout, reason = "a command line tool talks to the terminal")]
#![expect(clippy::print_stderr, reason = "a command line tool talks to the terminal")]

mod bench;
mod build;
mod check;
mod crash_test;
mod guests;
mod openapi;
mod postgres;
mod redis;
mod run;
mod support;
mod test;
mod web;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::support::workspace::Workspace;

/// Builds, tests and runs 2Bot.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the WebAssembly components into `target/components`
    Guests(guests::Args),
    /// Build the dashboard into `web/dist`
    Web(web::Args),
    /// Build everything: components, dashboard, and the `twobot` binary that carries both
    Build(build::Args),
    /// Build everything and start the server with demo data
    Run(run::Args),
    /// Run every test there is, from the components to the browser
    Test(test::Args),
    /// Kill the server again and again under load, and look for what was lost or repeated
    CrashTest(crash_test::Args),
    /// Run a command with a private PostgreSQL server, which tests find by `TWOBOT_TEST_POSTGRES`
    Postgres(postgres::Args),
    /// Run a command with a private Redis server, which the crash test finds by `TWOBOT_TEST_REDIS`
    Redis(redis::Args),
    /// Check formatting, lints, dependencies and repository hygiene
    Check(check::Args),
    /// Measure 2Bot beside its peers, and write the table of `docs/performance.md`
    Bench(bench::Args),
    /// Write `api/openapi.json` and the TypeScript types made from it
    Openapi,
}

fn main() -> ExitCode {
    match Workspace::locate().and_then(|ws| dispatch(&ws, Cli::parse().command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(ws: &Workspace, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Guests(args) => guests::command(ws, &args),
        Command::Web(args) => web::command(ws, &args),
        Command::Build(args) => build::command(ws, &args),
        Command::Run(args) => run::command(ws, &args),
        Command::Test(args) => test::command(ws, &args),
        Command::CrashTest(args) => crash_test::command(ws, &args),
        Command::Postgres(args) => postgres::command(ws, &args),
        Command::Redis(args) => redis::command(ws, &args),
        Command::Check(args) => check::command(ws, &args),
        Command::Bench(args) => bench::command(ws, &args),
        Command::Openapi => openapi::command(ws),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn run_passes_everything_on() {
        for line in [vec!["xtask", "run", "--", "--role", "api"], vec!["xtask", "run", "--role", "api"]] {
            let Command::Run(args) = Cli::parse_from(&line).command else { panic!("{line:?} is no run") };
            assert_eq!(args.args(), ["--role", "api"], "{line:?}");
        }
    }
}
