//! P8: what counting fuel costs guests that compute.

use crate::guests;
use crate::host::{self, SANDBOXES};
use crate::race::{Side, race};
use crate::raw::Raw;
use crate::row::{Row, time};
use crate::run::Effort;
use anyhow::Result;
use serde_json::json;
use std::time::Instant;

/// Lines of an order of a hundred kilobytes.
const LINES: u64 = 985;

/// Rounds of the loop: some milliseconds.
const SPINS: u64 = 2_000_000;

pub(crate) fn measure(effort: Effort) -> Result<Vec<Row>> {
    let runtime = host::runtime()?;
    let settings = host::config(None, 1, SANDBOXES).engine();
    let with = Raw::new(&settings, true, &guests::component()?)?;
    let without = Raw::new(&settings, false, &guests::component()?)?;
    let cases = [
        ("100 KB of JSON rewritten", "rewrite", bench_handler::order(LINES).to_string(), 5),
        ("a loop over whole numbers", "spin", json!({ "rounds": SPINS }).to_string(), 2),
    ];
    let mut rows = Vec::new();
    for (what, action, input, calls) in &cases {
        let run = |raw: &Raw| {
            runtime.block_on(async {
                let begun = Instant::now();
                for _ in 0..*calls {
                    raw.run(action, input).await?;
                }
                Ok(begun.elapsed())
            })
        };
        let sides: [Side<'_>; 2] = [Box::new(|| run(&with)), Box::new(|| run(&without))];
        let times = race(effort.rounds(60), sides)?;
        let ratio = times.ratio(0, 1);
        rows.push(
            Row::new(format!("{what}, fuel counted"), time(times.median(0, *calls)))
                .beside(format!("the same without fuel: {}", time(times.median(1, *calls))))
                .times(ratio)
                .target("P8", "≤ 1.35 ×", ratio <= 1.35),
        );
    }
    Ok(rows)
}
