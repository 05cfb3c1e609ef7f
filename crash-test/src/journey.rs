//! The whole course: move in, write and kill, let everything settle, judge.

use crate::Options;
use crate::people::People;
use crate::provider::{Moods, Provider};
use crate::server::Server;
use crate::verdict::{self, Books};
use crate::world::Tenant;
use anyhow::bail;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The shortest time between a start and the next kill, in milliseconds.
const SHORTEST_RUN: u64 = 20;

/// How long it may take in the end until nothing waits any more.
const SETTLED: Duration = Duration::from_secs(180);

/// How the provider behaves while people write, in a thousand messages.
const MOODS: Moods = Moods { slow: 50, failing: 20, cut: 10 };

/// Runs it; an error when something was lost, repeated or out of order.
pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let folder = tempfile::Builder::new().prefix("twobot-crash-").tempdir()?;
    let judged = in_folder(options, folder.path()).await;
    if options.keep || judged.is_err() {
        println!("the data and the server's log are kept in {}", folder.keep().display());
    }
    judged
}

async fn in_folder(options: &Options, folder: &Path) -> anyhow::Result<()> {
    let begun = Instant::now();
    let seed = options.seed.unwrap_or_else(|| rand::rng().random());
    println!(
        "{} tenants, {} conversations each, {} kills, seed {seed}",
        options.tenants, options.conversations, options.kills
    );
    let provider = Provider::start(MOODS).await?;
    let options = &Options { binary: options.binary.canonicalize()?, ..options.clone() };
    let mut server = Server::new(options, folder, &provider.url()).await?;
    let mut emails = Vec::with_capacity(options.tenants);
    for number in 0..options.tenants {
        emails.push(Tenant::register(options, folder, number).await?);
    }
    server.start().await?;
    let mut tenants = Vec::with_capacity(options.tenants);
    for (number, email) in emails.into_iter().enumerate() {
        tenants.push(Arc::new(Tenant::move_in(server.url(), &provider, number, email).await?));
    }

    let people = People::begin(&tenants, options.conversations)?;
    let starts = kill_again_and_again(options, seed, &mut server, &people, &provider).await?;
    provider.behave();
    let conversations = people.end().await;
    settle(&Books::open(folder)?).await?;

    let mut verdict = verdict::judge(&Books::open(folder)?, &conversations, &provider)?;
    for tenant in &tenants {
        verdict.compare_usage(&tenant.usage(server.url()).await?, &conversations, tenant);
    }
    server.kill().await?;
    let slowest = starts.iter().max().copied().unwrap_or_default();
    println!("{verdict}");
    println!("slowest start {} ms; {} s in all", slowest.as_millis(), begun.elapsed().as_secs());
    if verdict.is_clean() {
        Ok(())
    } else {
        bail!("something was lost, repeated or out of order (seed {seed})")
    }
}

async fn kill_again_and_again(
    options: &Options,
    seed: u64,
    server: &mut Server,
    people: &People,
    provider: &Provider,
) -> anyhow::Result<Vec<Duration>> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut starts = Vec::new();
    for kill in 1..=options.kills {
        let run = random.random_range(SHORTEST_RUN..options.longest_run.max(SHORTEST_RUN + 1));
        tokio::time::sleep(Duration::from_millis(run)).await;
        server.kill().await?;
        starts.push(server.start().await?);
        if kill % 10 == 0 {
            println!(
                "{kill} kills; {} answers sent, {} deliveries tried again",
                provider.sent_in_all(),
                people.refused()
            );
        }
    }
    Ok(starts)
}

/// Waits until nothing waits any more.
async fn settle(books: &Books) -> anyhow::Result<()> {
    let begun = Instant::now();
    loop {
        let waiting = books.waiting()?;
        if waiting == 0 {
            return Ok(());
        }
        if begun.elapsed() > SETTLED {
            bail!("{waiting} items still wait after {} s", SETTLED.as_secs());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
