//! P12: the memory of the real server, idle, with many tenants and installs; and what each adds.

use crate::host;
use crate::proc::{self, Memory};
use crate::row::{Row, bytes, thousands};
use crate::server::{Place, Server};
use anyhow::{Context as _, Result};
use std::ops::Range;
use std::path::Path;
use std::time::{Duration, Instant};
use twobot_domain::Timestamp;
use twobot_store::schedules::NewSchedule;

/// Tenants that are registered.
const TENANTS: u32 = 10_000;

/// And then so many: by the difference it is seen what one of them adds. Beside an empty database the caches of its pages would count, which
/// fill once and are as large for 10,000 tenants as for any number.
const MORE_TENANTS: u32 = 30_000;

/// What each of them has installed.
const INSTALLS: [&str; 3] = ["analytics", "auto-reply", "bench"];

/// The most resident memory, in bytes.
const MOST: u64 = 150 * 1_024 * 1_024;

/// How long the memory must stay the same to count as settled: longer than the server's sweeps are apart.
const SETTLED: Duration = Duration::from_secs(20);

/// Memory that may come and go without counting as a change, in bytes.
const TREMOR: u64 = 256 * 1_024;

const GIB: f64 = 1_073_741_824.0;

/// Registered tenants that a gigabyte should hold.
const PER_GIB: f64 = 500_000.0;

pub(crate) fn measure() -> Result<Vec<Row>> {
    let runtime = host::runtime()?;
    let empty = folder()?;
    let alone = resident(empty.path())?;
    let full = folder()?;
    runtime.block_on(fill(full.path(), 0..TENANTS))?;
    let crowded = resident(full.path())?;
    runtime.block_on(fill(full.path(), TENANTS..MORE_TENANTS))?;
    let more = resident(full.path())?;
    let each = more.private.saturating_sub(crowded.private) as f64 / f64::from(MORE_TENANTS - TENANTS);
    let per_gib = GIB / each.max(1.0);
    let shown = if each < 1.0 { "no difference was found".to_owned() } else { thousands(per_gib as u64) };
    let installs = thousands(u64::from(TENANTS) * INSTALLS.len() as u64);
    Ok(vec![
        Row::new(
            format!("the server idle, {} tenants with {installs} installs", thousands(TENANTS.into())),
            bytes(crowded.resident),
        )
        .beside(format!("without any tenant: {}", bytes(alone.resident)))
        .times(crowded.resident as f64 / alone.resident as f64)
        .target("P12", "≤ 150 MB", crowded.resident <= MOST),
        Row::new(
            format!(
                "registered tenants per GiB, by what {} more add",
                thousands((MORE_TENANTS - TENANTS).into())
            ),
            shown,
        )
        .beside(format!("a tenant with its {} installs: {} B", INSTALLS.len(), each as u64))
        .target("P3", "500,000", per_gib >= PER_GIB),
    ])
}

/// A folder in memory where there is one: only the server's own memory is looked at, not its disk.
fn folder() -> Result<tempfile::TempDir> {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { Ok(tempfile::tempdir_in(memory)?) } else { Ok(tempfile::tempdir()?) }
}

async fn fill(folder: &Path, tenants: Range<u32>) -> Result<()> {
    let store = host::open(folder, [1; 32]).await?;
    let tomorrow = Timestamp::now().plus_millis(86_400_000);
    for number in tenants {
        let scope = host::register(&store, &format!("tenant-{number}")).await?;
        for slug in INSTALLS {
            let install = host::install(&store, scope, slug, &"0".repeat(64)).await?;
            if slug == "analytics" {
                let nightly = NewSchedule {
                    name: "roll-up".to_owned(),
                    cron: "10 0 * * *".to_owned(),
                    time_zone: "UTC".to_owned(),
                    due_at: tomorrow,
                };
                store.set_schedules(scope, install, &[nightly]).await?;
            }
        }
    }
    store.close().await;
    Ok(())
}

/// The memory of the server on this folder's database, once it does not change any more.
fn resident(folder: &Path) -> Result<Memory> {
    let server = Server::start(&Place::of(folder))?;
    let begun = Instant::now();
    let mut last = proc::memory(Some(server.process()))?;
    let mut since = Instant::now();
    while since.elapsed() < SETTLED && begun.elapsed() < 5 * SETTLED {
        std::thread::sleep(Duration::from_millis(500));
        let now = proc::memory(Some(server.process())).context("the server has ended")?;
        if now.resident.abs_diff(last.resident) > TREMOR {
            (last, since) = (now, Instant::now());
        }
    }
    Ok(last)
}
