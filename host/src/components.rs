//! The components that a host offers: those in the binary, and those in the operator's folder.

use anyhow::Context as _;
use std::path::{Path, PathBuf};
use twobot_engine::Catalogue;
use twobot_engine::catalogue::CatalogueError;
use twobot_runtime::{Machine, digest_of, world_of};
use twobot_store::Store;

/// The built-in components, with their file names.
static BUILT_IN: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/components.rs"));

/// Loads all components, and keeps the plugins' bytes: what ran with one can be replayed after an upgrade. A folder's component that
/// can not be used is left out and told; a built-in one is an error.
///
/// # Errors
/// When a built-in component does not fit, the folder can not be read, or the database does not answer.
pub(crate) async fn load(
    machine: &Machine,
    store: &Store,
    folder: Option<&Path>,
) -> anyhow::Result<Catalogue> {
    let mut catalogue = Catalogue::default();
    for (file, bytes) in BUILT_IN {
        catalogue.add(machine, file, bytes.to_vec()).await.context("a built-in component")?;
        keep(store, bytes).await?;
    }
    let Some(folder) = folder else { return Ok(catalogue) };
    for file in files(folder)? {
        let name = file.display().to_string();
        let added = match std::fs::read(&file) {
            Ok(bytes) => {
                let added = catalogue.add(machine, &name, bytes.clone()).await.map_err(anyhow::Error::from);
                if added.is_ok() {
                    keep(store, &bytes).await?;
                }
                added
            }
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

/// Keeps a plugin's bytes; gateways are not replayed.
async fn keep(store: &Store, bytes: &[u8]) -> anyhow::Result<()> {
    if world_of(bytes) == Some("plugin") {
        store
            .keep_component(&digest_of(bytes), || bytes.to_vec())
            .await
            .context("can not keep a component")?;
    }
    Ok(())
}

/// The components in a folder, in the order of their names.
fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("can not read {}", folder.display()))?;
    let mut files: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "wasm"));
    files.sort();
    Ok(files)
}

/// The bytes of a component by digest, among those in the binary and in the folder: for a database that does not keep it.
pub(crate) fn find(digest: &str, folder: Option<&Path>) -> Option<Vec<u8>> {
    let built_in = BUILT_IN.iter().find(|(_, bytes)| digest_of(bytes) == digest);
    built_in.map(|(_, bytes)| bytes.to_vec()).or_else(|| {
        let files = folder.and_then(|folder| files(folder).ok()).unwrap_or_default();
        files.iter().filter_map(|file| std::fs::read(file).ok()).find(|bytes| digest_of(bytes) == digest)
    })
}

/// The stable name of what is wrong with a component, where it is the component's fault.
fn code(error: &anyhow::Error) -> Option<&'static str> {
    match error.downcast_ref() {
        Some(CatalogueError::Component { error, .. }) => Some(error.code()),
        _ => None,
    }
}
