//! What only PostgreSQL needs. Why transactions are made as they are: `docs/decisions/0013-postgresql-as-the-second-dialect.md`.

mod lent;
mod pulse;

pub(crate) use pulse::Pulse;

use super::statement::{Statement, Value, sql};
use super::turns::{Turn, Turns};
use crate::error::StoreError;
use lent::{Lent, STATEMENT, no_answer};
use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, PgListener, PgPool, PgPoolOptions, PgRow};
use sqlx::{Arguments as _, ConnectOptions as _, Connection as _, Postgres, Row as _};
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::timeout;
use twobot_domain::{NodeId, TenantId};
use uuid::Uuid;

/// Connections at the same time. Every one is a process of the server.
const CONNECTIONS: u32 = 20;
/// How long a statement waits for a free connection.
const ACQUIRE: Duration = Duration::from_secs(10);
/// What has been idle for longer may have been cut by the server or by something on the way: it is tried before it is used.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);
/// How long that may take. Several that were forgotten on the way may be met one after the other.
const TRIED: Duration = Duration::from_secs(2);
/// Statements that a connection keeps prepared: more than the repositories have.
const PREPARED: usize = 256;
/// The oldest server that this is tested with, as it numbers itself.
const OLDEST: u32 = 150_000;

/// A transaction that takes longer is not committed, and nothing more is asked in it.
const LONGEST: Duration = Duration::from_secs(30);

/// What every connection is told. Times are in milliseconds, but for those of TCP, which are in seconds.
const SESSION: [(&str, &str); 7] = [
    // The repositories are written for this level and for no other, whatever the server prefers.
    ("default_transaction_isolation", "read committed"),
    // What takes longer holds up others and will hardly end well.
    ("statement_timeout", "10000"),
    ("idle_in_transaction_session_timeout", "30000"),
    // The server asks whether the other side is still there, so that it lets go of the locks of a machine that has lost its power. What
    // is asked is traffic, too: what is on the way does not forget the connection.
    ("tcp_keepalives_idle", "30"),
    ("tcp_keepalives_interval", "10"),
    ("tcp_keepalives_count", "3"),
    // Every statement is small: compiling one takes longer than running it.
    ("jit", "off"),
];

/// The schema, step by step.
pub(super) static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/postgres");

/// A database of a server.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pool: PgPool,
    /// What has to hold in every transaction that may write.
    pub(super) fence: Option<Fence>,
    turns: Arc<Turns>,
    /// As every connection is made.
    session: Arc<PgConnectOptions>,
    /// As the operator gave them: migrations may take longer than statements of the product.
    plain: Arc<PgConnectOptions>,
}

impl Server {
    /// Connects to the database that a URL names. It has to exist.
    pub(super) async fn open(url: &str) -> Result<Self, StoreError> {
        Self::connect(url, &[]).await
    }

    /// The same, only to read it: the server refuses every change.
    pub(super) async fn open_read_only(url: &str) -> Result<Self, StoreError> {
        Self::connect(url, &[("default_transaction_read_only", "on")]).await
    }

    async fn connect(url: &str, more: &[(&str, &str)]) -> Result<Self, StoreError> {
        let plain = PgConnectOptions::from_str(url)?
            .log_slow_statements(tracing::log::LevelFilter::Warn, super::SLOW)
            .statement_cache_capacity(PREPARED);
        let plain = match plain.get_application_name() {
            Some(_) => plain,
            None => plain.application_name("2bot"),
        };
        // Once directly: a pool would go on trying, and say no more than that the time was over.
        let inspected = async {
            let mut connection = PgConnection::connect_with(&plain).await?;
            let commits = inspect(&mut connection).await?;
            connection.close().await?;
            Ok::<_, StoreError>(commits)
        };
        let commits = timeout(ACQUIRE, inspected).await.map_err(|_| no_answer())??;
        let mut options = plain.clone().options(SESSION).options(more.iter().copied());
        if !is_durable(&commits) {
            options = options.options([("synchronous_commit", "on")]);
        }
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(ACQUIRE)
            .test_before_acquire(false)
            .before_acquire(|connection, about| {
                Box::pin(async move {
                    if about.idle_for > TRUSTED_IDLE {
                        timeout(TRIED, connection.ping()).await.map_err(|_| sqlx::Error::PoolTimedOut)??;
                    }
                    Ok(true)
                })
            })
            .connect_lazy_with(options.clone());
        let (plain, session) = (Arc::new(plain), Arc::new(options));
        Ok(Self { pool, fence: None, turns: Arc::default(), session, plain })
    }

    /// The same, for work that is done under a fence.
    pub(super) fn fenced(&self, fence: Fence) -> Self {
        Self { fence: Some(fence), ..self.clone() }
    }

    /// The rows that a statement answers.
    pub(super) async fn all(&self, statement: Statement) -> Result<Vec<PgRow>, StoreError> {
        Lent::of(&self.pool).await?.all(statement, STATEMENT).await
    }

    /// The first row that a statement answers.
    pub(super) async fn optional(&self, statement: Statement) -> Result<Option<PgRow>, StoreError> {
        Lent::of(&self.pool).await?.optional(statement, STATEMENT).await
    }

    /// Runs a statement outside of any transaction and fence, and says how many rows it changed.
    pub(super) async fn run(&self, statement: Statement) -> Result<u64, StoreError> {
        Lent::of(&self.pool).await?.run(statement, STATEMENT).await
    }

    /// Closes every connection.
    pub(super) async fn close(&self) {
        self.pool.close().await;
    }

    /// A connection for what must be told soon or not at all.
    pub(crate) fn pulse(&self) -> Pulse {
        Pulse::new(Arc::clone(&self.session))
    }

    /// A connection for signals, which holds a lock as long as it lasts: while the lock is held, the node lives.
    ///
    /// # Errors
    /// `Conflict` while another connection has the lock: the server has not noticed yet that it is gone.
    pub(crate) async fn ears(&self, lock: i64) -> Result<PgListener, StoreError> {
        timeout(ACQUIRE + STATEMENT, self.listen(lock)).await.map_err(|_| no_answer())?
    }

    async fn listen(&self, lock: i64) -> Result<PgListener, StoreError> {
        // Of its own, and gone with the connection: a lock must not outlive its purpose in a pool.
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(ACQUIRE)
            .max_lifetime(None)
            .idle_timeout(None)
            .connect_with((*self.session).clone())
            .await?;
        let mut listener = PgListener::connect_with(&pool).await?;
        // Who lost it takes the lock anew, too.
        listener.eager_reconnect(false);
        let locked = sqlx::query("SELECT pg_try_advisory_lock($1) AS locked").bind(lock);
        if !locked.fetch_one(&mut listener).await?.try_get::<bool, _>("locked")? {
            return Err(StoreError::Conflict);
        }
        listener.listen(super::CHANNEL).await?;
        Ok(listener)
    }

    pub(super) async fn migrate(&self) -> Result<(), StoreError> {
        let mut connection = PgConnection::connect_with(&self.plain).await?;
        // Whoever starts at the same time waits: sqlx holds a lock of the database meanwhile.
        MIGRATIONS.run(&mut connection).await?;
        Ok(connection.close().await?)
    }

    /// Begins a transaction, and waits until no other holds one of the locks.
    pub(super) async fn begin(&self, locks: Vec<i64>) -> Result<ServerTx, StoreError> {
        let (pool, fence) = (self.pool.clone(), self.fence);
        let locks = match fence {
            // What a fence says holds as long as its tenant's lock is held.
            Some(fence) if !locks.contains(&fence.lock()) => [locks, vec![fence.lock()]].concat(),
            _ => locks,
        };
        let turn = match locks.as_slice() {
            [lock] => Some(self.turns.take(*lock).await),
            // One task alone asks for many: see `inbound::group`.
            _ => None,
        };
        // In a task of its own, since whoever asks may be dropped meanwhile: sqlx would then give the connection back to the
        // pool with a transaction open that it does not know of, and the next statement there would never be committed.
        let begun = tokio::spawn(async move {
            let mut tx = ServerTx { lent: Lent::of(&pool).await?, begun: Instant::now(), _turn: turn };
            tx.lent.begin().await?;
            tx.begun = Instant::now();
            if !locks.is_empty() {
                tx.run(lock(locks)).await?;
            }
            if let Some(fence) = fence
                && tx.optional(fence.look()).await?.is_none()
            {
                return Err(StoreError::Fenced);
            }
            Ok(tx)
        });
        begun.await.map_err(|error| StoreError::Unusable(error.to_string()))?
    }
}

/// A transaction, and the turn that it is.
pub(crate) struct ServerTx {
    // The first to be dropped: the server is about to be told before the next one's turn.
    lent: Lent,
    begun: Instant,
    _turn: Option<Turn>,
}

impl ServerTx {
    /// The rows that a statement answers.
    pub(super) async fn all(&mut self, statement: Statement) -> Result<Vec<PgRow>, StoreError> {
        let within = self.left()?;
        self.lent.all(statement, within).await
    }

    /// The first row that a statement answers.
    pub(super) async fn optional(&mut self, statement: Statement) -> Result<Option<PgRow>, StoreError> {
        let within = self.left()?;
        self.lent.optional(statement, within).await
    }

    /// Runs a statement and says how many rows it changed.
    pub(super) async fn run(&mut self, statement: Statement) -> Result<u64, StoreError> {
        let within = self.left()?;
        self.lent.run(statement, within).await
    }

    /// Makes it durable, if it did not take too long. What it says of now would be too old: `usage/sum.rs` counts on that.
    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        self.left()?;
        self.lent.commit().await
    }

    /// How long the next statement may take.
    fn left(&self) -> Result<Duration, StoreError> {
        let left = LONGEST.checked_sub(self.begun.elapsed());
        let left = left
            .ok_or_else(|| StoreError::Unusable("a transaction took too long, and is given up".to_owned()))?;
        Ok(left.min(STATEMENT))
    }
}

/// Whether a commit is on disk when it is answered, as the server's `synchronous_commit` says: with anything but `off`.
fn is_durable(synchronous_commit: &str) -> bool {
    synchronous_commit != "off"
}

/// Refuses what can not work, and answers `synchronous_commit`.
async fn inspect(connection: &mut PgConnection) -> Result<String, StoreError> {
    let row = sqlx::query(
        "SELECT current_setting('server_version_num') AS number, current_setting('server_version') AS version, \
         current_setting('server_encoding') AS encoding, current_setting('synchronous_commit') AS commits",
    )
    .fetch_one(connection)
    .await?;
    let number: String = row.try_get("number")?;
    if number.parse::<u32>().is_ok_and(|number| number < OLDEST) {
        let version: String = row.try_get("version")?;
        return Err(StoreError::Unusable(format!("PostgreSQL 15 or newer is needed; this is {version}")));
    }
    let encoding: String = row.try_get("encoding")?;
    if encoding != "UTF8" {
        return Err(StoreError::Unusable(format!("the database's encoding must be UTF8; it is {encoding}")));
    }
    Ok(row.try_get("commits")?)
}

/// That a tenant is still worked for under a token. It is looked at under the tenant's lock, which whoever takes the tenant
/// needs, too: so it holds until the commit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fence {
    pub(crate) tenant: TenantId,
    pub(crate) token: u64,
}

impl Fence {
    pub(super) fn lock(self) -> i64 {
        Lock::Tenant.number(self.tenant)
    }

    fn look(self) -> Statement {
        sql("SELECT 1 AS one FROM leases WHERE tenant_id = $1 AND token = $2")
            .bind(self.tenant)
            .bind(self.token)
    }
}

/// What a lock is about. The numbers tell the locks of one tenant apart.
#[derive(Clone, Copy)]
pub(crate) enum Lock {
    /// A tenant's transactions that read before they write.
    Tenant = 0,
    /// Deliveries to a tenant's gateways.
    Inbox = 1,
    /// That a node lives.
    Node = 2,
}

impl Lock {
    /// The number under which the server knows the lock. Two tenants with the same one would wait for each other without
    /// need, and nothing else; among ids that end in 62 random bits that does not happen.
    pub(super) fn number(self, tenant: TenantId) -> i64 {
        self.number_of(tenant.uuid())
    }

    fn number_of(self, id: Uuid) -> i64 {
        let (_, low) = id.as_u64_pair();
        i64::from_be_bytes(low.to_be_bytes()) ^ self as i64
    }
}

/// The lock that a node's connection for signals holds.
pub(crate) fn lock_of_node(node: NodeId) -> i64 {
    Lock::Node.number_of(node.uuid())
}

/// The lock of a tenant's inbox.
pub(crate) fn lock_of_inbox(tenant: TenantId) -> i64 {
    Lock::Inbox.number(tenant)
}

/// The lock of a tenant's transactions.
pub(crate) fn lock_of_tenant(tenant: TenantId) -> i64 {
    Lock::Tenant.number(tenant)
}

/// Takes locks in the order of their numbers, so that nobody waits in a circle.
fn lock(mut locks: Vec<i64>) -> Statement {
    locks.sort_unstable();
    locks.dedup();
    sql("SELECT pg_advisory_xact_lock(k) FROM unnest($1::bigint[]) AS k").bind_integers(locks.into_iter())
}

/// A row of an id and numbers.
pub(super) fn total<const N: usize>(row: &PgRow) -> Result<(Uuid, [i64; N]), StoreError> {
    let mut numbers = [0; N];
    for (place, number) in numbers.iter_mut().enumerate() {
        *number = row.try_get(place + 1)?;
    }
    Ok((row.try_get(0)?, numbers))
}

/// A statement as PostgreSQL takes it.
pub(super) fn query(
    statement: Statement,
) -> Result<sqlx::query::Query<'static, Postgres, PgArguments>, StoreError> {
    let mut arguments = PgArguments::default();
    for value in statement.values {
        match value {
            Value::Integer(value) => arguments.add(value),
            Value::Text(value) => arguments.add(value),
            Value::Bytes(value) => arguments.add(value),
            Value::Uuid(value) => arguments.add(value),
            Value::Integers(values) => arguments.add(values),
            Value::Texts(values) => arguments.add(values),
            Value::Uuids(values) => arguments.add(values),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(sqlx::query_with(Statement::text(statement.text), arguments))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_that_may_get_lost_is_not_durable() {
        for (setting, durable) in
            [("off", false), ("on", true), ("local", true), ("remote_write", true), ("remote_apply", true)]
        {
            assert_eq!(is_durable(setting), durable, "{setting}");
        }
    }

    #[test]
    fn locks_differ_by_tenant_and_by_what_they_are_about() {
        let (one, other) = (TenantId::new(), TenantId::new());
        assert_eq!(Lock::Tenant.number(one), Lock::Tenant.number(one));
        assert_ne!(Lock::Tenant.number(one), Lock::Inbox.number(one));
        assert_ne!(Lock::Tenant.number(one), Lock::Tenant.number(other));
    }
}
