//! `cargo xtask crash-test`: kills the server again and again under load, and says what became of the promises.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::support::machine;
use crate::support::postgres::{self, Postgres};
use crate::support::redis::{self, Redis};
use crate::support::workspace::Workspace;
use crate::support::{figures, process};
use crate::{build, guests, web};

/// The page with the report.
const PAGE: &str = "docs/reliability.md";

/// What the page names as the command.
const COMMAND: &str = "cargo xtask crash-test";

/// The set-ups, as the crash test calls them.
const SETUPS: [&str; 3] = ["sqlite", "postgres", "nodes"];

/// What the crash test writes in its folder, in the order in which it is shown.
const TABLES: [&str; 2] = ["courses.md", "points.md"];

/// Arguments of `crash-test`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Kills, over all set-ups
    #[arg(long, default_value_t = 60)]
    kills: u32,
    /// Only this set-up: sqlite, postgres or nodes (may be said again)
    #[arg(long, value_parser = SETUPS)]
    setup: Vec<String>,
    /// Write the report into docs/reliability.md
    #[arg(long)]
    write: bool,
    /// What else the crash test is given: `--tenants N`, `--seed N`, `--keep`, …
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Builds what is needed and runs the crash test.
pub(crate) fn command(ws: &Workspace, args: &Args) -> Result<()> {
    guests::command(ws, &guests::Args::default())?;
    web::command(ws, &web::Args::default())?;
    build::binary(ws, false)?;
    let mut build = process::command("cargo", ws.root());
    process::run(build.args(["build", "--package", "twobot-crash-test"]))?;

    let asked = |setup: &&str| args.setup.is_empty() || args.setup.iter().any(|asked| asked == setup);
    let setups: Vec<&str> = SETUPS.into_iter().filter(asked).collect();
    let mut server = if setups == ["sqlite"] { None } else { Some(Postgres::start()?) };
    // Nodes do without Redis where there is none.
    let redis = if setups.contains(&"nodes") && redis::is_installed() { Some(Redis::start()?) } else { None };
    let report = folder(ws)?;
    let described = format!("{}\n\n{}", code(ws)?, machine::describe());
    for (place, setup) in setups.iter().enumerate() {
        let mut course = process::command(program(ws), ws.root());
        course.arg("--binary").arg(ws.binary(false));
        course.arg("--plugin").arg(ws.components().join("tests/ledger.wasm"));
        course.args(["--setup", setup, "--kills"]).arg(share(args.kills, setups.len(), place).to_string());
        course.arg("--report").arg(&report).args(&args.rest);
        if let Some(server) = server.as_ref().filter(|_| *setup != "sqlite") {
            course.env(postgres::VARIABLE, server.url());
            course.arg("--postgres-process").arg(server.process_file());
        } else {
            course.env_remove(postgres::VARIABLE);
        }
        if let Some(redis) = &redis {
            course.env(redis::VARIABLE, redis.url());
        }
        run(&mut course, server.as_mut())?;
    }
    let tables = TABLES.map(|table| std::fs::read_to_string(report.join(table)));
    let tables =
        tables.into_iter().collect::<Result<Vec<_>, _>>().context("the crash test left no report")?;
    let found = format!("{described}\n\n{}", tables.join("\n"));
    println!("\n{found}");
    if args.write {
        write(ws, &found)?;
    }
    Ok(())
}

/// Runs a course to its end. Meanwhile PostgreSQL is started again whenever it ends.
fn run(course: &mut Command, mut server: Option<&mut Postgres>) -> Result<()> {
    let mut running = course.spawn().context("the crash test can not be started")?;
    loop {
        if let Some(status) = running.try_wait()? {
            return process::expect_success(course, status);
        }
        if let Some(server) = &mut server {
            server.revive()?;
        }
        // Nobody tells when one of several processes ends.
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Of so many kills, those of one of the set-ups.
fn share(kills: u32, setups: usize, place: usize) -> u32 {
    let setups = u32::try_from(setups).unwrap_or(1).max(1);
    kills / setups + u32::from((place as u32) < kills % setups)
}

fn program(ws: &Workspace) -> String {
    ws.binary(false).with_file_name("twobot-crash-test").display().to_string()
}

/// The day, and the commit whose code is run.
fn code(ws: &Workspace) -> Result<String> {
    let ask = |program: &str, arguments: &[&str]| -> Result<String> {
        let told = process::output(process::command(program, ws.root()).args(arguments))?;
        Ok(told.trim().to_owned())
    };
    let commit = ask("git", &["rev-parse", "--short=10", "HEAD"])?;
    let changed = ask("git", &["status", "--porcelain", "--untracked-files=no"])?;
    let besides = if changed.is_empty() { "" } else { ", with changes that were not committed" };
    Ok(format!("{}, the code of commit {commit}{besides}.", ask("date", &["-u", "+%Y-%m-%d"])?))
}

/// An empty folder for the report.
fn folder(ws: &Workspace) -> Result<PathBuf> {
    let folder = ws.root().join("target/crash-test");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn write(ws: &Workspace, figures: &str) -> Result<()> {
    let page: &Path = &ws.root().join(PAGE);
    let text = std::fs::read_to_string(page).with_context(|| format!("{PAGE} can not be read"))?;
    std::fs::write(page, figures::put(&text, COMMAND, figures)?)?;
    println!("{PAGE} has the figures of this run");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn kills_are_shared_without_losing_any() {
        assert_eq!([0, 1, 2].map(|place| share(500, 3, place)), [167, 167, 166]);
        assert_eq!(share(7, 1, 0), 7);
    }
}
