//! P1: our whole execution path for an empty event, beside bare Wasmtime.
//!
//! Ours: grants, limits, fuel and turns, overlay, journal, metering, log, and the way to the guests' threads and back; the
//! commit is not counted. Bare: a store with WASI, instantiate, call, drop. Processor time counts all threads of the process: what
//! ours do beside the one that runs the guest is not hidden by a second processor.

use crate::host::{self, Host, SANDBOXES, Tenant};
use crate::race::{Side, Times, race};
use crate::raw::Raw;
use crate::row::{Row, rate, time};
use crate::run::Effort;
use crate::{guests, versions};
use anyhow::{Result, anyhow};
use cpu_time::ProcessTime;
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use twobot_runtime::{PluginCall, PluginRun};

/// Runs of one round.
const RUNS: u32 = 100;

/// Runs under way at the same time, where threads are to be kept busy.
const AT_ONCE: usize = 64;

pub(crate) fn measure(effort: Effort) -> Result<Vec<Row>> {
    let rounds = effort.rounds(150);
    let one = Pair::new(1)?;
    let two = Pair::new(2)?;
    let processor: [Side<'_>; 2] =
        [Box::new(|| one.many_at_once(processor_time)), Box::new(|| one.raw(1, processor_time))];
    let processor = race(rounds, processor)?;
    let busy: [Side<'_>; 2] = [Box::new(|| two.many_at_once(wall_time)), Box::new(|| two.raw(2, wall_time))];
    let busy = race(rounds, busy)?;
    let waiting: [Side<'_>; 2] = [Box::new(|| one.one_by_one()), Box::new(|| one.raw(1, wall_time))];
    let waiting = race(rounds, waiting)?;
    Ok(vec![
        row("processor time of one", &processor, time).target("P1", "≤ 2.0 ×", processor.ratio(0, 1) <= 2.0),
        row("two threads kept busy", &busy, rate).target("P1", "≤ 2.0 ×", busy.ratio(0, 1) <= 2.0),
        row("one after another, each waking a thread and woken by it", &waiting, time),
    ])
}

fn row(what: &str, times: &Times, shown: fn(Duration) -> String) -> Row {
    Row::new(format!("an empty event: {what}"), shown(times.median(0, RUNS)))
        .beside(format!("Wasmtime {} bare: {}", versions::of("wasmtime"), shown(times.median(1, RUNS))))
        .times(times.ratio(0, 1))
}

/// A clock to be read before and after.
type Clock = fn() -> Duration;

/// The processor time that this process has spent so far, on whichever thread.
fn processor_time() -> Duration {
    ProcessTime::now().as_duration()
}

fn wall_time() -> Duration {
    static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);
    BEGUN.elapsed()
}

/// Both sides, with so many threads for guests.
struct Pair {
    runtime: Runtime,
    host: Host,
    tenant: Tenant,
    raw: Raw,
}

impl Pair {
    fn new(threads: usize) -> Result<Self> {
        let runtime = host::runtime()?;
        let host = runtime.block_on(Host::new(threads, SANDBOXES))?;
        let tenant = runtime.block_on(host.tenant("tenant"))?;
        let settings = host::config(None, threads, SANDBOXES).engine();
        let raw = Raw::new(&settings, true, &guests::component()?)?;
        Ok(Self { runtime, host, tenant, raw })
    }

    fn runs(&self) -> Vec<PluginRun> {
        let event = || PluginCall::Handle(Box::new(host::empty_event()));
        (0..RUNS).map(|_| self.host.run(&self.tenant, event())).collect()
    }

    fn one_by_one(&self) -> Result<Duration> {
        let runs = self.runs();
        self.runtime.block_on(async {
            let begun = Instant::now();
            for run in runs {
                host::done(self.host.machine.run_plugin(&self.host.store, run).await)?;
            }
            Ok(begun.elapsed())
        })
    }

    fn many_at_once(&self, clock: Clock) -> Result<Duration> {
        let mut runs = self.runs();
        self.runtime.block_on(async {
            let begun = clock();
            let mut under_way = tokio::task::JoinSet::new();
            loop {
                while under_way.len() < AT_ONCE
                    && let Some(run) = runs.pop()
                {
                    let (machine, store) = (self.host.machine.clone(), self.host.store.clone());
                    under_way.spawn(async move { host::done(machine.run_plugin(&store, run).await) });
                }
                let Some(ended) = under_way.join_next().await else { break };
                ended??;
            }
            Ok(clock().saturating_sub(begun))
        })
    }

    /// The same number of runs in bare Wasmtime, shared by so many threads.
    fn raw(&self, threads: usize, clock: Clock) -> Result<Duration> {
        let event = host::empty_event();
        let share = || -> Result<()> {
            host::runtime()?.block_on(async {
                for _ in 0..RUNS as usize / threads {
                    self.raw.handle(&event).await?;
                }
                Ok(())
            })
        };
        let begun = clock();
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(share)).collect();
            share()?;
            others.into_iter().try_for_each(|one| one.join().map_err(|_| anyhow!("a thread panicked"))?)
        })?;
        Ok(clock().saturating_sub(begun))
    }
}
