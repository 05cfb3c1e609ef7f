//! Licences, sources and known vulnerabilities of the dependencies, by `cargo deny` and `deny.toml`.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::support::process;
use crate::support::workspace::Workspace;

/// The release of `cargo-deny` that is installed where there is none.
const VERSION: &str = "0.20.2";

/// Checks the dependencies. Where the database of advisories can not be fetched, that is said, and is no pass of it.
pub(crate) fn check(ws: &Workspace) -> Result<()> {
    let program = installed(ws)?;
    let deny = |what: &[&str]| {
        let mut command = process::command(&program, ws.root());
        command.arg("check").args(what);
        command
    };
    process::run(&mut deny(&["bans", "licenses", "sources"]))?;
    let advisories = deny(&["advisories"]).output().context("cargo-deny can not be started")?;
    let said = String::from_utf8_lossy(&advisories.stderr);
    if advisories.status.success() {
        println!("{}", said.trim_end());
        return Ok(());
    }
    if !out_of_reach(&said) {
        bail!("{said}");
    }
    println!("advisories: NOT CHECKED, since their database can not be reached from here");
    Ok(())
}

/// Whether there was no database to look into.
fn out_of_reach(said: &str) -> bool {
    said.contains("failed to fetch advisory database") || said.contains("failed to load advisory database")
}

/// `cargo-deny` of `PATH`, or one that is built into the target folder, once.
fn installed(ws: &Workspace) -> Result<PathBuf> {
    if let Some(found) = process::find("cargo-deny") {
        return Ok(found);
    }
    let root = ws.target().join("tools");
    let program = root.join("bin/cargo-deny");
    if !program.is_file() {
        println!("cargo-deny is not installed: building it once (some minutes)");
        let mut cargo = process::command("cargo", ws.root());
        cargo.args(["install", "cargo-deny", "--locked", "--version", VERSION, "--root"]).arg(&root);
        process::run(&mut cargo)?;
    }
    Ok(program)
}

#[cfg(test)]
mod tests {
    use super::out_of_reach;

    #[test]
    fn a_vulnerability_is_not_taken_for_a_missing_network() {
        assert!(out_of_reach("[ERROR] failed to fetch advisory database https://example.org with cli"));
        assert!(!out_of_reach("error[vulnerability]: RUSTSEC-2026-0001 in wasmtime"));
    }
}
