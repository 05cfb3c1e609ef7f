//! What is known of one queue in memory: which tenants to look at, and which lanes are worked on.

use super::round::Round;
use super::stumbles::Stumbles;
use crate::marks;
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;
use twobot_domain::{InstallId, Timestamp};
use twobot_runtime::AtOnce;
use twobot_store::TenantScope;
use twobot_store::executions::{Beyond, MOST_LANES, Work, WorkKind};
use uuid::Uuid;

/// Items of one queue that are worked on at the same time, over all tenants.
const PLACES: usize = 256;

/// The last of these are only for tenants of which nothing is worked on: however many places are held by those who wait for slow
/// providers, whoever comes anew finds one.
const RESERVED: usize = 64;

/// Tenants of which it is remembered that nothing waits; of more, it is looked anew.
const MOST_SETTLED: usize = 65_536;

/// The queues of the engine.
#[derive(Debug)]
pub(crate) struct Queues([Arc<Queue>; 3]);

impl Default for Queues {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Arc::default()))
    }
}

impl Queues {
    pub(crate) fn get(&self, kind: WorkKind) -> &Arc<Queue> {
        match kind {
            WorkKind::Inbound => &self.0[0],
            WorkKind::Execution => &self.0[1],
            WorkKind::Effect => &self.0[2],
        }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Queue>> {
        self.0.iter()
    }
}

/// What is known of one queue in memory.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    woken: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// Tenants to look at.
    round: Round,
    /// What is worked on, by tenant and lane.
    busy: HashMap<TenantScope, HashMap<String, Busy>>,
    /// Places that are taken: one by each of these.
    taken: usize,
    /// The tenant that is looked at now.
    looked_at: Option<TenantScope>,
    /// What ended of it meanwhile, and whether it has its outcome: what was read of it may be what it was before.
    ended: HashMap<Uuid, bool>,
    /// What is tried again later, since nothing could be recorded of it.
    stumbles: Stumbles,
    /// When a tenant's next item is due, where nothing of it can be started before.
    timers: HashMap<TenantScope, Instant>,
    /// The one that runs of those that may have ended the process.
    suspect: Option<Uuid>,
    /// Tenants of whom another one waits for its end, in the order in which they came.
    suspects: VecDeque<TenantScope>,
    /// Tenants of which everything that waits is worked on. Whoever wakes one takes it out.
    settled: HashMap<TenantScope, Settled>,
}

/// What a lane is busy with.
#[derive(Clone, Copy, Debug)]
struct Busy {
    id: Uuid,
    /// Whose handler runs.
    install: Option<InstallId>,
}

/// Under which conditions nothing waited for a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Settled {
    /// The lease's token.
    pub(super) token: u64,
    /// The revision of the tenant's settings.
    pub(super) revision: i64,
    pub(super) at_once: AtOnce,
    /// The weight of its plan.
    pub(super) weight: u32,
}

/// What can be started for a tenant.
#[derive(Debug, Default)]
pub(super) struct Choice {
    pub(super) chosen: Vec<Work>,
    /// When the next of the others is due.
    pub(super) next_due: Option<Timestamp>,
    /// Its tenant has as much running as it may have, or there is no place for more of it.
    pub(super) is_full: bool,
}

/// What was looked at of a tenant's queue, in as many goes as it took.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The items of each lane. Whatever was first in one was started or could not be: the rest has to wait in any case.
    lanes: HashMap<String, usize>,
    /// Installs with as much running as they may have.
    busy_installs: HashSet<InstallId>,
}

impl Seen {
    /// Where to look on, without those of whom there are many.
    pub(super) fn beyond(&self, after: Uuid) -> Beyond {
        let mut lanes: Vec<_> = self.lanes.iter().filter(|(_, items)| **items > 1).collect();
        lanes.sort_unstable_by_key(|(_, items)| std::cmp::Reverse(**items));
        Beyond {
            after,
            installs: self.busy_installs.iter().copied().collect(),
            lanes: lanes.into_iter().take(MOST_LANES).map(|(lane, _)| lane.clone()).collect(),
        }
    }
}

/// Whether something that was just recorded can be begun.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Begun {
    /// It is counted as worked on, under the settings of this revision.
    Now(i64),
    /// When what is worked on now ends, it will be found waiting.
    Later,
    /// It is to be looked what waits.
    Unknown,
}

impl State {
    fn wake(&mut self, scope: TenantScope) {
        self.settled.remove(&scope);
        self.round.add(scope);
    }

    /// Whether there is a place for one more item of any tenant.
    const fn is_for_all(&self) -> bool {
        PLACES - self.taken > RESERVED
    }

    /// Nothing runs that may have ended the process: the first of those who have such is looked at. Says whether there is one.
    fn wake_suspects(&mut self) -> bool {
        let first = self.suspects.pop_front();
        if let Some(scope) = first {
            self.wake(scope);
        }
        first.is_some()
    }
}

impl Queue {
    /// Something waits for a tenant.
    pub(crate) fn wake(&self, scope: TenantScope) {
        self.state.lock().wake(scope);
        self.woken.notify_one();
    }

    /// Something waits for a tenant that can not be looked at now.
    pub(crate) fn unsettle(&self, scope: TenantScope) {
        self.state.lock().settled.remove(&scope);
    }

    /// Waits until a tenant is to be looked at.
    pub(crate) async fn woken(&self) {
        self.woken.notified().await;
    }

    /// The next tenant to look at for which there is a place.
    pub(crate) fn next(&self) -> Option<TenantScope> {
        let mut guard = self.state.lock();
        let state = &mut *guard;
        state.ended.clear();
        state.looked_at = None;
        if state.taken < PLACES {
            let is_for_all = state.is_for_all();
            state.looked_at = state.round.next(is_for_all, |scope| !state.busy.contains_key(&scope));
        }
        state.looked_at
    }

    /// A lane and its place are free again. Where the tenant's work is not all done, or more of it may have come, it is looked at again.
    pub(super) fn finished(&self, scope: TenantScope, lane: &str, is_done: bool) {
        let mut guard = self.state.lock();
        let state = &mut *guard;
        let mut ended = None;
        if let Some(lanes) = state.busy.get_mut(&scope) {
            ended = lanes.remove(lane).map(|busy| busy.id);
            state.taken -= usize::from(ended.is_some());
            if lanes.is_empty() {
                state.busy.remove(&scope);
            }
        }
        if let Some(id) = ended.filter(|_| is_done) {
            state.stumbles.forget(id);
        }
        if let Some(id) = ended
            && state.looked_at == Some(scope)
        {
            state.ended.insert(id, is_done);
        }
        if ended.is_some() && state.suspect == ended {
            state.suspect = None;
            state.wake_suspects();
        }
        if !is_done || !state.settled.contains_key(&scope) {
            state.wake(scope);
        }
        let is_waiting = !state.round.is_empty();
        drop(guard);
        if is_waiting {
            self.woken.notify_one();
        }
    }

    /// Nothing could be recorded of an item: it is due after a pause. Says how often it was so.
    pub(super) fn stumbled(&self, id: Uuid) -> u32 {
        self.state.lock().stumbles.add(id)
    }

    /// Whether nothing of a tenant is worked on or waits for its time, as far as is known.
    pub(crate) fn is_idle(&self, scope: TenantScope) -> bool {
        let state = self.state.lock();
        !state.busy.contains_key(&scope) && !state.round.contains(scope) && !state.timers.contains_key(&scope)
    }

    /// Items of a tenant that are worked on.
    pub(crate) fn in_flight(&self, scope: TenantScope) -> usize {
        self.state.lock().busy.get(&scope).map_or(0, HashMap::len)
    }

    /// Items that are worked on, of all tenants.
    pub(crate) fn running(&self) -> usize {
        self.state.lock().taken
    }

    /// Which of the waiting items can be started now. What is over a limit stays in the queue. Where these are the last, and all that wait
    /// is worked on now, it is remembered under which conditions.
    pub(super) fn choose(
        &self,
        scope: TenantScope,
        waiting: Vec<Work>,
        now: Timestamp,
        conditions: Settled,
        seen: &mut Seen,
        is_last: bool,
    ) -> Choice {
        let at_once = conditions.at_once;
        let mut guard = self.state.lock();
        let state = &mut *guard;
        let mut is_for_all = state.is_for_all();
        let busy = state.busy.entry(scope).or_default();
        let is_all = is_last && seen.lanes.is_empty();
        let mut choice = Choice::default();
        let (mut is_left, mut wants_place) = (false, false);
        for work in waiting {
            let ended = state.ended.get(&work.id);
            if ended == Some(&true) {
                continue;
            }
            let items = seen.lanes.entry(work.lane.clone()).or_default();
            *items += 1;
            let is_first = *items == 1;
            if busy.get(&work.lane).is_some_and(|busy| busy.id == work.id) {
                continue;
            }
            if busy.len() >= at_once.tenant as usize {
                choice.is_full = true;
                break;
            }
            // Whatever is first in a lane holds back the rest of it. What was put off meanwhile is due later than it was when it was read: its
            // tenant is looked at again.
            if busy.contains_key(&work.lane) || !is_first || ended.is_some() {
                is_left = true;
                continue;
            }
            let due_at = state.stumbles.due_at(work.id, work.due_at);
            if due_at > now {
                choice.next_due = Some(choice.next_due.map_or(due_at, |due| due.min(due_at)));
                continue;
            }
            if let Some(install) = work.install
                && running(busy, install) >= at_once.install as usize
            {
                // It goes on when one of its own ends; others of its tenant need not wait for that.
                seen.busy_installs.insert(install);
                continue;
            }
            let is_suspect = marks::is_suspect(work.deaths);
            if is_suspect && state.suspect.is_some() {
                // Its lane waits for its turn among those of all tenants, and takes no place meanwhile.
                is_left = true;
                if !state.suspects.contains(&scope) {
                    state.suspects.push_back(scope);
                }
                continue;
            }
            if !is_for_all && (!busy.is_empty() || state.taken == PLACES) {
                (choice.is_full, wants_place) = (true, true);
                break;
            }
            if is_suspect {
                state.suspect = Some(work.id);
            }
            state.taken += 1;
            is_for_all = PLACES - state.taken > RESERVED;
            busy.insert(work.lane.clone(), Busy { id: work.id, install: work.install });
            choice.chosen.push(work);
        }
        if busy.is_empty() {
            state.busy.remove(&scope);
        }
        let nothing_waits = is_all
            && !is_left
            && !choice.is_full
            && choice.next_due.is_none()
            && seen.busy_installs.is_empty();
        // Who was woken meanwhile may have more than what was found before.
        if nothing_waits && !state.round.contains(scope) {
            if state.settled.len() >= MOST_SETTLED {
                state.settled.clear();
            }
            state.settled.insert(scope, conditions);
        }
        state.round.charge(scope, conditions.weight, choice.chosen.len());
        if wants_place {
            state.round.add(scope);
        }
        // Whoever was woken for its turn may have none any more.
        if state.suspect.is_none() && state.wake_suspects() {
            self.woken.notify_one();
        }
        choice
    }

    /// Counts something that was just recorded as worked on, if nothing else waits for its tenant. The token is that of its lease.
    pub(super) fn begin(&self, token: u64, work: &Work) -> Begun {
        let scope = work.scope;
        let mut guard = self.state.lock();
        let is_for_all = guard.is_for_all();
        let State { settled, busy, round, taken, .. } = &mut *guard;
        let Some(conditions) = settled.get(&scope).filter(|known| known.token == token) else {
            return Begun::Unknown;
        };
        let Settled { revision, at_once, weight, .. } = *conditions;
        let lanes = busy.entry(scope).or_default();
        let fits = lanes.len() < at_once.tenant as usize
            && !lanes.contains_key(&work.lane)
            && work.install.is_none_or(|install| running(lanes, install) < at_once.install as usize);
        // Nobody who waits for a place is overtaken.
        let has_place = is_for_all || (lanes.is_empty() && *taken < PLACES && round.is_empty());
        if fits && has_place {
            lanes.insert(work.lane.clone(), Busy { id: work.id, install: work.install });
            *taken += 1;
            round.charge(scope, weight, 1);
            return Begun::Now(revision);
        }
        settled.remove(&scope);
        let is_idle = lanes.is_empty();
        if is_idle {
            busy.remove(&scope);
        }
        if is_idle || fits { Begun::Unknown } else { Begun::Later }
    }

    /// Wakes a tenant at a later time, unless it will be woken earlier.
    pub(crate) fn wake_at(self: &Arc<Self>, scope: TenantScope, due: Timestamp, now: Timestamp) {
        let wait = Duration::from_millis(u64::try_from(due.0.saturating_sub(now.0)).unwrap_or(0));
        let at = Instant::now() + wait.min(Duration::from_secs(3_600));
        let mut state = self.state.lock();
        if state.timers.get(&scope).is_some_and(|earlier| *earlier <= at) {
            return;
        }
        state.timers.insert(scope, at);
        drop(state);
        let queue = Arc::clone(self);
        tokio::spawn(async move {
            tokio::time::sleep_until(at).await;
            let mut state = queue.state.lock();
            if state.timers.get(&scope) == Some(&at) {
                state.timers.remove(&scope);
            }
            drop(state);
            queue.wake(scope);
        });
    }
}

/// Handlers of an install that run.
fn running(busy: &HashMap<String, Busy>, install: InstallId) -> usize {
    busy.values().filter(|of| of.install == Some(install)).count()
}

#[cfg(test)]
mod tests;
