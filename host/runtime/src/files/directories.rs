//! The directories of all installs of this host.

use super::directory::Directory;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use twobot_domain::{InstallId, TenantId, plan};

/// Pieces of work on files at the same time, over all tenants: they must not take the processors from the sandboxes.
const WORKING: usize = 2;

/// Installs that are remembered before those that nobody uses are forgotten.
const REMEMBERED: usize = 1_024;

/// How long an uninstalled plugin is remembered: until the last of its runs has ended, so that none makes its directory anew.
const REMOVED_FOR: Duration = Duration::from_secs(2 * plan::EXECUTION_SECONDS);

/// Where directories wait for being deleted, beneath the folder of all; no tenant's id looks like this.
const REMOVED: &str = ".removed";

/// The directories of all installs of this host. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Directories(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    root: Option<PathBuf>,
    known: Mutex<HashMap<InstallId, Known>>,
    working: Arc<Semaphore>,
}

#[derive(Debug)]
enum Known {
    /// Sandboxes have it open, or had.
    Used(Weak<Directory>),
    /// It was uninstalled at this moment.
    Removed(Instant),
}

impl Known {
    fn is_needed(&self) -> bool {
        match self {
            Self::Used(directory) => directory.strong_count() > 0,
            Self::Removed(at) => at.elapsed() < REMOVED_FOR,
        }
    }
}

impl Directories {
    /// The directories beneath a folder. Without one, no install gets any.
    pub(crate) fn beneath(root: Option<PathBuf>) -> Self {
        let working = Arc::new(Semaphore::new(WORKING));
        Self(Arc::new(Inner { root, known: Mutex::default(), working }))
    }

    /// The directory of an install, which all of its sandboxes share. Nothing is made on the disk before it is worked in. None where
    /// this host keeps no files, and for what was uninstalled.
    pub(crate) fn of(&self, tenant: TenantId, install: InstallId) -> Option<Arc<Directory>> {
        let place = place(self.0.root.as_deref()?, tenant, install);
        let mut known = self.0.known.lock();
        if known.len() >= REMEMBERED && known.len().is_power_of_two() {
            known.retain(|_, known| known.is_needed());
        }
        match known.get(&install) {
            Some(Known::Removed(_)) => return None,
            Some(Known::Used(directory)) => {
                if let Some(directory) = directory.upgrade() {
                    return Some(directory);
                }
            }
            None => {}
        }
        let directory = Arc::new(Directory::at(place, Arc::clone(&self.0.working)));
        known.insert(install, Known::Used(Arc::downgrade(&directory)));
        Some(directory)
    }

    /// Removes the directory of an install that is gone. Sandboxes that have it open find nothing in it from now on.
    ///
    /// # Errors
    /// When something of it could not be deleted; what is left is an orphan.
    pub(crate) async fn remove(&self, tenant: TenantId, install: InstallId) -> io::Result<()> {
        let Some(root) = self.0.root.clone() else { return Ok(()) };
        let known = self.0.known.lock().insert(install, Known::Removed(Instant::now()));
        let place = place(&root, tenant, install);
        let discard = move || discard(&root, &place, install);
        match known {
            Some(Known::Used(directory)) if directory.strong_count() > 0 => {
                let Some(directory) = directory.upgrade() else {
                    return spawn_blocking(discard).await.map_err(io::Error::other)?;
                };
                directory.retire(discard).await
            }
            _ => spawn_blocking(discard).await.map_err(io::Error::other)?,
        }
    }

    /// The installs that have a directory, at most so many. What an earlier process did not get to delete is deleted before.
    ///
    /// # Errors
    /// When the folder can not be read.
    pub(crate) async fn stored(&self, most: usize) -> io::Result<Vec<(TenantId, InstallId)>> {
        let Some(root) = self.0.root.clone() else { return Ok(Vec::new()) };
        spawn_blocking(move || {
            absent_is_fine(std::fs::remove_dir_all(root.join(REMOVED)))?;
            stored(&root, most)
        })
        .await
        .map_err(io::Error::other)?
    }
}

fn place(root: &Path, tenant: TenantId, install: InstallId) -> PathBuf {
    root.join(tenant.to_string()).join(install.to_string())
}

fn absent_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Moves a directory away in one step, so that it is gone for whoever looks, and deletes it there.
fn discard(root: &Path, place: &Path, install: InstallId) -> io::Result<()> {
    let removed = root.join(REMOVED);
    if !place.try_exists()? {
        return Ok(());
    }
    std::fs::create_dir_all(&removed)?;
    let grave = removed.join(install.to_string());
    absent_is_fine(std::fs::rename(place, &grave))?;
    absent_is_fine(std::fs::remove_dir_all(grave))
}

fn stored(root: &Path, most: usize) -> io::Result<Vec<(TenantId, InstallId)>> {
    let mut found = Vec::new();
    for (tenant, folder) in children::<TenantId>(root)? {
        let installs = children::<InstallId>(&folder)?;
        if installs.is_empty() {
            // Only an empty folder can be removed like this.
            let _ = std::fs::remove_dir(&folder);
        }
        for (install, _) in installs {
            if found.len() == most {
                return Ok(found);
            }
            found.push((tenant, install));
        }
    }
    Ok(found)
}

/// The folders within a folder that are named by an id. What else lies there is the operator's, and left alone.
fn children<I: std::str::FromStr>(folder: &Path) -> io::Result<Vec<(I, PathBuf)>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        if let (Some(Ok(id)), true) =
            (entry.file_name().to_str().map(str::parse), entry.file_type()?.is_dir())
        {
            found.push((id, entry.path()));
        }
    }
    Ok(found)
}
