//! The thread that makes groups durable. Waiting for the disk is not for a thread that serves.

use super::checkpoint::Checkpoints;
use super::{LOG_PAGES, Shared};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// How long a group waits for those who are about to join it. They are on their way already: under load that takes some hundred
/// microseconds, and a task that is never woken must not hold up everybody's commit.
const GATHERING: Duration = Duration::from_millis(5);

/// How often it is looked whether all who were on their way have come.
const LOOK: Duration = Duration::from_micros(100);

/// The thread. It ends when this is dropped, after the group that is there.
#[derive(Debug)]
pub(super) struct Committer {
    thread: Thread,
    state: Arc<State>,
    checkpoints: Arc<Checkpoints>,
}

#[derive(Debug, Default)]
struct State {
    /// A group has begun.
    begun: AtomicBool,
    ended: AtomicBool,
}

impl Committer {
    pub(super) fn start(shared: &Arc<Shared>, checkpoints: Checkpoints) -> io::Result<Self> {
        let (state, checkpoints) = (Arc::new(State::default()), Arc::new(checkpoints));
        let (of_thread, shared, log) = (Arc::clone(&state), Arc::clone(shared), Arc::clone(&checkpoints));
        let handle =
            thread::Builder::new().name("commit".to_owned()).spawn(move || run(&shared, &of_thread, &log))?;
        Ok(Self { thread: handle.thread().clone(), state, checkpoints })
    }

    /// What takes the log over.
    pub(super) fn checkpoints(&self) -> &Checkpoints {
        &self.checkpoints
    }

    /// A group has begun.
    pub(super) fn look(&self) {
        self.state.begun.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        self.state.ended.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

fn run(shared: &Shared, state: &State, checkpoints: &Checkpoints) {
    loop {
        if state.begun.swap(false, Ordering::AcqRel) {
            gather(shared);
            shared.committing.store(true, Ordering::Release);
            // Whatever happens there must not leave everybody waiting.
            if catch_unwind(AssertUnwindSafe(|| shared.session.lock().commit())).is_err() {
                tracing::error!("a commit was interrupted; those who waited for it are told that it failed");
                shared.session.lock().abandon();
            }
            if checkpoints.note(LOG_PAGES.get()) {
                shared.session.lock().take_over();
            }
            shared.committing.store(false, Ordering::Release);
            shared.free.notify_waiters();
            // Someone may have begun to wait just now.
            shared.free.notify_one();
        } else if state.ended.load(Ordering::Acquire) {
            return;
        } else {
            thread::park();
        }
    }
}

/// Waits for those who are about to join the group: the ones who waited for the group before it.
fn gather(shared: &Shared) {
    let until = Instant::now() + GATHERING;
    while shared.coming.load(Ordering::Acquire) > 0 && Instant::now() < until {
        thread::sleep(LOOK);
    }
}
