//! A store on a database file of its own, and builders of what stands in it.

use secrecy::SecretString;
use serde_json::json;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, Row as _};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use twobot_domain::{
    ConversationId, EventId, ExecutionId, GatewayId, InboundId, InstallId, Limits, PlanCatalogue, TenantId,
    Timestamp, Trouble, Usage,
};
use twobot_store::accounts::{NewAccount, User};
use twobot_store::events::NewEvent;
use twobot_store::executions::{Cause, Commit, NewExecution};
use twobot_store::gateways::NewGateway;
use twobot_store::inbound::{Accepted, Decoded, NewInbound};
use twobot_store::installs::{InstallState, NewInstall};
use twobot_store::kv::{Address, Write, WriteSet};
use twobot_store::{MasterKey, PageRequest, Store, StoreError, TenantScope};

/// What a provider gave the builders' gateways.
pub(crate) const TOKEN: &str = "1234567:the-token-of-a-bot";

/// What a provider shows on each delivery.
pub(crate) const WEBHOOK_SECRET: &str = "the-secret-of-a-webhook";

/// A store on a database file of its own.
pub(crate) struct World {
    pub(crate) store: Store,
    /// The same file, without the store.
    pub(crate) raw: SqlitePool,
    folder: TempDir,
    dump_text: OnceCell<String>,
    strays_text: OnceCell<String>,
}

/// The rows of a database by table, each with its tenant where it has one.
pub(crate) type Dump = BTreeMap<String, Vec<(Option<TenantId>, String)>>;

impl World {
    pub(crate) async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let world = Self::in_folder(folder).await;
        world.store.migrate().await.unwrap();
        world
    }

    /// Another world with a copy of this one's database.
    pub(crate) async fn copy(&self) -> Self {
        self.execute("PRAGMA wal_checkpoint(TRUNCATE)").await;
        let copy = self.after_a_crash().await;
        let text = |cell: &OnceCell<String>| OnceCell::new_with(cell.get().cloned());
        let (dump_text, strays_text) = (text(&self.dump_text), text(&self.strays_text));
        Self { dump_text, strays_text, ..copy }
    }

    async fn in_folder(folder: TempDir) -> Self {
        let path = folder.path().join("2bot.db");
        let store = open(&path).await;
        let options = SqliteConnectOptions::new().filename(&path).foreign_keys(true);
        let raw = SqlitePoolOptions::new().max_connections(1).connect_lazy_with(options);
        Self { store, raw, folder, dump_text: OnceCell::new(), strays_text: OnceCell::new() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("2bot.db")
    }

    /// Every byte that the database keeps on the disk.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.folder.path()).unwrap();
        files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
    }

    /// The files as a crash at this moment would leave them, in a world of their own.
    pub(crate) async fn after_a_crash(&self) -> Self {
        let folder = TempDir::new().unwrap();
        for name in ["2bot.db", "2bot.db-wal"] {
            let from = self.folder.path().join(name);
            if from.exists() {
                std::fs::copy(from, folder.path().join(name)).unwrap();
            }
        }
        Self::in_folder(folder).await
    }

    /// Makes a tenant with its owner.
    pub(crate) async fn tenant(&self, name: &str) -> Tenant {
        let account = account(&format!("{name}@example.com"));
        let (scope, user) = self.store.register(&account).await.unwrap();
        Tenant { store: self.store.clone(), scope, user }
    }

    /// Runs a statement beside the store.
    pub(crate) async fn execute(&self, text: &str) -> u64 {
        sqlx::query(AssertSqlSafe(text.to_owned())).execute(&self.raw).await.unwrap().rows_affected()
    }

    /// The number that a query beside the store answers.
    pub(crate) async fn number(&self, text: &str) -> i64 {
        sqlx::query(AssertSqlSafe(text.to_owned())).fetch_one(&self.raw).await.unwrap().get(0)
    }

    /// The texts that a query beside the store answers.
    pub(crate) async fn texts(&self, text: &str) -> Vec<String> {
        let rows = sqlx::query(AssertSqlSafe(text.to_owned())).fetch_all(&self.raw).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// The tables of the product.
    pub(crate) async fn tables(&self) -> Vec<String> {
        self.texts(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' \
             AND name NOT LIKE '!_sqlx%' ESCAPE '!' ORDER BY name",
        )
        .await
    }

    /// Everything that is stored.
    pub(crate) async fn dump(&self) -> Dump {
        let text = self.dump_text.get_or_init(|| self.explain_dump()).await;
        let rows = sqlx::query(AssertSqlSafe(text.clone())).fetch_all(&self.raw).await.unwrap();
        let mut dump = Dump::new();
        for row in rows {
            let owner = row.get::<Option<uuid::Uuid>, _>(1).map(TenantId::from_uuid);
            dump.entry(row.get(0)).or_default().push((owner, row.get(2)));
        }
        dump.values_mut().for_each(|rows| rows.sort());
        dump
    }

    /// The query that reads every row of every table, as text.
    async fn explain_dump(&self) -> String {
        let mut parts = Vec::new();
        for table in self.tables().await {
            let columns = self.texts(&format!("SELECT name FROM pragma_table_info('{table}')")).await;
            let values: Vec<_> =
                columns.iter().map(|column| format!("'{column}=' || quote(\"{column}\")")).collect();
            let owner = if table == "tenants" { "id" } else { "tenant_id" };
            parts.push(format!("SELECT '{table}', {owner}, {} FROM \"{table}\"", values.join(" || ' ' || ")));
        }
        parts.join(" UNION ALL ")
    }

    /// Columns of one tenant's rows that refer to a row of another. There must be none, ever.
    pub(crate) async fn strays(&self) -> Vec<String> {
        let text = self.strays_text.get_or_init(|| self.explain_strays()).await;
        self.texts(text).await
    }

    async fn explain_strays(&self) -> String {
        let mut parts = Vec::new();
        for table in self.tables().await {
            let keys = self
                .texts(&format!(
                    "SELECT \"from\" || ' ' || \"table\" FROM pragma_foreign_key_list('{table}') WHERE \"table\" <> 'tenants'"
                ))
                .await;
            for key in keys {
                let (column, parent) = key.split_once(' ').unwrap();
                parts.push(format!(
                    "SELECT '{table}.{column}' FROM {table} c JOIN {parent} p ON p.id = c.{column} WHERE p.tenant_id <> c.tenant_id"
                ));
            }
        }
        parts.join(" UNION ALL ")
    }
}

/// The rows of everybody but one tenant.
pub(crate) fn without(dump: &Dump, tenant: TenantId) -> Dump {
    let others = |rows: &Vec<(Option<TenantId>, String)>| {
        rows.iter().filter(|(owner, _)| *owner != Some(tenant)).cloned().collect()
    };
    dump.iter().map(|(table, rows)| (table.clone(), others(rows))).collect()
}

/// Opens the database at a path, with the key that all of these tests use.
pub(crate) async fn open(path: &Path) -> Store {
    Store::open(&format!("sqlite:{}", path.display()), MasterKey::new([7; 32])).await.unwrap()
}

pub(crate) fn account(email: &str) -> NewAccount {
    NewAccount {
        email: email.to_owned(),
        name: "Someone".to_owned(),
        password_hash: "$argon2id$one".to_owned(),
        role: "owner".to_owned(),
        plan: "free".to_owned(),
    }
}

/// Limits that do not get in the way.
pub(crate) fn limits() -> Limits {
    PlanCatalogue::load("full").unwrap().get("enterprise").unwrap().limits.clone()
}

pub(crate) fn trouble(code: &str) -> Trouble {
    Trouble::new(code, "It went wrong", "In a test", "Look at the test")
}

pub(crate) fn new_gateway(name: &str) -> NewGateway {
    NewGateway {
        kind: "telegram-bot".to_owned(),
        name: name.to_owned(),
        config: json!({"language": "en"}),
        credentials: Some(SecretString::from(json!({"token": TOKEN}).to_string())),
        webhook_secret: SecretString::from(WEBHOOK_SECRET.to_owned()),
    }
}

pub(crate) fn new_install(slug: &str, gateways: &[GatewayId]) -> NewInstall {
    NewInstall {
        slug: slug.to_owned(),
        version: "1.0.0".to_owned(),
        digest: "sha256:one".to_owned(),
        state: InstallState::Enabled,
        config: json!({"greeting": "hello"}),
        grants: Vec::new(),
        asked: Vec::new(),
        bindings: [("chat".to_owned(), gateways.to_vec())].into_iter().collect(),
    }
}

pub(crate) fn new_inbound(gateway: GatewayId, provider_id: &str) -> NewInbound {
    NewInbound {
        gateway,
        provider_id: provider_id.to_owned(),
        body: json!({"update_id": provider_id}).to_string(),
        waiting_limit: 1_000,
    }
}

pub(crate) fn new_event(gateway: Option<GatewayId>, inbound: Option<InboundId>) -> NewEvent {
    NewEvent {
        id: EventId::new(),
        gateway,
        inbound,
        kind: "message",
        lane: "conversation".to_owned(),
        payload: json!({"message": "hello"}).to_string(),
        occurred_at: Timestamp(1_000),
    }
}

pub(crate) fn new_execution(install: InstallId, event: Option<EventId>) -> NewExecution {
    NewExecution {
        id: ExecutionId::new(),
        install,
        event,
        cause: if event.is_some() { Cause::Event } else { Cause::Action },
        event_kind: "message".to_owned(),
        lane: "conversation".to_owned(),
        depth: 0,
    }
}

/// One handler's run.
pub(crate) fn usage() -> Usage {
    Usage { executions: 1, fuel: 100, peak_memory_bytes: 4_096, wall_ms: 2, ..Usage::default() }
}

/// A commit of these writes to the bucket `b`, after reading these versions.
pub(crate) fn writes<const R: usize, const W: usize>(
    reads: [(&str, Option<u64>); R],
    writes: [(&str, Write); W],
) -> Commit {
    let address = |key: &str| -> Address { ("b".to_owned(), key.to_owned()) };
    Commit {
        writes: WriteSet {
            reads: reads.into_iter().map(|(key, version)| (address(key), version)).collect(),
            writes: writes.into_iter().map(|(key, write)| (address(key), write)).collect(),
        },
        usage: usage(),
        digest: "sha256:one".to_owned(),
        ..Commit::default()
    }
}

pub(crate) fn set(value: &str) -> Write {
    Write::Set(value.as_bytes().to_vec())
}

pub(crate) fn page(limit: u32) -> PageRequest {
    PageRequest { limit, after: None }
}

/// A tenant, and what is done in its name.
#[derive(Clone)]
pub(crate) struct Tenant {
    pub(crate) store: Store,
    pub(crate) scope: TenantScope,
    pub(crate) user: User,
}

impl Tenant {
    pub(crate) async fn gateway(&self, name: &str) -> GatewayId {
        self.store.create_gateway(self.scope, &new_gateway(name), None).await.unwrap().id
    }

    pub(crate) async fn install(&self, slug: &str, gateways: &[GatewayId]) -> InstallId {
        self.store.create_install(self.scope, &new_install(slug, gateways), None).await.unwrap().id
    }

    pub(crate) async fn conversation(&self, gateway: GatewayId) -> ConversationId {
        self.store.create_conversation(self.scope, gateway, "Hello").await.unwrap().id
    }

    /// Takes a new delivery into the log.
    pub(crate) async fn deliver(&self, gateway: GatewayId, provider_id: &str) -> InboundId {
        match self.store.accept(self.scope, new_inbound(gateway, provider_id)).await.unwrap() {
            Accepted::New(id) => id,
            Accepted::Duplicate => panic!("{provider_id} was there before"),
        }
    }

    /// Decodes a waiting delivery to one event that causes executions of these installs.
    pub(crate) async fn decode(&self, id: InboundId, installs: &[InstallId]) -> (EventId, Vec<ExecutionId>) {
        let inbound = self.store.inbound(self.scope, id).await.unwrap();
        let event = new_event(Some(inbound.gateway), Some(id));
        let event_id = event.id;
        let executions: Vec<_> =
            installs.iter().map(|install| new_execution(*install, Some(event_id))).collect();
        let ids = executions.iter().map(|execution| execution.id).collect();
        let decoded = Decoded::Events(vec![(event, executions)]);
        self.store.finish_inbound(self.scope, &inbound, &decoded, &Usage::default()).await.unwrap();
        (event_id, ids)
    }

    /// Queues an execution as an event on a gateway does.
    pub(crate) async fn queue(&self, gateway: GatewayId, install: InstallId) -> ExecutionId {
        let inbound = self.deliver(gateway, &InboundId::new().to_string()).await;
        self.decode(inbound, &[install]).await.1[0]
    }

    /// Begins an action: the quickest way to an execution that can be finished.
    pub(crate) async fn act(&self, install: InstallId) -> ExecutionId {
        let new = new_execution(install, None);
        self.store.begin_action(self.scope, &new).await.unwrap();
        new.id
    }

    pub(crate) async fn finish(
        &self,
        execution: ExecutionId,
        install: InstallId,
        commit: &Commit,
    ) -> Result<(), StoreError> {
        self.store.finish_execution(self.scope, execution, install, &limits(), commit).await
    }

    /// Commits something in an execution of its own.
    pub(crate) async fn commit(&self, install: InstallId, commit: &Commit) -> Result<(), StoreError> {
        let execution = self.act(install).await;
        self.finish(execution, install, commit).await
    }

    /// The version and value of a key of the bucket `b`.
    pub(crate) async fn read(&self, install: InstallId, key: &str) -> Option<(u64, String)> {
        let mut found = self.store.kv_get(self.scope, install, "b", &[key.to_owned()]).await.unwrap();
        found.remove(key).map(|stored| (stored.version, String::from_utf8(stored.value).unwrap()))
    }
}
