//! Messages between nodes: each has a channel of its own, so that whoever sends knows who does not hear.

use crate::backoff::Backoff;
use crate::link::{ASK, Away, CONNECT, Link, too_late};
use crate::mac::{self, code};
use crate::redis::RedisOptions;
use futures::StreamExt as _;
use redis::RedisResult;
use redis::aio::{PubSubSink, PubSubStream};
use std::sync::Arc;
use std::time::Duration;
use subtle::ConstantTimeEq as _;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Messages that were heard and not looked at yet. More are lost, and that is said.
const UNREAD: usize = 1_024;

/// The longest message that is looked at.
const LONGEST: usize = 64 * 1_024;

/// How long the connection on which a node hears may take to say that it is there.
const ANSWER: Duration = Duration::from_secs(1);

/// What a node hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// What another sent.
    Message(String),
    /// Something may have been lost.
    Missed,
}

/// What is sent to a node, for as long as this lives.
#[derive(Debug)]
pub struct Ears {
    heard: mpsc::Receiver<Heard>,
    _ends: DropGuard,
}

fn channel(options: &RedisOptions, name: &str) -> String {
    format!("{}:node:{name}", options.prefix)
}

/// A message with the code that shows that a node of this deployment wrote it, for this channel.
fn sealed(key: &[u8; 32], channel: &str, text: &str) -> Vec<u8> {
    let mut message = code(key, b"message", &[channel.as_bytes(), text.as_bytes()]).to_vec();
    message.extend_from_slice(text.as_bytes());
    message
}

/// The text of a message that such a node wrote.
fn opened(key: &[u8; 32], channel: &str, message: &[u8]) -> Option<String> {
    if message.len() > LONGEST {
        return None;
    }
    let (found, text) = message.split_at_checked(mac::LENGTH)?;
    let right = code(key, b"message", &[channel.as_bytes(), text]);
    if !bool::from(right.ct_eq(found)) {
        return None;
    }
    String::from_utf8(text.to_vec()).ok()
}

/// Sends each message to each node, and says which get all.
pub(crate) async fn send(
    link: &Link,
    options: &RedisOptions,
    to: &[String],
    texts: &[String],
) -> Result<Vec<bool>, Away> {
    if to.is_empty() || texts.is_empty() {
        return Ok(vec![true; to.len()]);
    }
    let (number, mut connection) = link.connection().ok_or(Away)?;
    let mut all = redis::pipe();
    for name in to {
        let channel = channel(options, name);
        for text in texts {
            all.cmd("PUBLISH").arg(&channel).arg(sealed(&options.key, &channel, text));
        }
    }
    let got: Vec<u64> = link.bounded(number, all.query_async(&mut connection)).await?;
    Ok(got.chunks(texts.len()).map(|counts| counts.iter().all(|count| *count > 0)).collect())
}

impl Ears {
    pub(crate) fn begin(link: Arc<Link>, options: &RedisOptions, name: &str) -> Self {
        let (sender, heard) = mpsc::channel(UNREAD);
        let ends = CancellationToken::new();
        let ended = ends.clone();
        let inbox = Inbox { sender, lost: false, channel: channel(options, name), key: options.key };
        tokio::spawn(async move { ended.run_until_cancelled(listen(&link, inbox)).await });
        Self { heard, _ends: ends.drop_guard() }
    }

    /// What is heard next.
    pub async fn next(&mut self) -> Heard {
        match self.heard.recv().await {
            Some(heard) => heard,
            // The runtime ends.
            None => std::future::pending().await,
        }
    }
}

/// Where a node's messages come to.
struct Inbox {
    sender: mpsc::Sender<Heard>,
    /// Something was lost, and that could not be said yet.
    lost: bool,
    channel: String,
    key: [u8; 32],
}

impl Inbox {
    fn put(&mut self, message: &[u8]) {
        if let Some(text) = opened(&self.key, &self.channel, message)
            && let Err(TrySendError::Full(_)) = self.sender.try_send(Heard::Message(text))
        {
            self.lost = true;
        }
    }

    /// Says that something was lost, as soon as there is room to say it.
    fn admit(&mut self) {
        if self.lost && self.sender.try_send(Heard::Missed).is_ok() {
            self.lost = false;
        }
    }
}

/// Hears, and makes the connection anew when it ends. Does not end by itself.
async fn listen(link: &Link, mut inbox: Inbox) {
    let mut backoff = Backoff::default();
    loop {
        match subscribe(link, &inbox.channel).await {
            Ok((sink, stream)) => {
                inbox.admit();
                let since = Instant::now();
                follow(sink, stream, &mut inbox).await;
                backoff.lost(since.elapsed());
                // What was sent last may have gone to a connection that had ended already. It is said now, and once more when the
                // connection is there again: until then the server may have believed in the old one.
                inbox.lost = true;
                inbox.admit();
                inbox.lost = true;
            }
            Err(error) => link.complain(&error.to_string()),
        }
        sleep(backoff.next()).await;
    }
}

async fn subscribe(link: &Link, channel: &str) -> RedisResult<(PubSubSink, PubSubStream)> {
    let made = async {
        let mut subscription = link.client()?.get_async_pubsub().await?;
        subscription.subscribe(channel).await?;
        Ok(subscription.split())
    };
    timeout(CONNECT, made).await.map_err(too_late)?
}

/// Takes messages in until the connection ends, or does not answer.
async fn follow(mut sink: PubSubSink, mut stream: PubSubStream, inbox: &mut Inbox) {
    let mut ask = interval(ASK);
    ask.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            message = stream.next() => match message {
                Some(message) => inbox.put(message.get_payload_bytes()),
                None => return,
            },
            _ = ask.tick() => {
                // Something on the way may have forgotten the connection, which then would be silent for ever.
                if !matches!(timeout(ANSWER, sink.ping::<redis::Value>()).await, Ok(Ok(_))) {
                    return;
                }
            }
        }
        inbox.admit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_this_deployment_wrote_for_this_channel_is_read() {
        let key = [7; 32];
        let message = sealed(&key, "a:node:1", "w tenant 3");
        assert_eq!(opened(&key, "a:node:1", &message).as_deref(), Some("w tenant 3"));
        assert_eq!(opened(&key, "a:node:2", &message), None, "on another channel");
        assert_eq!(opened(&[8; 32], "a:node:1", &message), None, "of another deployment");
        assert_eq!(opened(&key, "a:node:1", b"w tenant 3"), None, "without a code");
        for place in 0..message.len() {
            let mut changed = message.clone();
            changed[place] ^= 1;
            assert_eq!(opened(&key, "a:node:1", &changed), None, "byte {place}");
            assert_eq!(opened(&key, "a:node:1", &message[..place]), None, "cut at {place}");
        }
        let long = "x".repeat(LONGEST);
        assert_eq!(opened(&key, "c", &sealed(&key, "c", &long)), None, "too long");
        assert!(opened(&key, "c", &sealed(&key, "c", &long[mac::LENGTH..])).is_some());
    }

    #[tokio::test]
    async fn who_does_not_read_is_told_that_something_is_lost_and_holds_no_more_than_so_many() {
        let (sender, mut heard) = mpsc::channel(UNREAD);
        let key = [1; 32];
        let mut inbox = Inbox { sender, lost: false, channel: "c".to_owned(), key };
        for number in 0..UNREAD + 3 {
            inbox.put(&sealed(&key, "c", &number.to_string()));
            inbox.admit();
        }
        assert_eq!(heard.recv().await, Some(Heard::Message("0".to_owned())));
        inbox.admit();
        for number in 1..UNREAD {
            assert_eq!(heard.recv().await, Some(Heard::Message(number.to_string())));
        }
        assert_eq!(heard.recv().await, Some(Heard::Missed));
        assert!(heard.try_recv().is_err() && !inbox.lost);
    }
}
