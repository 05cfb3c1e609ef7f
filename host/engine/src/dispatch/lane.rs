//! In which lane an execution waits.

use twobot_domain::InstallId;
use twobot_domain::manifest::PluginManifest;

/// The lane of an install's execution: whatever one is caused by, those of a plugin that asked for one event at a time share a
/// single lane. Of others, those have one that come of the same source. What is no longer in the catalogue asks for nothing, and is
/// given up when it is its turn.
pub(crate) fn lane_of(manifest: Option<&PluginManifest>, install: InstallId, source: &str) -> String {
    if manifest.is_some_and(|manifest| manifest.one_at_a_time) {
        install.to_string()
    } else {
        format!("{install}/{source}")
    }
}
