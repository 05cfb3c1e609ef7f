//! Removing directories whose installs are gone.

use crate::machine::Machine;
use std::io;
use twobot_domain::{InstallId, TenantId};

impl Machine {
    /// Removes the directory of an install that is gone, on the threads for guests: it is done also where the caller gives up waiting.
    /// Sandboxes that still have it open find nothing in it from now on.
    ///
    /// # Errors
    /// When something of it could not be deleted; [`Machine::stored_directories`] names it then.
    pub async fn remove_directory(&self, tenant: TenantId, install: InstallId) -> io::Result<()> {
        let directories = self.shared.directories.clone();
        let task = self.guest_threads().spawn(async move { directories.remove(tenant, install).await });
        task.await.map_err(io::Error::other)?
    }

    /// The installs that have a directory on this host, at most so many.
    ///
    /// # Errors
    /// When the folder of all directories can not be read.
    pub async fn stored_directories(&self, most: usize) -> io::Result<Vec<(TenantId, InstallId)>> {
        let directories = self.shared.directories.clone();
        let task = self.guest_threads().spawn(async move { directories.stored(most).await });
        task.await.map_err(io::Error::other)?
    }
}
