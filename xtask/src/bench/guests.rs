//! Builds what benchmarks run in sandboxes, ours and the peers'.

use anyhow::{Context, Result};

use crate::support::toolchain::{Target, Toolchain};
use crate::support::workspace::Workspace;
use crate::support::{process, stamp};

/// The crates in `benches/guests` that become WebAssembly, and for which target.
const GUESTS: &[(&str, Target)] = &[("component", Target::Component), ("extism", Target::Module)];

/// Builds all of them; only changed ones are built again.
pub(super) fn build(ws: &Workspace) -> Result<()> {
    for (name, target) in GUESTS {
        let toolchain = Toolchain::prepare(ws, *target, None)?;
        let mut cargo = toolchain.cargo(ws, "build");
        cargo.current_dir(ws.benches()).args(["--profile", "guest", "--lib", "-p", &format!("bench-{name}")]);
        process::run(&mut cargo)?;
        let file = ws.guest_target().join(target.name()).join("guest").join(format!("bench_{name}.wasm"));
        let bytes = std::fs::read(&file).with_context(|| format!("{} can not be read", file.display()))?;
        stamp::write_if_changed(&ws.bench_components().join(format!("{name}.wasm")), &bytes)?;
        println!("  benches/{name}.wasm  {} KB", bytes.len().div_ceil(1024));
    }
    Ok(())
}
