//! Nodes that tell each other by Redis: what is lost there, and what is not, when it is killed or cut off.
//!
//! Needs the server that `cargo xtask test` or `cargo xtask postgres <command>` starts, and the program `redis-server`.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;
#[path = "../../redis/tests/common/mod.rs"]
mod redis_server;

use common::postgres::Database;
use common::{FakeTelegram, TestHost};
use redis_server::{PATIENCE, RedisServer, Way};
use serde_json::json;
use sqlx::postgres::PgListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::timeout;
use twobot_domain::GatewayId;
use twobot_engine::{LiveEvent, Role};
use twobot_redis::{Redis, RedisOptions};

/// Less than two sweeps take: what happens often within this time happened by wake-ups.
const SOON: Duration = Duration::from_secs(25);

fn redis(url: &str, deployment: &str) -> Option<Redis> {
    let address = url.parse().unwrap();
    Some(Redis::open(RedisOptions { address, prefix: deployment.to_owned(), key: [3; 32] }))
}

/// A node that serves and one that works, a bot that answers, and what PostgreSQL is told besides.
struct Pair {
    serving: TestHost,
    working: TestHost,
    telegram: Arc<FakeTelegram>,
    bot: GatewayId,
    said: AtomicI64,
    /// Wake-ups and live updates that went by the database.
    notified: Arc<AtomicUsize>,
    seen: Arc<AtomicUsize>,
}

impl Pair {
    async fn start(database: &Database, serving: Option<Redis>, working: Option<Redis>) -> Self {
        let telegram = Arc::new(FakeTelegram::default());
        let serving = TestHost::node_with(database, &telegram, Role::Api, serving).await;
        let working = TestHost::node_with(database, &telegram, Role::Worker, working).await;
        let scope = serving.tenant("pro").await;
        let bot = serving.bot(scope).await;
        let rules = json!({"rules": [{"match": "any", "text": "", "reply": "echo {text}"}]});
        serving.install(scope, "auto-reply", "channels", bot, rules).await;

        let mut listener = PgListener::connect(&database.url()).await.unwrap();
        listener.listen("twobot").await.unwrap();
        let notified = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&notified);
        tokio::spawn(async move {
            while let Ok(message) = listener.recv().await {
                let lines = message.payload().lines().skip(1).filter(|line| *line != "n").count();
                count.fetch_add(lines, Ordering::Relaxed);
            }
        });
        // Who looks here sees what is done there.
        let (seen, mut live) = (Arc::new(AtomicUsize::new(0)), serving.engine.live().subscribe(scope));
        let count = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok(event) = live.recv().await {
                let ended = matches!(event, LiveEvent::Execution { state: "succeeded", .. });
                count.fetch_add(usize::from(ended), Ordering::Relaxed);
            }
        });
        Self { serving, working, telegram, bot, said: AtomicI64::new(0), notified, seen }
    }

    /// Somebody writes, and is answered.
    async fn say(&self) {
        let number = self.said.fetch_add(1, Ordering::Relaxed);
        self.serving.say(self.bot, number, 7, "hi").await;
        let expected = usize::try_from(number).unwrap() + 1;
        self.working.until("it is answered", async || self.telegram.sent().len() == expected).await;
    }

    /// Signals that went by the database while somebody wrote several times and was seen to be answered.
    async fn by_database(&self) -> usize {
        let (before, seen) = (self.notified.load(Ordering::Relaxed), self.seen.load(Ordering::Relaxed));
        for _ in 0..4 {
            self.say().await;
        }
        self.working.until("all is seen", async || self.seen.load(Ordering::Relaxed) >= seen + 4).await;
        self.notified.load(Ordering::Relaxed) - before
    }

    /// Waits until signals go by Redis alone: nodes begin to hear there a little after they have joined.
    async fn until_by_redis(&self) {
        timeout(PATIENCE, async { while self.by_database().await > 0 {} })
            .await
            .expect("signals go by Redis");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signals_go_by_redis_and_by_the_database_while_it_is_away() {
    let (database, mut server) = (Database::empty().await, RedisServer::start());
    let pair = Pair::start(&database, redis(&server.url(), "a"), redis(&server.url(), "a")).await;
    timeout(SOON, pair.until_by_redis()).await.expect("by wake-ups, and not by sweeps");
    server.kill();
    let away = timeout(SOON, pair.by_database()).await.expect("by wake-ups, and not by sweeps");
    assert!(away >= 8, "wake-ups and live updates go by the database: {away}");
    server.restart();
    pair.until_by_redis().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_redis_or_another_is_told_by_the_database() {
    let (database, server) = (Database::empty().await, RedisServer::start());
    let pair = Pair::start(&database, redis(&server.url(), "a"), redis(&server.url(), "b")).await;
    for _ in 0..2 {
        let heard = timeout(SOON, pair.by_database()).await.expect("by wake-ups, and not by sweeps");
        assert!(heard >= 8, "{heard}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_redis_does_not_answer_tells_by_the_database_at_once() {
    let (database, server) = (Database::empty().await, RedisServer::start());
    let way = Way::to(server.address).await;
    let pair = Pair::start(&database, redis(&way.url(), "a"), redis(&server.url(), "a")).await;
    pair.until_by_redis().await;
    way.cut();
    let said = async {
        for _ in 0..6 {
            pair.say().await;
        }
    };
    timeout(SOON, said).await.expect("by wake-ups, and not by sweeps");
    way.mend();
    pair.until_by_redis().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_to_a_node_that_is_cut_off_waits_no_longer_than_for_a_sweep() {
    let (database, server) = (Database::empty().await, RedisServer::start());
    let way = Way::to(server.address).await;
    let pair = Pair::start(&database, redis(&server.url(), "a"), redis(&way.url(), "a")).await;
    pair.until_by_redis().await;
    way.cut();
    // Redis believes in the connection still, so that these get lost on it.
    timeout(SOON, async {
        pair.say().await;
        pair.say().await;
    })
    .await
    .expect("sooner than two sweeps");
    way.mend();
    pair.until_by_redis().await;
}
