//! Takes up what waits: fair between tenants, in order within a lane.
//!
//! Each of the three queues has one dispatcher. It goes round the tenants that have work; each gets a few places at a time, so
//! that a tenant with a thousand waiting events delays another's single one by one round. What runs is known in memory only, that of
//! the node that holds the tenant's lease: a row stays "waiting" until its outcome is recorded, and so a crash needs no clearing up.

mod effect;
mod execution;
mod inbound;
mod retry;

use crate::engine::Engine;
use crate::nodes::Hold;
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;
use twobot_domain::{InstallId, Timestamp};
use twobot_runtime::AtOnce;
use twobot_store::executions::{Work, WorkKind};
use twobot_store::{StoreError, TenantScope};

/// Items of one queue that are worked on at the same time, over all tenants.
const IN_FLIGHT: usize = 256;

/// Waiting items that are looked at to find what can be started for one tenant.
const WINDOW: u32 = 256;

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
    /// Lanes that are worked on, by tenant, and the installs whose handlers run in them.
    busy: HashMap<TenantScope, HashMap<String, Option<InstallId>>>,
    /// When a tenant's next item is due, where nothing of it can be started before.
    timers: HashMap<TenantScope, Instant>,
}

/// What can be started for a tenant.
#[derive(Debug, Default)]
struct Choice {
    chosen: Vec<Work>,
    /// When the next of the others is due.
    next_due: Option<Timestamp>,
    /// Installs with as much running as they may have.
    busy_installs: HashSet<InstallId>,
    /// Its tenant has as much running as it may have.
    is_full: bool,
}

impl Default for Queue {
    fn default() -> Self {
        Self { state: Mutex::default(), woken: Notify::new(), places: Arc::new(Semaphore::new(IN_FLIGHT)) }
    }
}

impl Queue {
    /// Something waits for a tenant.
    pub(crate) fn wake(&self, scope: TenantScope) {
        let mut state = self.state.lock();
        if state.in_round.insert(scope) {
            state.round.push_back(scope);
            self.woken.notify_one();
        }
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

    fn finished(&self, scope: TenantScope, lane: &str) {
        let mut state = self.state.lock();
        if let Some(lanes) = state.busy.get_mut(&scope) {
            lanes.remove(lane);
            if lanes.is_empty() {
                state.busy.remove(&scope);
            }
        }
        drop(state);
        self.wake(scope);
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

    /// Which of the waiting items can be started now. What is over a limit stays in the queue.
    fn choose(&self, scope: TenantScope, waiting: Vec<Work>, now: Timestamp, at_once: AtOnce) -> Choice {
        let mut state = self.state.lock();
        let busy = state.busy.entry(scope).or_default();
        let mut blocked: HashSet<String> = HashSet::new();
        let mut choice = Choice::default();
        for work in waiting {
            if busy.len() >= at_once.tenant as usize {
                choice.is_full = true;
                break;
            }
            // Whatever is first in a lane holds back the rest of it.
            if busy.contains_key(&work.lane) || !blocked.insert(work.lane.clone()) {
                continue;
            }
            if work.due_at > now {
                choice.next_due = Some(choice.next_due.map_or(work.due_at, |due| due.min(work.due_at)));
                continue;
            }
            if let Some(install) = work.install {
                let running = busy.values().filter(|of| **of == Some(install)).count();
                if running >= at_once.install as usize {
                    // It goes on when one of its own ends; others of its tenant need not wait for that.
                    choice.busy_installs.insert(install);
                    continue;
                }
            }
            busy.insert(work.lane.clone(), work.install);
            choice.chosen.push(work);
        }
        if busy.is_empty() {
            state.busy.remove(&scope);
        }
        choice
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

/// Runs the dispatcher of one queue until the engine stops.
pub(crate) async fn run(engine: Engine, kind: WorkKind) {
    let queue = Arc::clone(engine.inner.queues.get(kind));
    loop {
        tokio::select! {
            () = engine.stopped() => return,
            () = queue.woken() => {}
        }
        while let Some(scope) = queue.next() {
            if engine.is_stopping() {
                return;
            }
            // Whoever has the tenant now looks after it.
            let Some(hold) = engine.hold(scope) else { continue };
            if let Err(error) = serve(&engine.under(&hold), &hold, &queue, kind).await {
                tracing::error!(%error, ?kind, "the queue can not be read; it is tried again");
                queue.wake_at(scope, Timestamp::now().plus_millis(1_000), Timestamp::now());
            }
        }
    }
}

/// Starts what can be started for one tenant.
async fn serve(engine: &Engine, hold: &Hold, queue: &Arc<Queue>, kind: WorkKind) -> Result<(), StoreError> {
    let scope = hold.lease.scope();
    let mut waiting = engine.store().waiting(scope, kind, WINDOW).await?;
    let at_once = at_once(engine, queue, kind, scope, waiting.len()).await?;
    let now = Timestamp::now();
    let mut passed_over: Vec<InstallId> = Vec::new();
    loop {
        let is_all = waiting.len() < WINDOW as usize;
        let choice = queue.choose(scope, waiting, now, at_once);
        if let Some(due) = choice.next_due {
            queue.wake_at(scope, due, now);
        }
        let known = passed_over.len();
        passed_over.extend(choice.busy_installs);
        start(engine, hold, queue, kind, choice.chosen).await;
        // Behind the many of a busy install may wait some of others.
        if is_all || choice.is_full || passed_over.len() == known || engine.is_stopping() {
            return Ok(());
        }
        waiting = engine.store().waiting_besides(scope, &passed_over, WINDOW).await?;
    }
}

/// How much of a tenant may be worked on at the same time. The machine counts the same; here what has no place yet stays in the queue.
async fn at_once(
    engine: &Engine,
    queue: &Queue,
    kind: WorkKind,
    scope: TenantScope,
    waiting: usize,
) -> Result<AtOnce, StoreError> {
    // Most of the time one thing happens at a time, and no plan allows less.
    if queue.in_flight(scope) + waiting <= 1 {
        return Ok(AtOnce { tenant: 1, install: 1 });
    }
    let limits = engine.limits(scope).await?;
    Ok(match kind {
        WorkKind::Execution => AtOnce::plugins(&limits),
        WorkKind::Inbound | WorkKind::Effect => AtOnce::gateways(&limits),
    })
}

/// Starts what was chosen, as places become free.
async fn start(engine: &Engine, hold: &Hold, queue: &Arc<Queue>, kind: WorkKind, chosen: Vec<Work>) {
    let job = |work: Work| {
        let lane = work.lane.clone();
        (Job { engine: engine.clone(), queue: Arc::clone(queue), lane, scope: work.scope }, work)
    };
    // All of them first: the lanes of those that are not started are free again, too.
    let jobs: Vec<_> = chosen.into_iter().map(job).collect();
    for (job, work) in jobs {
        let place = tokio::select! {
            // What was chosen and not started is found waiting by another node, or at the next start.
            () = engine.stopped() => return,
            () = hold.ended.cancelled() => return,
            place = Arc::clone(&queue.places).acquire_owned() => place,
        };
        let Ok(place) = place else { return };
        let lost = hold.ended.clone();
        engine.inner.tasks.spawn(async move {
            tokio::select! {
                () = lost.cancelled() => {}
                () = job.work(kind, work) => {}
            }
            drop((job, place));
        });
    }
}

/// One item that is worked on. Its lane is free again when this is dropped, also by a panic.
struct Job {
    engine: Engine,
    queue: Arc<Queue>,
    scope: TenantScope,
    lane: String,
}

impl Job {
    async fn work(&self, kind: WorkKind, work: Work) {
        let result = match kind {
            WorkKind::Inbound => inbound::decode(&self.engine, &work).await,
            WorkKind::Execution => execution::execute(&self.engine, &work).await,
            WorkKind::Effect => effect::deliver(&self.engine, &work).await,
        };
        match result {
            // Someone else was faster, its gateway or install is gone, or another node works for the tenant now.
            Ok(()) | Err(StoreError::NotFound | StoreError::Fenced) => {}
            Err(error) => {
                tracing::error!(%error, ?kind, id = %work.id, "work could not be recorded; it is tried again");
                // The item still waits. Without a pause a database that fails would be asked again at once, for ever.
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.queue.finished(self.scope, &self.lane);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use twobot_domain::ExecutionId;
    use twobot_store::{MasterKey, Store};

    const AT_ONCE: AtOnce = AtOnce { tenant: 4, install: 2 };

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
        };
        which.iter().map(work).collect()
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
        let choice = queue.choose(scope, all.clone(), Timestamp(1), AT_ONCE);
        let expected = [&all[0], &all[2], &all[5], &all[6]].map(|work| work.lane.clone());
        assert_eq!(lanes(&choice.chosen), expected, "two of the busy one, then others, four in all");
        assert!(choice.is_full && choice.busy_installs.contains(&installs[0]));
        assert_eq!(queue.in_flight(scope), 4);

        let choice = queue.choose(scope, all.clone(), Timestamp(1), AT_ONCE);
        assert!(choice.chosen.is_empty() && choice.is_full);

        // When one of another install ends, the busy one still has as much as it may.
        queue.finished(scope, &all[5].lane);
        let choice = queue.choose(scope, all.clone(), Timestamp(1), AT_ONCE);
        assert_eq!(lanes(&choice.chosen), [all[5].lane.clone()]);
        queue.finished(scope, &all[0].lane);
        let choice = queue.choose(scope, all[2..].to_vec(), Timestamp(1), AT_ONCE);
        assert_eq!(lanes(&choice.chosen), [all[3].lane.clone()]);
        for lane in expected.iter().chain([&all[3].lane]) {
            queue.finished(scope, lane);
        }
        assert_eq!(queue.in_flight(scope), 0);
    }
}
