//! Takes up what waits: fair between tenants, in order within a lane.
//!
//! Each of the three queues has one dispatcher. It goes round the tenants that have work; each gets a few places at a time, so
//! that a tenant with a thousand waiting events delays another's single one by one round. What runs is known in memory only, that of
//! the node that holds the tenant's lease: a row stays "waiting" until its outcome is recorded, and so a crash needs no clearing up.
//!
//! What this process has just recorded itself need not be looked for: where nothing else of its tenant waits, it is begun with at once, with what is
//! known of it ([`offer`]). That is so for most of what comes; everything else is found by looking.

mod effect;
mod execution;
mod fresh;
mod inbound;
mod lane;
mod queue;
mod retry;
mod round;
mod stumbles;

pub(crate) use fresh::{Fresh, offer};
pub(crate) use lane::lane_of;
pub(crate) use queue::{Queue, Queues};

use crate::engine::Engine;
use crate::nodes::Hold;
use fresh::Known;
use queue::{Seen, Settled};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use twobot_domain::Timestamp;
use twobot_runtime::AtOnce;
use twobot_store::StoreError;
use twobot_store::executions::{Work, WorkKind};
use twobot_store::workspace::Workspace;

/// Waiting items that are looked at in one go to find what can be started for one tenant.
const WINDOW: u32 = 256;

/// How often it is looked on behind them, at most. Lanes and installs with many are left out then: so it takes as many conversations
/// that all wait for their time as fill these looks, until one behind them waits for one of them.
const DEEPEST: usize = 64;

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
    let workspace = match engine.store().workspace(scope).await {
        // The tenant is gone, and what waited with it.
        Err(StoreError::NotFound) => return Ok(()),
        workspace => workspace?,
    };
    if !workspace.is_running() {
        // What waits stays. Nothing is known of it, so that nothing is begun with either: it is looked for when the workspace is started.
        return Ok(());
    }
    let conditions = Settled {
        token: hold.lease.token(),
        revision: workspace.revision(),
        at_once: at_once(engine, kind, &workspace),
        weight: engine.limits_in(&workspace).weight(),
    };
    let mut waiting = engine.store().waiting(scope, kind, WINDOW).await?;
    let now = Timestamp::now();
    let mut seen = Seen::default();
    for _ in 0..DEEPEST {
        let last = waiting.last().filter(|_| waiting.len() == WINDOW as usize).map(|work| work.id);
        let choice = queue.choose(scope, waiting, now, conditions, &mut seen, last.is_none());
        if let Some(due) = choice.next_due {
            queue.wake_at(scope, due, now);
        }
        start(engine, hold, queue, kind, choice.chosen);
        // Behind the many of a lane or of an install that does not get on now may wait some of others.
        let Some(last) = last.filter(|_| !choice.is_full && !engine.is_stopping()) else { break };
        waiting = engine.store().waiting_beyond(scope, kind, &seen.beyond(last), WINDOW).await?;
    }
    Ok(())
}

/// How much of a tenant may be worked on at the same time. The machine counts the same; here what has no place yet stays in the queue.
fn at_once(engine: &Engine, kind: WorkKind, workspace: &Workspace) -> AtOnce {
    let limits = engine.limits_in(workspace);
    match kind {
        WorkKind::Execution => AtOnce::plugins(limits),
        WorkKind::Inbound | WorkKind::Effect => AtOnce::gateways(limits),
    }
}

/// Starts what was chosen, and has its places.
fn start(engine: &Engine, hold: &Hold, queue: &Arc<Queue>, kind: WorkKind, chosen: Vec<Work>) {
    // All of them first: the lanes of those that are not started are free again, too.
    let jobs: Vec<_> = chosen.into_iter().map(|work| Job::new(engine, queue, kind, work, None)).collect();
    for job in jobs {
        // What was chosen and not started is found waiting by another node, or at the next start.
        if engine.is_stopping() || hold.ended.is_cancelled() {
            return;
        }
        spawn(engine, hold, job);
    }
}

/// Works on one item, as long as its tenant is this node's.
fn spawn(engine: &Engine, hold: &Hold, job: Job) {
    let lost = hold.ended.clone();
    engine.inner.tasks.spawn(async move {
        tokio::select! {
            () = lost.cancelled() => {}
            () = job.work() => {}
        }
        drop(job);
    });
}

/// What is known of an item that was just recorded, and the revision of the settings under which nothing else waited.
type Beforehand = (Known, i64);

/// One item that is worked on. Its lane and its place are free again when this is dropped, also by a panic.
struct Job {
    engine: Engine,
    queue: Arc<Queue>,
    kind: WorkKind,
    work: Work,
    beforehand: parking_lot::Mutex<Option<Beforehand>>,
    is_done: AtomicBool,
}

/// Whether anything more is to be done about an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Done {
    /// It has its outcome.
    Yes,
    /// It still waits.
    No,
}

impl Job {
    fn new(
        engine: &Engine,
        queue: &Arc<Queue>,
        kind: WorkKind,
        work: Work,
        beforehand: Option<Beforehand>,
    ) -> Self {
        Self {
            engine: engine.clone(),
            queue: Arc::clone(queue),
            kind,
            work,
            beforehand: parking_lot::Mutex::new(beforehand),
            is_done: AtomicBool::new(false),
        }
    }

    async fn work(&self) {
        let error = match stumbles::unless_it_panics(self.attempt()).await {
            Some(Ok(done)) => return self.is_done.store(done == Done::Yes, Ordering::Relaxed),
            // Someone else was faster, its gateway or install is gone, or another node works for the tenant now.
            Some(Err(StoreError::NotFound | StoreError::Fenced)) => return,
            Some(Err(error)) => error.to_string(),
            None => "a panic".to_owned(),
        };
        // The item still waits. Without a pause a database that fails would be asked again at once, for ever.
        let (kind, id, times) = (self.kind, self.work.id, self.queue.stumbled(self.work.id));
        tracing::error!(error, ?kind, %id, times, "work could not be recorded; it is tried again");
        if times < stumbles::MOST {
            return;
        }
        match stumbles::give_up(self).await {
            Ok(()) => self.is_done.store(true, Ordering::Relaxed),
            Err(StoreError::NotFound | StoreError::Fenced) => {}
            Err(error) => tracing::error!(%error, ?kind, %id, "nor can it be given up"),
        }
    }

    async fn attempt(&self) -> Result<Done, StoreError> {
        let workspace = self.engine.store().workspace(self.work.scope).await?;
        let known = match self.beforehand.lock().take() {
            // Something was changed meanwhile: others may go on that come before this, or nothing at all.
            Some((_, revision)) if revision != workspace.revision() || !workspace.is_running() => {
                return Ok(Done::No);
            }
            known => known.map(|(known, _)| known),
        };
        match self.kind {
            WorkKind::Inbound => {
                let known = known.and_then(Known::inbound);
                inbound::decode(&self.engine, &self.work, &workspace, known).await
            }
            WorkKind::Execution => {
                let known = known.and_then(Known::execution);
                execution::execute(&self.engine, &self.work, &workspace, known).await
            }
            WorkKind::Effect => {
                let known = known.and_then(Known::effect);
                effect::deliver(&self.engine, &self.work, &workspace, known).await
            }
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.queue.finished(self.work.scope, &self.work.lane, self.is_done.load(Ordering::Relaxed));
    }
}

#[cfg(test)]
mod tests;
