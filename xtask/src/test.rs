//! `cargo xtask test`: everything, from the components to the browser.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use crate::support::postgres::{self, Postgres};
use crate::support::redis::{self, Redis};
use crate::support::stages::{self, Stage};
use crate::support::workspace::Workspace;
use crate::support::{apt, npm, process, python};
use crate::{build, guests, web};

/// Programs by which Chromium goes.
const BROWSERS: &[&str] = &["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/// Arguments of `test`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Run one part (and what it needs) instead of everything
    #[arg(long)]
    only: Option<Part>,
}

/// A part of the tests.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// The workspace's native tests
    Rust,
    /// The components and their crates' own tests
    Guests,
    /// Types, lints and unit tests of the dashboard
    Web,
    /// The dashboard in a browser against the real server
    Browser,
    /// The whole API of the real server, by input that a machine thinks of
    Api,
}

/// Runs the stages of the asked part, or all.
pub(crate) fn command(ws: &Workspace, args: &Args) -> Result<()> {
    let all = all_stages(ws, args.only.is_none());
    let chosen = all.into_iter().filter(|(parts, _)| args.only.is_none_or(|part| parts.contains(&part)));
    let mut stages: Vec<_> = chosen.map(|(_, stage)| stage).collect();
    if args.only.is_none() {
        // The native tests have run them already.
        stages.retain(|stage| stage.name != "guest tests");
    }
    stages::run(stages)
}

/// Every stage with the parts that it belongs to, in an order in which each finds what it needs. `built` says that the native tests
/// run too, which build the binary for themselves.
fn all_stages(ws: &Workspace, built: bool) -> Vec<(&'static [Part], Stage<'_>)> {
    use Part::{Api, Browser, Guests, Rust, Web};
    fn stage<'a>(
        name: &'static str,
        needs: &'static [&'static str],
        run: impl FnMut() -> Result<()> + 'a,
    ) -> Stage<'a> {
        Stage { name, needs, run: Box::new(run) }
    }
    vec![
        (&[Browser], stage("browser set-up", &[], || browser().map(|path| println!("{}", path.display())))),
        (
            &[Rust, Guests, Browser, Api],
            stage("components", &[], || guests::command(ws, &guests::Args::default())),
        ),
        (&[Rust, Web, Browser, Api], stage("dashboard set-up", &[], || npm::install(ws))),
        (
            &[Web],
            stage("dashboard check", &["dashboard set-up"], || process::run(&mut npm::script(ws, "check"))),
        ),
        (
            &[Web],
            stage("dashboard tests", &["dashboard set-up"], || process::run(&mut npm::script(ws, "test"))),
        ),
        (
            &[Rust, Web, Browser, Api],
            stage("dashboard build", &["dashboard set-up"], || web::command(ws, &web::Args::default())),
        ),
        (&[Rust], stage("native tests", &["components", "dashboard build"], || workspace_tests(ws))),
        (
            &[Rust],
            stage("documentation tests", &["components", "dashboard build"], || documentation_tests(ws)),
        ),
        (&[Guests], stage("guest tests", &["components"], || guest_tests(ws))),
        (&[Browser, Api], stage("binary", &["components", "dashboard build"], move || binary(ws, built))),
        (&[Browser], stage("browser tests", &["browser set-up", "binary"], || browser_tests(ws))),
        (&[Api], stage("api tutorial", &["binary"], || tutorial(ws))),
        (&[Api], stage("api properties", &["binary"], || api_properties(ws))),
    ]
}

/// Runs the workspace's tests, with servers of PostgreSQL and Redis for those that need one.
fn workspace_tests(ws: &Workspace) -> Result<()> {
    let mut servers: Vec<(&str, String)> = Vec::new();
    let named = |variable| std::env::var_os(variable).is_some();
    let postgres = if named(postgres::VARIABLE) {
        println!("using the PostgreSQL server that {} names", postgres::VARIABLE);
        None
    } else {
        Some(Postgres::start()?)
    };
    servers.extend(postgres.as_ref().map(|server| (postgres::VARIABLE, server.url())));
    // Those that kill one start it themselves, and only need the program.
    redis::program()?;
    let redis = if named(redis::VARIABLE) { None } else { Some(Redis::start()?) };
    servers.extend(redis.as_ref().map(|server| (redis::VARIABLE, server.url())));
    native_tests(ws, &["--workspace"], &servers)
}

/// Runs native tests with nextest, or without it where it is not installed.
fn native_tests(ws: &Workspace, packages: &[&str], servers: &[(&str, String)]) -> Result<()> {
    let mut cargo = process::command("cargo", ws.root());
    cargo.envs(servers.iter().map(|(variable, url)| (variable, url)));
    if process::find("cargo-nextest").is_some() {
        cargo.args(["nextest", "run", "--no-fail-fast", "--no-tests=pass"]);
    } else {
        println!("cargo-nextest is not installed: running `cargo test`");
        cargo.args(["test", "--all-targets", "--no-fail-fast"]);
    }
    process::run(cargo.args(packages))
}

/// Runs the examples in the documentation, which nextest does not.
fn documentation_tests(ws: &Workspace) -> Result<()> {
    process::run(process::command("cargo", ws.root()).args([
        "test",
        "--workspace",
        "--doc",
        "--no-fail-fast",
    ]))
}

fn guest_tests(ws: &Workspace) -> Result<()> {
    let guests = guests::find(ws)?;
    let packages: Vec<_> = guests.iter().flat_map(|guest| ["-p", guest.package.as_str()]).collect();
    if packages.is_empty() {
        bail!("there are no guests");
    }
    native_tests(ws, &packages, &[])
}

/// The binary. The native tests have built one for the tests of the command line; building it once more by itself would build most
/// dependencies a second time, since tests turn on features of them that the binary alone does not.
fn binary(ws: &Workspace, built: bool) -> Result<()> {
    if built && ws.binary(false).is_file() { Ok(()) } else { build::binary(ws, false) }
}

fn browser_tests(ws: &Workspace) -> Result<()> {
    let mut npm = npm::script(ws, "e2e");
    process::run(npm.env("TWOBOT_BIN", ws.binary(false)).env("CHROMIUM", browser()?))
}

/// Has the server's API tried by what its own document says.
fn api_properties(ws: &Workspace) -> Result<()> {
    let folder = ws.root().join("api/properties");
    let python = python::with(ws, &folder.join("requirements.txt"))?;
    process::run(process::command(python, ws.root()).arg(folder.join("run.py")).arg(ws.binary(false)))
}

/// Runs the commands of the API's tutorial.
fn tutorial(ws: &Workspace) -> Result<()> {
    let missing: Vec<_> =
        ["bash", "curl", "jq"].into_iter().filter(|name| process::find(name).is_none()).collect();
    if !missing.is_empty() {
        apt::install(&missing)?;
    }
    let folder = ws.root().join("api/properties");
    let python = python::with(ws, &folder.join("requirements.txt"))?;
    process::run(process::command(python, ws.root()).arg(folder.join("tutorial.py")).arg(ws.binary(false)))
}

/// Chromium: the one that `CHROMIUM` names, one on `PATH`, or Debian's, installed now.
fn browser() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("CHROMIUM").map(PathBuf::from) {
        if named.is_file() {
            return Ok(named);
        }
        bail!("CHROMIUM names {}, which is no file", named.display());
    }
    let find = || BROWSERS.iter().find_map(|name| process::find(name));
    if let Some(found) = find() {
        return Ok(found);
    }
    apt::install(&["chromium"]).context("the browser tests need Chromium")?;
    find().context("Chromium was installed but is not on PATH")
}
