//! The database: everything that must not be lost, one repository per concept.
//!
//! Every method that touches a tenant's rows takes a [`TenantScope`] first and filters on it. Nothing else reaches the pool.

mod db;
pub mod error;
pub mod scope;
pub mod secrets;

pub mod account_tokens;
pub mod accounts;
pub mod api_keys;
pub mod audit;
pub mod backlog;
pub mod backup;
pub mod chat;
pub mod closing;
pub mod components;
pub mod connections;
pub mod dead_letters;
pub mod effects;
pub mod events;
pub mod executions;
pub mod export;
pub mod gateways;
pub mod idempotency;
pub mod inbound;
pub mod installs;
pub mod journal;
pub mod kv;
pub mod mails;
pub mod nodes;
pub mod notifications;
pub mod operators;
mod order;
pub mod outbound;
mod own_keys;
pub mod page;
pub mod points;
pub mod profiles;
pub mod retention;
pub mod rotation;
pub mod schedules;
pub mod serving;
pub mod sessions;
pub mod setups;
pub mod two_factor;
pub mod usage;
pub mod versions;
pub mod warnings;
pub mod workspace;

pub use error::StoreError;
pub use page::{Page, PageRequest};
pub use scope::TenantScope;
pub use secrets::{KeyBytes, KeyId, MasterKey};

use db::Db;
use std::sync::Arc;

/// The database, and the key that opens its secrets.
#[derive(Clone, Debug)]
pub struct Store {
    db: Db,
    key: Arc<MasterKey>,
    inbox: inbound::GroupCommit,
    /// The node that this process is; see [`Store::join`].
    joined: nodes::Joined,
    /// The settings that are known to be kept.
    setups: setups::Known,
    /// What is kept of tenants' settings.
    kept: workspace::Kept,
    /// What is known of the sums of usage.
    metering: usage::Metering,
    /// What the next change is recorded as; see [`Store::noting`].
    note: Option<Arc<audit::Note>>,
    /// What the next change goes by; see [`Store::expecting`].
    expected: Option<Arc<versions::Expected>>,
}

impl Store {
    /// Opens the database that a URL (`sqlite:<path>`, `postgres://…`) names; makes it where it is a file that does not exist. Does
    /// not touch the schema:
    /// see [`Store::migrate`].
    ///
    /// # Errors
    /// When the URL is of another kind or the database can not be opened.
    pub async fn open(url: &str, key: MasterKey) -> Result<Self, StoreError> {
        let db = Db::open(url).await?;
        Ok(Self::of(db, key))
    }

    fn of(db: Db, key: MasterKey) -> Self {
        let inbox = inbound::GroupCommit::start(db.clone());
        Self {
            db,
            key: Arc::new(key),
            inbox,
            joined: nodes::Joined::default(),
            setups: setups::Known::default(),
            kept: workspace::Kept::default(),
            metering: usage::Metering::default(),
            note: None,
            expected: None,
        }
    }

    /// Opens a database that is there, only to read it: every change fails. A server may run on it meanwhile and is not disturbed.
    ///
    /// # Errors
    /// When the URL is of another kind, there is no such database, or its schema is of another version than this program's.
    pub async fn open_read_only(url: &str, key: MasterKey) -> Result<Self, StoreError> {
        let db = Db::open_read_only(url).await?;
        let row =
            db.one(db::sql("SELECT max(version) AS version FROM _sqlx_migrations WHERE success")).await?;
        let version: i64 = row.get::<Option<i64>>("version")?.unwrap_or(0);
        let known = db.newest_migration();
        if version != known {
            let why = format!("its schema is of version {version}, and this program reads version {known}");
            return Err(StoreError::Unusable(why));
        }
        Ok(Self::of(db, key))
    }

    /// Brings the schema up to date.
    ///
    /// # Errors
    /// When a migration fails; the schema is then as it was before that migration.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        self.db.migrate().await
    }

    /// Whether no other process works for tenants on this database, now or later. Where that is so, what this process has recorded and
    /// not yet done is all that there is to do.
    #[must_use]
    pub const fn is_alone(&self) -> bool {
        matches!(self.db, Db::Sqlite(_))
    }

    /// Asks the database whether it answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.db.one(db::sql("SELECT 1 AS one")).await.map(drop)
    }

    /// The key that seals secrets, for deriving others from it.
    #[must_use]
    pub fn master_key(&self) -> &MasterKey {
        &self.key
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.db.close().await;
    }
}
