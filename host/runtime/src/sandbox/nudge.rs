//! Sees whether a future wants to be polled again at once.
//!
//! A guest that has used up its slice wakes itself from within its own poll. Told to the runtime, that would bring it back to the
//! threads only to be told that it is not its turn; so it is kept here until its poll ends, and whoever polls decides.

use futures::task::AtomicWaker;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, Wake, Waker};

const IDLE: u8 = 0;
const POLLING: u8 = 1;
const WOKEN: u8 = 2;

/// A waker that passes wake-ups on, but for those that come while its future is polled.
#[derive(Debug, Default)]
pub(crate) struct Nudge {
    state: AtomicU8,
    outer: AtomicWaker,
}

impl Nudge {
    /// Polls once, and says whether it is to be polled again without anything else happening.
    pub(crate) fn poll<F: Future>(
        self: &Arc<Self>,
        future: Pin<&mut F>,
        context: &Context<'_>,
    ) -> (Poll<F::Output>, bool) {
        self.outer.register(context.waker());
        self.state.store(POLLING, Ordering::SeqCst);
        let waker = Waker::from(Arc::clone(self));
        let polled = future.poll(&mut Context::from_waker(&waker));
        let was_woken = self.state.swap(IDLE, Ordering::SeqCst) == WOKEN;
        let wants_more = was_woken && polled.is_pending();
        (polled, wants_more)
    }
}

impl Wake for Nudge {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let polled = self.state.compare_exchange(POLLING, WOKEN, Ordering::SeqCst, Ordering::SeqCst);
        // What waits for its turn is polled when that comes; a wake-up too many does no harm.
        if polled == Err(IDLE) {
            self.outer.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::task::{ArcWake, waker};
    use std::future::poll_fn;
    use std::sync::atomic::AtomicUsize;

    #[derive(Default)]
    struct Counter(AtomicUsize);

    impl ArcWake for Counter {
        fn wake_by_ref(counter: &Arc<Self>) {
            counter.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn a_wake_up_within_the_poll_is_told_and_a_later_one_passed_on() {
        let (counter, nudge) = (Arc::new(Counter::default()), Arc::new(Nudge::default()));
        let outer = waker(Arc::clone(&counter));
        let context = Context::from_waker(&outer);
        let passed_on = || counter.0.load(Ordering::SeqCst);

        let mut inner = None;
        let mut polls = 0;
        let mut future = Box::pin(poll_fn(|context| {
            inner = Some(context.waker().clone());
            polls += 1;
            if polls == 1 {
                context.waker().wake_by_ref();
                context.waker().wake_by_ref();
            }
            if polls == 3 { Poll::Ready(7) } else { Poll::Pending }
        }));
        assert_eq!(nudge.poll(future.as_mut(), &context), (Poll::Pending, true));
        assert_eq!(passed_on(), 0);
        assert_eq!(nudge.poll(future.as_mut(), &context), (Poll::Pending, false));
        assert_eq!(nudge.poll(future.as_mut(), &context), (Poll::Ready(7), false));
        drop(future);
        let inner = inner.unwrap();
        inner.wake_by_ref();
        inner.wake();
        assert_eq!(passed_on(), 1, "who is woken once need not be woken again");
    }
}
