//! P7: what a busy neighbour does to a quiet tenant's waiting times.
//!
//! The neighbour has a thousand executions under way that compute without end, on every thread there is; its plan lets it have
//! the whole machine. The quiet tenant runs a small handler now and then. Both are asked from this process, as a server would.

use crate::host::{self, Host, Tenant};
use crate::race;
use crate::race::percentile;
use crate::row::{Row, time};
use crate::run::Effort;
use anyhow::Result;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use twobot_runtime::PluginRun;

/// Executions of the neighbour that are under way at the same time.
const CROWD: usize = 1_000;

/// Places for sandboxes: half of them are for plugins, and the neighbour gets half of those.
const PLACES: u32 = 4 * CROWD as u32;

/// Runs of the quiet tenant in one round.
const RUNS: u32 = 200;

/// The quiet tenant's time between two runs.
const PAUSE: Duration = Duration::from_millis(3);

/// Rounds of a loop that takes a few milliseconds.
const SPINS: u64 = 1_000_000;

pub(crate) fn measure(effort: Effort) -> Result<Vec<Row>> {
    let threads = std::thread::available_parallelism()?.get();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    let host = Arc::new(runtime.block_on(Host::new(threads, PLACES))?);
    let quiet = runtime.block_on(host.tenant("quiet"))?;
    let busy = runtime.block_on(host.tenant("busy"))?;

    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    let mut ratios = Vec::new();
    let computed = Arc::new(AtomicU64::new(0));
    for _ in 0..effort.rounds(10) {
        let mut before = runtime.block_on(watch(&host, &quiet))?;
        let stop = Arc::new(AtomicBool::new(false));
        let crowd: Vec<_> = (0..CROWD)
            .map(|_| {
                runtime.spawn(flood(
                    Arc::clone(&host),
                    busy.clone(),
                    Arc::clone(&stop),
                    Arc::clone(&computed),
                ))
            })
            .collect();
        let during = runtime.block_on(watch(&host, &quiet));
        stop.store(true, Ordering::Relaxed);
        for one in crowd {
            runtime.block_on(one)??;
        }
        let mut during = during?;
        ratios
            .push(percentile(&mut during, 0.99).as_secs_f64() / percentile(&mut before, 0.99).as_secs_f64());
        alone.append(&mut before);
        beside.append(&mut during);
    }
    let ratio = race::median(ratios, |ratio| ratio);
    anyhow::ensure!(computed.load(Ordering::Relaxed) > 0, "the neighbour was not busy");
    let row = |what: &str, share| {
        let (during, before) = (&mut beside.clone(), &mut alone.clone());
        Row::new(
            format!("quiet tenant's run, {what}, 1,000 busy ones beside it"),
            time(percentile(during, share)),
        )
        .beside(format!("the same alone: {}", time(percentile(before, share))))
    };
    let middle = percentile(&mut beside.clone(), 0.5).as_secs_f64()
        / percentile(&mut alone.clone(), 0.5).as_secs_f64();
    Ok(vec![
        row("99 % are faster than", 0.99).times(ratio).target("P7", "≤ 2 ×", ratio <= 2.0),
        row("the middle one", 0.5).times(middle),
    ])
}

/// The waiting times of the quiet tenant's runs.
async fn watch(host: &Host, tenant: &Tenant) -> Result<Vec<Duration>> {
    let order = bench_handler::order(9);
    let mut times = Vec::new();
    for _ in 0..RUNS {
        tokio::time::sleep(PAUSE).await;
        let run: PluginRun = host.run(tenant, host::action("rewrite", order.clone()));
        let begun = Instant::now();
        host::done(host.machine.run_plugin(&host.store, run).await)?;
        times.push(begun.elapsed());
    }
    Ok(times)
}

async fn flood(
    host: Arc<Host>,
    tenant: Tenant,
    stop: Arc<AtomicBool>,
    computed: Arc<AtomicU64>,
) -> Result<()> {
    while !stop.load(Ordering::Relaxed) {
        let mut run = host.run(&tenant, host::action("spin", json!({ "rounds": SPINS })));
        // So many wait for their turn that some wait long.
        run.limits.total_time = 10 * host::LONG;
        run.limits.tenant_memory_bytes = u64::MAX;
        host::done(host.machine.run_plugin(&host.store, run).await)?;
        computed.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}
