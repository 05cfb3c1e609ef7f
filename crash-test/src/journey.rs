//! The whole course: move in, write and kill, let everything settle, judge.

use crate::Options;
use crate::books::Books;
use crate::faults::{Faults, Manner, Target};
use crate::fleet::{Done, Fleet};
use crate::intruder::Intruder;
use crate::people::People;
use crate::provider::Provider;
use crate::report::Report;
use crate::seeds::Seeds;
use crate::server::environment;
use crate::setup::{Database, Redis, Setup};
use crate::surroundings::Surroundings;
use crate::verdict;
use crate::world::Tenant;
use anyhow::{Context as _, bail};
use rand::RngExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::process::Command;

/// How long it may take in the end until one thing more is done. What was interrupted again and again waits for some minutes.
const PROGRESS: Duration = Duration::from_secs(600);

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
        "{:?}: {} tenants, {} conversations each, {} kills, seed {seed}",
        options.setup, options.tenants, options.conversations, options.kills
    );
    let options = &Options { binary: options.binary.canonicalize()?, ..options.clone() };
    let seeds = Seeds(seed);
    let faults = match &options.postgres {
        Some(server) if options.setup != Setup::Sqlite => {
            let socket = socket_folder(server)?.join(".s.PGSQL.5432");
            Some(Faults::before(Target::Socket(socket), Manner::POSTGRES, seeds.of("postgres")).await?)
        }
        _ => None,
    };
    let redis = Redis::of(options, seeds).await?;
    let database = Database::make(options, folder, faults.as_ref()).await?;
    let provider = Provider::start(seeds.of("provider")).await?;
    let service =
        Faults::before(Target::Port(provider.address()), Manner::SERVICE, seeds.of("service")).await?;
    let bot_api = format!("http://{}", service.address());
    let mut fleet = Fleet::new(options, folder, (&database, redis.as_ref()), &bot_api, seeds).await?;
    let postgres = options.postgres_process.as_deref();
    let mut around = Surroundings::new((faults, redis, service), postgres, seeds, options.kills);
    let mut emails = Vec::with_capacity(options.tenants);
    for number in 0..options.tenants {
        emails.push(Tenant::register(options, folder, &database, number).await?);
    }
    fleet.start().await?;
    let mut tenants = Vec::with_capacity(options.tenants);
    for (number, email) in emails.into_iter().enumerate() {
        tenants.push(Arc::new(Tenant::move_in(fleet.url()?, &provider, number, email).await?));
    }

    around.misbehave();
    provider.misbehave(true);
    if let Database::Sqlite(file) = &database {
        around.intruder = Some(Intruder::begin(file, seeds));
    }
    let people = People::begin(&tenants, options.conversations, fleet.urls(), &provider, seeds)?;
    let mut done = Done::default();
    for kill in 1..=options.kills {
        around.befall(kill).await?;
        fleet.disturb(kill, &mut done).await?;
        if kill % 10 == 0 {
            let (sent, refused) = (provider.sent_in_all(), people.refused());
            println!("{kill} kills; {sent} answers sent, {refused} deliveries tried again");
        }
    }
    provider.misbehave(false);
    around.behave();
    fleet.leave_alone().await?;
    let conversations = people.end().await;
    let mut books = Books::open(&database).await?;
    settle(&mut books, &provider).await?;

    let mut verdict = verdict::judge(&mut books, &conversations, &provider).await?;
    let runs = books.runs().await?;
    for tenant in &tenants {
        let (usage, runs) = (tenant.usage(fleet.url()?).await?, runs.get(tenant.email()).copied());
        verdict.compare_usage(&usage, &conversations, tenant, runs.unwrap_or_default());
    }
    fleet.kill().await?;
    verdict.note_differences(reconcile(options, folder, &database).await?);
    verdict.compare_sums(&mut books).await?;
    verdict.note_missed(&fleet.points().missed(options.kills));
    let took = begun.elapsed();
    let (points, around, moods) = (fleet.points(), &around, provider.moods());
    let report = Report { options, seed, verdict, done, points, around, moods, took };
    println!("{report}");
    if let Some(folder) = &options.report {
        report.append(folder)?;
    }
    if report.verdict.is_clean() {
        Ok(())
    } else {
        bail!("something was lost, repeated or out of order (seed {seed})")
    }
}

/// Sums what was used to the end, and says where sums and rows differ.
async fn reconcile(options: &Options, folder: &Path, database: &Database) -> anyhow::Result<Option<String>> {
    let mut command = Command::new(&options.binary);
    environment(&mut command, folder, database, 0);
    let answer = command.args(["usage", "reconcile", "--finish"]).output().await?;
    let (out, err) = (String::from_utf8_lossy(&answer.stdout), String::from_utf8_lossy(&answer.stderr));
    Ok((!answer.status.success()).then(|| format!("{out}{err}")))
}

/// The folder of PostgreSQL's socket, as the address names it.
fn socket_folder(server: &str) -> anyhow::Result<PathBuf> {
    let (_, folder) = server
        .split_once("?host=")
        .context("the address must name the folder of a socket: …?host=<folder>")?;
    Ok(PathBuf::from(folder))
}

/// Waits until nothing waits any more, also at the provider.
async fn settle(books: &mut Books, provider: &Provider) -> anyhow::Result<()> {
    let (mut least, mut since) = (u64::MAX, Instant::now());
    loop {
        // In this order: what is confirmed meanwhile waits in the books.
        let (unconfirmed, _) = provider.polls().counts();
        let waiting = books.waiting().await? + unconfirmed;
        if waiting == 0 {
            return Ok(());
        }
        if waiting < least {
            (least, since) = (waiting, Instant::now());
        }
        if since.elapsed() > PROGRESS {
            bail!("{waiting} items still wait, and nothing was done for {} s", PROGRESS.as_secs());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
