//! What was sent and what came back.

use anyhow::{Result, ensure};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// The book of all messages. Each has a number, which is its text, and its reply's.
pub(super) struct Tally {
    inner: Mutex<Inner>,
    /// Places for messages under way, while there is a limit on them.
    pub(super) places: Semaphore,
}

#[derive(Default)]
struct Inner {
    /// When each was sent; none once its reply is there.
    sent: Vec<Option<Instant>>,
    replied: u64,
    /// Replies to what was replied to before, or never sent.
    strange: u64,
    /// How long replies took since the measuring began.
    took: Vec<Duration>,
}

impl Default for Tally {
    fn default() -> Self {
        Self { inner: Mutex::default(), places: Semaphore::new(0) }
    }
}

impl Tally {
    fn with<T>(&self, what: impl FnOnce(&mut Inner) -> T) -> T {
        what(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A message is about to be sent. Answers its number.
    pub(super) fn send(&self) -> usize {
        self.with(|inner| {
            inner.sent.push(Some(Instant::now()));
            inner.sent.len() - 1
        })
    }

    /// Messages sent so far.
    pub(super) fn sent(&self) -> u64 {
        self.with(|inner| inner.sent.len() as u64)
    }

    /// A reply has come to the provider.
    pub(super) fn reply(&self, number: Option<usize>) {
        self.with(|inner| {
            let sent = number.and_then(|number| inner.sent.get_mut(number)).and_then(Option::take);
            match sent {
                Some(sent) => {
                    inner.replied += 1;
                    inner.took.push(sent.elapsed());
                }
                None => inner.strange += 1,
            }
        });
        self.places.add_permits(1);
    }

    /// From now on it is measured. Answers how many replies there were before.
    pub(super) fn begin(&self) -> u64 {
        self.with(|inner| {
            inner.took.clear();
            inner.replied
        })
    }

    /// Replies so far.
    pub(super) fn replied(&self) -> u64 {
        self.with(|inner| inner.replied)
    }

    /// How long the middle one took.
    pub(super) fn middle_reply(&self) -> Option<Duration> {
        self.with(|inner| quantile(&inner.took, 0.5))
    }

    /// Each message that was acknowledged has one reply.
    pub(super) fn check(&self, acknowledged: u64) -> Result<()> {
        self.with(|inner| {
            ensure!(inner.strange == 0, "{} replies were to nothing, or the second ones", inner.strange);
            ensure!(
                inner.replied == acknowledged,
                "{acknowledged} messages were acknowledged, and {} replied to",
                inner.replied
            );
            Ok(())
        })
    }
}

/// The time that such a part of all is below.
pub(super) fn quantile(times: &[Duration], part: f64) -> Option<Duration> {
    let mut times = times.to_vec();
    times.sort_unstable();
    times.get(((times.len() as f64 * part) as usize).min(times.len().checked_sub(1)?)).copied()
}
