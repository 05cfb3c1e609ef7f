//! P2: the same handler as an Extism plugin, each call in a fresh sandbox.
//!
//! Extism compiles once, as we do, and makes a plugin from what was compiled for each call. With its defaults it maps memory
//! anew each time; given our allocator's settings it does not, and that is shown too.

use anyhow::Result;
use extism::{CompiledPlugin, Manifest, Plugin, PluginBuilder, Wasm};
use std::time::{Duration, Instant};
use twobot_benches::host::{self, Host, SANDBOXES};
use twobot_benches::race::{Side, race, timed};
use twobot_benches::row::{Row, time};
use twobot_benches::run::{Bench, Effort};
use twobot_benches::{guests, versions};
use wasmtime_of_extism as wasmtime43;

/// Calls of one round.
const CALLS: u32 = 100;

/// Lines of an order of a kilobyte.
const LINES: u64 = 9;

fn main() -> Result<()> {
    twobot_benches::run::run(&[Bench { name: "extism", measure }])
}

fn measure(effort: Effort) -> Result<Vec<Row>> {
    let runtime = host::runtime()?;
    let ours = runtime.block_on(Host::new(1, SANDBOXES))?;
    let tenant = runtime.block_on(ours.tenant("tenant"))?;
    let order = bench_handler::order(LINES);
    let text = order.to_string();

    let manifest = Manifest::new([Wasm::data(guests::extism()?)]);
    let defaults = CompiledPlugin::new(PluginBuilder::new(manifest.clone()))?;
    let pooled = CompiledPlugin::new(PluginBuilder::new(manifest).with_wasmtime_config(pool()))?;
    let extism = |compiled: &CompiledPlugin| -> Result<Duration> {
        let begun = Instant::now();
        for _ in 0..CALLS {
            let mut plugin = Plugin::new_from_compiled(compiled)?;
            let answer: String = plugin.call("rewrite", text.as_str())?;
            anyhow::ensure!(answer.contains("\"priced\""), "the plugin did something else");
        }
        Ok(begun.elapsed())
    };
    let ours = || {
        let runs: Vec<_> =
            (0..CALLS).map(|_| ours.run(&tenant, host::action("rewrite", order.clone()))).collect();
        runtime.block_on(async {
            let begun = Instant::now();
            for run in runs {
                let done = host::done(ours.machine.run_plugin(&ours.store, run).await)?;
                anyhow::ensure!(done.output.is_some_and(|order| order["state"] == "priced"), "not priced");
            }
            Ok(begun.elapsed())
        })
    };
    let native = || {
        timed(|| {
            (0..CALLS)
                .try_for_each(|_| bench_handler::rewrite_text(&text).map(drop))
                .map_err(anyhow::Error::msg)
        })
    };
    let sides: [Side<'_>; 4] =
        [Box::new(ours), Box::new(|| extism(&defaults)), Box::new(|| extism(&pooled)), Box::new(native)];
    let times = race(effort.rounds(30), sides)?;
    let name = format!("Extism {} (Wasmtime {})", versions::of("extism"), versions::oldest_of("wasmtime"));
    let row = |side: usize, with: &str| {
        Row::new("1 KB of JSON rewritten in a fresh sandbox", time(times.median(0, CALLS)))
            .beside(format!("{name}, {with}: {}", time(times.median(side, CALLS))))
            .better_by(times.ratio(side, 0), "faster")
    };
    let ratio = times.ratio(1, 0);
    Ok(vec![
        row(1, "its defaults").target("P2", "≥ 5 × faster", ratio >= 5.0),
        row(2, "our allocator's settings"),
        Row::new("of that, the handler itself as native code", time(times.median(3, CALLS))),
    ])
}

/// Our allocator's settings, for the Wasmtime that Extism runs on.
fn pool() -> wasmtime43::Config {
    let mut pool = wasmtime43::PoolingAllocationConfig::default();
    pool.total_core_instances(1_000)
        .total_memories(1_000)
        .total_tables(1_000)
        .linear_memory_keep_resident(512 * 1024)
        .table_keep_resident(64 * 1024)
        .pagemap_scan(wasmtime43::Enabled::Auto)
        .decommit_batch_size(16)
        .max_unused_warm_slots(64);
    let mut config = wasmtime43::Config::new();
    config.allocation_strategy(wasmtime43::InstanceAllocationStrategy::Pooling(pool));
    config
}
