//! Messages between nodes over a real Redis, which is killed and cut off.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;

use common::{PATIENCE, RedisServer, Way};
use redis::AsyncCommands as _;
use std::time::Duration;
use tokio::time::timeout;
use twobot_redis::{Ears, Heard, Redis, RedisOptions};

async fn node(url: &str, prefix: &str, key: u8) -> Redis {
    let address = url.parse().unwrap();
    let redis = Redis::open(RedisOptions { address, prefix: prefix.to_owned(), key: [key; 32] });
    timeout(PATIENCE, redis.connected()).await.unwrap();
    redis
}

/// Sends until it is heard: the ears begin to listen a little later than they are made.
async fn sent_until_heard(from: &Redis, to: &str, text: &str) {
    let sent = async { while from.send(&[to.to_owned()], &[text.to_owned()]).await != [true] {} };
    timeout(PATIENCE, sent).await.unwrap();
}

async fn hears(ears: &mut Ears) -> Heard {
    timeout(PATIENCE, ears.next()).await.unwrap()
}

/// The next message, whatever may have been missed before.
async fn hears_text(ears: &mut Ears) -> String {
    loop {
        if let Heard::Message(text) = hears(ears).await {
            return text;
        }
    }
}

fn texts(all: &[&str]) -> Vec<String> {
    all.iter().map(|&text| text.to_owned()).collect()
}

#[tokio::test]
async fn a_message_comes_to_whom_it_is_sent_and_who_does_not_hear_is_known() {
    let server = RedisServer::start();
    let (here, there) = (node(&server.url(), "a", 1).await, node(&server.url(), "a", 1).await);
    let (mut one, mut two) = (there.listen("one"), there.listen("two"));
    sent_until_heard(&here, "one", "first").await;
    sent_until_heard(&here, "two", "first").await;
    let heard = here.send(&texts(&["one", "nobody", "two"]), &texts(&["second", "third"])).await;
    assert_eq!(heard, [true, false, true]);
    for ears in [&mut one, &mut two] {
        for expected in ["first", "second", "third"] {
            assert_eq!(hears(ears).await, Heard::Message(expected.to_owned()));
        }
    }
    drop(one);
    let gone = async { while here.send(&texts(&["one"]), &texts(&["x"])).await != [false] {} };
    timeout(PATIENCE, gone).await.expect("who listens no more is not sent to");
    assert_eq!(here.send(&[], &texts(&["x"])).await, [false; 0]);
}

#[tokio::test]
async fn deployments_on_one_server_do_not_hear_each_other_nor_who_only_can_write() {
    let server = RedisServer::start();
    let ours = node(&server.url(), "a", 1).await;
    let mut ears = ours.listen("one");
    sent_until_heard(&ours, "one", "first").await;
    let other = node(&server.url(), "b", 2).await;
    assert_eq!(other.send(&texts(&["one"]), &texts(&["of another prefix"])).await, [false]);
    let liar = node(&server.url(), "a", 2).await;
    assert_eq!(liar.send(&texts(&["one"]), &texts(&["of another key"])).await, [true]);
    let client = redis::Client::open(server.url()).unwrap();
    let mut stranger = client.get_multiplexed_async_connection().await.unwrap();
    for forged in ["", "w 1 1", "0123456789abcdef w 1 1", &"x".repeat(100_000)] {
        let heard: u64 = stranger.publish("a:node:one", forged).await.unwrap();
        assert_eq!(heard, 1);
    }
    sent_until_heard(&ours, "one", "last").await;
    assert_eq!(hears(&mut ears).await, Heard::Message("first".to_owned()));
    assert_eq!(hears(&mut ears).await, Heard::Message("last".to_owned()));
}

#[tokio::test]
async fn a_server_that_is_killed_and_comes_back_is_used_again() {
    let mut server = RedisServer::start();
    let (here, there) = (node(&server.url(), "a", 1).await, node(&server.url(), "a", 1).await);
    let mut ears = there.listen("one");
    sent_until_heard(&here, "one", "first").await;
    assert_eq!(hears_text(&mut ears).await, "first");
    server.kill();
    assert_eq!(here.send(&texts(&["one"]), &texts(&["lost"])).await, [false]);
    assert_eq!(hears(&mut ears).await, Heard::Missed);
    server.restart();
    timeout(PATIENCE, here.connected()).await.unwrap();
    sent_until_heard(&here, "one", "again").await;
    assert_eq!(hears_text(&mut ears).await, "again");
}

#[tokio::test]
async fn a_server_that_takes_everything_and_answers_nothing_is_not_waited_for() {
    let server = RedisServer::start();
    let way = Way::to(server.address).await;
    let (here, there) = (node(&way.url(), "a", 1).await, node(&server.url(), "a", 1).await);
    let mut ears = there.listen("one");
    sent_until_heard(&here, "one", "first").await;
    way.cut();
    let unheard = timeout(PATIENCE, here.send(&texts(&["one"]), &texts(&["late"]))).await.unwrap();
    assert_eq!(unheard, [false]);
    // The next does not even try.
    assert!(!here.is_connected());
    assert_eq!(here.send(&texts(&["one"]), &texts(&["not sent"])).await, [false]);
    way.mend();
    timeout(PATIENCE, here.connected()).await.unwrap();
    sent_until_heard(&here, "one", "again").await;
    assert_eq!(hears_text(&mut ears).await, "first");
    // What was on its way may come late; what was not sent does not.
    let next = hears_text(&mut ears).await;
    assert!(["late", "again"].contains(&next.as_str()), "{next}");
}

#[tokio::test]
async fn who_is_cut_off_notices_that_nothing_comes() {
    let server = RedisServer::start();
    let way = Way::to(server.address).await;
    let (here, there) = (node(&server.url(), "a", 1).await, node(&way.url(), "a", 1).await);
    let mut ears = there.listen("one");
    sent_until_heard(&here, "one", "first").await;
    assert_eq!(hears_text(&mut ears).await, "first");
    way.cut();
    assert_eq!(hears(&mut ears).await, Heard::Missed);
    way.mend();
    // What is sent until the server knows that the old connection has ended is lost, and that is said, too.
    let again = async {
        loop {
            here.send(&texts(&["one"]), &texts(&["again"])).await;
            match timeout(Duration::from_millis(20), ears.next()).await {
                Ok(Heard::Message(text)) => return text,
                Ok(Heard::Missed) | Err(_) => {}
            }
        }
    };
    assert_eq!(timeout(PATIENCE, again).await.unwrap(), "again");
}

#[tokio::test]
async fn a_wrong_password_is_as_a_server_that_is_away() {
    let server = RedisServer::with(&["--requirepass", "hush"]);
    let right = node(&server.url().replace("redis://", "redis://:hush@"), "a", 1).await;
    assert_eq!(right.send(&texts(&["one"]), &texts(&["x"])).await, [false]);
    for wrong in ["redis://", "redis://:loud@"] {
        let address = server.url().replace("redis://", wrong).parse().unwrap();
        let redis = Redis::open(RedisOptions { address, prefix: "a".to_owned(), key: [1; 32] });
        let mut ears = redis.listen("one");
        // The right one sends meanwhile, to nobody.
        for _ in 0..200 {
            assert_eq!(right.send(&texts(&["one"]), &texts(&["x"])).await, [false]);
        }
        assert!(!redis.is_connected());
        assert_eq!(redis.send(&texts(&["one"]), &texts(&["x"])).await, [false]);
        assert!(timeout(Duration::ZERO, ears.next()).await.is_err());
    }
}
