//! Who waits for a tenant's lock waits here first, and not with a connection in the hand: a tenant whose transactions queue up would
//! otherwise hold every connection of the process, with all but one of them waiting.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OwnedMutexGuard;

/// The turns of a process's transactions, by the number of their lock.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<HashMap<i64, Arc<tokio::sync::Mutex<()>>>>);

/// One's turn, until it is dropped.
pub(super) type Turn = OwnedMutexGuard<()>;

impl Turns {
    /// Waits for one's turn, in the order in which it was asked for.
    pub(super) async fn take(&self, lock: i64) -> Turn {
        self.line(lock).lock_owned().await
    }

    fn line(&self, lock: i64) -> Arc<tokio::sync::Mutex<()>> {
        // Nothing below leaves the map half changed.
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == lines.capacity() {
            // Before it grows: lines in which nobody stands are forgotten.
            lines.retain(|_, line| Arc::strong_count(line) > 1);
        }
        Arc::clone(lines.entry(lock).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;

    #[tokio::test]
    async fn one_waits_for_the_same_lock_only() {
        let turns = Turns::default();
        let first = turns.take(1).await;
        assert!(turns.take(1).now_or_never().is_none());
        assert!(turns.take(2).now_or_never().is_some());
        drop(first);
        assert!(turns.take(1).now_or_never().is_some());
    }

    #[tokio::test]
    async fn lines_are_forgotten_but_not_those_in_which_somebody_stands() {
        let turns = Turns::default();
        let held = turns.take(-1).await;
        for lock in 0..10_000 {
            drop(turns.take(lock).await);
        }
        assert!(turns.0.lock().unwrap().len() < 100);
        assert!(turns.take(-1).now_or_never().is_none());
        drop(held);
    }
}
