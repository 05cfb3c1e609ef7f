//! npm in the dashboard's folder.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::workspace::Workspace;
use super::{apt, process};

/// The oldest Node that the dashboard's tools run on.
const NODE_MAJOR: u32 = 20;

/// Installs the dashboard's dependencies when they are not what the lock file says.
pub(crate) fn install(ws: &Workspace) -> Result<()> {
    ensure_node(ws)?;
    if !ws.web().join("package-lock.json").is_file() {
        bail!("web/package-lock.json is missing: run `npm install` in web/ once and commit it");
    }
    if is_installed(ws) {
        return Ok(());
    }
    println!("installing the dashboard's dependencies (npm ci)");
    process::run(npm(ws).args(["ci", "--no-audit", "--no-fund"]))
}

/// `npm run <script>` in `web/`.
pub(crate) fn script(ws: &Workspace, name: &str) -> Command {
    let mut command = npm(ws);
    command.args(["run", "--silent", name]);
    command
}

fn npm(ws: &Workspace) -> Command {
    process::command("npm", &ws.web())
}

/// Node and npm, from apt where they are missing.
fn ensure_node(ws: &Workspace) -> Result<()> {
    if process::find("node").is_none() || process::find("npm").is_none() {
        println!("node or npm is missing: the dashboard is built with them");
        apt::install(&["nodejs", "npm"]).with_context(|| {
            format!(
                "node and npm could not be installed: install Node {NODE_MAJOR} or newer and run this again"
            )
        })?;
    }
    let version = process::output(process::command("node", ws.root()).arg("--version"))?;
    let major = major_of(&version).with_context(|| format!("`node --version` says {}", version.trim()))?;
    if major < NODE_MAJOR {
        bail!(
            "node is {}; the dashboard needs Node {NODE_MAJOR} or newer: install it and run this again",
            version.trim()
        );
    }
    Ok(())
}

fn major_of(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

fn is_installed(ws: &Workspace) -> bool {
    let read = |path: PathBuf| -> Option<Value> { serde_json::from_slice(&std::fs::read(path).ok()?).ok() };
    let locked = read(ws.web().join("package-lock.json"));
    let installed = read(ws.web().join("node_modules/.package-lock.json"));
    locked.zip(installed).is_some_and(|(locked, installed)| agrees(&locked, &installed))
}

/// Whether npm's note of what it installed is what the lock file asks for. Comparing them is surer than times, and
/// does not undo an installation by hand.
fn agrees(locked: &Value, installed: &Value) -> bool {
    let (Some(locked), Some(installed)) = (locked["packages"].as_object(), installed["packages"].as_object())
    else {
        return false;
    };
    let same = |a: &Value, b: &Value| a["version"] == b["version"] && a["integrity"] == b["integrity"];
    // Packages for other machines are optional and left out.
    let missing_is_fine = |package: &Value| package["optional"] == true || package["devOptional"] == true;
    let all_there = locked.iter().filter(|(name, _)| !name.is_empty()).all(|(name, package)| {
        installed.get(name).map_or_else(|| missing_is_fine(package), |there| same(package, there))
    });
    all_there && installed.keys().all(|name| locked.contains_key(name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn installed_packages_are_compared_with_the_lock_file() {
        let react = json!({ "version": "19.0.0", "integrity": "sha512-a" });
        let locked = json!({ "packages": {
            "": { "version": "0.1.0" },
            "node_modules/react": react,
            "node_modules/other-machine": { "version": "1.0.0", "optional": true },
        } });
        for (installed, expected) in [
            (json!({ "packages": { "node_modules/react": react } }), true),
            (json!({ "packages": {} }), false),
            (
                json!({ "packages": { "node_modules/react": { "version": "18.0.0", "integrity": "sha512-a" } } }),
                false,
            ),
            (
                json!({ "packages": { "node_modules/react": react, "node_modules/gone": { "version": "1.0.0" } } }),
                false,
            ),
            (json!({}), false),
        ] {
            assert_eq!(agrees(&locked, &installed), expected, "{installed}");
        }
    }

    #[test]
    fn node_versions() {
        for (text, expected) in [("v20.20.2\n", Some(20)), ("v9.0.0", Some(9)), ("20.1", None), ("", None)] {
            assert_eq!(major_of(text), expected, "{text}");
        }
    }
}
