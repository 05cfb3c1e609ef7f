//! What the directory of an install may hold, and what is said when it would hold more.

use twobot_domain::{Trouble, plan};

/// What the directory of an install may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quota {
    /// Logical bytes of all files.
    pub(crate) bytes: u64,
    /// Files and directories.
    pub(crate) entries: u64,
}

impl Quota {
    /// For a number of bytes; that of files and directories is the same for all.
    pub(crate) const fn of_bytes(bytes: u64) -> Self {
        Self { bytes, entries: plan::DIRECTORY_ENTRIES }
    }
}

/// What was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exceeded {
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    /// What the directory would hold.
    pub(super) used: u64,
    pub(super) allowed: u64,
}

impl Exceeded {
    /// One line for the log of the run.
    pub(super) fn line(&self) -> String {
        let Self { unit, used, allowed, .. } = self;
        format!("the directory /data is full: it would hold {used} {unit} and may hold {allowed}")
    }

    /// What the owner is told when the run failed after it. `then` is how it ended.
    pub(super) fn trouble(&self, then: &Trouble) -> Trouble {
        let Self { name, unit, used, allowed } = *self;
        Trouble::new(
            "directory_quota_exceeded",
            "The plugin's directory is full",
            format!(
                "Its files would come to {used} {unit}; your plan allows {allowed} for one plugin. It ended with: {}",
                then.detail
            ),
            "Let the plugin delete what it no longer needs, or choose a larger plan. If the plugin is not yours, tell its author.",
        )
        .with_limit(name, used, allowed, unit)
    }
}
