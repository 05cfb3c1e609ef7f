//! Two clocks for one execution: the guest's own running, which stands still while an inline effect is waited for, and all of it.

use crate::limits::RunLimits;
use crate::trap::Overtime;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

#[derive(Clone, Debug)]
pub(crate) struct Stopwatch(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    started: Instant,
    waited: Duration,
    /// Since when it waits, and for how many things at once.
    waiting: Option<(Instant, usize)>,
}

/// Stops the guest's own clock while it lives.
pub(crate) struct Pause(Stopwatch);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self(Arc::new(Mutex::new(State { started: Instant::now(), waited: Duration::ZERO, waiting: None })))
    }

    pub(crate) fn pause(&self) -> Pause {
        let mut state = self.0.lock();
        let (since, pauses) = state.waiting.unwrap_or_else(|| (Instant::now(), 0));
        state.waiting = Some((since, pauses + 1));
        drop(state);
        Pause(self.clone())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.0.lock().started.elapsed()
    }

    /// The guest's own running so far.
    #[cfg(test)]
    pub(crate) fn own(&self) -> Duration {
        self.0.lock().times().0
    }

    /// Ends when one of the clocks runs out.
    pub(crate) async fn overtime(&self, limits: &RunLimits) -> Overtime {
        loop {
            let (own, total) = self.0.lock().times();
            let Some(total_left) = limits.total_time.checked_sub(total).filter(|left| !left.is_zero()) else {
                return Overtime::Total(limits.total_time);
            };
            let Some(own_left) = limits.own_time.checked_sub(own).filter(|left| !left.is_zero()) else {
                return Overtime::Own(limits.own_time);
            };
            // While the guest waits its own clock stands still, but it may go on at any moment: look again when it would end.
            tokio::time::sleep(own_left.min(total_left)).await;
        }
    }
}

impl State {
    /// The guest's own running so far, and all of the time.
    fn times(&self) -> (Duration, Duration) {
        let total = self.started.elapsed();
        let waiting = self.waiting.map(|(since, _)| since.elapsed()).unwrap_or_default();
        (total.saturating_sub(self.waited + waiting), total)
    }
}

impl Drop for Pause {
    fn drop(&mut self) {
        let mut state = self.0.0.lock();
        match state.waiting.take() {
            Some((since, 1)) => state.waited += since.elapsed(),
            Some((since, pauses)) => state.waiting = Some((since, pauses - 1)),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::AtOnce;
    use crate::storage_rate::StorageRate;

    fn limits() -> RunLimits {
        RunLimits {
            fuel: 0,
            vcpu: 1.0,
            memory_bytes: 0,
            tenant_memory_bytes: 0,
            own_time: Duration::from_secs(5),
            total_time: Duration::from_secs(120),
            directory_bytes: 0,
            at_once: AtOnce { tenant: 1, install: 1 },
            storage: StorageRate { per_second: 1, burst: 1 },
        }
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_for_two_things_at_once_counts_once() {
        let watch = Stopwatch::start();
        let (first, second) = (watch.pause(), watch.pause());
        tokio::time::advance(Duration::from_secs(3)).await;
        drop(first);
        tokio::time::advance(Duration::from_secs(3)).await;
        drop(second);
        assert_eq!(watch.0.lock().waited, Duration::from_secs(6));
        assert!(watch.0.lock().waiting.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn own_running_ends_after_its_limit() {
        let begun = Instant::now();
        assert_eq!(Stopwatch::start().overtime(&limits()).await, Overtime::Own(Duration::from_secs(5)));
        assert_eq!(begun.elapsed().as_secs(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_does_not_count_as_running_but_ends_too() {
        let begun = Instant::now();
        let watch = Stopwatch::start();
        let pause = watch.pause();
        assert_eq!(watch.overtime(&limits()).await, Overtime::Total(Duration::from_secs(120)));
        assert_eq!(begun.elapsed().as_secs(), 120);
        drop(pause);

        let begun = Instant::now();
        let watch = Stopwatch::start();
        let waiter = watch.clone();
        tokio::join!(
            async {
                let pause = waiter.pause();
                tokio::time::sleep(Duration::from_secs(60)).await;
                drop(pause);
            },
            async { assert_eq!(watch.overtime(&limits()).await, Overtime::Own(Duration::from_secs(5))) }
        );
        assert_eq!(begun.elapsed().as_secs(), 65);
    }
}
