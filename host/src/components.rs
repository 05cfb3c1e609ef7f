//! The components that a host offers: those in the binary, and those in the operator's folder.

use anyhow::Context as _;
use std::path::Path;
use twobot_engine::Catalogue;
use twobot_engine::catalogue::CatalogueError;
use twobot_runtime::Machine;

/// The built-in components, with their file names.
static BUILT_IN: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/components.rs"));

/// Loads all components. A folder's component that can not be used is left out and told; a built-in one is an error.
///
/// # Errors
/// When a built-in component does not fit, or the folder can not be read.
pub(crate) async fn load(machine: &Machine, folder: Option<&Path>) -> anyhow::Result<Catalogue> {
    let mut catalogue = Catalogue::default();
    for (file, bytes) in BUILT_IN {
        catalogue.add(machine, file, bytes.to_vec()).await.context("a built-in component")?;
    }
    let Some(folder) = folder else { return Ok(catalogue) };
    let entries = std::fs::read_dir(folder).with_context(|| format!("can not read {}", folder.display()))?;
    let mut files: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "wasm"));
    files.sort();
    for file in files {
        let name = file.display().to_string();
        let added = match std::fs::read(&file) {
            Ok(bytes) => catalogue.add(machine, &name, bytes).await.map_err(anyhow::Error::from),
            Err(error) => Err(error.into()),
        };
        match added {
            Ok(()) => tracing::info!(file = %name, "a component was added to the catalogue"),
            Err(error) => {
                tracing::error!(file = %name, code = code(&error), error = %format!("{error:#}"), "a component can not be used and is left out")
            }
        }
    }
    Ok(catalogue)
}

/// The stable name of what is wrong with a component, where it is the component's fault.
fn code(error: &anyhow::Error) -> Option<&'static str> {
    match error.downcast_ref() {
        Some(CatalogueError::Component { error, .. }) => Some(error.code()),
        _ => None,
    }
}
