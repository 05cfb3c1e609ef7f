//! `cargo xtask bench`: measures 2Bot beside its peers and writes the tables of `docs/performance.md`.
//!
//! Benchmarks are a workspace of their own in `benches/`: what they compare with is built for nothing else.

mod guests;
mod table;

use anyhow::{Context, Result, bail};

use crate::support::postgres::{Postgres, Purpose};
use crate::support::workspace::Workspace;
use crate::support::{machine, process, stamp};
use crate::{build, guests as components};

/// The page with a table for each benchmark.
const PAGE: &str = "docs/performance.md";

/// The benchmarks that start the real server.
const OF_THE_SERVER: &[&str] = &["load", "idle"];

/// The benchmark that puts the server on PostgreSQL as well, and where it is told of one.
const ON_POSTGRES: (&str, &str) = ("load", "TWOBOT_BENCH_POSTGRES");

/// The benchmark beside Extism, which brings a Wasmtime of its own.
const BESIDE_EXTISM: &str = "extism";

/// The gateway that waits in the benchmark of live sandboxes.
const GATEWAY: &str = "gateway-ai";

/// Arguments of `bench`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only this benchmark (may be said again); the page stays as it is
    #[arg(long)]
    only: Vec<String>,
    /// Few rounds: a look whether all works; the page stays as it is
    #[arg(long)]
    quick: bool,
    /// Write the page also when only a part is measured; the tables of the others stay as they are
    #[arg(long)]
    write: bool,
}

/// Builds what is measured and measures it.
pub(crate) fn command(ws: &Workspace, args: &Args) -> Result<()> {
    let asked = |name: &str| args.only.is_empty() || args.only.iter().any(|only| only == name);
    if OF_THE_SERVER.iter().any(|name| asked(name)) {
        build::command(ws, &build::Args { release: true })?;
    } else {
        components::command(ws, &components::Args { names: vec![GATEWAY.to_owned()], route: None })?;
    }
    guests::build(ws)?;
    let packages = packages(&args.only);
    let mut build = process::command("cargo", &ws.benches());
    process::run(build.args(["bench", "--no-run"]).args(&packages))?;
    // Looked at before the run and after the build: what else the machine was doing meanwhile.
    let machine = machine::describe();
    if ws.bench_results().exists() {
        // Figures of an older run must not pass for this one's.
        std::fs::remove_dir_all(ws.bench_results())?;
    }
    let mut cargo = process::command("cargo", &ws.benches());
    cargo.arg("bench").args(&packages).arg("--").args(&args.only).env("TWOBOT_BIN", ws.binary(true));
    if args.quick {
        cargo.arg("--quick");
    }
    let (name, variable) = ON_POSTGRES;
    let server = if asked(name) { Some(Postgres::start_for(Purpose::Benchmarks)?) } else { None };
    if let Some(server) = &server {
        cargo.env(variable, server.url());
    }
    process::run(&mut cargo)?;
    drop(server);
    if args.quick || !(args.only.is_empty() || args.write) {
        println!("\n{PAGE} stays as it is: a whole run writes it, or a part with `--write`");
        return Ok(());
    }
    let page = ws.root().join(PAGE);
    let text = std::fs::read_to_string(&page).with_context(|| format!("{PAGE} can not be read"))?;
    let results = table::results(&ws.bench_results())?;
    let missing = table::missing(&args.only, &results);
    if !missing.is_empty() {
        bail!("no result was left by {}", missing.join(", "));
    }
    let text = table::put(&text, &machine, &results)?;
    stamp::write_if_changed(&page, text.as_bytes())?;
    println!("\n{PAGE} has the figures of this run");
    Ok(())
}

/// What to build for these benchmarks, or for all: the peer that takes longest is left out where it is not asked for.
fn packages(only: &[String]) -> Vec<&'static str> {
    let beside_extism = only.iter().filter(|name| *name == BESIDE_EXTISM).count();
    match (beside_extism, only.len() - beside_extism) {
        (0, 0) => Vec::new(),
        (0, _) => vec!["-p", "twobot-benches"],
        (_, 0) => vec!["-p", "bench-beside-extism"],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_asked_for_is_built() {
        for (only, expected) in [
            (vec![], vec![]),
            (vec!["overhead"], vec!["-p", "twobot-benches"]),
            (vec!["extism"], vec!["-p", "bench-beside-extism"]),
            (vec!["overhead", "extism"], vec![]),
        ] {
            let only: Vec<String> = only.into_iter().map(str::to_owned).collect();
            assert_eq!(packages(&only), expected, "{only:?}");
        }
    }
}
