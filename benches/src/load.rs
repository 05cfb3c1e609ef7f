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

/// Events that go through in a second, at least.
const THROUGH: f64 = 5_000.0;

/// How many times the acknowledgement of a server that does nothing ours may take: in the middle, and for 99 of 100.
const ACKNOWLEDGED: (f64, f64) = (3.0, 5.0);

pub(crate) fn measure(effort: Effort) -> Result<Vec<Row>> {
    let runtime = host::runtime()?;
    let length = Duration::from_secs(u64::from(effort.rounds(20)));
    runtime.block_on(async {
        let mut rows = Vec::new();
        let folder = tempfile::tempdir()?;
        let place = Place::of(folder.path());
        let alone = World::open(folder.path(), place, 1).await?;
        let through = alone.through(length).await?;
        rows.push(
            Row::new(
                format!(
                    "webhook, durable, decoded, handled, committed, replied: {} tenants",
                    thousands(TENANTS.into())
                ),
                format!("{} a second", thousands(through.rate as u64)),
            )
            .beside("on the same 2 cores: the load and the provider")
            .target("P5", "≥ 5,000 a second", through.rate >= THROUGH),
        );
        rows.push(Row::new("of that, the server's processor time for an event", time(through.processor)));
        rows.push(Row::new(
            "from the webhook to the reply at the provider, the middle one",
            time(through.replied),
        ));
        rows.extend(alone.acknowledged(through.rate / 2.0, length).await?);
        alone.close();
        Ok(rows)
    })
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

impl World {
    /// So many servers on one database, and tenants that are all connected.
    async fn open(folder: &Path, place: Place, servers: u32) -> Result<Self> {
        let tally = Arc::new(Tally::default());
        let provider = Provider::start(Arc::clone(&tally)).await?;
        let place = place
            .with("TWOBOT_TELEGRAM_API_URL", provider.url())
            .with("TWOBOT_PLANS", tenants::plans(folder)?)
            .with("RUST_LOG", "error,twobot=info");
        let tenants = Tenants::register(place.database(), TENANTS).await?;
        let servers = (0..servers).map(|_| Server::start(&place)).collect::<Result<Vec<_>>>()?;
        let webhooks = provider.connected(&tenants).await?;
        let targets = webhooks.into_iter().map(|webhook| Target::new(webhook)).collect();
        let addresses = servers.iter().map(|server| server.address().to_owned()).collect();
        let traffic = Traffic::new(targets, addresses, Arc::clone(&tally));
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
        ensure!(events > 0, "nothing came through");
        let replied = self.tally.middle_reply().context("nothing was replied")?;
        flood.end().await?;
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

    fn close(self) {
        drop(self.servers);
    }
}
