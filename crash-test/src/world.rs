//! Tenants with a bot each and a plugin that keeps the book.

use crate::Options;
use crate::provider::{Provider, Webhook};
use crate::server::environment;
use crate::setup::Database;
use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::process::Command;

const PASSWORD: &str = "Crash-passw0rd";

/// How long a gateway may take until it is connected.
const CONNECTED: Duration = Duration::from_secs(30);

/// A tenant and its bot.
#[derive(Clone, Debug)]
pub(crate) struct Tenant {
    /// The bot's token, by which the provider knows it.
    pub(crate) token: String,
    /// Where its updates are delivered; none where the bot fetches them.
    pub(crate) webhook: Option<Webhook>,
    email: String,
}

impl Tenant {
    /// Makes the account, before the server runs.
    pub(crate) async fn register(
        options: &Options,
        folder: &Path,
        database: &Database,
        number: usize,
    ) -> anyhow::Result<String> {
        let email = format!("tenant-{number}@example.com");
        let mut command = Command::new(&options.binary);
        environment(&mut command, folder, database, 0);
        command.args(["user", "create", "--email", &email, "--password", PASSWORD, "--plan", "crash"]);
        let made = command.output().await?;
        if !made.status.success() {
            bail!("a user can not be made: {}", String::from_utf8_lossy(&made.stderr));
        }
        Ok(email)
    }

    /// Connects its bot and installs the plugin.
    pub(crate) async fn move_in(
        server: &str,
        provider: &Provider,
        number: usize,
        email: String,
    ) -> anyhow::Result<Self> {
        let client = Client::sign_in(server, &email).await?;
        let token = format!("{}:AAH-crash-test-{number:04}-abcdefghijklmnop", 7_000_000 + number);
        // Half of them fetch what is written, the other half have it delivered.
        let polls = number % 2 == 1;
        let mode = if polls { "polling" } else { "webhook" };
        let gateway = client
            .post("/gateways", &json!({
                "kind": "telegram-bot", "name": "Bot", "credentials": { "token": token }, "config": { "mode": mode },
            }))
            .await?;
        let id = gateway["id"].as_str().context("a gateway has an id")?.to_owned();
        let begun = Instant::now();
        let webhook = loop {
            let webhook = provider.webhook(&token);
            if webhook.is_some() || polls && provider.polls().has(&token) {
                break webhook;
            }
            if begun.elapsed() > CONNECTED {
                bail!("a gateway does not connect: {}", client.get(&format!("/gateways/{id}")).await?);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        client.post("/user/plugins/ledger/install", &json!({ "gateways": { "channel": [id] } })).await?;
        Ok(Self { token, webhook, email })
    }

    /// Its owner's address, by which the database knows it.
    pub(crate) fn email(&self) -> &str {
        &self.email
    }

    /// What the platform says that it used.
    pub(crate) async fn usage(&self, server: &str) -> anyhow::Result<Value> {
        Client::sign_in(server, &self.email).await?.get("/usage").await
    }
}

/// A client of the REST API.
struct Client {
    http: reqwest::Client,
    api: String,
    token: String,
}

impl Client {
    async fn sign_in(server: &str, email: &str) -> anyhow::Result<Self> {
        let mut client =
            Self { http: reqwest::Client::new(), api: format!("{server}/api/v1"), token: String::new() };
        let session = client.post("/auth/login", &json!({ "email": email, "password": PASSWORD })).await?;
        session["token"].as_str().context("a session has a token")?.clone_into(&mut client.token);
        Ok(client)
    }

    async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.answer(path, self.http.get(format!("{}{path}", self.api))).await
    }

    async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.answer(path, self.http.post(format!("{}{path}", self.api)).json(body)).await
    }

    async fn answer(&self, path: &str, mut request: reqwest::RequestBuilder) -> anyhow::Result<Value> {
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        let answer = request.send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        if !status.is_success() {
            bail!("{path}: {status} {text}");
        }
        Ok(serde_json::from_str(&text)?)
    }
}
