//! Python, with the packages that a part of the tests needs, in a folder of their own.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::workspace::Workspace;
use super::{apt, process, stamp};

/// The oldest Python that the packages run on.
const OLDEST: (u32, u32) = (3, 10);

/// Python of `target/python`, with what a file of requirements names at the versions that it names. Made anew when the file changes.
pub(crate) fn with(ws: &Workspace, requirements: &Path) -> Result<PathBuf> {
    let folder = ws.target().join("python");
    let python = folder.join("bin/python");
    let wanted =
        std::fs::read(requirements).with_context(|| format!("{} can not be read", requirements.display()))?;
    let installed = folder.join("installed");
    if python.is_file() && std::fs::read(&installed).is_ok_and(|found| found == wanted) {
        return Ok(python);
    }
    make(ws, &folder)?;
    println!("installing the packages of {}", requirements.display());
    let mut pip = process::command(&python, ws.root());
    process::run(
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
            .arg(requirements),
    )?;
    stamp::write_if_changed(&installed, &wanted)?;
    Ok(python)
}

/// An empty environment, by the system's Python; from apt where that or a part of it is missing.
fn make(ws: &Workspace, folder: &Path) -> Result<()> {
    if folder.is_dir() {
        std::fs::remove_dir_all(folder)
            .with_context(|| format!("{} can not be removed", folder.display()))?;
    }
    let build = || -> Result<()> {
        let python = process::find("python3").context("python3 is not installed")?;
        let version = process::output(process::command(&python, ws.root()).arg("--version"))?;
        if version_of(&version).is_none_or(|found| found < OLDEST) {
            bail!("{} is older than {}.{}", version.trim(), OLDEST.0, OLDEST.1);
        }
        process::run(process::command(&python, ws.root()).args(["-m", "venv"]).arg(folder))
    };
    if let Err(error) = build() {
        println!("{error:#}");
        apt::install(&["python3", "python3-venv"])?;
        build().context("Python was installed but makes no environment")?;
    }
    Ok(())
}

/// The version in `Python 3.11.7`.
fn version_of(said: &str) -> Option<(u32, u32)> {
    let mut parts = said.trim().strip_prefix("Python ")?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(version_of("Python 3.11.7\n"), Some((3, 11)));
        assert!(version_of("Python 3.9.2") < Some(OLDEST));
        assert_eq!(version_of("3.11"), None);
    }
}
