//! Keeps what cargo and rustup set for `cargo run` from leaking into the tools that are started here.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Command;

/// Set by cargo for the program that it runs; they describe xtask, not what is built next.
const SET_BY_CARGO: &[&str] = &["CARGO", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE", "OUT_DIR"];
const SET_BY_CARGO_PREFIXES: &[&str] = &["CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_BIN_"];

/// Where output lies is fixed (see `Workspace`), whatever the caller prefers elsewhere.
const OUTPUT_PLACES: &[&str] = &["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR", "CARGO_BUILD_TARGET"];

/// Choices made for native code, which are wrong or harmful for WebAssembly.
const NATIVE_CHOICES: &[&str] = &["RUSTC", "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS"];

/// Takes away what describes xtask itself.
pub(crate) fn clean(command: &mut Command) {
    for (name, value) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if describes_xtask(&text) || OUTPUT_PLACES.contains(&text.as_ref()) {
            command.env_remove(&name);
        } else if text == "LD_LIBRARY_PATH" {
            match without_toolchains(&value) {
                Some(rest) => command.env(&name, rest),
                None => command.env_remove(&name),
            };
        }
    }
}

/// Takes away what was meant for native code.
pub(crate) fn clean_for_guests(command: &mut Command) {
    for name in NATIVE_CHOICES {
        command.env_remove(name);
    }
}

fn describes_xtask(name: &str) -> bool {
    SET_BY_CARGO.contains(&name) || SET_BY_CARGO_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// A library path without the folders that cargo and rustup put there; a second compiler would load a foreign
/// library from them.
fn without_toolchains(value: &OsStr) -> Option<OsString> {
    let foreign = |path: &Path| {
        path.components().any(|part| {
            let part = part.as_os_str();
            part == "toolchains" || part == "rustlib" || part == "target"
        })
    };
    let kept: Vec<_> =
        std::env::split_paths(value).filter(|path| !path.as_os_str().is_empty() && !foreign(path)).collect();
    if kept.is_empty() { None } else { std::env::join_paths(kept).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_describes_xtask_is_taken_away() {
        for name in ["CARGO", "CARGO_PKG_NAME", "CARGO_MANIFEST_DIR", "CARGO_BIN_NAME", "OUT_DIR"] {
            assert!(describes_xtask(name), "{name}");
        }
        for name in ["CARGO_HOME", "CARGO_NET_OFFLINE", "CARGO_INCREMENTAL", "RUSTUP_TOOLCHAIN", "PATH"] {
            assert!(!describes_xtask(name), "{name}");
        }
    }

    #[test]
    fn library_path_loses_toolchains_only() {
        let mixed = OsStr::new("/repo/target/debug:/opt/lib:/u/.rustup/toolchains/stable/lib:");
        assert_eq!(without_toolchains(mixed), Some(OsString::from("/opt/lib")));
        assert_eq!(without_toolchains(OsStr::new("/repo/target/debug/deps")), None);
    }
}
