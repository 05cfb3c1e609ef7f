//! Files that do not grow without end: a day's traffic in miniature, an hour at a time, each with its share of the past removed.

use crate::estate::{failure, kept, line, new_effect};
use crate::store::retention::{newest, remove};
use crate::world::{Database, Tenant, World, new_inbound, page, set, usage, writes};
use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;
use twobot_domain::{GatewayId, InboundId, InstallId, Timestamp, Usage};
use twobot_store::inbound::{Decoded, NewInbound};

/// Events of an hour, and how many are kept.
const EVENTS: usize = 40;

/// Twice that from which on the log is taken over into the file (`LONG` in `db/writer/checkpoint.rs`): what is written meanwhile comes on top.
const LOG: u64 = 32 * 1024 * 1024;

/// What of the log stays reserved after a long reader: `WAL_KEPT` in `db/writer.rs`.
const LOG_KEPT: u64 = 64 * 1024 * 1024;

struct Day {
    world: World,
    ann: Tenant,
    gateway: GatewayId,
    install: InstallId,
}

impl Day {
    async fn new() -> Self {
        let world = World::new().await;
        let ann = world.tenant("ann").await;
        let (gateway, install) = (ann.gateway("Bot").await, ann.install("plugin", &[]).await);
        Self { world, ann, gateway, install }
    }

    /// Events with all that comes of them; then what is too old is removed, and as many rows are there as before.
    async fn hour(&self) {
        let (store, scope) = (&self.ann.store, self.ann.scope);
        for number in 0..EVENTS {
            let id = self.ann.queue(self.gateway, self.install).await;
            if number % 10 == 9 {
                store.fail_execution(scope, id, self.install, &failure(None)).await.unwrap();
                continue;
            }
            let mut commit = writes([], [("counter", set(&number.to_string()))]);
            commit.logs = vec![line("a line of a log"), line("and another one")];
            commit.effects = vec![new_effect(self.gateway)];
            commit.kept = kept();
            let effect = commit.effects[0].id;
            self.ann.finish(id, self.install, &commit).await.unwrap();
            store.effect_sent(scope, effect, &usage()).await.unwrap();
        }
        for _ in 0..EVENTS / 10 {
            let id = self.ann.deliver(self.gateway, &InboundId::new().to_string()).await;
            let delivery = store.inbound(scope, id).await.unwrap();
            let nothing = Decoded::NotHandled("poll".to_owned());
            store.finish_inbound(scope, &delivery, &nothing, &Usage::default()).await.unwrap();
        }
        let (removed, _) = remove(&self.ann, &newest(EVENTS as u64), 20).await;
        while store.remove_sums(Timestamp::now()).await.unwrap() > 0 {}
        let left = self.world.number("SELECT count(*) FROM executions").await;
        assert_eq!(left, i64::try_from(EVENTS).unwrap(), "{removed} rows were removed");
    }

    /// A connection that reads, as that of a backup does from its beginning to its end: of one moment.
    async fn long_reader(&self) -> SqliteConnection {
        let mut reader = SqliteConnection::connect(&self.world.url()).await.unwrap();
        sqlx::query("BEGIN").execute(&mut reader).await.unwrap();
        let seen: i64 =
            sqlx::query_scalar("SELECT count(*) FROM executions").fetch_one(&mut reader).await.unwrap();
        assert!(seen > 0);
        reader
    }

    /// Bytes of the database and of its log.
    fn sizes(&self) -> (u64, u64) {
        let Database::Sqlite(files) = &self.world.database else { panic!("no files") };
        let size = |path: &std::path::Path| std::fs::metadata(path).unwrap().len();
        (size(&files.path()), size(&files.path().with_extension("db-wal")))
    }
}

#[tokio::test]
async fn the_files_stay_bounded_when_traffic_goes_on() {
    let day = Day::new().await;
    let mut sizes = Vec::new();
    for _ in 0..24 {
        day.hour().await;
        sizes.push(day.sizes());
    }
    assert!(sizes.iter().all(|(_, log)| *log <= LOG), "the log grows: {sizes:?}");
    let (early, last) = (sizes[5].0, sizes[23].0);
    assert!(last <= early + early / 10, "the file grows without end: {sizes:?}");
    // It is not that nothing was removed: what is free is less than what an hour needs, and is used by the next one.
    let (pages, free) =
        (day.world.number("PRAGMA page_count").await, day.world.number("PRAGMA freelist_count").await);
    assert!(free < pages / 2, "{free} of {pages} pages are free");
}

#[tokio::test]
async fn a_long_reader_lets_the_log_grow_for_as_long_as_it_reads() {
    let day = Day::new().await;
    for _ in 0..4 {
        day.hour().await;
    }
    let (before, _) = day.sizes();
    let reader = day.long_reader().await;
    let mut logs = Vec::new();
    for _ in 0..5 {
        day.hour().await;
        logs.push(day.sizes().1);
    }
    // What is written meanwhile stands in the log, and no more: as much for each hour, once the room is used that it had before.
    let grown = logs[4];
    assert!(grown > LOG, "the reader was in nobody's way: {logs:?}");
    let most = logs[3] - logs[2];
    assert!(logs.windows(2).all(|two| two[1] - two[0] <= most + most / 2), "{logs:?}");
    reader.close().await.unwrap();
    for _ in 0..4 {
        day.hour().await;
        let (_, log) = day.sizes();
        assert!(log <= grown + LOG, "the log goes on growing after the reader is gone: {log}, {logs:?}");
    }
    let (after, _) = day.sizes();
    assert!(after <= before + before / 5, "the file has grown: {before}, {after}");
    // The one moment that others see is the present again.
    let seen = day.ann.store.executions(day.ann.scope, &Default::default(), page(1)).await.unwrap();
    assert_eq!(seen.items.len(), 1);
}

#[tokio::test]
async fn a_log_that_grew_long_gives_its_room_back() {
    let day = Day::new().await;
    day.hour().await;
    let reader = day.long_reader().await;
    for number in 0..20 {
        let body = format!("\"{}\"", "x".repeat(4 * 1024 * 1024));
        let delivery = NewInbound { body, ..new_inbound(day.gateway, &format!("long {number}")) };
        day.ann.store.accept(day.ann.scope, delivery).await.unwrap();
    }
    let (_, long) = day.sizes();
    assert!(long > LOG_KEPT, "{long}");
    reader.close().await.unwrap();
    day.hour().await;
    let (_, log) = day.sizes();
    assert!(log <= LOG_KEPT, "{log} bytes of {long} are left");
}
