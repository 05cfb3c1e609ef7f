//! Which executions run, in a file: should the process end, the next one knows what ran then.
//!
//! A row of the database says so of none, since that would cost a commit. A mark is 16 bytes written into the page cache, which outlives
//! the process, and is never synced: where the machine ends with the process, no execution is to blame. An execution that ran again
//! and again when the process ended is given up, so that it can not end every process that is started.
//!
//! Many who have nothing to do with it run at the same moment, and a machine that is short of memory kills the process for its own
//! reasons. So it takes several deaths, with pauses between them that soon grow to minutes: whoever is innocent has run by then, and
//! whoever is not does not end the process as fast as it starts.

use crate::troubles;
use parking_lot::Mutex;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use twobot_domain::{ExecutionId, Timestamp};
use twobot_store::executions::AfterDeath;
use twobot_store::{Store, StoreError};
use uuid::Uuid;

/// Deaths of the process after which an execution that ran each time is given up.
const MOST_DEATHS: u64 = 8;

/// The pause after the second death; after each further one it is three times as long.
const PAUSE: Duration = Duration::from_secs(5);

/// Deaths after which an execution is a suspect: it runs beside no other one on its node, since of many that ran only one can be to
/// blame. Its queue sees to that, so that those who wait for their turn take no places.
const ALONE: u64 = 2;

/// Bytes of a mark.
const MARK: usize = 16;

/// Processes that use the same folder at the same time, at most.
const MOST_FILES: u32 = 32;

/// Bytes of the file that are read; far more than what runs at the same time takes.
const MOST_READ: u64 = 1024 * 1024;

/// The file of marks; without one, nothing is marked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks(Option<Arc<Inner>>);

#[derive(Debug)]
struct Inner {
    file: File,
    slots: Mutex<Slots>,
}

#[derive(Debug, Default)]
struct Slots {
    free: Vec<u64>,
    next: u64,
}

/// An execution that runs. Dropped, it does not any more.
pub(crate) struct Mark<'a>(Option<(&'a Inner, u64)>);

impl Marks {
    /// Takes a file of marks in a folder, and says what was marked there when the processes before ended. A process keeps its file
    /// locked: what others that use the same folder run is not taken for dead. What is marked in the file that is taken stays until
    /// [`Marks::clear`], so that a death in between is not forgotten.
    pub(crate) fn open(folder: &Path) -> io::Result<(Self, Vec<ExecutionId>)> {
        let (mut taken, mut marked) = (None, Vec::new());
        for number in 0..MOST_FILES {
            let path = folder.join(format!("running-{number}"));
            if taken.is_some() && !path.exists() {
                continue;
            }
            let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
            if file.try_lock().is_err() {
                continue;
            }
            marked.extend(read(&file)?);
            match taken {
                None => taken = Some(file),
                Some(_) => file.set_len(0)?,
            }
        }
        let Some(file) = taken else {
            return Err(io::Error::other(format!("{MOST_FILES} processes use {}", folder.display())));
        };
        let inner = Inner { file, slots: Mutex::default() };
        Ok((Self(Some(Arc::new(inner))), marked))
    }

    /// Forgets all marks: nothing runs.
    pub(crate) fn clear(&self) {
        if let Some(inner) = &self.0
            && let Err(error) = inner.file.set_len(0)
        {
            tracing::warn!(%error, "the marks of what runs can not be cleared");
        }
    }

    /// Marks an execution.
    pub(crate) fn enter(&self, execution: ExecutionId) -> Mark<'_> {
        let Some(inner) = self.0.as_deref() else { return Mark(None) };
        let slot = inner.slots.lock().take();
        inner.write(slot, execution.uuid());
        Mark(Some((inner, slot)))
    }
}

/// The executions that are marked in a file.
fn read(file: &File) -> io::Result<Vec<ExecutionId>> {
    let mut bytes = Vec::new();
    file.take(MOST_READ).read_to_end(&mut bytes)?;
    let marked = bytes.chunks_exact(MARK).filter_map(|mark| Uuid::from_slice(mark).ok());
    Ok(marked.filter(|id| !id.is_nil()).map(ExecutionId::from_uuid).collect())
}

impl Slots {
    fn take(&mut self) -> u64 {
        self.free.pop().unwrap_or_else(|| {
            self.next += 1;
            self.next - 1
        })
    }
}

impl Inner {
    fn write(&self, slot: u64, id: Uuid) {
        if let Err(error) = self.file.write_all_at(id.as_bytes(), slot * MARK as u64) {
            // What is not marked runs all the same: the guard is weaker, and nothing is lost.
            tracing::warn!(%error, "what runs can not be marked");
        }
    }
}

impl Drop for Mark<'_> {
    fn drop(&mut self) {
        if let Some((inner, slot)) = self.0 {
            inner.write(slot, Uuid::nil());
            inner.slots.lock().free.push(slot);
        }
    }
}

/// Notes for what ran when the process before ended that it did, and gives up what ran each time.
pub(crate) async fn take_stock(
    store: &Store,
    marks: &Marks,
    marked: &[ExecutionId],
) -> Result<(), StoreError> {
    for id in marked {
        match store.note_death(*id, after).await? {
            0 => {}
            deaths @ MOST_DEATHS.. => {
                tracing::error!(execution = %id, deaths, "an execution ran each time that the process ended, and is given up");
            }
            deaths => {
                tracing::warn!(execution = %id, deaths, "the process before ended while this execution ran")
            }
        }
    }
    marks.clear();
    Ok(())
}

/// What becomes of an execution after so many deaths.
fn after(deaths: u64) -> AfterDeath {
    if deaths >= MOST_DEATHS {
        return AfterDeath::GiveUp(troubles::poisoned(deaths));
    }
    AfterDeath::TryAt(Timestamp::now().plus_millis(pause(deaths).as_millis() as i64))
}

/// Whether an execution that was there at so many deaths may be to blame for them.
pub(crate) const fn is_suspect(deaths: u64) -> bool {
    deaths >= ALONE
}

/// How long what was interrupted so many times by the end of the process waits.
pub(crate) fn pause(deaths: u64) -> Duration {
    match deaths.min(MOST_DEATHS).checked_sub(ALONE) {
        Some(further) => PAUSE * 3_u32.pow(further as u32),
        // The first says nothing of it.
        None => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is marked in a file now.
    fn marked(folder: &Path, number: u32) -> Vec<ExecutionId> {
        read(&File::open(folder.join(format!("running-{number}"))).unwrap()).unwrap()
    }

    #[test]
    fn what_ran_when_the_process_ended_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let [one, two, three] = [ExecutionId::new(), ExecutionId::new(), ExecutionId::new()];
        let (marks, before) = Marks::open(folder).unwrap();
        assert!(before.is_empty());
        let first = marks.enter(one);
        let second = marks.enter(two);
        drop(first);
        let third = marks.enter(three);
        // The place of what ended is taken by the next.
        assert_eq!(marked(folder, 0), [three, two]);
        // Another process that uses the folder takes nothing of this one's for dead.
        let (other, found) = Marks::open(folder).unwrap();
        assert!(found.is_empty());
        std::mem::forget(other.enter(one));
        drop(other);
        std::mem::forget((second, third));
        drop(marks);
        // Both are dead now, and what each ran is found.
        let (after, found) = Marks::open(folder).unwrap();
        assert_eq!(found, [three, two, one]);
        assert_eq!((marked(folder, 0).len(), marked(folder, 1).len()), (2, 0));
        after.clear();
        assert!(marked(folder, 0).is_empty());
    }

    #[test]
    fn pauses_grow_until_it_is_given_up() {
        let pause = |deaths| match after(deaths) {
            AfterDeath::TryAt(at) => Some((at.0 - Timestamp::now().0 + 500) / 1_000),
            AfterDeath::GiveUp(_) => None,
        };
        assert_eq!(
            [1, 2, 3, 4, 5, 6, 7, 8, 9].map(pause),
            [Some(0), Some(5), Some(15), Some(45), Some(135), Some(405), Some(1_215), None, None]
        );
    }

    #[test]
    fn a_file_that_is_damaged_marks_nothing_that_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("running-0"), [0, 1, 2]).unwrap();
        assert!(Marks::open(folder.path()).unwrap().1.is_empty());
    }
}
