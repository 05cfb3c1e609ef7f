//! People who write, and the provider that delivers what they write.

use super::provider::Webhook;
use super::tally::Tally;
use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

/// Connections on which deliveries come.
const CONNECTIONS: u64 = 64;

/// Conversations of each bot. Each has a turn so seldom that the pace that a bot keeps with a chat does not count.
const CONVERSATIONS: u64 = 100;

/// How long the last replies may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where one tenant's deliveries go.
pub(super) struct Target {
    webhook: Webhook,
}

impl Target {
    /// Those of a webhook.
    pub(super) const fn new(webhook: Webhook) -> Self {
        Self { webhook }
    }
}

/// What is written and delivered.
pub(super) struct Traffic {
    shared: Arc<Shared>,
}

struct Shared {
    targets: Arc<[Target]>,
    servers: Vec<String>,
    tally: Arc<Tally>,
    /// Messages that were sent before the first one of the tally.
    before: u64,
    /// Whether replies come: not where nothing is behind the server.
    is_replied: bool,
    acknowledged: AtomicU64,
    ending: AtomicBool,
}

/// A load that goes on until it is ended.
pub(super) struct Flood {
    shared: Arc<Shared>,
    tasks: JoinSet<Result<()>>,
}

impl Traffic {
    /// For these servers; a balancer would give each an equal part of the deliveries.
    pub(super) fn new(targets: Vec<Target>, servers: Vec<String>, tally: Arc<Tally>, before: u64) -> Self {
        Self::with(targets.into(), servers, tally, before, true)
    }

    /// The same deliveries for a server that does nothing with them.
    pub(super) fn at(&self, server: &str) -> Self {
        let targets = Arc::clone(&self.shared.targets);
        Self::with(targets, vec![server.to_owned()], Arc::default(), 0, false)
    }

    fn with(
        targets: Arc<[Target]>,
        servers: Vec<String>,
        tally: Arc<Tally>,
        before: u64,
        is_replied: bool,
    ) -> Self {
        let (acknowledged, ending) = (AtomicU64::new(0), AtomicBool::new(false));
        Self {
            shared: Arc::new(Shared { targets, servers, tally, before, is_replied, acknowledged, ending }),
        }
    }

    /// Messages that were acknowledged so far.
    pub(super) fn acknowledged(&self) -> u64 {
        self.shared.acknowledged.load(Ordering::Relaxed)
    }

    /// Keeps so many messages under way.
    pub(super) fn flood(&self, under_way: u32) -> Flood {
        self.shared.ending.store(false, Ordering::Relaxed);
        self.shared.forget_places();
        self.shared.tally.places.add_permits(under_way as usize);
        let mut tasks = JoinSet::new();
        for number in 0..CONNECTIONS {
            let shared = Arc::clone(&self.shared);
            tasks.spawn(async move {
                let mut connection = shared.connect(number).await?;
                loop {
                    shared.tally.places.acquire().await?.forget();
                    if shared.ending.load(Ordering::Relaxed) {
                        return Ok(());
                    }
                    shared.deliver(&mut connection).await?;
                }
            });
        }
        Flood { shared: Arc::clone(&self.shared), tasks }
    }

    /// Delivers so many in a second, whatever becomes of them, and says how long each waited for its acknowledgement.
    pub(super) async fn steadily(&self, rate: f64, length: Duration) -> Result<Vec<Duration>> {
        let mut connections = Vec::new();
        for number in 0..CONNECTIONS {
            connections.push(Arc::new(Mutex::new(self.shared.connect(number).await?)));
        }
        let mut tasks = JoinSet::new();
        let begun = Instant::now();
        let all = (rate * length.as_secs_f64()) as u64;
        for number in 0..all {
            let due = begun + Duration::from_secs_f64(number as f64 / rate);
            if due > Instant::now() {
                tokio::time::sleep_until(due.into()).await;
            }
            let shared = Arc::clone(&self.shared);
            let connection = Arc::clone(&connections[(number % CONNECTIONS) as usize]);
            tasks.spawn(async move {
                let begun = Instant::now();
                shared.deliver(&mut *connection.lock().await).await?;
                anyhow::Ok(begun.elapsed())
            });
        }
        let mut took = Vec::new();
        while let Some(done) = tasks.join_next().await {
            took.push(done??);
        }
        self.shared.settle().await?;
        Ok(took)
    }
}

impl Flood {
    /// Ends it, and waits for the last reply.
    pub(super) async fn end(mut self) -> Result<()> {
        self.shared.ending.store(true, Ordering::Relaxed);
        self.shared.tally.places.add_permits(CONNECTIONS as usize);
        while let Some(done) = self.tasks.join_next().await {
            done??;
        }
        self.shared.settle().await?;
        Ok(())
    }
}

impl Shared {
    /// Replies to what was delivered without a limit leave places behind.
    fn forget_places(&self) {
        let left = self.tally.places.available_permits();
        self.tally.places.forget_permits(left);
    }

    async fn connect(&self, number: u64) -> Result<SendRequest<Full<Bytes>>> {
        let server = &self.servers[(number % self.servers.len() as u64) as usize];
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(sender)
    }

    async fn deliver(&self, connection: &mut SendRequest<Full<Bytes>>) -> Result<()> {
        let number = self.tally.send();
        let (tenants, count) = (self.targets.len() as u64, number as u64);
        let target = &self.targets[(count % tenants) as usize];
        let chat = 1_000 + count / tenants % CONVERSATIONS;
        let body = format!(
            r#"{{"update_id":{},"message":{{"message_id":{},"date":1700000000,"text":"{number}","from":{{"id":{chat},"is_bot":false,"first_name":"Ada","language_code":"en"}},"chat":{{"id":{chat},"type":"private","first_name":"Ada"}}}}}}"#,
            self.before + count + 1,
            self.before + count + 1,
        );
        let request = Request::post(&target.webhook.path)
            .header(header::HOST, "localhost")
            .header(header::CONTENT_TYPE, "application/json")
            .header("x-telegram-bot-api-secret-token", &target.webhook.secret)
            .body(Full::from(body))?;
        connection.ready().await?;
        let answer = connection.send_request(request).await.context("a delivery had no answer")?;
        let status = answer.status();
        answer.into_body().collect().await?;
        ensure!(status.is_success(), "a delivery was answered by {status}");
        self.acknowledged.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Waits until everything that was acknowledged is replied to.
    async fn settle(&self) -> Result<()> {
        let begun = Instant::now();
        while self.is_replied && self.tally.replied() < self.acknowledged.load(Ordering::Relaxed) {
            ensure!(begun.elapsed() < PATIENCE, "replies are missing after {} s", PATIENCE.as_secs());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }
}
