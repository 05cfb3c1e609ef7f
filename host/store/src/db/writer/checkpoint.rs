//! The thread that takes SQLite's log over into the database.
//!
//! SQLite would do that within a commit, whenever the log has come to 4 MB: it copies hundreds of pages and waits twice for the disk,
//! while everybody waits for that commit. Here the long part is done beside the commits, on a connection of its own, and seldom: a page that
//! was written ten times since is copied once. What was committed meanwhile is little, and is taken over between two commits
//! ([`Session::take_over`](super::Session::take_over)); after that the log is written from its beginning.

use parking_lot::{Condvar, Mutex};
use rusqlite::{Connection, OpenFlags};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::thread;

/// Pages of the log from which on it is taken over: 16 MB.
pub(super) const LONG: u32 = 4_096;

/// The thread. It ends when this is dropped, after what it has begun.
#[derive(Debug)]
pub(super) struct Checkpoints(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Idle,
    Asked,
    Working,
    /// The long part is done, and the rest can be done at once.
    CaughtUp,
    Ended,
}

impl Checkpoints {
    pub(super) fn start(path: &Path) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let (of_thread, path) = (Arc::clone(&shared), path.to_owned());
        thread::Builder::new().name("checkpoint".to_owned()).spawn(move || run(&of_thread, &path))?;
        Ok(Self(shared))
    }

    /// Told after a commit how many pages the log has. Says whether the rest is to be taken over now.
    pub(super) fn note(&self, pages: u32) -> bool {
        let mut state = self.0.state.lock();
        match *state {
            State::CaughtUp => {
                *state = State::Idle;
                true
            }
            State::Idle if pages >= LONG => {
                *state = State::Asked;
                self.0.changed.notify_all();
                false
            }
            State::Idle | State::Asked | State::Working | State::Ended => false,
        }
    }

    /// Begins nothing more, and waits for what was begun.
    pub(super) fn end(&self) {
        let mut state = self.0.state.lock();
        while *state == State::Working {
            self.0.changed.wait(&mut state);
        }
        *state = State::Ended;
        self.0.changed.notify_all();
    }

    /// Waits until what was asked for is done.
    #[cfg(test)]
    pub(super) fn wait(&self) {
        let mut state = self.0.state.lock();
        while matches!(*state, State::Asked | State::Working) {
            self.0.changed.wait(&mut state);
        }
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        if *state != State::Working {
            *state = State::Ended;
        }
        drop(state);
        // One that works finds that nobody but itself is left.
        self.0.changed.notify_all();
    }
}

fn run(shared: &Arc<Shared>, path: &Path) {
    loop {
        {
            let mut state = shared.state.lock();
            loop {
                match *state {
                    State::Ended => return,
                    State::Asked => break,
                    State::Idle | State::Working | State::CaughtUp if Arc::strong_count(shared) == 1 => {
                        return;
                    }
                    State::Idle | State::Working | State::CaughtUp => shared.changed.wait(&mut state),
                }
            }
            *state = State::Working;
        }
        let taken_over = take_over_beside(path);
        let mut state = shared.state.lock();
        *state = match taken_over {
            Ok(()) => State::CaughtUp,
            Err(error) => {
                // It is tried again after the next commit; until then the log has what was committed.
                tracing::warn!(%error, "the log could not be taken over into the database");
                State::Idle
            }
        };
        drop(state);
        shared.changed.notify_all();
    }
}

/// Takes over what is committed, in nobody's way: what others write meanwhile follows in the log, and what somebody still reads stays there.
fn take_over_beside(path: &Path) -> rusqlite::Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    // The log has to be on the disk before the database is changed, and the database before the log is overwritten.
    connection.pragma_update(None, "synchronous", "full")?;
    checkpoint(&connection)
}

/// Takes over as much as can be without waiting for anybody.
pub(super) fn checkpoint(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
}
