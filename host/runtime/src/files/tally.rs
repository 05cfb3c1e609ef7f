//! What is on the disk.

use cap_std::fs::Dir;
use std::io;
use twobot_domain::plan;

/// Entries that are looked at. Guests can not make so many; what an operator put there beyond counts as more than any quota.
const MOST: u64 = 10 * plan::DIRECTORY_ENTRIES;

/// What a folder holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Logical bytes of files.
    pub(super) bytes: u64,
    /// Files and directories.
    pub(super) entries: u64,
    /// Levels below the folder.
    pub(super) height: usize,
}

/// Counts what a folder holds. Links are not followed.
pub(super) fn of(root: &Dir, folder: &str) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut folders = vec![(folder.to_owned(), 0)];
    while let Some((folder, height)) = folders.pop() {
        for entry in root.read_dir(&folder)? {
            let entry = entry?;
            tally.entries += 1;
            tally.height = tally.height.max(height + 1);
            if tally.entries > MOST {
                return Ok(Tally { bytes: u64::MAX, ..tally });
            }
            let found = entry.metadata()?;
            if found.is_file() {
                tally.bytes = tally.bytes.saturating_add(found.len());
            } else if found.is_dir() {
                // A name that is no text can only be the operator's.
                let name = entry.file_name().into_string().map_err(|_| io::ErrorKind::InvalidData)?;
                folders.push((format!("{folder}/{name}"), height + 1));
            }
        }
    }
    Ok(tally)
}
