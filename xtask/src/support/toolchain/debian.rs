//! The third route: Debian's compiler, its source of the standard library, and the C library of a newer Debian.
//!
//! Only Debian's packages are installed on the machine. The C library is unpacked into a cache folder, because the
//! machine's own release has one without the target.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::{Target, Toolchain};
use crate::support::workspace::Workspace;
use crate::support::{apt, apt_sources, process};

/// Debian's compiler, its cargo, and the standard library's source. They live beside a rustup toolchain.
const PACKAGES: &[&str] = &["rustc-web", "cargo-web", "rust-web-src"];
const RUSTC: &str = "/usr/bin/rustc";
const CARGO: &str = "/usr/bin/cargo";
const STD_SOURCE: &str = "/usr/lib/rustlib/src/rust/library/std/Cargo.toml";

/// The first Debian release whose C library knows the target.
const SUITE: &str = "trixie";
const LIBC_PACKAGE: &str = "wasi-libc";
const LIBC_FOLDER: &str = "usr/lib/wasm32-wasip2";

/// The linker and the one that makes its output a component; rustup's toolchains bring both.
const LINKERS: &[&str] = &["rust-lld", "wasm-component-ld"];

/// Whether everything is there already.
pub(super) fn is_prepared(ws: &Workspace) -> bool {
    compiler_is_there() && libc_folder(ws).join("libc.a").is_file()
}

/// Installs and unpacks what is missing.
pub(super) fn prepare(ws: &Workspace, target: Target) -> Result<Toolchain> {
    let linkers = find_linkers(ws.root())?;
    if !compiler_is_there() {
        apt::install(PACKAGES)?;
        if !compiler_is_there() {
            bail!("{} are installed, but {RUSTC}, {CARGO} or {STD_SOURCE} is missing", PACKAGES.join(" "));
        }
    }
    let libc = libc_folder(ws);
    if !libc.join("libc.a").is_file() {
        fetch_libc(ws).with_context(|| format!("{LIBC_PACKAGE} of {SUITE} could not be fetched"))?;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(linkers).chain(std::env::split_paths(&path)))?;
    Ok(Toolchain {
        target,
        cargo: CARGO.into(),
        // Another cargo than the one that keeps the lock file: it must not rewrite it.
        args: vec!["--locked".into(), "-Zbuild-std=std,panic_abort".into()],
        flags: vec!["-L".into(), libc.into()],
        env: vec![
            ("RUSTC".into(), RUSTC.into()),
            // Building the standard library is not stable; the distribution's compiler is a stable one.
            ("RUSTC_BOOTSTRAP".into(), "1".into()),
            ("PATH".into(), path),
        ],
    })
}

fn compiler_is_there() -> bool {
    [RUSTC, CARGO, STD_SOURCE].iter().all(|file| Path::new(file).is_file())
}

fn cache(ws: &Workspace) -> PathBuf {
    ws.toolchain_cache().join(LIBC_PACKAGE)
}

fn libc_folder(ws: &Workspace) -> PathBuf {
    cache(ws).join(LIBC_FOLDER)
}

/// The folder of a rustup toolchain that has both linkers: the present toolchain's, or any other's.
fn find_linkers(dir: &Path) -> Result<PathBuf> {
    let version = process::output(process::command("rustc", dir).arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no host")?;
    let sysroot = process::output(process::command("rustc", dir).args(["--print", "sysroot"]))?;
    let rustup_home = std::env::var_os("RUSTUP_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".rustup")));
    let others = rustup_home.and_then(|home| std::fs::read_dir(home.join("toolchains")).ok());
    std::iter::once(PathBuf::from(sysroot.trim()))
        .chain(others.into_iter().flatten().flatten().map(|entry| entry.path()))
        .map(|sysroot| sysroot.join("lib/rustlib").join(host.trim()).join("bin"))
        .find(|bin| LINKERS.iter().all(|linker| bin.join(linker).is_file()))
        .with_context(|| {
            format!(
                "{} are missing: install a Rust toolchain with rustup, which brings them",
                LINKERS.join(" and ")
            )
        })
}

/// Downloads the C library from the machine's own Debian source with the suite changed, and unpacks it.
fn fetch_libc(ws: &Workspace) -> Result<()> {
    if !apt::available() {
        bail!("there is no apt-get here, and this route is Debian's");
    }
    let sources = machine_sources()?;
    if sources.is_empty() {
        bail!("the machine's apt sources name no Debian archive");
    }
    println!("fetching {LIBC_PACKAGE} of {SUITE} into {}", relative(ws, &cache(ws)));
    let mut last = None;
    for source in &sources {
        match fetch_from(ws, source) {
            Ok(()) => return Ok(()),
            Err(error) => last = Some(error),
        }
    }
    Err(last.context("no source was tried")?)
}

fn fetch_from(ws: &Workspace, source: &apt_sources::Source) -> Result<()> {
    // A state of its own: the machine's package lists must not learn of another release.
    let state = ws.toolchain_cache().join("apt");
    if state.exists() {
        std::fs::remove_dir_all(&state)?;
    }
    for folder in ["lists/partial", "cache/archives/partial"] {
        std::fs::create_dir_all(state.join(folder))?;
    }
    let list = state.join(format!("{SUITE}.{}", source.extension));
    std::fs::write(&list, &source.content)?;
    let apt = |args: &[&str]| {
        let mut command = process::command("apt-get", &state);
        let option = |name: &str, value: &Path| format!("{name}={}", value.display());
        command
            .args([
                "-q",
                "-o",
                &option("Dir::Etc::sourcelist", &list),
                "-o",
                "Dir::Etc::sourceparts=/dev/null",
            ])
            .args(["-o", &option("Dir::State::Lists", &state.join("lists"))])
            .args(["-o", &option("Dir::Cache", &state.join("cache"))])
            .args([
                "-o",
                "Acquire::Languages=none",
                "-o",
                "Acquire::http::Timeout=30",
                "-o",
                "Acquire::Retries=2",
            ])
            .args(["-o", "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false"])
            // The cache may lie where apt's own user can not write; signatures are checked all the same.
            .args(["-o", "APT::Sandbox::User=root"])
            .args(args);
        process::run(&mut command)
    };
    apt(&["update"])?;
    apt(&["download", LIBC_PACKAGE])?;
    let package = std::fs::read_dir(&state)?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .context("apt-get downloaded nothing")?;
    unpack(&package, &cache(ws))?;
    std::fs::remove_dir_all(&state)?;
    Ok(())
}

/// Unpacks beside the destination and moves, so that an interrupted run leaves nothing half done.
fn unpack(package: &Path, destination: &Path) -> Result<()> {
    let staging = destination.with_extension("new");
    for folder in [&staging, destination] {
        if folder.exists() {
            std::fs::remove_dir_all(folder)?;
        }
    }
    process::run(process::command("dpkg", Path::new("/")).arg("-x").arg(package).arg(&staging))?;
    if !staging.join(LIBC_FOLDER).join("libc.a").is_file() {
        bail!("the package has no {LIBC_FOLDER}/libc.a");
    }
    std::fs::rename(&staging, destination)?;
    Ok(())
}

/// The machine's sources of its own release, rewritten, likely Debian archives first.
fn machine_sources() -> Result<Vec<apt_sources::Source>> {
    let os_release = std::fs::read_to_string("/etc/os-release").context("/etc/os-release can not be read")?;
    let codename =
        os_release.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME=")).unwrap_or_default();
    let from = [codename.trim_matches('"'), "stable", "oldstable"];
    let mut files = vec![PathBuf::from("/etc/apt/sources.list")];
    if let Ok(entries) = std::fs::read_dir("/etc/apt/sources.list.d") {
        files.extend(entries.flatten().map(|entry| entry.path()));
    }
    files.sort();
    let mut sources = Vec::new();
    for file in files {
        let Ok(content) = std::fs::read_to_string(&file) else { continue };
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        sources.extend(apt_sources::rewrite(&name, &content, &from, SUITE));
    }
    apt_sources::likely_first(&mut sources);
    Ok(sources)
}

fn relative(ws: &Workspace, path: &Path) -> String {
    path.strip_prefix(ws.root()).unwrap_or(path).display().to_string()
}
