//! What is done in a directory, each operation together with its count. One at a time per install: see [`super::directory`].

use super::directory::{Directory, Failure, recount};
use super::inode::OpenFile;
use super::name::{check_depth, normal};
use super::tally;
use super::worker::Worker;
use bytes::Bytes;
use cap_std::fs::{Dir, Metadata, MetadataExt as _, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use twobot_domain::plan;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorFlags, DescriptorType, DirectoryEntry, ErrorCode, OpenFlags,
};

/// Bytes that are read or written at once.
pub(crate) const CHUNK: usize = 64 * 1024;

/// Entries of one listing. A guest can not make more; where an operator did, it is told instead of being shown a part.
const LISTED: usize = plan::DIRECTORY_ENTRIES as usize;

/// A directory, at the moment when it is this sandbox's turn to work in it.
pub(crate) struct Site<'a> {
    pub(super) directory: &'a Arc<Directory>,
    pub(super) root: &'a Dir,
    pub(super) worker: &'a Worker,
}

/// What was opened.
pub(crate) enum Opened {
    /// A folder: its path, from which others are looked up.
    Folder(String),
    /// A file.
    File(OpenFile),
}

/// What is told of a file or folder.
#[derive(Clone, Copy)]
pub(crate) struct Stat {
    pub(crate) kind: DescriptorType,
    /// Bytes of a file.
    pub(crate) size: u64,
    /// Tells whether two are the same; nothing else is told of it.
    pub(crate) identity: (u64, u64),
}

impl Stat {
    fn of(found: &Metadata) -> Self {
        let kind = kind(found.file_type());
        let size = if found.is_file() { found.len() } else { 0 };
        Self { kind, size, identity: (found.dev(), found.ino()) }
    }

    /// Of an open file.
    pub(crate) fn of_open(file: &OpenFile) -> io::Result<Self> {
        let found = file.file()?.metadata()?;
        let identity = (found.dev(), found.ino());
        Ok(Self { kind: DescriptorType::RegularFile, size: found.len(), identity })
    }
}

fn kind(found: cap_std::fs::FileType) -> DescriptorType {
    if found.is_file() {
        DescriptorType::RegularFile
    } else if found.is_dir() {
        DescriptorType::Directory
    } else if found.is_symlink() {
        DescriptorType::SymbolicLink
    } else {
        DescriptorType::Unknown
    }
}

/// What is not there is no error where it may be missing.
fn if_there(found: io::Result<Metadata>) -> io::Result<Option<Metadata>> {
    match found {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        found => found.map(Some),
    }
}

impl Site<'_> {
    /// Opens a file or folder. What is neither (a pipe, a device) is not opened: that could wait for ever.
    pub(crate) fn open(
        &self,
        path: &str,
        follow: bool,
        how: OpenFlags,
        access: DescriptorFlags,
    ) -> Result<Opened, Failure> {
        let truncate = how.contains(OpenFlags::TRUNCATE);
        let may_write = access.contains(DescriptorFlags::WRITE) || truncate;
        let may_read = access.contains(DescriptorFlags::READ) || !may_write;
        let found = self.look(path, follow);
        let Some(found) = if_there(found)? else {
            if !how.contains(OpenFlags::CREATE) {
                return Err(ErrorCode::NoEntry.into());
            }
            return self.create(path, may_read, access).map(Opened::File);
        };
        if how.contains(OpenFlags::CREATE | OpenFlags::EXCLUSIVE) {
            return Err(ErrorCode::Exist.into());
        }
        if found.is_dir() {
            if may_write || how.contains(OpenFlags::CREATE) {
                return Err(ErrorCode::IsDirectory.into());
            }
            return Ok(Opened::Folder(normal(path)));
        }
        if found.is_symlink() {
            return Err(ErrorCode::Loop.into());
        }
        if how.contains(OpenFlags::DIRECTORY) {
            return Err(ErrorCode::NotDirectory.into());
        }
        if !found.is_file() {
            return Err(ErrorCode::Access.into());
        }
        let options = OpenOptions::new().read(may_read).write(may_write).clone();
        let file = self.root.open_with(path, &options)?.into_std();
        let file = OpenFile::new(self.directory, file, may_read, may_write)?;
        if truncate {
            self.resize(&file, 0)?;
        }
        Ok(Opened::File(file))
    }

    fn create(&self, path: &str, may_read: bool, access: DescriptorFlags) -> Result<OpenFile, Failure> {
        check_depth(path, 0)?;
        self.worker.check_room(0, 1)?;
        let options = OpenOptions::new().read(may_read).write(true).create_new(true).clone();
        let file = self.root.open_with(path, &options)?.into_std();
        recount(&self.directory.entries, 0, 1);
        let may_write = access.contains(DescriptorFlags::WRITE);
        Ok(OpenFile::new(self.directory, file, may_read, may_write)?)
    }

    fn look(&self, path: &str, follow: bool) -> io::Result<Metadata> {
        if follow { self.root.metadata(path) } else { self.root.symlink_metadata(path) }
    }

    /// What is told of a path.
    pub(crate) fn stat(&self, path: &str, follow: bool) -> Result<Stat, Failure> {
        Ok(Stat::of(&self.look(path, follow)?))
    }

    /// What lies in a folder, in the order of its names, so that every run sees the same.
    pub(crate) fn list(&self, path: &str) -> Result<Vec<DirectoryEntry>, Failure> {
        let mut entries = Vec::new();
        for entry in self.root.read_dir(path)? {
            let entry = entry?;
            if entries.len() == LISTED {
                return Err(ErrorCode::Overflow.into());
            }
            let name = entry.file_name().into_string().map_err(|_| ErrorCode::IllegalByteSequence)?;
            entries.push(DirectoryEntry { type_: kind(entry.file_type()?), name });
        }
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    /// Reads at most so many bytes; none at the end.
    pub(crate) fn read(&self, file: &OpenFile, at: u64, most: usize) -> Result<Bytes, Failure> {
        let mut bytes = vec![0; most.min(CHUNK)];
        let count = loop {
            match file.file()?.read_at(&mut bytes, at) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // An offset that no file reaches.
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => break 0,
                read => break read?,
            }
        };
        bytes.truncate(count);
        Ok(bytes.into())
    }

    /// Writes all of it, or nothing where it does not fit; at the end where no place is given. Gives where the next goes.
    pub(crate) fn write(&self, file: &OpenFile, at: Option<u64>, bytes: &[u8]) -> Result<u64, Failure> {
        let before = file.file()?.metadata()?.len();
        let at = at.unwrap_or(before);
        let end = at.checked_add(bytes.len() as u64).filter(|end| i64::try_from(*end).is_ok());
        let end = end.ok_or(ErrorCode::FileTooLarge)?;
        if bytes.is_empty() {
            return Ok(at);
        }
        self.worker.check_room(end.saturating_sub(before), 0)?;
        let written = file.file()?.write_all_at(bytes, at);
        // A part may have been written before it failed.
        file.settle(before)?;
        written?;
        Ok(end)
    }

    /// Cuts a file, or makes it longer by what is nothing on most disks and counts all the same.
    pub(crate) fn resize(&self, file: &OpenFile, size: u64) -> Result<(), Failure> {
        if i64::try_from(size).is_err() {
            return Err(ErrorCode::FileTooLarge.into());
        }
        let before = file.file()?.metadata()?.len();
        self.worker.check_room(size.saturating_sub(before), 0)?;
        let resized = file.file()?.set_len(size);
        file.settle(before)?;
        Ok(resized?)
    }

    /// Makes a folder.
    pub(crate) fn make_folder(&self, path: &str) -> Result<(), Failure> {
        check_depth(path, 0)?;
        if if_there(self.root.symlink_metadata(path))?.is_some() {
            return Err(ErrorCode::Exist.into());
        }
        self.worker.check_room(0, 1)?;
        self.root.create_dir(path)?;
        recount(&self.directory.entries, 0, 1);
        Ok(())
    }

    /// Removes an empty folder.
    pub(crate) fn remove_folder(&self, path: &str) -> Result<(), Failure> {
        if normal(path).is_empty() {
            return Err(ErrorCode::Busy.into());
        }
        self.root.remove_dir(path)?;
        recount(&self.directory.entries, 1, 0);
        Ok(())
    }

    /// Removes a file. Its bytes are free when nobody has it open any more.
    pub(crate) fn remove_file(&self, path: &str) -> Result<(), Failure> {
        let found = self.root.symlink_metadata(path)?;
        if found.is_dir() {
            return Err(ErrorCode::IsDirectory.into());
        }
        self.root.remove_file(path)?;
        self.gone(&found);
        Ok(())
    }

    /// Renames a file or folder; a file that had the name, or an empty folder, is replaced.
    pub(crate) fn rename(&self, from: &str, to: &str) -> Result<(), Failure> {
        if normal(from).is_empty() || normal(to).is_empty() {
            return Err(ErrorCode::Busy.into());
        }
        let moved = self.root.symlink_metadata(from)?;
        let height = if moved.is_dir() { tally::of(self.root, from)?.height } else { 0 };
        check_depth(to, height)?;
        let replaced = if_there(self.root.symlink_metadata(to))?;
        let same = |other: &Metadata| (other.dev(), other.ino()) == (moved.dev(), moved.ino());
        if replaced.as_ref().is_some_and(same) {
            return Ok(());
        }
        self.root.rename(from, self.root, to)?;
        match replaced {
            Some(replaced) if replaced.is_dir() => recount(&self.directory.entries, 1, 0),
            Some(replaced) => self.gone(&replaced),
            None => {}
        }
        Ok(())
    }

    /// Where a link leads is not told: no guest made it, and it may name the host's own folders.
    pub(crate) fn read_link(&self, path: &str) -> Result<(), Failure> {
        let found = self.root.symlink_metadata(path)?;
        Err(if found.is_symlink() { ErrorCode::Access } else { ErrorCode::Invalid }.into())
    }

    /// Counts a file that has lost its name.
    fn gone(&self, found: &Metadata) {
        let open = self.directory.inodes.lock().get(&(found.dev(), found.ino())).and_then(Weak::upgrade);
        match open {
            Some(inode) if found.is_file() => inode.unlinked.store(true, Ordering::Release),
            _ => {
                recount(&self.directory.entries, 1, 0);
                if found.is_file() {
                    recount(&self.directory.bytes, found.len(), 0);
                }
            }
        }
    }
}
