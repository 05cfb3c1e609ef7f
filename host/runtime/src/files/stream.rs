//! Files as streams.

use super::inode::OpenFile;
use super::operations::CHUNK;
use super::worker::Worker;
use async_trait::async_trait;
use bytes::Bytes;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinHandle;
use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;
use wasmtime_wasi::p2::{InputStream, OutputStream, Pollable, StreamError, StreamResult};

fn failed(code: ErrorCode) -> StreamError {
    StreamError::LastOperationFailed(code.into())
}

/// What a stream's background work came to; a panic or the end of the host is an error like others.
async fn outcome<T>(task: &mut JoinHandle<Result<T, ErrorCode>>) -> Result<T, ErrorCode> {
    task.await.unwrap_or(Err(ErrorCode::Io))
}

/// Reads a file from a place on.
pub(crate) struct Reader {
    worker: Worker,
    file: Arc<OpenFile>,
    at: u64,
    state: Reading,
    _place: OwnedSemaphorePermit,
}

enum Reading {
    Idle,
    Busy(JoinHandle<Result<Bytes, ErrorCode>>),
    Read(Bytes),
    Failed(ErrorCode),
    Ended,
}

impl Reader {
    pub(crate) const fn new(
        worker: Worker,
        file: Arc<OpenFile>,
        at: u64,
        place: OwnedSemaphorePermit,
    ) -> Self {
        Self { worker, file, at, state: Reading::Idle, _place: place }
    }

    fn begin(&mut self, most: usize) {
        let (worker, file, at) = (self.worker.clone(), Arc::clone(&self.file), self.at);
        self.state = Reading::Busy(tokio::spawn(async move {
            worker.work_beside(move |site| site.read(&file, at, most)).await
        }));
    }

    fn take_note(&mut self, read: Result<Bytes, ErrorCode>) {
        self.state = match read {
            Ok(bytes) if bytes.is_empty() => Reading::Ended,
            Ok(bytes) => Reading::Read(bytes),
            Err(code) => Reading::Failed(code),
        };
    }

    /// Waits for what was begun.
    async fn settle(&mut self) {
        if let Reading::Busy(task) = &mut self.state {
            let read = outcome(task).await;
            self.take_note(read);
        }
    }
}

#[async_trait]
impl Pollable for Reader {
    async fn ready(&mut self) {
        if matches!(self.state, Reading::Idle) {
            self.begin(CHUNK);
        }
        self.settle().await;
    }
}

#[async_trait]
impl InputStream for Reader {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        match &mut self.state {
            Reading::Idle => {
                if size > 0 {
                    self.begin(size);
                }
                Ok(Bytes::new())
            }
            Reading::Busy(_) => Ok(Bytes::new()),
            Reading::Read(bytes) => {
                let part = bytes.split_to(bytes.len().min(size));
                if bytes.is_empty() {
                    self.state = Reading::Idle;
                }
                self.at = self.at.saturating_add(part.len() as u64);
                Ok(part)
            }
            Reading::Failed(code) => {
                let code = *code;
                self.state = Reading::Ended;
                Err(failed(code))
            }
            Reading::Ended => Err(StreamError::Closed),
        }
    }

    async fn blocking_read(&mut self, size: usize) -> StreamResult<Bytes> {
        self.settle().await;
        if matches!(self.state, Reading::Idle) && size > 0 {
            let (file, at) = (Arc::clone(&self.file), self.at);
            let read = self.worker.work(move |site| site.read(&file, at, size)).await;
            self.take_note(read);
        }
        self.read(size)
    }
}

/// Writes to a file, from a place on or always at its end.
pub(crate) struct Writer {
    worker: Worker,
    file: Arc<OpenFile>,
    /// Where the next bytes go; none where they go to the end.
    at: Option<u64>,
    state: Writing,
    _place: OwnedSemaphorePermit,
}

enum Writing {
    Idle,
    Busy(JoinHandle<Result<u64, ErrorCode>>),
    Failed(ErrorCode),
    Ended,
}

impl Writer {
    pub(crate) const fn new(
        worker: Worker,
        file: Arc<OpenFile>,
        at: Option<u64>,
        place: OwnedSemaphorePermit,
    ) -> Self {
        Self { worker, file, at, state: Writing::Idle, _place: place }
    }

    /// Bytes that may be written now: what can be overwritten, and what the quota leaves. One where nothing is left, so that the
    /// guest is told why by the write that fails, instead of waiting for room that does not come.
    fn permit(&self) -> usize {
        let size = self.file.size();
        let over = size.saturating_sub(self.at.unwrap_or(size));
        let left = self.worker.quota().bytes.saturating_sub(self.file.held());
        usize::try_from(over.saturating_add(left)).unwrap_or(CHUNK).clamp(1, CHUNK)
    }

    fn take_note(&mut self, written: Result<u64, ErrorCode>) {
        self.state = match written {
            Ok(end) => {
                if self.at.is_some() {
                    self.at = Some(end);
                }
                Writing::Idle
            }
            Err(code) => Writing::Failed(code),
        };
    }

    /// Whether it may go on.
    fn check(&mut self) -> StreamResult<()> {
        match self.state {
            Writing::Idle | Writing::Busy(_) => Ok(()),
            Writing::Failed(code) => {
                self.state = Writing::Ended;
                Err(failed(code))
            }
            Writing::Ended => Err(StreamError::Closed),
        }
    }
}

#[async_trait]
impl Pollable for Writer {
    async fn ready(&mut self) {
        if let Writing::Busy(task) = &mut self.state {
            let written = outcome(task).await;
            self.take_note(written);
        }
    }
}

#[async_trait]
impl OutputStream for Writer {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.check()?;
        if bytes.len() > CHUNK || matches!(self.state, Writing::Busy(_)) {
            return Err(StreamError::trap("more was written than `check-write` permitted"));
        }
        let (worker, file, at) = (self.worker.clone(), Arc::clone(&self.file), self.at);
        self.state = Writing::Busy(tokio::spawn(async move {
            worker.work_beside(move |site| site.write(&file, at, &bytes)).await
        }));
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        self.check()
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        self.check()?;
        Ok(if matches!(self.state, Writing::Busy(_)) { 0 } else { self.permit() })
    }

    async fn blocking_write_and_flush(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.ready().await;
        self.check()?;
        let (file, at) = (Arc::clone(&self.file), self.at);
        let written = self.worker.work(move |site| site.write(&file, at, &bytes)).await;
        self.take_note(written);
        self.check()
    }
}
