//! What the plugins of a tenant keep in files, for the tenant.

use crate::engine::Engine;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use twobot_domain::InstallId;
use twobot_runtime::{DirectoryReading, FilePiece};
use twobot_store::{StoreError, TenantScope};

/// The reading of all files that the plugins of a tenant keep on this node: one plugin after the other, in the order in which they were
/// installed.
#[derive(Debug)]
pub struct FilesReading {
    engine: Engine,
    scope: TenantScope,
    ahead: VecDeque<(InstallId, String)>,
    now: Option<(Arc<str>, DirectoryReading)>,
}

impl Engine {
    /// Begins to read all files that the plugins of a tenant keep on this node, whatever is granted to them now.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn read_files(&self, scope: TenantScope) -> Result<FilesReading, StoreError> {
        let installs = self.store().installs(scope).await?;
        let ahead = installs.into_iter().map(|install| (install.id, install.slug)).collect();
        Ok(FilesReading { engine: self.clone(), scope, ahead, now: None })
    }
}

impl FilesReading {
    /// The next piece, with the name of the plugin whose it is; none at the end.
    ///
    /// # Errors
    /// When the disk can not be read.
    pub async fn next(&mut self) -> io::Result<Option<(Arc<str>, FilePiece)>> {
        loop {
            if let Some((slug, reading)) = &mut self.now {
                if let Some(piece) = reading.next().await? {
                    return Ok(Some((Arc::clone(slug), piece)));
                }
                self.now = None;
            }
            let Some((install, slug)) = self.ahead.pop_front() else { return Ok(None) };
            let reading = self.engine.machine().read_directory(self.scope.tenant(), install);
            self.now = Some((slug.into(), reading));
        }
    }
}
