//! The components that are measured, as `cargo xtask bench` built them.

use anyhow::{Context as _, Result};
use std::path::PathBuf;

/// The plugin for 2Bot.
pub fn component() -> Result<Vec<u8>> {
    read("component.wasm")
}

/// The plugin for Extism: a core module.
pub fn extism() -> Result<Vec<u8>> {
    read("extism.wasm")
}

fn read(name: &str) -> Result<Vec<u8>> {
    let file: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../target/components/benches", name].iter().collect();
    std::fs::read(&file)
        .with_context(|| format!("{} can not be read; `cargo xtask bench` builds it", file.display()))
}
