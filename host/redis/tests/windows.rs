//! Windows that nodes count together on a real Redis, and alone when it is away.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;

use common::{PATIENCE, RedisServer, Way};
use futures::future::join_all;
use redis::AsyncCommands as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use twobot_redis::{Redis, RedisOptions, Rule, Windows};

const RULE: Rule = Rule { name: "test", limit: 5, period: Duration::from_secs(900) };

async fn node(url: &str, prefix: &str) -> (Redis, Arc<Windows>) {
    let address = url.parse().unwrap();
    let redis = Redis::open(RedisOptions { address, prefix: prefix.to_owned(), key: [1; 32] });
    timeout(PATIENCE, redis.connected()).await.unwrap();
    (redis.clone(), Arc::new(Windows::shared(redis)))
}

/// Asks many times at once, half of it on each of two nodes; answers how often it was allowed, and checks what remained.
async fn allowed_of_many(nodes: [&Arc<Windows>; 2], rule: Rule, times: usize) -> u32 {
    let take = |place: usize| {
        let windows = Arc::clone(nodes[place % 2]);
        tokio::spawn(async move { windows.take(&rule, &[b"ann"]).await })
    };
    let taken = join_all((0..times).map(take)).await;
    let mut allowed: Vec<u32> =
        taken.iter().flatten().filter(|taken| taken.allowed).map(|taken| taken.remaining).collect();
    allowed.sort_unstable();
    assert!(taken.iter().flatten().all(|taken| taken.limit == rule.limit && taken.resets <= rule.period));
    let count = u32::try_from(allowed.len()).unwrap();
    assert_eq!(allowed, (0..count).collect::<Vec<_>>(), "each of them is told another number");
    count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_at_the_same_time_exactly_as_many_pass_as_may() {
    let rule = Rule { limit: 50, ..RULE };
    let alone = Arc::new(Windows::in_memory());
    assert_eq!(allowed_of_many([&alone, &alone], rule, 400).await, 50);

    let server = RedisServer::start();
    let ((_, one), (_, two)) = (node(&server.url(), "a").await, node(&server.url(), "a").await);
    assert_eq!(allowed_of_many([&one, &two], rule, 400).await, 50);
    let (_, other) = node(&server.url(), "b").await;
    assert!(other.take(&rule, &[b"ann"]).await.allowed, "another deployment");
    assert!(one.take(&rule, &[b"bob"]).await.allowed, "somebody else");
    assert!(one.take(&Rule { name: "other", ..rule }, &[b"ann"]).await.allowed, "something else");

    // What one node forgives counts nowhere.
    two.forgive(&rule, &[b"ann"]).await;
    assert_eq!(one.take(&rule, &[b"ann"]).await.remaining, 49);
}

#[tokio::test]
async fn a_window_ends_by_itself() {
    let server = RedisServer::start();
    let (_, windows) = node(&server.url(), "a").await;
    let rule = Rule { limit: 1, period: Duration::from_millis(300), ..RULE };
    assert!(windows.take(&rule, &[b"ann"]).await.allowed);
    let again = async { while !windows.take(&rule, &[b"ann"]).await.allowed {} };
    timeout(PATIENCE, again).await.unwrap();
}

#[tokio::test]
async fn nobody_is_found_out_from_what_is_in_redis_and_nothing_stays_there() {
    let server = RedisServer::start();
    let (_, windows) = node(&server.url(), "a").await;
    windows.take(&RULE, &[b"192.0.2.7", b"ann@example.org"]).await;
    windows.take(&RULE, &[b"192.0.2.7", b"bob@example.org"]).await;
    let client = redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let keys: Vec<String> = connection.keys("*").await.unwrap();
    assert_eq!(keys.len(), 2);
    for key in keys {
        let code = key.strip_prefix("a:window:test:").unwrap();
        assert!(code.len() == 32 && code.bytes().all(|digit| digit.is_ascii_hexdigit()), "{key}");
        let left: i64 = connection.ttl(&key).await.unwrap();
        assert!((1..=900).contains(&left), "{left}");
        // One that somebody made endless ends again with the next time.
        let _: bool = connection.persist(&key).await.unwrap();
    }
    windows.take(&RULE, &[b"192.0.2.7", b"ann@example.org"]).await;
    windows.take(&RULE, &[b"192.0.2.7", b"bob@example.org"]).await;
    let keys: Vec<String> = connection.keys("*").await.unwrap();
    for key in keys {
        assert!(connection.ttl::<_, i64>(&key).await.unwrap() > 0);
    }
}

#[tokio::test]
async fn when_redis_is_cut_off_counting_goes_on_from_there_and_is_made_up_for_later() {
    let server = RedisServer::start();
    let way = Way::to(server.address).await;
    let ((redis, one), (_, two)) = (node(&way.url(), "a").await, node(&server.url(), "a").await);
    two.take(&RULE, &[b"ann"]).await;
    assert_eq!(one.take(&RULE, &[b"ann"]).await.remaining, 3);
    way.cut();
    // The first of them is on its way, and may be counted twice; never not at all.
    let blind = timeout(PATIENCE, one.take(&RULE, &[b"ann"])).await.unwrap();
    assert_eq!((blind.allowed, blind.remaining), (true, 2));
    assert!(!redis.is_connected());
    assert_eq!(one.take(&RULE, &[b"ann"]).await.remaining, 1);
    way.mend();
    timeout(PATIENCE, redis.connected()).await.unwrap();
    let back = one.take(&RULE, &[b"ann"]).await;
    assert_eq!(back.remaining, 0, "what was counted alone is added");
    assert!(!two.take(&RULE, &[b"ann"]).await.allowed, "and counts for others");
    assert!(!one.take(&RULE, &[b"ann"]).await.allowed);
}

#[tokio::test]
async fn without_redis_each_node_counts_as_strictly() {
    let mut server = RedisServer::start();
    let (redis, windows) = node(&server.url(), "a").await;
    server.kill();
    for remaining in (0..5).rev() {
        let taken = windows.take(&RULE, &[b"ann"]).await;
        assert_eq!((taken.allowed, taken.remaining), (true, remaining));
    }
    let refused = windows.take(&RULE, &[b"ann"]).await;
    assert!(!refused.allowed && refused.resets > Duration::ZERO);
    // An empty server does not open anything again for whom this node refused.
    server.restart();
    timeout(PATIENCE, redis.connected()).await.unwrap();
    assert!(!windows.take(&RULE, &[b"ann"]).await.allowed);
}

#[tokio::test]
async fn a_server_that_refuses_is_not_believed() {
    let server = RedisServer::start();
    let (_, windows) = node(&server.url(), "a").await;
    let client = redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    // Full: it answers, and takes nothing in.
    let _: () =
        redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg(1).query_async(&mut connection).await.unwrap();
    let mut allowed = 0;
    for _ in 0..20 {
        allowed += u32::from(windows.take(&RULE, &[b"ann"]).await.allowed);
    }
    assert_eq!(allowed, 5);
    // What somebody wrote there is no number.
    let _: () =
        redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg(0).query_async(&mut connection).await.unwrap();
    let (_, other) = node(&server.url(), "a").await;
    other.take(&RULE, &[b"bob"]).await;
    let keys: Vec<String> = connection.keys("*").await.unwrap();
    for key in keys {
        let _: () = connection.set(&key, "many").await.unwrap();
    }
    let mut allowed = 0;
    for _ in 0..20 {
        allowed += u32::from(other.take(&RULE, &[b"bob"]).await.allowed);
    }
    assert_eq!(allowed, 4, "it goes on from what was known");
}
