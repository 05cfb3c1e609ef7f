//! The connection to Redis: kept up by a task of its own, so that nobody waits for it who has something better to do.

use crate::address::Address;
use crate::backoff::Backoff;
use parking_lot::Mutex;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError, RedisResult};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, timeout};

/// How long anything waits for an answer of Redis; what takes longer counts as away. A request makes a few such calls,
/// and where the first of them took so long, the others do not wait.
pub const BOUND: Duration = Duration::from_millis(250);

/// How long making a connection may take, with TLS and signing in. Nobody waits for it.
pub(crate) const CONNECT: Duration = Duration::from_secs(3);

/// How often a connection is asked whether it is still there.
pub(crate) const ASK: Duration = Duration::from_secs(5);

/// Of a server that comes and goes no more is said than once in this time.
const SAY: Duration = Duration::from_secs(60);

/// Redis can not be asked now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Away;

/// The connection to Redis.
pub(crate) struct Link {
    address: Address,
    client: RedisResult<Client>,
    /// The connection, with a number of its own.
    up: watch::Sender<Option<(u64, MultiplexedConnection)>>,
    fell: Notify,
    said: Mutex<Said>,
}

/// What the log says already.
#[derive(Default)]
struct Said {
    served: bool,
    away: bool,
    at: Option<Instant>,
}

impl Link {
    pub(crate) fn new(address: Address) -> Self {
        let client = Client::open(address.info.clone());
        Self { address, client, up: watch::Sender::new(None), fell: Notify::new(), said: Mutex::default() }
    }

    /// The connection, when there is one.
    pub(crate) fn connection(&self) -> Option<(u64, MultiplexedConnection)> {
        self.up.borrow().clone()
    }

    pub(crate) async fn connected(&self) {
        // The sender is this link's own and lives.
        let _ = self.up.subscribe().wait_for(Option::is_some).await;
    }

    /// Waits for an answer on a connection, no longer than [`BOUND`].
    pub(crate) async fn bounded<T>(
        &self,
        number: u64,
        answer: impl Future<Output = RedisResult<T>>,
    ) -> Result<T, Away> {
        match timeout(BOUND, answer).await {
            Ok(Ok(answer)) => {
                self.praise();
                return Ok(answer);
            }
            // The server is there and does not do what was asked: it is full, a copy, or its user may not.
            Ok(Err(error)) if error.code().is_some() => self.complain(&error.to_string()),
            Ok(Err(error)) => self.fall(number, &error.to_string()),
            Err(_) => self.fall(number, "no answer in time"),
        }
        Err(Away)
    }

    /// A client, for a connection of one's own.
    pub(crate) fn client(&self) -> RedisResult<&Client> {
        // The address was looked at before; what remains is told as what it is.
        self.client.as_ref().map_err(Clone::clone)
    }

    /// Says once that Redis does not do what it is there for.
    pub(crate) fn complain(&self, reason: &str) {
        let mut said = self.said.lock();
        if said.away || said.at.is_some_and(|at| at.elapsed() < SAY) {
            return;
        }
        (said.away, said.at) = (true, Some(Instant::now()));
        tracing::warn!(
            redis = %self.address, reason,
            "Redis does not serve; the database carries what nodes tell each other, and each node counts by itself, until it does"
        );
    }

    /// Says that Redis does what it is there for, where the log does not say so already.
    fn praise(&self) {
        let mut said = self.said.lock();
        let (before, away) = (std::mem::replace(&mut said.served, true), std::mem::take(&mut said.away));
        drop(said);
        if away {
            tracing::info!(redis = %self.address, "Redis serves again");
        } else if !before {
            tracing::info!(redis = %self.address, "Redis serves");
        }
    }

    fn rise(&self, number: u64, connection: MultiplexedConnection) {
        self.up.send_replace(Some((number, connection)));
        self.praise();
    }

    fn fall(&self, number: u64, reason: &str) {
        let fell = self.up.send_if_modified(|up| {
            let is_it = up.as_ref().is_some_and(|(up, _)| *up == number);
            if is_it {
                *up = None;
            }
            is_it
        });
        if fell {
            self.fell.notify_one();
            self.complain(reason);
        }
    }

    async fn connect(&self) -> RedisResult<MultiplexedConnection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(BOUND));
        let made = self.client()?.get_multiplexed_async_connection_with_config(&config);
        let mut connection = timeout(CONNECT, made).await.map_err(too_late)??;
        ping(&mut connection).await?;
        Ok(connection)
    }
}

/// A connection that was not made in time.
pub(crate) fn too_late(_: tokio::time::error::Elapsed) -> RedisError {
    RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut))
}

async fn ping(connection: &mut MultiplexedConnection) -> RedisResult<()> {
    timeout(BOUND, redis::cmd("PING").query_async(connection)).await.map_err(too_late)?
}

/// Makes the connection, and makes it anew when it ends or does not answer. Does not end by itself.
pub(crate) async fn keep(link: &Link) {
    let mut backoff = Backoff::default();
    for number in 0.. {
        match link.connect().await {
            Ok(connection) => {
                let since = Instant::now();
                link.rise(number, connection.clone());
                watch_over(link, number, connection).await;
                backoff.lost(since.elapsed());
            }
            Err(error) => link.complain(&error.to_string()),
        }
        sleep(backoff.next()).await;
    }
}

/// Ends when the connection has.
async fn watch_over(link: &Link, number: u64, mut connection: MultiplexedConnection) {
    loop {
        tokio::select! {
            () = link.fell.notified() => {
                // It may be said of one before this.
                if link.connection().is_none() {
                    return;
                }
            }
            () = sleep(ASK) => {
                if let Err(error) = ping(&mut connection).await {
                    link.fall(number, &error.to_string());
                }
            }
        }
    }
}
