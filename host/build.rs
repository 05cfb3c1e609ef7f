//! Puts the built components into the binary: one list of names and bytes.

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/components");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .map(|entries| entries.filter_map(Result::ok).map(|entry| entry.path()).collect())
        .unwrap_or_default();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "wasm"));
    files.sort();
    if files.is_empty() {
        println!("cargo::warning=no components are built in; run `cargo xtask guests` first");
    }
    let entries: String = files
        .iter()
        .map(|file| {
            println!("cargo::rerun-if-changed={}", file.display());
            let name = file.file_name().unwrap_or_default();
            format!("({name:?}, include_bytes!({file:?})),\n")
        })
        .collect();
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("components.rs");
    if let Err(error) = fs::write(&out, format!("&[{entries}]")) {
        println!("cargo::error={}: {error}", out.display());
    }
}
