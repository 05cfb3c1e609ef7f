//! `cargo xtask guests`: builds the components and puts them where the server and the tests look for them.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::support::process;
use crate::support::stamp;
use crate::support::toolchain::{Route, Target, Toolchain};
use crate::support::workspace::Workspace;

/// What a component's file begins with; a core module differs in the last four bytes.
const COMPONENT_MAGIC: &[u8] = b"\0asm\x0d\0\x01\0";

/// Arguments of `guests`.
#[derive(Default, clap::Args)]
pub(crate) struct Args {
    /// Only these (as `analytics` or `twobot-analytics`); all when none is named
    pub(crate) names: Vec<String>,
    /// Take this route to a compiler instead of the first that works
    #[arg(long)]
    pub(crate) route: Option<Route>,
}

/// A crate that becomes a component.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Guest {
    /// The crate's name.
    pub(crate) package: String,
    /// The component's name: the crate's without the product's prefix.
    name: String,
    /// Test guests go to a folder of their own, so that they are never embedded into the server.
    test: bool,
}

impl Guest {
    fn new(package: &str, test: bool) -> Self {
        let name = package.strip_prefix("twobot-").unwrap_or(package).to_owned();
        Self { package: package.to_owned(), name, test }
    }

    fn destination(&self, ws: &Workspace) -> PathBuf {
        let folder = if self.test { ws.components().join("tests") } else { ws.components() };
        folder.join(format!("{}.wasm", self.name))
    }
}

/// Builds the named guests, or all.
pub(crate) fn command(ws: &Workspace, args: &Args) -> Result<()> {
    let all = find(ws)?;
    let chosen = choose(&all, &args.names)?;
    if chosen.is_empty() {
        println!("there are no guests to build");
        return Ok(());
    }
    let toolchain = Toolchain::prepare(ws, Target::Component, args.route)?;
    let built = compile(ws, &toolchain, &chosen)?;
    let mut failed = Vec::new();
    for guest in &chosen {
        match built.get(&guest.package) {
            Some(file) => install(ws, guest, file)?,
            None => failed.push(guest.name.as_str()),
        }
    }
    if !failed.is_empty() {
        bail!("these guests did not build: {}", failed.join(", "));
    }
    if args.names.is_empty() {
        remove_strays(ws, &all)?;
    }
    Ok(())
}

/// All guest crates of the workspace.
pub(crate) fn find(ws: &Workspace) -> Result<Vec<Guest>> {
    let mut cargo = process::command("cargo", ws.root());
    let text = process::output(cargo.args(["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: Value = serde_json::from_str(&text).context("cargo's metadata can not be read")?;
    let mut guests = guests_of(&metadata, ws.root());
    guests.sort_by(|a, b| (a.test, &a.name).cmp(&(b.test, &b.name)));
    Ok(guests)
}

fn guests_of(metadata: &Value, root: &Path) -> Vec<Guest> {
    let mut guests = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let (Some(name), Some(manifest)) = (package["name"].as_str(), package["manifest_path"].as_str())
        else {
            continue;
        };
        let kinds = package["targets"].as_array().into_iter().flatten().filter_map(|t| t["kind"].as_array());
        if !kinds.flatten().any(|kind| kind == "cdylib") {
            continue;
        }
        let Ok(place) = Path::new(manifest).strip_prefix(root) else { continue };
        if place.starts_with("plugins") {
            guests.push(Guest::new(name, false));
        } else if place.starts_with("host/runtime/tests/guests") {
            guests.push(Guest::new(name, true));
        }
    }
    guests
}

fn choose<'a>(all: &'a [Guest], names: &[String]) -> Result<Vec<&'a Guest>> {
    if names.is_empty() {
        return Ok(all.iter().collect());
    }
    names
        .iter()
        .map(|wanted| {
            all.iter().find(|guest| guest.name == *wanted || guest.package == *wanted).with_context(|| {
                let known: Vec<_> = all.iter().map(|guest| guest.name.as_str()).collect();
                format!("there is no guest `{wanted}`; there are {}", known.join(", "))
            })
        })
        .collect()
}

/// Builds in one call of cargo; gives the file of each guest that built.
fn compile(ws: &Workspace, toolchain: &Toolchain, guests: &[&Guest]) -> Result<BTreeMap<String, PathBuf>> {
    let mut cargo = toolchain.cargo(ws, "build");
    // With --keep-going a broken guest does not hold up the others; the messages tell which files are of this build.
    cargo.args(["--profile", "guest", "--lib", "--keep-going", "--message-format=json-render-diagnostics"]);
    for guest in guests {
        cargo.args(["-p", &guest.package]);
    }
    let mut child = cargo.stdout(Stdio::piped()).spawn().context("cargo can not be started")?;
    let stdout = child.stdout.take().context("cargo's output is not readable")?;
    let mut built = BTreeMap::new();
    for line in BufReader::new(stdout).lines() {
        if let Some(file) = component_of(&line?) {
            for guest in guests {
                if file.file_stem().is_some_and(|stem| stem == guest.package.replace('-', "_").as_str()) {
                    built.insert(guest.package.clone(), file.clone());
                }
            }
        }
    }
    let status = child.wait()?;
    if !status.success() && built.len() == guests.len() {
        process::expect_success(&cargo, status)?;
    }
    Ok(built)
}

/// The `.wasm` file that one of cargo's messages is about.
fn component_of(message: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(message).ok()?;
    if message["reason"] != "compiler-artifact" {
        return None;
    }
    let files = message["filenames"].as_array()?;
    files.iter().filter_map(Value::as_str).find(|file| file.ends_with(".wasm")).map(PathBuf::from)
}

fn install(ws: &Workspace, guest: &Guest, file: &Path) -> Result<()> {
    let bytes = std::fs::read(file).with_context(|| format!("{} can not be read", file.display()))?;
    if !bytes.starts_with(COMPONENT_MAGIC) {
        bail!("{} is not a component", file.display());
    }
    let destination = guest.destination(ws);
    let changed = stamp::write_if_changed(&destination, &bytes)?;
    let shown = destination.strip_prefix(ws.root()).unwrap_or(&destination).display();
    println!("  {shown}  {} KB{}", bytes.len().div_ceil(1024), if changed { "" } else { "  (unchanged)" });
    Ok(())
}

/// Takes away components whose crate is gone: the server would embed them still.
fn remove_strays(ws: &Workspace, guests: &[Guest]) -> Result<()> {
    let wanted: Vec<_> = guests.iter().map(|guest| guest.destination(ws)).collect();
    for folder in [ws.components(), ws.components().join("tests")] {
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.extension().is_some_and(|extension| extension == "wasm") && !wanted.contains(&path) {
                std::fs::remove_file(&path)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn package(name: &str, manifest: &str, kind: &str) -> Value {
        json!({ "name": name, "manifest_path": manifest, "targets": [{ "kind": [kind] }, { "kind": ["test"] }] })
    }

    #[test]
    fn guests_are_told_by_place_and_kind() {
        let metadata = json!({ "packages": [
            package("twobot-analytics", "/repo/plugins/analytics/Cargo.toml", "cdylib"),
            package("guest-loops", "/repo/host/runtime/tests/guests/loops/Cargo.toml", "cdylib"),
            package("twobot-notes", "/repo/plugins/notes/Cargo.toml", "lib"),
            package("twobot-api", "/repo/api/Cargo.toml", "cdylib"),
        ] });
        let guests = guests_of(&metadata, Path::new("/repo"));
        assert_eq!(guests, [Guest::new("twobot-analytics", false), Guest::new("guest-loops", true)]);
        assert_eq!(guests[0].name, "analytics");
    }

    #[test]
    fn names_are_taken_with_and_without_prefix() {
        let all = [Guest::new("twobot-auto-reply", false), Guest::new("twobot-analytics", false)];
        for name in ["auto-reply", "twobot-auto-reply"] {
            let chosen = choose(&all, &[name.to_owned()]).unwrap();
            assert_eq!(chosen, [&all[0]], "{name}");
        }
        assert_eq!(choose(&all, &[]).unwrap().len(), 2);
        let error = choose(&all, &["reply".to_owned()]).unwrap_err().to_string();
        assert!(error.contains("auto-reply, analytics"), "{error}");
    }

    #[test]
    fn only_artifacts_name_components() {
        for (message, expected) in [
            (
                json!({ "reason": "compiler-artifact", "filenames": ["/t/a.rlib", "/t/a.wasm"] }),
                Some("/t/a.wasm"),
            ),
            (json!({ "reason": "compiler-artifact", "filenames": ["/t/a.rlib"] }), None),
            (json!({ "reason": "build-finished", "success": true }), None),
        ] {
            assert_eq!(component_of(&message.to_string()), expected.map(PathBuf::from), "{message}");
        }
    }
}
