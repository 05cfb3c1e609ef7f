//! The directory of one install: where it is, what it holds, and whose turn it is.

use super::inode::Inode;
use super::tally;
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;

/// Why a piece of work on files failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The guest is told.
    Guest(ErrorCode),
    /// It is the host's own: the disk is full or broken. The run is tried again.
    Host(String),
}

impl From<ErrorCode> for Failure {
    fn from(code: ErrorCode) -> Self {
        Self::Guest(code)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::ReadOnlyFilesystem
            | io::ErrorKind::OutOfMemory => Self::Host(error.to_string()),
            _ => Self::Guest(ErrorCode::from(&error)),
        }
    }
}

/// The directory of one install. All of its sandboxes share it, so that they share its count.
#[derive(Debug)]
pub(crate) struct Directory {
    place: PathBuf,
    /// Opened, and counted, with the first piece of work.
    root: OnceLock<Dir>,
    /// One piece of work at a time: between looking and doing, nothing changes.
    turn: Arc<Semaphore>,
    /// Bounds the work of all installs together.
    working: Arc<Semaphore>,
    retired: AtomicBool,
    /// What it holds: logical bytes of files, the deleted ones that someone has open included.
    pub(super) bytes: AtomicU64,
    /// Files and directories.
    pub(super) entries: AtomicU64,
    /// The files that someone has open, by device and number.
    pub(super) inodes: Mutex<HashMap<(u64, u64), Weak<Inode>>>,
}

impl Directory {
    pub(super) fn at(place: PathBuf, working: Arc<Semaphore>) -> Self {
        Self {
            place,
            root: OnceLock::new(),
            turn: Arc::new(Semaphore::new(1)),
            working,
            retired: AtomicBool::new(false),
            bytes: AtomicU64::new(0),
            entries: AtomicU64::new(0),
            inodes: Mutex::default(),
        }
    }

    /// Waits for its turn.
    pub(super) async fn turn(&self) -> Result<Turn, Failure> {
        let closed = |error: tokio::sync::AcquireError| Failure::Host(error.to_string());
        let own = Arc::clone(&self.turn).acquire_owned().await.map_err(closed)?;
        let shared = Arc::clone(&self.working).acquire_owned().await.map_err(closed)?;
        Ok(Turn { _own: own, _shared: shared })
    }

    /// Does a piece of work on a thread for blocking work. It is done to its end, with its count, also when nobody waits for it any
    /// more; only then is it another's turn.
    pub(super) async fn work<T: Send + 'static>(
        self: &Arc<Self>,
        turn: Turn,
        job: impl FnOnce(&Arc<Self>, &Dir) -> Result<T, Failure> + Send + 'static,
        charge: impl FnOnce(Duration) + Send + 'static,
    ) -> Result<T, Failure> {
        let directory = Arc::clone(self);
        let job = spawn_blocking(move || {
            let begun = Instant::now();
            let done = directory.open().and_then(|root| job(&directory, root));
            charge(begun.elapsed());
            drop(turn);
            done
        });
        job.await.map_err(|error| Failure::Host(error.to_string()))?
    }

    /// Ends all use of it: what `remove` does is done between two pieces of work, and there is no next one.
    pub(super) async fn retire(
        self: &Arc<Self>,
        remove: impl FnOnce() -> io::Result<()> + Send + 'static,
    ) -> io::Result<()> {
        let turn = self.turn().await.map_err(|failure| io::Error::other(format!("{failure:?}")))?;
        self.retired.store(true, Ordering::Release);
        let job = spawn_blocking(move || {
            let done = remove();
            drop(turn);
            done
        });
        job.await.map_err(io::Error::other)?
    }

    /// Opens it, made where it is missing, and counts what it holds.
    fn open(&self) -> Result<&Dir, Failure> {
        if self.retired.load(Ordering::Acquire) {
            return Err(ErrorCode::NoEntry.into());
        }
        if let Some(root) = self.root.get() {
            return Ok(root);
        }
        let failed = |error: io::Error| Failure::Host(format!("{}: {error}", self.place.display()));
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.place).map_err(failed)?;
        let root = Dir::open_ambient_dir(&self.place, ambient_authority()).map_err(failed)?;
        let tally = tally::of(&root, ".").map_err(failed)?;
        self.bytes.store(tally.bytes, Ordering::Relaxed);
        self.entries.store(tally.entries, Ordering::Relaxed);
        Ok(self.root.get_or_init(|| root))
    }

    /// Opens it for looking at it in one's turn. Nothing is made, or counted; none where there is nothing, or no longer.
    pub(super) fn look(&self, _turn: &Turn) -> io::Result<Option<Dir>> {
        if self.retired.load(Ordering::Acquire) {
            return Ok(None);
        }
        match Dir::open_ambient_dir(&self.place, ambient_authority()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            opened => opened.map(Some),
        }
    }

    /// What it holds: bytes, and files and directories.
    pub(super) fn used(&self) -> (u64, u64) {
        (self.bytes.load(Ordering::Relaxed), self.entries.load(Ordering::Relaxed))
    }
}

/// The right to one piece of work.
#[derive(Debug)]
pub(super) struct Turn {
    _own: OwnedSemaphorePermit,
    _shared: OwnedSemaphorePermit,
}

/// Counts what something changed to since it was looked at.
pub(super) fn recount(count: &AtomicU64, before: u64, after: u64) {
    // Never below nothing: what the operator deletes by hand is not known here.
    let changed = |count: u64| Some(count.saturating_sub(before).saturating_add(after));
    let _ = count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, changed);
}
