//! One sandbox at work in the directory of its install.

use super::directory::{Directory, Failure};
use super::operations::Site;
use super::quota::{Exceeded, Quota};
use crate::sandbox::log::Log;
use crate::sandbox::stopwatch::Stopwatch;
use crate::sandbox::turns::{Share, Turns};
use parking_lot::Mutex;
use std::sync::Arc;
use twobot_domain::Trouble;
use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;

/// One sandbox at work in the directory of its install. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Worker(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    directory: Arc<Directory>,
    quota: Quota,
    watch: Stopwatch,
    turns: Turns,
    share: Share,
    remarks: Mutex<Remarks>,
}

/// What is to be said when the run has ended.
#[derive(Clone, Debug, Default)]
struct Remarks {
    exceeded: Option<Exceeded>,
    host_failure: Option<String>,
}

impl Worker {
    pub(crate) fn new(
        directory: Arc<Directory>,
        quota: Quota,
        watch: Stopwatch,
        turns: Turns,
        share: Share,
    ) -> Self {
        Self(Arc::new(Inner { directory, quota, watch, turns, share, remarks: Mutex::default() }))
    }

    pub(super) fn quota(&self) -> Quota {
        self.0.quota
    }

    /// Does a piece of work for which the guest waits. Waiting for others' work is not its own running; its own work is, and counts
    /// as its tenant's computing.
    pub(crate) async fn work<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Site<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, ErrorCode> {
        let pause = self.0.watch.pause();
        let turn = self.0.directory.turn().await;
        drop(pause);
        self.within(turn, job).await
    }

    /// Does a piece of work while the guest goes on.
    pub(super) async fn work_beside<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Site<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, ErrorCode> {
        let turn = self.0.directory.turn().await;
        self.within(turn, job).await
    }

    async fn within<T: Send + 'static>(
        &self,
        turn: Result<super::directory::Turn, Failure>,
        job: impl FnOnce(&Site<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, ErrorCode> {
        let worker = self.clone();
        let payer = self.clone();
        let job = move |directory: &Arc<Directory>, root: &cap_std::fs::Dir| {
            job(&Site { directory, root, worker: &worker })
        };
        let charge = move |spent| payer.0.turns.charge(&payer.0.share, spent);
        let done = match turn {
            Ok(turn) => self.0.directory.work(turn, job, charge).await,
            Err(failure) => Err(failure),
        };
        done.map_err(|failure| match failure {
            Failure::Guest(code) => code,
            Failure::Host(error) => {
                self.0.remarks.lock().host_failure = Some(error);
                ErrorCode::Io
            }
        })
    }

    /// Whether the directory may come to hold this much more; if not, that is remembered.
    pub(super) fn check_room(&self, bytes: u64, entries: u64) -> Result<(), ErrorCode> {
        let (held_bytes, held_entries) = self.0.directory.used();
        let checks = [
            ("directory_bytes", "bytes", held_bytes, bytes, self.0.quota.bytes),
            ("directory_files", "files", held_entries, entries, self.0.quota.entries),
        ];
        for (name, unit, held, more, allowed) in checks {
            let used = held.saturating_add(more);
            // Who holds too much already, since the plan has become smaller, may still do what makes nothing grow.
            if more > 0 && used > allowed {
                self.0.remarks.lock().exceeded = Some(Exceeded { name, unit, used, allowed });
                return Err(ErrorCode::InsufficientSpace);
            }
        }
        Ok(())
    }

    /// Says in the log of the run what there is to say.
    pub(super) fn tell(&self, log: &Log) {
        if let Some(exceeded) = self.0.remarks.lock().exceeded {
            log.write("warn", exceeded.line(), Vec::new());
        }
    }

    /// What the host itself failed in.
    pub(super) fn host_failure(&self) -> Option<String> {
        self.0.remarks.lock().host_failure.clone()
    }

    /// The trouble of a run that failed after the directory was full.
    pub(super) fn trouble(&self, then: &Trouble) -> Option<Trouble> {
        self.0.remarks.lock().exceeded.map(|exceeded| exceeded.trouble(then))
    }
}
