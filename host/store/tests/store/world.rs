//! A store on a database of its own, and builders of what stands in it.

pub(crate) mod postgres;
pub(crate) mod sqlite;

use secrecy::SecretString;
use serde_json::json;
use std::collections::BTreeMap;
use tokio::sync::OnceCell;
use twobot_domain::{
    ApiScope, ConversationId, EventId, ExecutionId, GatewayId, InboundId, InstallId, Limits, Mail,
    PlanCatalogue, SessionId, TenantId, Timestamp, Trouble, TwoFactorId, Usage, UserId,
};
use twobot_store::account_tokens::{NewToken, TokenPurpose};
use twobot_store::accounts::{NewAccount, User};
use twobot_store::api_keys::NewApiKey;
use twobot_store::events::NewEvent;
use twobot_store::executions::{Cause, Commit, NewExecution};
use twobot_store::gateways::NewGateway;
use twobot_store::inbound::{Accepted, Decoded, NewInbound};
use twobot_store::installs::{InstallState, NewInstall};
use twobot_store::kv::{Address, Write, WriteSet};
use twobot_store::sessions::{Device, NewSession, SessionKeys};
use twobot_store::two_factor::NewChallenge;
use twobot_store::{MasterKey, PageRequest, Store, StoreError, TenantScope};
use uuid::Uuid;

/// What a provider gave the builders' gateways.
pub(crate) const TOKEN: &str = "1234567:the-token-of-a-bot";

/// What a provider shows on each delivery.
pub(crate) const WEBHOOK_SECRET: &str = "the-secret-of-a-webhook";

/// Which database a store works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// The database itself, without the store.
pub(crate) enum Database {
    Sqlite(sqlite::Files),
    Postgres(postgres::Server),
}

/// A store on a database of its own.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) database: Database,
    dump_text: OnceCell<String>,
    strays_text: OnceCell<String>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// In the database's own words.
    pub(crate) kind: String,
    pub(crate) not_null: bool,
}

/// A column that refers to another table's row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ForeignKey {
    pub(crate) table: String,
    pub(crate) column: String,
    pub(crate) parent: String,
    pub(crate) on_delete: String,
}

/// An index of a table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Index {
    pub(crate) table: String,
    pub(crate) columns: Vec<String>,
    pub(crate) unique: bool,
    /// The condition of rows that stand in it, without what databases write in ways of their own.
    pub(crate) only: Option<String>,
    /// None for those that a constraint brings.
    pub(crate) name: Option<String>,
}

/// A condition in the words that databases share: without brackets and types, and lists as `IN`.
fn condition(text: &str) -> String {
    let text = text.replace("::text", "").replace("= ANY (ARRAY", "IN (");
    text.chars().filter(|character| !"()[]".contains(*character)).collect()
}

/// The rows of a database by table, each with its tenant where it has one.
pub(crate) type Dump = BTreeMap<String, Vec<(Option<TenantId>, String)>>;

/// The key that all of these tests use.
pub(crate) const KEY: [u8; 32] = [7; 32];

/// Calls a method of either database.
macro_rules! either {
    ($world:expr, $database:ident => $call:expr) => {
        match &$world.database {
            Database::Sqlite($database) => $call,
            Database::Postgres($database) => $call,
        }
    };
}

impl World {
    /// A world with the present schema, on the database that this program is about.
    pub(crate) async fn new() -> Self {
        Self::on(crate::DIALECT).await
    }

    /// A world with the present schema.
    pub(crate) async fn on(dialect: Dialect) -> Self {
        let world = match dialect {
            Dialect::Sqlite => Self::with(Database::Sqlite(sqlite::Files::new())).await,
            Dialect::Postgres => Self::with(Database::Postgres(postgres::Server::new().await)).await,
        };
        world.store.migrate().await.unwrap();
        world
    }

    /// A world with the schema as this migration left it. The store is of the present, and can do what does not need more.
    pub(crate) async fn at(migration: i64) -> Self {
        let world = match crate::DIALECT {
            Dialect::Sqlite => Self::with(Database::Sqlite(sqlite::Files::new())).await,
            Dialect::Postgres => Self::with(Database::Postgres(postgres::Server::empty().await)).await,
        };
        either!(world, database => database.migrate_to(migration).await);
        world
    }

    pub(crate) async fn with(database: Database) -> Self {
        let url = match &database {
            Database::Sqlite(files) => files.url(),
            Database::Postgres(server) => server.url(),
        };
        let store = Store::open(&url, MasterKey::new(KEY)).await.unwrap();
        Self { store, database, dump_text: OnceCell::new(), strays_text: OnceCell::new() }
    }

    /// Another world with a copy of this one's database. This one is closed for it.
    pub(crate) async fn copy(&self) -> Self {
        self.store.close().await;
        let copy = match &self.database {
            Database::Sqlite(files) => Database::Sqlite(files.copy()),
            Database::Postgres(server) => Database::Postgres(server.copy().await),
        };
        let text = |cell: &OnceCell<String>| OnceCell::new_with(cell.get().cloned());
        let (dump_text, strays_text) = (text(&self.dump_text), text(&self.strays_text));
        Self { dump_text, strays_text, ..Self::with(copy).await }
    }

    /// What a host finds that starts after this one has crashed at this moment.
    pub(crate) async fn after_a_crash(&self) -> Self {
        Self::with(match &self.database {
            // The files as they are on the disk now.
            Database::Sqlite(files) => Database::Sqlite(files.copy()),
            // The server has not crashed: what it answered is there for everybody.
            Database::Postgres(server) => Database::Postgres(server.again()),
        })
        .await
    }

    /// The address of the database.
    pub(crate) fn url(&self) -> String {
        either!(self, database => database.url())
    }

    /// Another store on the same database, as on another node.
    pub(crate) async fn another_store(&self) -> Store {
        Store::open(&self.url(), MasterKey::new(KEY)).await.unwrap()
    }

    /// Every byte that the database keeps.
    pub(crate) async fn bytes(&self) -> Vec<u8> {
        match &self.database {
            Database::Sqlite(files) => files.bytes(),
            Database::Postgres(server) => server.bytes().await,
        }
    }

    /// Makes a tenant with its owner.
    pub(crate) async fn tenant(&self, name: &str) -> Tenant {
        let account = account(&format!("{name}@example.com"));
        let (scope, user) = self.store.register(&account).await.unwrap();
        Tenant { store: self.store.clone(), scope, user }
    }

    /// Sums all that was used so far. It closes the minutes to come, too.
    pub(crate) async fn sum(&self) {
        let summed = self.number("SELECT summed_until FROM usage_progress").await;
        let later = Timestamp::now().plus_millis(600_000).max(Timestamp((summed + 1) * 60_000));
        while self.store.sum_usage(later, 3).await.unwrap().more {}
    }

    /// Runs a statement beside the store.
    pub(crate) async fn execute(&self, text: &str) -> u64 {
        either!(self, database => database.execute(text).await)
    }

    /// The number that a query beside the store answers.
    pub(crate) async fn number(&self, text: &str) -> i64 {
        either!(self, database => database.number(text).await)
    }

    /// The texts that a query beside the store answers.
    pub(crate) async fn texts(&self, text: &str) -> Vec<String> {
        self.texts_at(text, 0).await
    }

    /// The texts in a column of what a query beside the store answers.
    pub(crate) async fn texts_at(&self, text: &str, column: usize) -> Vec<String> {
        either!(self, database => database.texts(text, column).await)
    }

    /// The tables of the product.
    pub(crate) async fn tables(&self) -> Vec<String> {
        either!(self, database => database.tables().await)
    }

    pub(crate) async fn columns(&self, table: &str) -> Vec<Column> {
        either!(self, database => database.columns(table).await)
    }

    pub(crate) async fn foreign_keys(&self, table: &str) -> Vec<ForeignKey> {
        either!(self, database => database.foreign_keys(table).await)
    }

    pub(crate) async fn indexes(&self, table: &str) -> Vec<Index> {
        either!(self, database => database.indexes(table).await)
    }

    /// An id that nobody has, as it is written in SQL.
    pub(crate) fn random_id(&self) -> &'static str {
        match &self.database {
            Database::Sqlite(_) => "randomblob(16)",
            Database::Postgres(_) => "gen_random_uuid()",
        }
    }

    /// An id, as it is written in SQL.
    pub(crate) fn id(&self, id: Uuid) -> String {
        match &self.database {
            Database::Sqlite(_) => format!("x'{}'", id.simple()),
            Database::Postgres(_) => format!("'{id}'"),
        }
    }

    /// Bytes, as they are written in SQL.
    pub(crate) fn blob(&self, hex: &str) -> String {
        match &self.database {
            Database::Sqlite(_) => format!("x'{hex}'"),
            Database::Postgres(_) => format!("'\\x{hex}'"),
        }
    }

    /// Lets a table take what its constraints would refuse.
    pub(crate) async fn ignore_checks(&self, table: &str) {
        match &self.database {
            Database::Sqlite(_) => drop(self.execute("PRAGMA ignore_check_constraints = on").await),
            Database::Postgres(server) => server.drop_checks(table).await,
        }
    }

    /// Everything that is stored.
    pub(crate) async fn dump(&self) -> Dump {
        let text = self.dump_text.get_or_init(|| self.explain_dump()).await;
        let mut dump = Dump::new();
        for (table, owner, row) in either!(self, database => database.owned(text).await) {
            dump.entry(table).or_default().push((owner.map(TenantId::from_uuid), row));
        }
        dump.values_mut().for_each(|rows| rows.sort());
        dump
    }

    /// The query that reads every row of every table, as text.
    async fn explain_dump(&self) -> String {
        let mut parts = Vec::new();
        for table in self.tables().await {
            let row = match &self.database {
                Database::Sqlite(files) => files.row_as_text(&table).await,
                Database::Postgres(_) => postgres::Server::row_as_text(&table),
            };
            let owner = match table.as_str() {
                "tenants" => "id",
                // Nobody's.
                "nodes" | "own_keys" | "usage_progress" => "CAST(NULL AS uuid)",
                // The operator's, and no tenant's: what a test of tenants compares is not there.
                "components" => continue,
                _ => "tenant_id",
            };
            parts.push(format!("SELECT '{table}', {owner}, {row} FROM \"{table}\""));
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
            for ForeignKey { column, parent, .. } in self.foreign_keys(&table).await {
                if parent != "tenants" && parent != "nodes" {
                    parts.push(format!(
                        "SELECT '{table}.{column}' FROM {table} c JOIN {parent} p ON p.id = c.{column} WHERE p.tenant_id <> c.tenant_id"
                    ));
                }
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

pub(crate) fn account(email: &str) -> NewAccount {
    NewAccount {
        email: email.to_owned(),
        name: "Someone".to_owned(),
        password_hash: "$argon2id$one".to_owned(),
        role: "owner".to_owned(),
        plan: "free".to_owned(),
    }
}

/// A session with this access token.
pub(crate) fn new_session(token: &str) -> NewSession {
    let keys = SessionKeys { access: SecretString::from(token), ..SessionKeys::new() };
    let device = Device { name: "curl".to_owned(), network: "203.0.113.0/24".to_owned() };
    NewSession { keys, device, kept: None, most: None }
}

/// A sign-in that waits for a code, on a browser that nobody knows.
pub(crate) fn new_challenge(token: &str) -> NewChallenge {
    NewChallenge {
        token: SecretString::from(token),
        known: false,
        expires_at: Timestamp::now().plus_millis(60_000),
    }
}

/// Turns two-factor sign-in on, by the first step, with the recovery codes `recovery 0` to `recovery 9`.
pub(crate) async fn turn_on(who: &Tenant) -> TwoFactorId {
    let (store, scope, user) = (&who.store, who.scope, who.user.id);
    store.begin_two_factor(scope, user, &SecretString::from("the-secret-of-an-authenticator")).await.unwrap();
    let setup = store.pending_two_factor(scope, user).await.unwrap().unwrap().id;
    let codes: Vec<_> = (0..10).map(|number| SecretString::from(format!("recovery {number}"))).collect();
    store.enable_two_factor(scope, user, setup, 1, &codes).await.unwrap();
    setup
}

/// A token that goes out with a mail.
pub(crate) fn new_token(purpose: TokenPurpose, token: &str) -> NewToken {
    NewToken {
        purpose,
        token: SecretString::from(token),
        expires_at: Timestamp::now().plus_millis(60_000),
        mail: Mail::Reset { name: "Someone".to_owned(), token: token.to_owned(), minutes: 1 },
        pending: None,
    }
}

/// A key of the API that holds; its token is `token of <prefix>`.
pub(crate) fn new_api_key(user: UserId, prefix: &str) -> NewApiKey {
    NewApiKey {
        user,
        name: "Deploy".to_owned(),
        prefix: prefix.to_owned(),
        token: SecretString::from(format!("token of {prefix}")),
        scopes: vec![ApiScope::ReadGateways, ApiScope::ExecutePlugins],
        expires_at: None,
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
    /// Signs in with this access token.
    pub(crate) async fn session(&self, token: &str) -> SessionId {
        let new = new_session(token);
        self.store.open_session(self.scope, self.user.id, &new).await.unwrap();
        new.keys.session
    }

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
        self.store.finish_execution(self.scope, execution, install, &limits(), commit).await.map(drop)
    }

    /// Commits something in an execution of its own.
    pub(crate) async fn commit(&self, install: InstallId, commit: &Commit) -> Result<(), StoreError> {
        let execution = self.act(install).await;
        self.finish(execution, install, commit).await
    }

    /// What was used in all.
    pub(crate) async fn used(&self) -> Usage {
        let mut sum = Usage::default();
        for (_, usage) in self.store.usage(self.scope, 0, i64::MAX).await.unwrap() {
            sum.add(&usage);
        }
        sum
    }

    /// The version and value of a key of the bucket `b`.
    pub(crate) async fn read(&self, install: InstallId, key: &str) -> Option<(u64, String)> {
        let mut found = self.store.kv_get(self.scope, install, "b", &[key.to_owned()]).await.unwrap();
        found.remove(key).map(|stored| (stored.version, String::from_utf8(stored.value).unwrap()))
    }
}
