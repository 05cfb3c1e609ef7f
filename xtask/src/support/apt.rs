//! Installing what is missing on a Debian machine.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use super::process;

/// Whether `apt-get` is there at all.
pub(crate) fn available() -> bool {
    process::find("apt-get").is_some()
}

/// Installs packages, as root or by `sudo`; refreshes the package lists only when the first try fails.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    let list = packages.join(" ");
    if !available() {
        bail!(
            "{list} must be installed, and there is no apt-get here: install the like by hand and run this again"
        );
    }
    println!("installing {list} (apt-get)");
    let mut install = vec!["install", "-y", "--no-install-recommends"];
    install.extend(packages);
    if process::run(&mut as_root(&install)?).is_ok() {
        return Ok(());
    }
    println!("refreshing the package lists and trying again");
    process::run(&mut as_root(&["update"])?)?;
    process::run(&mut as_root(&install)?)
}

/// Whether this process is root's.
pub(crate) fn is_root() -> bool {
    let mut id = process::command("id", Path::new("/"));
    process::output(id.arg("-u")).is_ok_and(|uid| uid.trim() == "0")
}

fn as_root(args: &[&str]) -> Result<Command> {
    let mut command = if is_root() {
        process::command("env", Path::new("/"))
    } else if process::find("sudo").is_some() {
        let mut sudo = process::command("sudo", Path::new("/"));
        sudo.arg("env");
        sudo
    } else {
        bail!("neither root nor sudo: run `apt-get {}` as root, then this again", args.join(" "));
    };
    // In the run level of maintenance, services that a package brings do not start.
    command.args(["DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1", "apt-get"]).args(args);
    Ok(command)
}
