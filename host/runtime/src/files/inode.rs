//! Files that are open. A deleted one takes its place on the disk until the last who has it open closes it, and counts until then.

use super::directory::{Directory, recount};
use std::fs::File;
use std::os::unix::fs::MetadataExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::runtime::Handle;

/// A file that someone has open, whatever it is called now.
#[derive(Debug)]
pub(crate) struct Inode {
    directory: Arc<Directory>,
    key: (u64, u64),
    /// Its size after the last piece of work on it.
    pub(super) size: AtomicU64,
    /// Whether it has been deleted or replaced.
    pub(super) unlinked: AtomicBool,
}

impl Drop for Inode {
    fn drop(&mut self) {
        let mut inodes = self.directory.inodes.lock();
        // Someone may have opened it again since the last one closed it.
        if inodes.get(&self.key).is_some_and(|inode| inode.strong_count() == 0) {
            inodes.remove(&self.key);
        }
        drop(inodes);
        if self.unlinked.load(Ordering::Acquire) {
            recount(&self.directory.bytes, self.size.load(Ordering::Relaxed), 0);
            recount(&self.directory.entries, 1, 0);
        }
    }
}

/// An open file.
#[derive(Debug)]
pub(crate) struct OpenFile {
    /// None only while it is being closed.
    file: Option<File>,
    pub(super) inode: Arc<Inode>,
    pub(crate) may_read: bool,
    pub(crate) may_write: bool,
}

impl OpenFile {
    /// Takes note of a file that was just opened in a directory.
    pub(super) fn new(
        directory: &Arc<Directory>,
        file: File,
        may_read: bool,
        may_write: bool,
    ) -> std::io::Result<Self> {
        let found = file.metadata()?;
        let key = (found.dev(), found.ino());
        let mut inodes = directory.inodes.lock();
        let inode = match inodes.get(&key).and_then(std::sync::Weak::upgrade) {
            Some(inode) => inode,
            None => {
                let inode = Arc::new(Inode {
                    directory: Arc::clone(directory),
                    key,
                    size: AtomicU64::new(found.len()),
                    unlinked: AtomicBool::new(false),
                });
                inodes.insert(key, Arc::downgrade(&inode));
                inode
            }
        };
        drop(inodes);
        Ok(Self { file: Some(file), inode, may_read, may_write })
    }

    pub(super) fn file(&self) -> std::io::Result<&File> {
        self.file.as_ref().ok_or_else(|| std::io::ErrorKind::NotConnected.into())
    }

    /// Its size after the last piece of work on it.
    pub(super) fn size(&self) -> u64 {
        self.inode.size.load(Ordering::Relaxed)
    }

    /// Bytes that the whole directory holds.
    pub(super) fn held(&self) -> u64 {
        self.inode.directory.used().0
    }

    /// Counts what a piece of work made of its size.
    pub(super) fn settle(&self, before: u64) -> std::io::Result<()> {
        let after = self.file()?.metadata()?.len();
        recount(&self.inode.directory.bytes, before, after);
        self.inode.size.store(after, Ordering::Relaxed);
        Ok(())
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        let file = self.file.take();
        // Closing the last of a deleted file frees its place on the disk, which takes the file system a while.
        if self.inode.unlinked.load(Ordering::Acquire)
            && let Ok(threads) = Handle::try_current()
        {
            let inode = Arc::clone(&self.inode);
            threads.spawn_blocking(move || {
                drop(file);
                drop(inode);
            });
        }
    }
}
