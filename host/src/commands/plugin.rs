//! `twobot plugin`

use super::answer;
use anyhow::Context as _;
use std::num::NonZeroUsize;
use std::path::Path;
use twobot_engine::catalogue::{Checked, check as check_component};
use twobot_runtime::{Machine, MachineConfig};

/// Checks a component as a host would, and prints what it says of itself.
///
/// # Errors
/// What is wrong with it.
pub(crate) async fn check(file: &Path) -> anyhow::Result<()> {
    let shown = file.display().to_string();
    let bytes = std::fs::read(file).with_context(|| format!("can not read {shown}"))?;
    let size = bytes.len();
    // Nothing of it is kept, so that any key will do.
    let machine = Machine::new(MachineConfig {
        sandboxes: 0,
        compiler: crate::host::compiler(),
        ..MachineConfig::new([0; 32], NonZeroUsize::MIN)
    })?;
    let checked = check_component(&machine, &shown, bytes).await?;
    let (world, name, version, manifest) = match &checked {
        Checked::Plugin(manifest) => {
            ("plugin", &manifest.slug, &manifest.version, serde_json::to_string_pretty(manifest)?)
        }
        Checked::Gateway(manifest) => {
            ("gateway", &manifest.kind, &manifest.version, serde_json::to_string_pretty(manifest)?)
        }
    };
    answer::line(&format!("{shown} is a valid {world}: {name} {version}, {size} bytes\n\n{manifest}"))?;
    Ok(())
}
