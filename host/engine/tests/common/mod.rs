//! A host in a temporary folder, with the built-in components and a provider that does what a test says.

#![allow(dead_code, reason = "each test file uses its part of this")]

pub(crate) mod postgres;

use async_trait::async_trait;
use parking_lot::Mutex;
use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};
use std::collections::{HashMap, VecDeque};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use twobot_domain::{GatewayError, GatewayId, PlanCatalogue};
use twobot_engine::{Catalogue, Engine, EngineConfig, InstallOptions, Role};
use twobot_gateways::{
    Account, Arrival, Batch, Connector, Connectors, Delivery, EgressClients, EgressPolicy, Headers,
    Malformed, WebHook, WebHookOptions,
};
use twobot_redis::Redis;
use twobot_runtime::{Machine, MachineConfig};
use twobot_store::accounts::NewAccount;
use twobot_store::audit::By;
use twobot_store::executions::{ExecutionFilter, ExecutionRecord};
use twobot_store::installs::Bindings;
use twobot_store::{MasterKey, PageRequest, Store, TenantScope};
use url::Url;

/// The secret that the fake provider's webhooks carry.
pub(crate) const SECRET_HEADER: &str = "x-secret";

/// How long a test waits for what must happen. Far more than it takes, so that a slow machine does not fail it.
const PATIENCE: Duration = Duration::from_secs(30);

/// A provider that speaks Telegram's Bot API as far as the gateway's component uses it, and does what a test says.
#[derive(Default)]
pub(crate) struct FakeTelegram {
    /// Calls in order: operation and arguments.
    pub(crate) calls: Mutex<Vec<(String, Value)>>,
    /// The keys that calls carried, in order.
    pub(crate) keys: Mutex<Vec<String>>,
    /// Answers to the next calls that send or edit a message, before they work.
    pub(crate) send_failures: Mutex<VecDeque<GatewayError>>,
    /// The answer to `getMe`, where it fails.
    pub(crate) check_failure: Mutex<Option<GatewayError>>,
    /// Batches for the next polls; then polls wait.
    pub(crate) batches: Mutex<VecDeque<Result<Batch, GatewayError>>>,
    /// The cursors that polls were given.
    pub(crate) cursors: Mutex<Vec<Option<i64>>>,
    /// Says that a message is to be sent, and sends it when it may.
    pub(crate) gate: Option<(Arc<Semaphore>, Arc<Semaphore>)>,
    /// Says that a message waits for its turn, and gives it none.
    pub(crate) no_turn: Option<Arc<Semaphore>>,
    /// Polls for messages instead of taking webhooks.
    pub(crate) polls: bool,
}

impl FakeTelegram {
    /// The texts that were sent, in order.
    pub(crate) fn sent(&self) -> Vec<String> {
        let calls = self.calls.lock();
        let sent = calls.iter().filter(|(operation, _)| operation == "sendMessage");
        sent.map(|(_, arguments)| arguments["text"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

#[async_trait]
impl Connector for FakeTelegram {
    fn name(&self) -> &'static str {
        "telegram"
    }

    async fn turn(&self, _account: &Account, operation: &str, _: &Value) -> Result<(), GatewayError> {
        match &self.no_turn {
            Some(waits) if operation == "sendMessage" => {
                waits.add_permits(1);
                std::future::pending().await
            }
            _ => Ok(()),
        }
    }

    async fn call(
        &self,
        _account: &Account,
        operation: &str,
        arguments: Value,
        key: Option<&str>,
    ) -> Result<Value, GatewayError> {
        self.calls.lock().push((operation.to_owned(), arguments.clone()));
        self.keys.lock().extend(key.map(str::to_owned));
        match operation {
            "getMe" => match self.check_failure.lock().clone() {
                Some(error) => Err(error),
                None => Ok(json!({"id": 42, "is_bot": true, "first_name": "Fake", "username": "fake_bot"})),
            },
            "sendMessage" | "editMessageText" if self.gate.is_some() => {
                if let Some((arrived, release)) = &self.gate {
                    arrived.add_permits(1);
                    release.acquire().await.unwrap().forget();
                }
                Ok(json!({"message_id": 7, "date": 0, "chat": {"id": 1, "type": "private"}}))
            }
            "sendMessage" | "editMessageText" => match self.send_failures.lock().pop_front() {
                Some(error) => Err(error),
                None => Ok(json!({"message_id": 7, "date": 0, "chat": {"id": 1, "type": "private"}})),
            },
            _ => Ok(json!(true)),
        }
    }

    fn arrival(&self, _account: &Account, _webhook: Option<Url>) -> Arrival {
        if self.polls { Arrival::Polling } else { Arrival::Internal }
    }

    async fn connect(&self, _account: &Account, _arrival: &Arrival) -> Result<(), GatewayError> {
        Ok(())
    }

    async fn disconnect(&self, _account: &Account) -> Result<(), GatewayError> {
        Ok(())
    }

    async fn poll(&self, _account: &Account, cursor: Option<i64>) -> Result<Batch, GatewayError> {
        self.cursors.lock().push(cursor);
        let next = self.batches.lock().pop_front();
        match next {
            Some(batch) => batch,
            None => std::future::pending().await,
        }
    }

    fn webhook_is_authentic(&self, _account: &Account, headers: &Headers, _body: &str) -> bool {
        headers.get(SECRET_HEADER).is_some_and(|secret| secret == "right")
    }

    fn identify(&self, _headers: &Headers, body: &str) -> Result<Delivery, Malformed> {
        let update: Value = serde_json::from_str(body).map_err(|error| Malformed(error.to_string()))?;
        let id = update["update_id"].as_i64().ok_or_else(|| Malformed("update_id is missing".to_owned()))?;
        Ok(Delivery { provider_id: id.to_string(), body: body.to_owned() })
    }
}

/// A host that runs.
pub(crate) struct TestHost {
    pub(crate) engine: Engine,
    pub(crate) telegram: Arc<FakeTelegram>,
    pub(crate) folder: tempfile::TempDir,
}

/// The built components, made by `cargo xtask guests`.
fn components() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/components");
    let mut found = Vec::new();
    for folder in [folder.clone(), folder.join("tests")] {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|extension| extension == "wasm") {
                found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
            }
        }
    }
    assert!(found.len() >= 5, "the components are not built; run: cargo xtask guests");
    found
}

/// The plugin that follows the script in a message, asking for these capabilities: each text makes another version of it.
pub(crate) fn probe_asking(capabilities: &str) -> Vec<u8> {
    const BEGIN: &[u8] = b"probe asks: ";
    const USUAL: &[u8] = b"storage send ai notify schedule";
    let (_, mut bytes) =
        components().into_iter().find(|(file, _)| file.ends_with("/probe.wasm")).expect("the probe is built");
    let text = [BEGIN, USUAL].concat();
    let at = bytes.windows(text.len()).position(|part| part == text).expect("the probe says what it asks");
    // What it asks is followed by spaces, as room for more.
    let spaces = bytes[at + text.len()..].iter().take_while(|byte| **byte == b' ').count();
    let room = USUAL.len() + spaces;
    let words = format!("{capabilities:room$}");
    assert_eq!(words.len(), room, "there is no room for so many words");
    bytes[at + BEGIN.len()..][..room].copy_from_slice(words.as_bytes());
    bytes
}

/// The components that a test needs, loaded.
async fn catalogue(machine: &Machine, names: &[&str]) -> Catalogue {
    let mut catalogue = Catalogue::default();
    let all = components();
    for name in names {
        let ending = format!("/{name}.wasm");
        let (file, bytes) = all.iter().find(|(file, _)| file.ends_with(&ending)).unwrap_or_else(|| {
            panic!("{name} is not built; run: cargo xtask guests");
        });
        catalogue.add(machine, file, bytes.clone()).await.unwrap();
    }
    catalogue
}

/// What most tests need.
pub(crate) const USUAL: &[&str] =
    &["gateway-telegram", "gateway-web-chat", "gateway-web-hook", "analytics", "auto-reply", "misbehaving"];

impl TestHost {
    pub(crate) async fn new() -> Self {
        Self::with(FakeTelegram::default(), "full").await
    }

    pub(crate) async fn with(telegram: FakeTelegram, plans: &str) -> Self {
        Self::in_folder(tempfile::tempdir().unwrap(), telegram, plans).await
    }

    /// A host that has the probe besides, as it is when it asks for these capabilities.
    pub(crate) async fn with_probe(asks: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::made(folder, FakeTelegram::default(), "full", Some(probe_asking(asks)), "").await
    }

    /// The same, whose operator opened these addresses.
    pub(crate) async fn with_probe_and_egress(asks: &str, opened: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::made(folder, FakeTelegram::default(), "full", Some(probe_asking(asks)), opened).await
    }

    /// The same with a provider that does what a test says.
    pub(crate) async fn with_probe_and(telegram: FakeTelegram) -> Self {
        Self::with_probe_asking_and("storage send", telegram).await
    }

    /// The same with a probe that asks for these capabilities.
    pub(crate) async fn with_probe_asking_and(asks: &str, telegram: FakeTelegram) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::made(folder, telegram, "full", Some(probe_asking(asks)), "").await
    }

    /// The same, asking for these capabilities; its operator opened these addresses.
    pub(crate) async fn with_probe_asking(telegram: FakeTelegram, asks: &str, opened: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::made(folder, telegram, "full", Some(probe_asking(asks)), opened).await
    }

    /// The same database under such a host, as after a crash.
    pub(crate) async fn crash_and_restart_asking(self, asks: &str, opened: &str) -> Self {
        let Self { engine, folder, .. } = self;
        engine.store().close().await;
        Self::made(folder, FakeTelegram::default(), "full", Some(probe_asking(asks)), opened).await
    }

    /// The same with the plans of a catalogue.
    pub(crate) async fn with_probe_and_plans(telegram: FakeTelegram, plans: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::made(folder, telegram, plans, Some(probe_asking("storage send")), "").await
    }

    /// The same database under a new engine that has another version of the probe.
    pub(crate) async fn restart_with_probe(self, asks: &str) -> Self {
        let Self { engine, folder, .. } = self;
        engine.stop(PATIENCE).await;
        engine.store().close().await;
        Self::made(folder, FakeTelegram::default(), "full", Some(probe_asking(asks)), "").await
    }

    pub(crate) async fn in_folder(folder: tempfile::TempDir, telegram: FakeTelegram, plans: &str) -> Self {
        Self::made(folder, telegram, plans, None, "").await
    }

    async fn made(
        folder: tempfile::TempDir,
        telegram: FakeTelegram,
        plans: &str,
        probe: Option<Vec<u8>>,
        opened: &str,
    ) -> Self {
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        Self::on(&url, folder, Arc::new(telegram), plans, probe, opened, (Role::All, None)).await
    }

    /// A node among others on a database.
    pub(crate) async fn node(
        database: &postgres::Database,
        telegram: &Arc<FakeTelegram>,
        role: Role,
    ) -> Self {
        Self::node_with(database, telegram, role, None).await
    }

    /// The same, with what carries its signals.
    pub(crate) async fn node_with(
        database: &postgres::Database,
        telegram: &Arc<FakeTelegram>,
        role: Role,
        redis: Option<Redis>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::on(&database.url(), folder, Arc::clone(telegram), "full", None, "", (role, redis)).await
    }

    async fn on(
        url: &str,
        folder: tempfile::TempDir,
        telegram: Arc<FakeTelegram>,
        plans: &str,
        probe: Option<Vec<u8>>,
        opened: &str,
        (role, redis): (Role, Option<Redis>),
    ) -> Self {
        // The same provider as the binary's; a second test in the process finds it set.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let store = Store::open(url, MasterKey::new([1; 32])).await.unwrap();
        store.migrate().await.unwrap();
        // One cache for all tests of this build: each component is compiled once.
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled");
        let config = MachineConfig {
            cache: Some(cache),
            files: Some(folder.path().join("files")),
            ..MachineConfig::new([2; 32], NonZeroUsize::new(2).unwrap())
        };
        let machine = Machine::new(config).unwrap();
        let mut catalogue = catalogue(&machine, USUAL).await;
        if let Some(probe) = probe {
            catalogue.add(&machine, "probe.wasm", probe).await.unwrap();
        }
        let web_hook = WebHook::new(WebHookOptions::new(EgressPolicy::parse(opened).unwrap())).unwrap();
        let engine = Engine::new(EngineConfig {
            store,
            machine,
            plans: PlanCatalogue::load(plans).unwrap(),
            catalogue,
            connectors: Connectors::default().with(telegram.clone()).with(Arc::new(web_hook)),
            egress: EgressClients::for_plugins(EgressPolicy::parse(opened).unwrap()).unwrap(),
            public_url: None,
            marks: Some(folder.path().to_owned()),
            redis,
        });
        engine.start_as(role).await.unwrap();
        Self { engine, telegram, folder }
    }

    /// Does something to the database that no host does.
    pub(crate) async fn meddle(&self, statement: &'static str) {
        let url = format!("sqlite:{}", self.folder.path().join("test.db").display());
        let mut database = SqliteConnection::connect(&url).await.unwrap();
        sqlx::query(statement).execute(&mut database).await.unwrap();
        database.close().await.unwrap();
    }

    /// Where the directories of plugins lie.
    pub(crate) fn files(&self) -> PathBuf {
        self.folder.path().join("files")
    }

    /// The same database under a new engine that has the probe, as after a crash: the old one is not told to stop. The provider is the
    /// next one, and has forgotten everything.
    pub(crate) async fn crash_and_restart_with_probe(self, telegram: FakeTelegram) -> Self {
        let Self { engine, folder, .. } = self;
        engine.store().close().await;
        Self::made(folder, telegram, "full", Some(probe_asking("storage send")), "").await
    }

    /// The same database under a new engine, as after a crash: the old one is not told to stop.
    pub(crate) async fn crash_and_restart(self) -> Self {
        let Self { engine, folder, .. } = self;
        engine.store().close().await;
        Self::in_folder(folder, FakeTelegram::default(), "full").await
    }

    /// The same with the probe and another provider. The old engine is there still, so that what it runs does not end.
    /// What waits has died so many times before.
    pub(crate) async fn die_and_restart(self, telegram: FakeTelegram, deaths: u32) -> (Engine, Self) {
        let Self { engine, folder, .. } = self;
        engine.store().close().await;
        // A copy is locked by nobody, as the file of a process that is gone.
        let (file, copy) = (folder.path().join("running-0"), folder.path().join("copy"));
        std::fs::copy(&file, &copy).unwrap();
        std::fs::rename(&copy, &file).unwrap();
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        let mut database = SqliteConnection::connect(&url).await.unwrap();
        let before = "UPDATE executions SET deaths = $1 WHERE state = 'waiting'";
        sqlx::query(before).bind(deaths).execute(&mut database).await.unwrap();
        database.close().await.unwrap();
        let probe = Some(probe_asking("storage send"));
        (engine, Self::made(folder, telegram, "full", probe, "").await)
    }

    /// Changes the database by somebody else's hand.
    pub(crate) async fn sql(&self, text: &'static str) {
        let url = format!("sqlite:{}", self.folder.path().join("test.db").display());
        let mut database = SqliteConnection::connect(&url).await.unwrap();
        sqlx::query(text).execute(&mut database).await.unwrap();
        database.close().await.unwrap();
    }

    pub(crate) async fn tenant(&self, plan: &str) -> TenantScope {
        let account = NewAccount {
            email: format!("{}@example.com", twobot_domain::UserId::new()),
            name: "Test".to_owned(),
            password_hash: "-".to_owned(),
            role: "owner".to_owned(),
            plan: plan.to_owned(),
        };
        self.engine.store().register(&account).await.unwrap().0
    }

    /// A connected Telegram gateway.
    pub(crate) async fn bot(&self, scope: TenantScope) -> GatewayId {
        let credentials = json!({"token": "123456:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"});
        let gateway = self
            .engine
            .create_gateway(scope, &By::system(), "telegram-bot", "Bot", json!({}), Some(credentials))
            .await
            .unwrap();
        self.engine.connect_gateway(scope, &By::system(), gateway.id).await.unwrap();
        self.until("the gateway is connected", async || {
            let gateway = self.engine.store().gateway(scope, gateway.id).await.unwrap();
            matches!(gateway.status.as_str(), "connected" | "error")
        })
        .await;
        gateway.id
    }

    pub(crate) async fn install(
        &self,
        scope: TenantScope,
        slug: &str,
        slot: &str,
        gateway: GatewayId,
        config: Value,
    ) {
        let options = InstallOptions {
            config: Some(config),
            bindings: Bindings::from([(slot.to_owned(), vec![gateway])]),
            ..InstallOptions::default()
        };
        self.engine.install_plugin(scope, &By::system(), slug, options).await.unwrap();
    }

    /// Delivers a text message by webhook.
    pub(crate) async fn say(
        &self,
        gateway: GatewayId,
        update: i64,
        chat: i64,
        text: &str,
    ) -> twobot_store::inbound::Accepted {
        let headers = HashMap::from([(SECRET_HEADER.to_owned(), "right".to_owned())]);
        self.engine.webhook("telegram", gateway, &headers, &message(update, chat, text)).await.unwrap()
    }

    pub(crate) async fn executions(&self, scope: TenantScope) -> Vec<ExecutionRecord> {
        let page = PageRequest { limit: 200, after: None };
        let mut items =
            self.engine.store().executions(scope, &ExecutionFilter::default(), page).await.unwrap().items;
        items.reverse();
        items
    }

    /// Waits until nothing of a tenant waits or runs.
    pub(crate) async fn settled(&self, scope: TenantScope) {
        self.until("all work is done", async || {
            // In the order in which work moves on, so that none of it passes by unseen.
            if self.engine.store().waiting_events(scope).await.unwrap() > 0 {
                return false;
            }
            let executions = self.executions(scope).await;
            let busy = executions.iter().any(|one| matches!(one.state.as_str(), "waiting" | "running"));
            let effects = self
                .engine
                .store()
                .waiting(scope, twobot_store::executions::WorkKind::Effect, 1)
                .await
                .unwrap();
            // An effect that was given up meanwhile made another execution.
            let after = self.executions(scope).await;
            !busy && effects.is_empty() && after.len() == executions.len()
        })
        .await;
    }

    /// Waits until something holds.
    pub(crate) async fn until(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let begun = Instant::now();
        while !holds().await {
            assert!(begun.elapsed() < PATIENCE, "waited too long until {what}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// A Telegram update with a text message in a private chat.
pub(crate) fn message(update: i64, chat: i64, text: &str) -> String {
    json!({
        "update_id": update,
        "message": {
            "message_id": update, "date": 1_700_000_000, "text": text,
            "chat": {"id": chat, "type": "private", "first_name": "Ann"},
            "from": {"id": chat, "is_bot": false, "first_name": "Ann"},
        },
    })
    .to_string()
}
