//! What is known of one queue in memory: which tenants to look at, and which lanes are worked on.

use crate::marks;
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use twobot_domain::{InstallId, Timestamp};
use twobot_runtime::AtOnce;
use twobot_store::TenantScope;
use twobot_store::executions::{Beyond, MOST_LANES, Work, WorkKind};
use uuid::Uuid;

/// Items of one queue that are worked on at the same time, over all tenants.
const IN_FLIGHT: usize = 256;

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
#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    woken: Notify,
    places: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct State {
    /// Tenants to look at, in the order in which they were woken.
    round: VecDeque<TenantScope>,
    in_round: HashSet<TenantScope>,
    /// What is worked on, by tenant and lane.
    busy: HashMap<TenantScope, HashMap<String, Busy>>,
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
}

/// What can be started for a tenant.
#[derive(Debug, Default)]
pub(super) struct Choice {
    pub(super) chosen: Vec<Work>,
    /// When the next of the others is due.
    pub(super) next_due: Option<Timestamp>,
    /// Its tenant has as much running as it may have.
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

impl Default for Queue {
    fn default() -> Self {
        Self { state: Mutex::default(), woken: Notify::new(), places: Arc::new(Semaphore::new(IN_FLIGHT)) }
    }
}

impl State {
    fn wake(&mut self, scope: TenantScope) {
        self.settled.remove(&scope);
        if self.in_round.insert(scope) {
            self.round.push_back(scope);
        }
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

    pub(crate) fn next(&self) -> Option<TenantScope> {
        let mut state = self.state.lock();
        let scope = state.round.pop_front()?;
        state.in_round.remove(&scope);
        Some(scope)
    }

    /// A lane is free again. Where the tenant's work is not all done, or more of it may have come, it is looked at again.
    pub(super) fn finished(&self, scope: TenantScope, lane: &str, is_done: bool) {
        let mut state = self.state.lock();
        let mut ended = None;
        if let Some(lanes) = state.busy.get_mut(&scope) {
            ended = lanes.remove(lane).map(|busy| busy.id);
            if lanes.is_empty() {
                state.busy.remove(&scope);
            }
        }
        if ended.is_some() && state.suspect == ended {
            state.suspect = None;
            state.wake_suspects();
        }
        if !is_done || !state.settled.contains_key(&scope) {
            state.wake(scope);
        }
        let is_waiting = !state.round.is_empty();
        drop(state);
        if is_waiting {
            self.woken.notify_one();
        }
    }

    /// Whether nothing of a tenant is worked on or waits for its time, as far as is known.
    pub(crate) fn is_idle(&self, scope: TenantScope) -> bool {
        let state = self.state.lock();
        !state.busy.contains_key(&scope)
            && !state.in_round.contains(&scope)
            && !state.timers.contains_key(&scope)
    }

    /// Items of a tenant that are worked on.
    pub(crate) fn in_flight(&self, scope: TenantScope) -> usize {
        self.state.lock().busy.get(&scope).map_or(0, HashMap::len)
    }

    /// Items that are worked on, of all tenants.
    pub(crate) fn running(&self) -> usize {
        IN_FLIGHT - self.places.available_permits()
    }

    /// A place for one item, when there is one.
    pub(super) async fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).acquire_owned().await.ok()
    }

    /// A place for one item, if there is one and nobody waits for it.
    pub(super) fn free_place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
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
        let busy = state.busy.entry(scope).or_default();
        let is_all = is_last && seen.lanes.is_empty();
        let mut choice = Choice::default();
        let mut is_left = false;
        for work in waiting {
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
            // Whatever is first in a lane holds back the rest of it.
            if busy.contains_key(&work.lane) || !is_first {
                is_left = true;
                continue;
            }
            if work.due_at > now {
                choice.next_due = Some(choice.next_due.map_or(work.due_at, |due| due.min(work.due_at)));
                continue;
            }
            if let Some(install) = work.install
                && running(busy, install) >= at_once.install as usize
            {
                // It goes on when one of its own ends; others of its tenant need not wait for that.
                seen.busy_installs.insert(install);
                continue;
            }
            if marks::is_suspect(work.deaths) {
                if state.suspect.is_some() {
                    // Its lane waits for its turn among those of all tenants, and takes no place meanwhile.
                    is_left = true;
                    if !state.suspects.contains(&scope) {
                        state.suspects.push_back(scope);
                    }
                    continue;
                }
                state.suspect = Some(work.id);
            }
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
        if nothing_waits && !state.in_round.contains(&scope) {
            if state.settled.len() >= MOST_SETTLED {
                state.settled.clear();
            }
            state.settled.insert(scope, conditions);
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
        let mut state = self.state.lock();
        let State { settled, busy, .. } = &mut *state;
        let Some(conditions) = settled.get(&scope).filter(|known| known.token == token) else {
            return Begun::Unknown;
        };
        let (revision, at_once) = (conditions.revision, conditions.at_once);
        let lanes = busy.entry(scope).or_default();
        let fits = lanes.len() < at_once.tenant as usize
            && !lanes.contains_key(&work.lane)
            && work.install.is_none_or(|install| running(lanes, install) < at_once.install as usize);
        if fits {
            lanes.insert(work.lane.clone(), Busy { id: work.id, install: work.install });
            return Begun::Now(revision);
        }
        settled.remove(&scope);
        if lanes.is_empty() {
            busy.remove(&scope);
            return Begun::Unknown;
        }
        Begun::Later
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
mod tests {
    use super::*;
    use twobot_domain::ExecutionId;
    use twobot_store::{MasterKey, Store};

    const CONDITIONS: Settled = Settled { token: 0, revision: 7, at_once: AtOnce { tenant: 4, install: 2 } };

    async fn scope() -> TenantScope {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        let store = Store::open(&url, MasterKey::new([1; 32])).await.unwrap();
        store.migrate().await.unwrap();
        let account = twobot_store::accounts::NewAccount {
            email: "a@example.org".to_owned(),
            name: "A".to_owned(),
            password_hash: "-".to_owned(),
            role: "owner".to_owned(),
            plan: "free".to_owned(),
        };
        store.register(&account).await.unwrap().0
    }

    /// Waiting executions: which install's, and in which lane of it.
    fn waiting(scope: TenantScope, installs: &[InstallId], which: &[(usize, &str)]) -> Vec<Work> {
        let work = |(install, lane): &(usize, &str)| Work {
            scope,
            id: ExecutionId::new().uuid(),
            install: Some(installs[*install]),
            lane: format!("{}/{lane}", installs[*install]),
            due_at: Timestamp(0),
            deaths: 0,
        };
        which.iter().map(work).collect()
    }

    /// What is chosen of these, which are all that wait or not.
    fn chosen(
        queue: &Queue,
        scope: TenantScope,
        waiting: &[Work],
        conditions: Settled,
        is_last: bool,
    ) -> Choice {
        queue.choose(scope, waiting.to_vec(), Timestamp(1), conditions, &mut Seen::default(), is_last)
    }

    #[tokio::test]
    async fn what_was_first_in_a_lane_holds_back_what_is_looked_at_later() {
        let (queue, scope) = (Queue::default(), scope().await);
        let installs = [InstallId::new(), InstallId::new(), InstallId::new()];
        let mut all =
            waiting(scope, &installs, &[(0, "a"), (1, "a"), (1, "b"), (1, "c"), (0, "a"), (2, "a")]);
        all[0].due_at = Timestamp(2);
        let mut seen = Seen::default();
        let mut look = |works: &[Work], is_last| {
            let choice = queue.choose(scope, works.to_vec(), Timestamp(1), CONDITIONS, &mut seen, is_last);
            (choice.chosen.len(), choice.next_due, seen.beyond(works[works.len() - 1].id))
        };
        let (count, due, beyond) = look(&all[..4], false);
        assert_eq!((count, due), (2, Some(Timestamp(2))));
        let expected = Beyond { after: all[3].id, installs: vec![installs[1]], lanes: Vec::new() };
        assert_eq!(beyond, expected, "lanes with a single item are not worth a word");
        let (count, due, beyond) = look(&all[4..], true);
        assert_eq!((count, due), (1, None), "only the third install's");
        assert_eq!(beyond.lanes, [all[0].lane.clone()]);
        // What was looked at in several goes is not all done.
        assert_eq!(queue.begin(0, &all[5]), Begun::Unknown);
    }

    #[tokio::test]
    async fn what_is_over_a_limit_stays_and_others_of_the_tenant_go_on() {
        let (queue, scope) = (Queue::default(), scope().await);
        let installs = [InstallId::new(), InstallId::new(), InstallId::new()];
        let lanes = |chosen: &[Work]| -> Vec<_> { chosen.iter().map(|work| work.lane.clone()).collect() };
        let all = waiting(
            scope,
            &installs,
            &[(0, "a"), (0, "a"), (0, "b"), (0, "c"), (0, "d"), (1, "a"), (2, "a"), (2, "b")],
        );
        let choose = |all: &[Work]| chosen(&queue, scope, all, CONDITIONS, true);
        let mut seen = Seen::default();
        let choice = queue.choose(scope, all.clone(), Timestamp(1), CONDITIONS, &mut seen, true);
        let expected = [&all[0], &all[2], &all[5], &all[6]].map(|work| work.lane.clone());
        assert_eq!(lanes(&choice.chosen), expected, "two of the busy one, then others, four in all");
        assert!(choice.is_full && seen.busy_installs.contains(&installs[0]));
        assert_eq!(queue.in_flight(scope), 4);

        let choice = choose(&all);
        assert!(choice.chosen.is_empty() && choice.is_full);

        // When one of another install ends, the busy one still has as much as it may.
        queue.finished(scope, &all[5].lane, true);
        let choice = choose(&all);
        assert_eq!(lanes(&choice.chosen), [all[5].lane.clone()]);
        queue.finished(scope, &all[0].lane, true);
        let choice = choose(&all[2..]);
        assert_eq!(lanes(&choice.chosen), [all[3].lane.clone()]);
        for lane in expected.iter().chain([&all[3].lane]) {
            queue.finished(scope, lane, true);
        }
        assert_eq!(queue.in_flight(scope), 0);
    }

    /// Looks at what waits, as a dispatcher does.
    fn look(queue: &Queue, scope: TenantScope, waiting: &[Work]) -> usize {
        while queue.next().is_some() {}
        chosen(queue, scope, waiting, CONDITIONS, true).chosen.len()
    }

    #[tokio::test]
    async fn what_is_recorded_is_begun_with_where_nothing_else_waits() {
        let (queue, scope) = (Queue::default(), scope().await);
        let installs = [InstallId::new(), InstallId::new()];
        let works = waiting(
            scope,
            &installs,
            &[(0, "a"), (0, "a"), (0, "b"), (0, "c"), (1, "a"), (1, "b"), (1, "c")],
        );
        assert_eq!(queue.begin(0, &works[0]), Begun::Unknown, "nobody has looked");
        assert_eq!(look(&queue, scope, &[]), 0);
        assert_eq!(queue.begin(0, &works[0]), Begun::Now(7));
        // Done with it, there is nothing to look for.
        queue.finished(scope, &works[0].lane, true);
        assert!(queue.next().is_none() && queue.is_idle(scope));

        assert_eq!(queue.begin(0, &works[0]), Begun::Now(7));
        assert_eq!(queue.begin(0, &works[1]), Begun::Later, "its lane is busy");
        assert_eq!(queue.begin(0, &works[2]), Begun::Unknown, "and from then on something waits");
        queue.finished(scope, &works[0].lane, true);
        assert_eq!(queue.next(), Some(scope), "it is looked for");
        assert_eq!(look(&queue, scope, &works[1..3]), 2);
        assert_eq!(queue.begin(0, &works[3]), Begun::Later, "its install has as much running as it may");
        assert_eq!(look(&queue, scope, &works[1..4]), 0);
        assert_eq!(queue.begin(0, &works[4]), Begun::Unknown, "something waits all the while");
        queue.finished(scope, &works[1].lane, true);
        assert_eq!(look(&queue, scope, &works[2..6]), 3);
        queue.finished(scope, &works[2].lane, true);
        assert_eq!(queue.begin(0, &works[2]), Begun::Now(7));
        assert_eq!(queue.begin(0, &works[6]), Begun::Later, "its tenant has as much running as it may");
    }

    #[tokio::test]
    async fn what_may_have_been_overtaken_is_looked_for() {
        let (queue, scope) = (Queue::default(), scope().await);
        let works = waiting(scope, &[InstallId::new()], &[(0, "a"), (0, "b")]);
        look(&queue, scope, &[]);
        assert_eq!(queue.begin(0, &works[0]), Begun::Now(7));

        // What ended and still waits, and what anybody else says.
        queue.finished(scope, &works[0].lane, false);
        assert_eq!(queue.begin(0, &works[1]), Begun::Unknown);
        for say in [Queue::wake, Queue::unsettle] {
            look(&queue, scope, &[]);
            say(&queue, scope);
            assert_eq!(queue.begin(0, &works[1]), Begun::Unknown);
        }
        // Woken after it was looked, and before it was noted what was found.
        while queue.next().is_some() {}
        queue.wake(scope);
        chosen(&queue, scope, &[], CONDITIONS, true);
        assert_eq!(queue.begin(0, &works[1]), Begun::Unknown);
        // Of many, not all were looked at.
        while queue.next().is_some() {}
        chosen(&queue, scope, &[], CONDITIONS, false);
        assert_eq!(queue.begin(0, &works[1]), Begun::Unknown);
        // What is not due yet holds back what follows.
        let later = Work { due_at: Timestamp(2), ..works[0].clone() };
        look(&queue, scope, &[later]);
        assert_eq!(queue.begin(0, &works[1]), Begun::Unknown);
        // The tenant was another node's meanwhile.
        chosen(&queue, scope, &[], Settled { token: 1, ..CONDITIONS }, true);
        assert_eq!(queue.begin(0, &works[1]), Begun::Unknown);
    }

    #[tokio::test]
    async fn of_hundreds_that_may_have_ended_the_process_one_runs_and_the_innocent_go_on() {
        let queue = Queue::default();
        let (one, other) = (scope().await, scope().await);
        let install = InstallId::new();
        let lanes: Vec<_> = (0..300).map(|number| format!("{number}")).collect();
        let which: Vec<_> = lanes.iter().map(|lane| (0, lane.as_str())).collect();
        let suspects = |scope| -> Vec<_> {
            let all = waiting(scope, &[install], &which);
            all.into_iter().map(|work| Work { deaths: 2, ..work }).collect()
        };
        let (mut ones, others) = (suspects(one), suspects(other));
        ones.extend(waiting(one, &[install], &[(0, "innocent"), (0, "once dead")]));
        ones[301].deaths = 1;
        let choice = chosen(&queue, one, &ones, CONDITIONS, true);
        let ids = |works: &[Work]| works.iter().map(|work| work.id).collect::<Vec<_>>();
        assert_eq!(ids(&choice.chosen), [ones[0].id, ones[300].id], "an install has two at once");
        queue.finished(one, &ones[300].lane, true);
        assert_eq!(ids(&chosen(&queue, one, &ones, CONDITIONS, true).chosen), [ones[300].id]);
        queue.finished(one, &ones[300].lane, true);
        assert!(chosen(&queue, other, &others, CONDITIONS, true).chosen.is_empty());

        // They take turns when one ends.
        while queue.next().is_some() {}
        queue.finished(one, &ones[0].lane, true);
        assert_eq!(queue.next(), Some(one));
        assert_eq!(ids(&chosen(&queue, one, &ones[1..300], CONDITIONS, true).chosen), [ones[1].id]);
        queue.finished(one, &ones[1].lane, true);
        assert_eq!([queue.next(), queue.next()], [Some(other), Some(one)], "it is the other's turn");
        // Who was woken and has none any more passes the turn on.
        assert_eq!(ids(&chosen(&queue, one, &ones[2..300], CONDITIONS, true).chosen), [ones[2].id]);
        assert!(chosen(&queue, other, &others, CONDITIONS, true).chosen.is_empty());
        while queue.next().is_some() {}
        queue.finished(one, &ones[2].lane, true);
        while queue.next().is_some() {}
        assert!(chosen(&queue, one, &[], CONDITIONS, true).chosen.is_empty());
        assert_eq!(ids(&chosen(&queue, other, &others, CONDITIONS, true).chosen), [others[0].id]);
    }
}
