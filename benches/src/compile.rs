//! Compiling a component beside loading what was compiled before.

use crate::guests;
use crate::host::{self, SANDBOXES};
use crate::race::{Side, race};
use crate::row::{Row, time};
use crate::run::Effort;
use anyhow::Result;
use std::time::{Duration, Instant};
use twobot_runtime::Machine;

pub(crate) fn measure(effort: Effort) -> Result<Vec<Row>> {
    let runtime = host::runtime()?;
    let bytes = guests::component()?;
    let folder = tempfile::tempdir()?;
    let never = Machine::new(host::config(None, 1, SANDBOXES))?;
    let cached = Machine::new(host::config(Some(folder.path()), 1, SANDBOXES))?;
    // Checked and asked for its manifest, in either case.
    let load = |machine: &Machine| -> Result<Duration> {
        runtime.block_on(async {
            let begun = Instant::now();
            machine.load_plugin(bytes.clone()).await?;
            Ok(begun.elapsed())
        })
    };
    let sides: [Side<'_>; 2] = [Box::new(|| load(&cached)), Box::new(|| load(&never))];
    let times = race(effort.rounds(30), sides)?;
    Ok(vec![
        Row::new(
            format!("a component of {} KB loaded from the cache, checked and described", bytes.len() / 1024),
            time(times.median(0, 1)),
        )
        .beside(format!("compiled anew: {}", time(times.median(1, 1))))
        .better_by(times.ratio(1, 0), "faster"),
    ])
}
