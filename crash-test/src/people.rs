//! People who write to the bots, and the provider's side of delivering what they write, or of keeping it until it is fetched.

use crate::provider::{Provider, Webhook};
use crate::seeds::Seeds;
use crate::world::Tenant;
use rand::RngExt as _;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;

/// How long a delivery may take before it is tried again.
const DELIVERY: Duration = Duration::from_secs(10);

/// Between two messages of one person, in milliseconds. The connector sends one message a second to one chat: people who write
/// faster would only make the answers queue up.
const PAUSE: std::ops::Range<u64> = 900..1_500;

/// So many updates of a bot may wait to be fetched until people write no more. They write on while servers are away.
const UNFETCHED: usize = 30;

/// What was written in one conversation, and acknowledged or kept to be fetched.
#[derive(Clone, Debug)]
pub(crate) struct Conversation {
    pub(crate) tenant: Arc<Tenant>,
    pub(crate) chat: i64,
    /// How many messages; they are numbered from one.
    pub(crate) written: u64,
}

/// All who write.
pub(crate) struct People {
    leaving: Arc<AtomicBool>,
    refused: Arc<AtomicU64>,
    tasks: JoinSet<Conversation>,
}

impl People {
    /// Lets them begin.
    pub(crate) fn begin(
        tenants: &[Arc<Tenant>],
        conversations: usize,
        servers: Vec<String>,
        provider: &Provider,
        seeds: Seeds,
    ) -> anyhow::Result<Self> {
        let servers: Arc<[String]> = servers.into();
        let (leaving, refused) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let updates = Arc::new(AtomicU64::new(1));
        let client = reqwest::Client::builder().timeout(DELIVERY).build()?;
        let mut tasks = JoinSet::new();
        for tenant in tenants {
            for chat in 1..=conversations {
                let writer = Writer {
                    client: client.clone(),
                    provider: provider.clone(),
                    random: seeds.of(&format!("people {} {chat}", tenant.email())),
                    servers: Arc::clone(&servers),
                    leaving: Arc::clone(&leaving),
                    refused: Arc::clone(&refused),
                    updates: Arc::clone(&updates),
                };
                let conversation = Conversation {
                    tenant: Arc::clone(tenant),
                    chat: 1_000 + i64::try_from(chat)?,
                    written: 0,
                };
                tasks.spawn(writer.write(conversation));
            }
        }
        Ok(Self { leaving, refused, tasks })
    }

    /// Waits until all have ended and what they wrote is acknowledged.
    pub(crate) async fn end(self) -> Vec<Conversation> {
        self.leaving.store(true, Ordering::Relaxed);
        self.tasks.join_all().await
    }

    /// Deliveries that had to be tried again so far.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}

struct Writer {
    client: reqwest::Client,
    provider: Provider,
    random: StdRng,
    /// Any of them takes a delivery, as behind a balancer.
    servers: Arc<[String]>,
    leaving: Arc<AtomicBool>,
    refused: Arc<AtomicU64>,
    updates: Arc<AtomicU64>,
}

impl Writer {
    async fn write(mut self, mut conversation: Conversation) -> Conversation {
        // Not all at once.
        self.pause(0..PAUSE.end).await;
        while !self.leaving.load(Ordering::Relaxed) {
            let number = conversation.written + 1;
            let mut update = json!({
                "message": {
                    "message_id": number, "date": 1_700_000_000, "text": number.to_string(),
                    "from": { "id": conversation.chat, "is_bot": false, "first_name": "Ada" },
                    "chat": { "id": conversation.chat, "type": "private", "first_name": "Ada" },
                },
            });
            match &conversation.tenant.webhook {
                Some(webhook) => {
                    update["update_id"] = json!(self.updates.fetch_add(1, Ordering::Relaxed));
                    while !self.delivered(webhook, &update).await {
                        self.refused.fetch_add(1, Ordering::Relaxed);
                        self.pause(20..100).await;
                    }
                    conversation.written = number;
                }
                None if self.provider.polls().unconfirmed(&conversation.tenant.token) < UNFETCHED => {
                    self.provider.polls().add(&conversation.tenant.token, update);
                    conversation.written = number;
                }
                None => {}
            }
            self.pause(PAUSE).await;
        }
        conversation
    }

    async fn delivered(&mut self, webhook: &Webhook, update: &Value) -> bool {
        let server = self.random.random_range(0..self.servers.len());
        let answer = self
            .client
            .post(format!("{}{}", self.servers[server], webhook.path))
            .header("x-telegram-bot-api-secret-token", &webhook.secret)
            .json(update)
            .send()
            .await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    async fn pause(&mut self, milliseconds: std::ops::Range<u64>) {
        let length = self.random.random_range(milliseconds);
        tokio::time::sleep(Duration::from_millis(length)).await;
    }
}
