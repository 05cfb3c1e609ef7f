//! P4: a sleeping workspace's first reply, beside a Node.js process that is started for it.
//!
//! Asleep, a workspace is rows in the database and nothing else. Ours is measured from there: the component is loaded from the
//! cache on disk as after a restart, the tenant's install, gateways and journal are read, the sandbox runs, and its result is
//! committed durably. Node.js is given its best: its program has nothing to load and no database to ask.

use crate::host::{self, Host, SANDBOXES};
use crate::race::{Side, race};
use crate::row::{Row, bytes, time};
use crate::run::Effort;
use crate::{guests, proc};
use anyhow::{Context as _, Result};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use twobot_domain::ExecutionId;

/// Calls of a round, where both are awake.
const WARM: u32 = 200;

/// Lines of an order of a kilobyte.
const LINES: u64 = 9;

pub(crate) fn measure(effort: Effort) -> Result<Vec<Row>> {
    let version = Command::new("node").arg("--version").output().context("node can not be started")?;
    let version = String::from_utf8(version.stdout)?.trim().trim_start_matches('v').to_owned();
    let runtime = host::runtime()?;
    let ours = runtime.block_on(Host::new(1, SANDBOXES))?;
    let order = bench_handler::order(LINES);
    let text = order.to_string();
    let plan = host::plan()?;

    let mut number = 0;
    let waking = || {
        number += 1;
        let tenant = runtime.block_on(ours.tenant(&format!("sleeper-{number}")))?;
        runtime.block_on(async {
            let begun = Instant::now();
            let component = Arc::new(ours.machine.load_plugin(guests::component()?).await?);
            let execution = ExecutionId::new();
            ours.begin(&tenant, execution).await?;
            let install = ours.store.install_by_id(tenant.scope, tenant.install).await?;
            let mut run = ours.run(&tenant, host::action("rewrite", order.clone()));
            run.component = component;
            run.execution = execution;
            run.config = install.config;
            run.grants = install.grants;
            run.bound = ours.store.bound_gateways(tenant.scope, tenant.install).await?;
            run.journal = ours.store.journal(tenant.scope, execution).await?;
            let done = host::done(ours.machine.run_plugin(&ours.store, run).await)?;
            ours.store.finish_execution(tenant.scope, execution, tenant.install, &plan, &done.commit).await?;
            Ok(begun.elapsed())
        })
    };
    let starting = || {
        let begun = Instant::now();
        let mut node = Node::start()?;
        node.ask(&text)?;
        let took = begun.elapsed();
        node.end()?;
        Ok(took)
    };
    let sides: [Side<'_>; 2] = [Box::new(waking), Box::new(starting)];
    let first = race(effort.rounds(30), sides)?;

    let tenant = runtime.block_on(ours.tenant("awake"))?;
    let mut node = Node::start()?;
    let awake = || {
        let runs: Vec<_> =
            (0..WARM).map(|_| ours.run(&tenant, host::action("rewrite", order.clone()))).collect();
        runtime.block_on(async {
            let begun = Instant::now();
            for run in runs {
                host::done(ours.machine.run_plugin(&ours.store, run).await)?;
            }
            Ok(begun.elapsed())
        })
    };
    let warm = || {
        let begun = Instant::now();
        (0..WARM).try_for_each(|_| node.ask(&text).map(drop))?;
        Ok::<Duration, anyhow::Error>(begun.elapsed())
    };
    let sides: [Side<'_>; 2] = [Box::new(awake), Box::new(warm)];
    let warm = race(effort.rounds(20), sides)?;
    let memory = proc::memory(Some(node.process.id()))?;
    node.end()?;

    let (took, ratio) = (first.median(0, 1), first.ratio(1, 0));
    let name = format!("Node.js {version}, a process per tenant");
    Ok(vec![
        Row::new("first reply of a sleeping workspace, result committed", time(took))
            .beside(format!("{name}: {}", time(first.median(1, 1))))
            .better_by(ratio, "faster")
            .target("P4", "≤ 5 ms, ≥ 15 × faster", took <= Duration::from_millis(5) && ratio >= 15.0),
        Row::new("reply of one that is awake (ours in a fresh sandbox)", time(warm.median(0, WARM)))
            .beside(format!("{name}, kept alive: {}", time(warm.median(1, WARM))))
            .better_by(warm.ratio(1, 0), "faster"),
        Row::new("memory of a tenant that could answer at once", "none: a sandbox lives while it works")
            .beside(format!(
                "{name}: {} private, {} resident",
                bytes(memory.private),
                bytes(memory.resident)
            )),
    ])
}

/// The memory of a Node.js process that has answered once.
pub(crate) fn memory() -> Result<proc::Memory> {
    let mut node = Node::start()?;
    node.ask(&bench_handler::order(LINES).to_string())?;
    let memory = proc::memory(Some(node.process.id()))?;
    node.end()?;
    Ok(memory)
}

/// A Node.js process that answers line by line.
struct Node {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Node {
    fn start() -> Result<Self> {
        let mut process = Command::new("node")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/peers/node/handler.js"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("node can not be started")?;
        let input = process.stdin.take().context("node has no input")?;
        let output = BufReader::new(process.stdout.take().context("node has no output")?);
        Ok(Self { process, input, output })
    }

    fn ask(&mut self, text: &str) -> Result<String> {
        self.input.write_all(format!("{text}\n").as_bytes())?;
        let mut answer = String::new();
        self.output.read_line(&mut answer)?;
        anyhow::ensure!(answer.contains("\"priced\""), "node answered something else: {answer}");
        Ok(answer)
    }

    fn end(mut self) -> Result<()> {
        drop(self.input);
        self.process.wait()?;
        Ok(())
    }
}
