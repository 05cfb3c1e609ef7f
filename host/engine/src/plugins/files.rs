//! Directories of plugins whose install is gone.

use crate::engine::Engine;
use std::collections::HashSet;
use twobot_domain::manifest::Capability;
use twobot_domain::{InstallId, TenantId};
use twobot_store::StoreError;

/// Directories that are looked at after a start.
const LOOKED_AT: usize = 100_000;

/// Orphans that are removed after one start, one after the other; the next start goes on.
const REMOVED: usize = 1_000;

/// Removes the directory of an install that was removed. What fails is an orphan, and tried again after the next start.
pub(crate) async fn remove(engine: &Engine, tenant: TenantId, install: InstallId) {
    if let Err(error) = engine.machine().remove_directory(tenant, install).await {
        tracing::warn!(%error, %tenant, %install, "a plugin's directory could not be removed");
    }
}

/// Says that plugins keep files that other nodes do not see, where there are such plugins and such nodes.
pub(crate) async fn warn_of_several_nodes(engine: &Engine) -> Result<(), StoreError> {
    let installs = engine.store().all_installs().await?;
    let with_directory =
        installs.iter().filter(|(_, install)| install.grants.contains(&Capability::Directory)).count();
    if with_directory > 0 {
        tracing::warn!(
            installs = with_directory,
            "plugins with a directory run on several nodes now; each node has files of its own for them, and a plugin sees those of the \
             node that it runs on"
        );
    }
    Ok(())
}

/// Removes the directories of installs that are gone: a crash came between, or another node removed the install.
pub(crate) async fn remove_orphans(engine: Engine) {
    // First the disk, then the database: a directory that is made meanwhile belongs to an install that was there before it.
    let stored = match engine.machine().stored_directories(LOOKED_AT).await {
        Ok(stored) if stored.is_empty() => return,
        Ok(stored) => stored,
        Err(error) => {
            tracing::warn!(%error, "the directories of plugins can not be read");
            return;
        }
    };
    let installs = match engine.store().all_installs().await {
        Ok(installs) => installs,
        Err(error) => {
            tracing::warn!(%error, "directories of plugins that are gone are left for the next start");
            return;
        }
    };
    let known: HashSet<_> = installs.iter().map(|(scope, install)| (scope.tenant(), install.id)).collect();
    let orphans = stored.into_iter().filter(|found| !known.contains(found));
    let mut removed = 0;
    for (tenant, install) in orphans.take(REMOVED) {
        if engine.is_stopping() {
            return;
        }
        remove(&engine, tenant, install).await;
        removed += 1;
    }
    if removed > 0 {
        tracing::info!(removed, "directories of plugins that are gone were removed");
    }
}
