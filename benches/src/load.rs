//! P5, P6, P9 and P10: the whole way of an event, from a provider's webhook to the reply at the provider, with everything on this machine:
//! the real server, the load, and a Bot API server that takes the replies.

mod bare;
mod provider;
mod tally;
mod tenants;
mod traffic;

pub(crate) use bare::{BARE, serve as serve_bare};

use crate::host;
use crate::proc;
use crate::row::{Row, thousands, time};
use crate::run::Effort;
use crate::server::{Place, Server};
use anyhow::{Context as _, Result, ensure};
use provider::Provider;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tally::Tally;
use tenants::Tenants;
use traffic::{Target, Traffic};

/// Tenants, each with a bot and a plugin.
const TENANTS: u32 = 1_000;

/// Messages that are under way at the same time while it is found out how many go through.
const UNDER_WAY: u32 = 512;

/// What is not measured at the beginning of each part.
const WARM_UP: Duration = Duration::from_secs(4);

/// Where `cargo xtask bench` says that a PostgreSQL server is.
const POSTGRES: &str = "TWOBOT_BENCH_POSTGRES";

/// Nodes that share a database.
const NODES: u32 = 3;

/// Events that go through in a second, at least.
const THROUGH: f64 = 5_000.0;

/// How many times the acknowledgement of a server that does nothing ours may take: in the middle, and for 99 of 100.
const ACKNOWLEDGED: (f64, f64) = (3.0, 5.0);

/// The least that PostgreSQL does of what SQLite does, and several nodes together of what one does.
const BESIDE: (f64, f64) = (0.5, 0.9);

pub(crate) fn measure(effort: Effort) -> Result<Vec<Row>> {
    let runtime = host::runtime()?;
    let length = Duration::from_secs(u64::from(effort.rounds(20)));
    runtime.block_on(async {
        let folder = tempfile::tempdir()?;
        let place = Place::of(folder.path());
        let tenants = Tenants::register(place.database(), TENANTS).await?;
        let alone = World::open(folder.path(), &[place], &tenants, 0).await?;
        let sqlite = alone.through(length).await?;
        let mut rows = sqlite.rows();
        rows.extend(alone.acknowledged(sqlite.rate / 2.0, length).await?);
        alone.close()?;
        match std::env::var(POSTGRES) {
            Ok(url) => rows.extend(on_postgres(&url, &sqlite, length).await?),
            Err(_) => println!("  {POSTGRES} names no server: nothing is measured on PostgreSQL"),
        }
        Ok(rows)
    })
}

/// The same on PostgreSQL, with one node and then with several.
async fn on_postgres(url: &str, sqlite: &Through, length: Duration) -> Result<Vec<Row>> {
    let tenants = Tenants::register(url, TENANTS).await?;
    let mut went = Vec::new();
    let mut sent = 0;
    for count in [1, NODES] {
        let folders = (0..count).map(|_| Ok(tempfile::tempdir()?)).collect::<Result<Vec<_>>>()?;
        let places: Vec<_> =
            folders.iter().map(|folder| Place::of(folder.path()).with_database(url)).collect();
        let first = folders.first().context("there is a node")?;
        let world = World::open(first.path(), &places, &tenants, sent).await?;
        went.push(world.through(length).await?);
        sent = world.tally.sent();
        world.close()?;
    }
    let [one, several] = went.as_slice() else { anyhow::bail!("two worlds were measured") };
    let row = |what: String, ours: &Through, peer: &str, theirs: &Through, id, least: f64| {
        let ratio = ours.rate / theirs.rate;
        Row::new(what, format!("{} a second", thousands(ours.rate as u64)))
            .beside(format!("{peer}: {} a second", thousands(theirs.rate as u64)))
            .times(ratio)
            .target(id, &format!("≥ {least} ×"), ratio >= least)
    };
    Ok(vec![
        row("the same on PostgreSQL".to_owned(), one, "SQLite", sqlite, "P9", BESIDE.0),
        row(format!("{NODES} nodes on one PostgreSQL, in sum"), several, "one node", one, "P10", BESIDE.1),
    ])
}

/// Servers with a load on them.
struct World {
    servers: Vec<Server>,
    tally: Arc<Tally>,
    traffic: Traffic,
}

/// What went through.
struct Through {
    /// Events in a second.
    rate: f64,
    /// The server's processor time for one.
    processor: Duration,
    /// From the webhook to the reply, the middle one.
    replied: Duration,
}

impl Through {
    fn rows(&self) -> Vec<Row> {
        vec![
            Row::new(
                format!(
                    "a webhook made durable, decoded, handled, committed, and replied to: {} tenants",
                    thousands(TENANTS.into())
                ),
                format!("{} a second", thousands(self.rate as u64)),
            )
            .beside("the load and the provider run on the same processors")
            .target("P5", "≥ 5,000 a second", self.rate >= THROUGH),
            Row::new("of that, the server's processor time for one", time(self.processor)),
            Row::new(
                "of that, from the webhook to the reply at the provider, the middle one",
                time(self.replied),
            ),
        ]
    }
}

impl World {
    /// Servers on one database, and tenants that are all connected, to whom so many messages were sent before. What has the number of
    /// one of those would be taken for a repetition.
    async fn open(folder: &Path, places: &[Place], tenants: &Tenants, sent: u64) -> Result<Self> {
        let tally = Arc::new(Tally::default());
        let provider = Provider::start(Arc::clone(&tally)).await?;
        let plans = tenants::plans(folder)?;
        let start = |place: &Place| {
            let place = place
                .clone()
                .with("TWOBOT_TELEGRAM_API_URL", provider.url())
                .with("TWOBOT_PLANS", &*plans)
                .with("RUST_LOG", "error,twobot=info");
            Server::start(&place)
        };
        let servers = places.iter().map(start).collect::<Result<Vec<_>>>()?;
        let webhooks = provider.connected(tenants).await?;
        let targets = webhooks.into_iter().map(|webhook| Target::new(webhook)).collect();
        let addresses = servers.iter().map(|server| server.address().to_owned()).collect();
        let traffic = Traffic::new(targets, addresses, Arc::clone(&tally), sent);
        Ok(Self { servers, tally, traffic })
    }

    /// How many go through when there are always some more.
    async fn through(&self, length: Duration) -> Result<Through> {
        let flood = self.traffic.flood(UNDER_WAY);
        tokio::time::sleep(WARM_UP).await;
        let (before, used) = (self.tally.begin(), self.processor_time()?);
        tokio::time::sleep(length).await;
        let (after, used) = (self.tally.replied(), self.processor_time()? - used);
        let events = after - before;
        flood.end().await?;
        ensure!(events > 0, "nothing came through");
        let replied = self.tally.middle_reply().context("nothing was replied")?;
        self.tally.check(self.traffic.acknowledged())?;
        Ok(Through {
            rate: events as f64 / length.as_secs_f64(),
            processor: used / u32::try_from(events)?,
            replied,
        })
    }

    /// How long a delivery waits for its acknowledgement, beside a server that only takes it.
    async fn acknowledged(&self, rate: f64, length: Duration) -> Result<Vec<Row>> {
        let bare = bare::Bare::start()?;
        let nothing = self.traffic.at(bare.address());
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        // In turns, as everything here.
        for _ in 0..4 {
            ours.extend(self.traffic.steadily(rate, length / 4).await?);
            theirs.extend(nothing.steadily(rate, length / 4).await?);
        }
        let row = |which: &str, part: f64, most: f64| {
            let (ours, theirs) = (tally::quantile(&ours, part), tally::quantile(&theirs, part));
            let (Some(ours), Some(theirs)) = (ours, theirs) else {
                anyhow::bail!("nothing was acknowledged")
            };
            let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
            let what =
                format!("a webhook acknowledged, durable, at {} a second: {which}", thousands(rate as u64));
            Ok(Row::new(what, time(ours))
                .beside(format!("axum, which only takes it: {}", time(theirs)))
                .times(ratio)
                .target("P6", &format!("≤ {most} ×"), ratio <= most))
        };
        Ok(vec![
            row("the middle one", 0.5, ACKNOWLEDGED.0)?,
            row("99 % are faster than", 0.99, ACKNOWLEDGED.1)?,
        ])
    }

    fn processor_time(&self) -> Result<Duration> {
        self.servers.iter().map(|server| proc::processor_time(server.process())).sum()
    }

    /// Ends the servers as an operator does: what is killed instead may send its last replies again when the next one starts.
    fn close(self) -> Result<()> {
        self.servers.into_iter().try_for_each(Server::stop)
    }
}
