//! Three ways to a compiler for components, tried in order.
//!
//! 1. The target is installed: nothing to do.
//! 2. rustup installs it.
//! 3. On Debian, where rustup's server may be out of reach: the distribution's compiler with the standard library's
//!    source, which is then built along with the guests.

mod debian;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use super::workspace::Workspace;
use super::{environment, process};

/// What guests are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Gives components directly: the target of all our guests.
    Component,
    /// Gives core modules, with nothing of an operating system: what peers in benchmarks run.
    Module,
}

impl Target {
    /// The compiler's name of it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Component => "wasm32-wasip2",
            Self::Module => "wasm32-unknown-unknown",
        }
    }
}

/// Enough to download a standard library over a slow line, and bearable where packets go nowhere.
const RUSTUP_LIMIT: Duration = Duration::from_secs(30);

/// A way to get a compiler for components.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Route {
    /// The target is installed for the present toolchain
    Installed,
    /// `rustup target add`
    Rustup,
    /// Debian's compiler builds the standard library itself
    Debian,
}

/// How to call cargo for guests.
pub(crate) struct Toolchain {
    target: Target,
    cargo: OsString,
    args: Vec<OsString>,
    flags: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
}

impl Toolchain {
    /// Finds, or with the second and third route makes, a toolchain; says which route it took.
    pub(crate) fn prepare(ws: &Workspace, target: Target, wanted: Option<Route>) -> Result<Self> {
        match wanted {
            None => Self::first_that_works(ws, target),
            Some(Route::Installed) if target_is_installed(ws.root(), target) => {
                Ok(Self::of_this_cargo(target, Route::Installed))
            }
            Some(Route::Installed) => {
                bail!("{} is not installed for the present toolchain", target.name())
            }
            Some(Route::Rustup) => {
                add_by_rustup(ws.root(), target)?;
                Ok(Self::of_this_cargo(target, Route::Rustup))
            }
            Some(Route::Debian) => Self::of_debian(ws, target),
        }
    }

    fn first_that_works(ws: &Workspace, target: Target) -> Result<Self> {
        if target_is_installed(ws.root(), target) {
            return Ok(Self::of_this_cargo(target, Route::Installed));
        }
        // Once the third route was needed here, rustup need not fail again each time.
        if !debian::is_prepared(ws) {
            match add_by_rustup(ws.root(), target) {
                Ok(()) if target_is_installed(ws.root(), target) => {
                    return Ok(Self::of_this_cargo(target, Route::Rustup));
                }
                Ok(()) => {
                    println!("rustup added {}, but the present compiler does not find it", target.name());
                }
                Err(error) => println!("rustup can not add {}: {error:#}", target.name()),
            }
        }
        Self::of_debian(ws, target).with_context(|| {
            format!(
                "no compiler for {} (not installed, rustup could not add it, and Debian's did not work)",
                target.name()
            )
        })
    }

    fn of_this_cargo(target: Target, route: Route) -> Self {
        println!("guest toolchain: route {}", describe(route));
        Self { target, cargo: "cargo".into(), args: Vec::new(), flags: Vec::new(), env: Vec::new() }
    }

    fn of_debian(ws: &Workspace, target: Target) -> Result<Self> {
        let toolchain = debian::prepare(ws, target)?;
        println!("guest toolchain: route {}", describe(Route::Debian));
        Ok(toolchain)
    }

    /// `cargo <subcommand>` for the guest target and the shared guest target folder.
    pub(crate) fn cargo(&self, ws: &Workspace, subcommand: &str) -> Command {
        let mut command = process::command(&self.cargo, ws.root());
        environment::clean_for_guests(&mut command);
        command
            .arg(subcommand)
            .args(["--target", self.target.name()])
            .arg("--target-dir")
            .arg(ws.guest_target());
        command.args(&self.args).envs(self.env.iter().cloned());
        let flags = [self.flags.clone(), without_machine_paths(ws)].concat();
        command.env("CARGO_ENCODED_RUSTFLAGS", flags.join(OsStr::new("\u{1f}")));
        command
    }
}

/// Flags that keep this machine's folders out of the components: their digest should not tell where they were built.
fn without_machine_paths(ws: &Workspace) -> Vec<OsString> {
    let cargo_home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    let replace = |folder: &Path, by: &str| {
        let mut flag = OsString::from("--remap-path-prefix=");
        flag.push(folder);
        flag.push("=");
        flag.push(by);
        flag
    };
    let mut flags = vec![replace(ws.root(), "2bot")];
    flags.extend(cargo_home.map(|home| replace(&home, "cargo")));
    flags
}

fn describe(route: Route) -> &'static str {
    match route {
        Route::Installed => "1 (the target is installed)",
        Route::Rustup => "2 (rustup added the target)",
        Route::Debian => "3 (Debian's compiler, standard library from source)",
    }
}

fn target_is_installed(dir: &Path, target: Target) -> bool {
    let mut rustc = process::command("rustc", dir);
    let printed = process::output(rustc.args(["--print", "target-libdir", "--target", target.name()]));
    let Ok(entries) = printed.map(|path| std::fs::read_dir(path.trim())) else { return false };
    // The folder alone says little: an interrupted installation may leave it empty.
    entries.is_ok_and(|mut all| {
        all.any(|file| file.is_ok_and(|file| is_std(&file.file_name().to_string_lossy())))
    })
}

fn is_std(file_name: &str) -> bool {
    file_name.starts_with("libstd-") && file_name.ends_with(".rlib")
}

fn add_by_rustup(dir: &Path, target: Target) -> Result<()> {
    if process::find("rustup").is_none() {
        bail!("there is no rustup here");
    }
    let mut rustup = process::command("rustup", dir);
    // A backtrace of a server out of reach helps nobody.
    rustup.args(["target", "add", target.name()]).env("RUST_BACKTRACE", "0");
    match process::run_limited(&mut rustup, RUSTUP_LIMIT)? {
        Some(status) => process::expect_success(&rustup, status),
        None => bail!("it did not end within {} s", RUSTUP_LIMIT.as_secs()),
    }
}
