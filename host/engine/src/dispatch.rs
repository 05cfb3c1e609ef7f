//! Takes up what waits: fair between tenants, in order within a lane.
//!
//! Each of the three queues has one dispatcher. It goes round the tenants that have work; each gets a few places at a time, so
//! that a tenant with a thousand waiting events delays another's single one by one round. What runs is known in memory only:
//! a row stays "waiting" until its outcome is recorded, and so a crash needs no clearing up.

mod effect;
mod execution;
mod inbound;
mod retry;

use crate::engine::Engine;
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use twobot_domain::Timestamp;
use twobot_store::executions::{Work, WorkKind};
use twobot_store::{StoreError, TenantScope};

/// Items of one queue that are worked on at the same time, over all tenants.
const IN_FLIGHT: usize = 256;

/// Items of one queue that are worked on at the same time for one tenant.
const IN_FLIGHT_PER_TENANT: usize = 16;

/// Waiting items that are looked at to find what can be started for one tenant.
const WINDOW: u32 = 256;

/// How often all tenants are looked at, in case a wake-up was lost with the process that should have given it.
const SWEEP: Duration = Duration::from_secs(15);

/// The queues of the engine.
#[derive(Debug)]
pub(crate) struct Queues([Arc<Queue>; 3]);

impl Default for Queues {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Arc::new(Queue::new())))
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
    /// Lanes that are worked on, by tenant.
    busy: HashMap<TenantScope, HashSet<String>>,
    /// When a tenant's next item is due, where nothing of it can be started before.
    timers: HashMap<TenantScope, Instant>,
}

impl Queue {
    fn new() -> Self {
        Self { state: Mutex::default(), woken: Notify::new(), places: Arc::new(Semaphore::new(IN_FLIGHT)) }
    }

    /// Something waits for a tenant.
    pub(crate) fn wake(&self, scope: TenantScope) {
        let mut state = self.state.lock();
        if state.in_round.insert(scope) {
            state.round.push_back(scope);
            self.woken.notify_one();
        }
    }

    fn next(&self) -> Option<TenantScope> {
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

    /// Which of the waiting items can be started now, and when the next of the others is due.
    fn choose(
        &self,
        scope: TenantScope,
        waiting: Vec<Work>,
        now: Timestamp,
    ) -> (Vec<Work>, Option<Timestamp>) {
        let mut state = self.state.lock();
        let busy = state.busy.entry(scope).or_default();
        let mut blocked: HashSet<String> = HashSet::new();
        let mut chosen = Vec::new();
        let mut next_due: Option<Timestamp> = None;
        for work in waiting {
            if busy.len() >= IN_FLIGHT_PER_TENANT {
                break;
            }
            // Whatever is first in a lane holds back the rest of it.
            if busy.contains(&work.lane) || !blocked.insert(work.lane.clone()) {
                continue;
            }
            if work.due_at > now {
                next_due = Some(next_due.map_or(work.due_at, |due| due.min(work.due_at)));
                continue;
            }
            busy.insert(work.lane.clone());
            chosen.push(work);
        }
        if busy.is_empty() {
            state.busy.remove(&scope);
        }
        (chosen, next_due)
    }

    /// Wakes a tenant at a later time, unless it will be woken earlier.
    fn wake_at(self: &Arc<Self>, scope: TenantScope, due: Timestamp, now: Timestamp) {
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
    let mut sweep = tokio::time::interval(SWEEP);
    sweep.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = engine.stopped() => return,
            () = queue.woken.notified() => {}
            _ = sweep.tick() => match engine.store().tenants_with_work(kind).await {
                Ok(tenants) => tenants.into_iter().for_each(|scope| queue.wake(scope)),
                Err(error) => tracing::error!(%error, ?kind, "the queue can not be read; it is tried again"),
            },
        }
        while let Some(scope) = queue.next() {
            if engine.is_stopping() {
                return;
            }
            if let Err(error) = serve(&engine, &queue, kind, scope).await {
                tracing::error!(%error, ?kind, "the queue can not be read; it is tried again");
                queue.wake_at(scope, Timestamp::now().plus_millis(1_000), Timestamp::now());
            }
        }
    }
}

/// Starts what can be started for one tenant.
async fn serve(
    engine: &Engine,
    queue: &Arc<Queue>,
    kind: WorkKind,
    scope: TenantScope,
) -> Result<(), StoreError> {
    let waiting = engine.store().waiting(scope, kind, WINDOW).await?;
    let now = Timestamp::now();
    let (chosen, next_due) = queue.choose(scope, waiting, now);
    if let Some(due) = next_due {
        queue.wake_at(scope, due, now);
    }
    for work in chosen {
        let place = tokio::select! {
            // What was chosen and not started is found waiting at the next start.
            () = engine.stopped() => return Ok(()),
            place = Arc::clone(&queue.places).acquire_owned() => place,
        };
        let Ok(place) = place else { return Ok(()) };
        let job = Job {
            engine: engine.clone(),
            queue: Arc::clone(queue),
            lane: work.lane.clone(),
            scope,
            _place: place,
        };
        engine.inner.tasks.spawn(async move { job.work(kind, work).await });
    }
    Ok(())
}

/// One item that is worked on. Its lane is free again when this is dropped, also by a panic.
struct Job {
    engine: Engine,
    queue: Arc<Queue>,
    scope: TenantScope,
    lane: String,
    _place: OwnedSemaphorePermit,
}

impl Job {
    async fn work(&self, kind: WorkKind, work: Work) {
        let result = match kind {
            WorkKind::Inbound => inbound::decode(&self.engine, &work).await,
            WorkKind::Execution => execution::execute(&self.engine, &work).await,
            WorkKind::Effect => effect::deliver(&self.engine, &work).await,
        };
        match result {
            // Someone else was faster, or its gateway or install is gone.
            Ok(()) | Err(StoreError::NotFound) => {}
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
