//! What one sandbox has open.

use super::inode::OpenFile;
use super::worker::Worker;
use crate::sandbox::log::Log;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use twobot_domain::Trouble;
use wasmtime_wasi::p2::bindings::filesystem::types::{DirectoryEntry, ErrorCode};

/// Files, folders, listings and streams that one sandbox may have open at the same time. Each may take up to 64 KB of the host's memory.
const MOST_OPEN: usize = 64;

/// Something open.
#[derive(Clone, Debug)]
pub(crate) enum Handle {
    /// A folder, by its path: what it means is looked up anew each time.
    Folder(Arc<str>),
    /// A file.
    File(Arc<OpenFile>),
}

/// What is left of a listing.
#[derive(Debug)]
pub(crate) struct Listing {
    pub(crate) rest: std::vec::IntoIter<DirectoryEntry>,
    /// Bytes of the host's memory that count as the sandbox's.
    pub(crate) bytes: usize,
}

/// What one sandbox has open. Handles are numbers that the engine keeps apart for its guest; no number is used twice.
#[derive(Debug, Default)]
pub(crate) struct FileTable {
    worker: Option<Worker>,
    /// Under which the host hides what tells files apart.
    pub(crate) key: [u8; 32],
    /// None for a sandbox that was granted no directory.
    places: Option<Arc<Semaphore>>,
    handles: HashMap<u32, (Handle, OwnedSemaphorePermit)>,
    listings: HashMap<u32, (Listing, OwnedSemaphorePermit)>,
    next: u32,
}

impl FileTable {
    /// For a sandbox that was granted a directory; without a worker where the host keeps no files.
    pub(crate) fn new(worker: Option<Worker>, key: [u8; 32]) -> Self {
        Self { worker, key, places: Some(Arc::new(Semaphore::new(MOST_OPEN))), ..Self::default() }
    }

    /// Who does the work; none where the host keeps no files.
    pub(crate) fn worker(&self) -> Option<&Worker> {
        self.worker.as_ref()
    }

    /// Whether anything was asked of the directory.
    pub(crate) const fn is_used(&self) -> bool {
        self.next > 0
    }

    /// A place for one thing more.
    pub(crate) fn place(&self) -> Result<OwnedSemaphorePermit, ErrorCode> {
        // WASI has no word for too many open files; this is what the limit protects.
        let place = self.places.clone().and_then(|places| places.try_acquire_owned().ok());
        place.ok_or(ErrorCode::InsufficientMemory)
    }

    fn number(&mut self) -> u32 {
        // Four thousand million calls are far beyond what a run's fuel allows.
        self.next = self.next.wrapping_add(1);
        self.next
    }

    pub(crate) fn put(&mut self, handle: Handle, place: OwnedSemaphorePermit) -> u32 {
        let number = self.number();
        self.handles.insert(number, (handle, place));
        number
    }

    pub(crate) fn get(&self, number: u32) -> Result<&Handle, ErrorCode> {
        self.handles.get(&number).map(|(handle, _)| handle).ok_or(ErrorCode::BadDescriptor)
    }

    pub(crate) fn close(&mut self, number: u32) {
        self.handles.remove(&number);
    }

    pub(crate) fn put_listing(&mut self, listing: Listing, place: OwnedSemaphorePermit) -> u32 {
        let number = self.number();
        self.listings.insert(number, (listing, place));
        number
    }

    pub(crate) fn listing(&mut self, number: u32) -> Result<&mut Listing, ErrorCode> {
        self.listings.get_mut(&number).map(|(listing, _)| listing).ok_or(ErrorCode::BadDescriptor)
    }

    /// Closes a listing; gives the memory that it took.
    pub(crate) fn close_listing(&mut self, number: u32) -> usize {
        self.listings.remove(&number).map_or(0, |(listing, _)| listing.bytes)
    }

    /// Says in the log of the run what there is to say.
    pub(crate) fn tell(&self, log: &Log) {
        if let Some(worker) = &self.worker {
            worker.tell(log);
        }
    }

    /// What the host itself failed in.
    pub(crate) fn host_failure(&self) -> Option<String> {
        self.worker.as_ref().and_then(Worker::host_failure)
    }

    /// The trouble of a run that failed after the directory was full.
    pub(crate) fn trouble(&self, then: &Trouble) -> Option<Trouble> {
        self.worker.as_ref().and_then(|worker| worker.trouble(then))
    }
}
