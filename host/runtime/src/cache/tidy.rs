//! Keeping the folder of compiled components small: what was used longest ago goes first, and what nobody will use goes at once.

use rustix::process::{Pid, test_kill_process};
use std::fs::{self, DirEntry, Metadata};
use std::io;
use std::path::Path;
use std::time::SystemTime;

/// How the name of a file begins that is being written.
const DRAFT: &str = "draft-";

/// Bytes of an engine's name in hexadecimal digits; other names in the folder above are not ours to remove.
const ENGINE_NAME: usize = 16;

/// A name for a file that is being written: it says by which process.
pub(super) fn draft_name() -> String {
    format!("{DRAFT}{}-{}", std::process::id(), hex::encode(rand::random::<[u8; 8]>()))
}

/// Notes that a file was used now.
pub(super) fn touch(path: &Path) {
    let touched =
        fs::File::options().append(true).open(path).and_then(|file| file.set_modified(SystemTime::now()));
    if let Err(error) = touched {
        tracing::debug!(%error, "the use of a compiled component could not be noted");
    }
}

fn entries(folder: &Path) -> Vec<(DirEntry, Metadata)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.metadata().ok().map(|metadata| (entry, metadata))).collect()
}

fn tell(removed: io::Result<()>, what: &str) {
    match removed {
        // Another process was faster.
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(%error, what, "something in the folder of compiled components can not be removed");
        }
        _ => {}
    }
}

/// Removes the folders of other engines: those of earlier versions, of other settings, of another processor.
pub(super) fn strangers(own: &Path) {
    let Some(above) = own.parent() else { return };
    for (entry, metadata) in entries(above) {
        let name = entry.file_name();
        let is_engine = name.to_str().is_some_and(|name| {
            name.len() == ENGINE_NAME && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        });
        if is_engine && metadata.is_dir() && own.file_name() != Some(&name) {
            tell(fs::remove_dir_all(entry.path()), "a folder of another engine");
        }
    }
}

/// Removes drafts whose writers are gone.
pub(super) fn drafts(folder: &Path) {
    for (entry, _) in entries(folder) {
        let name = entry.file_name();
        let Some(rest) = name.to_str().and_then(|name| name.strip_prefix(DRAFT)) else { continue };
        let writer = rest.split('-').next().and_then(|pid| pid.parse().ok()).and_then(Pid::from_raw);
        // A process of someone else's lives too, though it may not be asked.
        let lives = writer.is_some_and(|pid| test_kill_process(pid) != Err(rustix::io::Errno::SRCH));
        if !lives {
            tell(fs::remove_file(entry.path()), "a draft");
        }
    }
}

/// Removes what was used longest ago, until no more than so many bytes are kept. What was used last stays, however large.
pub(super) fn surplus(folder: &Path, most: u64) {
    let is_whole = |(entry, metadata): &(DirEntry, Metadata)| {
        metadata.is_file() && !entry.file_name().as_encoded_bytes().starts_with(DRAFT.as_bytes())
    };
    let mut files: Vec<_> = entries(folder).into_iter().filter(is_whole).collect();
    files.sort_by_key(|(_, metadata)| metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH));
    let mut kept: u64 = files.iter().map(|(_, metadata)| metadata.len()).sum();
    files.pop();
    for (entry, metadata) in files {
        if kept <= most {
            return;
        }
        kept = kept.saturating_sub(metadata.len());
        tell(fs::remove_file(entry.path()), "a compiled component");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            entries(folder).into_iter().map(|(entry, _)| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Files of 100 bytes each, used one after another.
    fn filled(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (age, name) in names.iter().rev().enumerate() {
            let path = folder.path().join(name);
            fs::write(&path, [0; 100]).unwrap();
            let used = SystemTime::now() - Duration::from_secs(60 * (age as u64 + 1));
            fs::File::options().append(true).open(path).unwrap().set_modified(used).unwrap();
        }
        folder
    }

    #[test]
    fn what_was_used_longest_ago_goes_first() {
        for (most, left) in [
            (400, vec!["a", "b", "c", "d"]),
            (399, vec!["b", "c", "d"]),
            (200, vec!["c", "d"]),
            (0, vec!["d"]),
        ] {
            let folder = filled(&["a", "b", "c", "d"]);
            surplus(folder.path(), most);
            assert_eq!(names(folder.path()), left, "{most}");
        }
        let folder = filled(&["a", "b", "c", "d"]);
        touch(&folder.path().join("a"));
        surplus(folder.path(), 200);
        assert_eq!(names(folder.path()), ["a", "d"], "a was used again");
        let own = draft_name();
        fs::write(folder.path().join(&own), [0; 1_000]).unwrap();
        surplus(folder.path(), 200);
        assert_eq!(names(folder.path()), ["a", "d", own.as_str()], "what is being written is no surplus");
    }

    #[test]
    fn drafts_of_the_dead_and_folders_of_other_engines_go() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("00112233445566aa");
        for name in ["00112233445566aa", "ffffffffffffffff", "backup", "FFFFFFFFFFFFFFFF"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        fs::write(folder.path().join("eeeeeeeeeeeeeeee"), "a file").unwrap();
        fs::write(folder.path().join("ffffffffffffffff/code"), "old").unwrap();
        let mut gone = std::process::Command::new("true").spawn().unwrap();
        gone.wait().unwrap();
        let alive = draft_name();
        let dead = format!("{DRAFT}{}-00", gone.id());
        for name in [alive.as_str(), dead.as_str(), "draft-0011223344556677", "draft--1", "whole"] {
            fs::write(own.join(name), "x").unwrap();
        }
        strangers(&own);
        drafts(&own);
        let left = names(folder.path());
        assert_eq!(left, ["00112233445566aa", "FFFFFFFFFFFFFFFF", "backup", "eeeeeeeeeeeeeeee"]);
        assert_eq!(names(&own), [alive.as_str(), "whole"]);
        for nothing in [folder.path().join("none"), folder.path().join("none/none")] {
            strangers(&nothing);
            drafts(&nothing);
            surplus(&nothing, 0);
            touch(&nothing);
        }
    }
}
