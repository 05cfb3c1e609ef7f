//! Reading all that a directory holds, for the one whom it belongs to.

use super::directory::{Directory, Turn};
use super::operations::CHUNK;
use crate::machine::Machine;
use cap_std::fs::{Dir, DirEntry, File};
use std::io::{self, Read as _};
use std::sync::Arc;
use tokio::task::spawn_blocking;
use twobot_domain::{InstallId, TenantId, plan};

/// Entries that are read of one directory. Guests can not make so many; beyond that it is told that not all of it can be read.
const MOST: u64 = 10 * plan::DIRECTORY_ENTRIES;

/// A piece of what a directory holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilePiece {
    /// A folder, by its path from the directory.
    Folder(String),
    /// A file begins, by its path from the directory. Its bytes follow.
    File(String),
    /// The next bytes of the file that began last, at most 64 KB.
    Bytes(Vec<u8>),
}

/// The reading of all that the directory of one install holds: folders before what is in them, in the order of their names.
///
/// It takes its turn for each piece, as every piece of work on files does. What changes meanwhile is told as it was before or after; a file that is
/// written meanwhile may be told as it was in part before and in part after.
#[derive(Debug)]
pub struct DirectoryReading {
    machine: Machine,
    /// None where there is nothing to be read.
    directory: Option<Arc<Directory>>,
    /// None after an error.
    walk: Option<Walk>,
}

/// How far it has come.
#[derive(Debug, Default)]
struct Walk {
    root: Option<Dir>,
    /// Paths of folders and files that are still to be told; the next is the last.
    ahead: Vec<Ahead>,
    open: Option<File>,
    entries: u64,
}

#[derive(Debug)]
enum Ahead {
    Folder(String),
    File(String),
}

impl Machine {
    /// Begins to read all that an install keeps in its directory on this host. Nothing is made where it has none.
    #[must_use]
    pub fn read_directory(&self, tenant: TenantId, install: InstallId) -> DirectoryReading {
        DirectoryReading {
            machine: self.clone(),
            directory: self.shared.directories.of(tenant, install),
            walk: Some(Walk::default()),
        }
    }
}

impl DirectoryReading {
    /// The next piece; none at the end. The disk is read on the threads for guests.
    ///
    /// # Errors
    /// When the disk can not be read, or an operator put more there than a plugin could.
    pub async fn next(&mut self) -> io::Result<Option<FilePiece>> {
        let Some(directory) = self.directory.clone() else { return Ok(None) };
        let mut walk = self.walk.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let task = self.machine.guest_threads().spawn(async move {
            let turn = directory.turn().await.map_err(|failure| io::Error::other(format!("{failure:?}")))?;
            let step = move || {
                let piece = walk.step(&directory, &turn);
                drop(turn);
                piece.map(|piece| (walk, piece))
            };
            spawn_blocking(step).await.map_err(io::Error::other)?
        });
        let (walk, piece) = task.await.map_err(io::Error::other)??;
        self.walk = Some(walk);
        Ok(piece)
    }
}

impl Walk {
    fn step(&mut self, directory: &Directory, turn: &Turn) -> io::Result<Option<FilePiece>> {
        if self.root.is_none() {
            self.root = directory.look(turn)?;
            self.ahead.push(Ahead::Folder(String::new()));
        }
        let Some(root) = &self.root else { return Ok(None) };
        loop {
            if let Some(file) = &mut self.open {
                let mut bytes = Vec::with_capacity(CHUNK);
                file.by_ref().take(CHUNK as u64).read_to_end(&mut bytes)?;
                if !bytes.is_empty() {
                    return Ok(Some(FilePiece::Bytes(bytes)));
                }
                self.open = None;
            }
            match self.ahead.pop() {
                None => return Ok(None),
                Some(Ahead::Folder(path)) => {
                    let place = if path.is_empty() { "." } else { path.as_str() };
                    let Some(entries) = if_there(root.read_dir(place))? else { continue };
                    let mut inside = Vec::new();
                    for entry in entries {
                        self.entries += 1;
                        if self.entries > MOST {
                            return Err(io::Error::other(format!(
                                "there are more than {MOST} files and folders"
                            )));
                        }
                        inside.extend(ahead(&path, &entry?)?);
                    }
                    inside.sort_unstable_by(|a, b| b.path().cmp(a.path()));
                    self.ahead.append(&mut inside);
                    if !path.is_empty() {
                        return Ok(Some(FilePiece::Folder(path)));
                    }
                }
                Some(Ahead::File(path)) => {
                    // What lies there now may be something else than what was listed: a pipe would be waited for.
                    let found = if_there(root.symlink_metadata(&path))?;
                    if found.is_some_and(|found| found.is_file()) {
                        self.open = if_there(root.open(&path))?;
                    }
                    if self.open.is_some() {
                        return Ok(Some(FilePiece::File(path)));
                    }
                }
            }
        }
    }
}

impl Ahead {
    fn path(&self) -> &str {
        match self {
            Self::Folder(path) | Self::File(path) => path,
        }
    }
}

/// What is to be told of an entry of a folder. Links, pipes and devices are the operator's, and left alone.
fn ahead(folder: &str, entry: &DirEntry) -> io::Result<Option<Ahead>> {
    let kind = entry.file_type()?;
    // A name that is no text can only be the operator's.
    let name = entry.file_name().into_string().map_err(|_| io::ErrorKind::InvalidData)?;
    let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
    Ok(if kind.is_dir() { Some(Ahead::Folder(path)) } else { kind.is_file().then_some(Ahead::File(path)) })
}

/// What was removed meanwhile is not there, which is no error.
fn if_there<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        found => found.map(Some),
    }
}
