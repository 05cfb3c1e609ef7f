//! What can go wrong with the database.

use thiserror::Error;

/// What can go wrong with the database.
#[derive(Debug, Error)]
pub enum StoreError {
    /// There is no such row in the scope.
    #[error("not found")]
    NotFound,
    /// A unique constraint of this name refused a row.
    #[error("already exists ({0})")]
    Exists(String),
    /// A key that the execution read was written by another before it committed.
    #[error("another execution was faster")]
    Conflict,
    /// It is no longer as who asked for the change knows it; see [`crate::Store::expecting`]. Nothing was written.
    #[error("it was changed meanwhile")]
    Stale,
    /// A quota of the tenant's plan would be exceeded.
    #[error("{name}: {used} of {allowed} {unit}")]
    Quota {
        /// Which.
        name: &'static str,
        /// What it would have come to.
        used: u64,
        /// What the plan allows.
        allowed: u64,
        /// Of what.
        unit: &'static str,
    },
    /// Another node works for the tenant now; see [`crate::Store::under`]. Nothing was written.
    #[error("another node works for this tenant now")]
    Fenced,
    /// Too many events wait; the provider should retry later.
    #[error("{0} events are waiting")]
    QueueFull(u64),
    /// Another node is at the tenant's deliveries and does not come to an end; the provider should retry later.
    #[error("another node is taking in deliveries")]
    Busy,
    /// A stored value is not what was written there.
    #[error("stored data is damaged: {0}")]
    Corrupt(String),
    /// A secret can not be opened: another master key sealed it, or it was changed.
    #[error("a stored secret can not be opened with this master key")]
    Unsealable,
    /// `DATABASE_URL` names a database that this build does not know.
    #[error(
        "databases of the kind `{0}` are not supported; use sqlite:<path> or postgres://<user>@<host>/<database>"
    )]
    UnsupportedDatabase(String),
    /// The database is not one that can be worked with.
    #[error("the database can not be used: {0}")]
    Unusable(String),
    /// The database's folder can not be made.
    #[error("can not make the folder {0}: {1}")]
    Folder(String, std::io::Error),
    /// The schema can not be brought up to date.
    #[error("migration failed: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The database itself.
    #[error("database: {0}")]
    Database(sqlx::Error),
    /// The embedded database itself.
    #[error("database: {0}")]
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match &error {
            rusqlite::Error::SqliteFailure(code, Some(text))
                if matches!(
                    code.extended_code,
                    rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY
                ) =>
            {
                // It names the columns: `UNIQUE constraint failed: users.email`.
                Self::Exists(named(text))
            }
            _ => Self::Sqlite(error),
        }
    }
}

/// What databases answer when the transaction may be done once more, as SQLSTATE: it could not be put in order with others
/// (`serialization_failure`), two waited for each other (`deadlock_detected`), or a row went away after it was read and before
/// it was referred to (`foreign_key_violation`; the next reading does not find it). SQLite's codes are others.
const ANOTHER_TRY: [&str; 3] = ["40001", "40P01", "23503"];

/// The names of constraints that SQLite does not tell: it names the columns. What is missing here is a primary key.
const UNIQUE: [(&str, &str); 13] = [
    ("users.email", "users_email_unique"),
    ("sessions.token_hash", "sessions_token_hash_key"),
    ("account_tokens.token_hash", "account_tokens_token_hash_key"),
    ("api_keys.prefix", "api_keys_prefix_unique"),
    (
        "idempotency_keys.tenant_id, idempotency_keys.caller, idempotency_keys.name",
        "idempotency_keys_name_unique",
    ),
    ("two_factor.user_id", "two_factor_user_unique"),
    ("recovery_codes.user_id, recovery_codes.digest", "recovery_codes_unique"),
    ("sign_in_challenges.token_hash", "sign_in_challenges_token_hash_key"),
    ("installs.tenant_id, installs.slug", "installs_slug_unique"),
    ("inbound.gateway_id, inbound.provider_id", "inbound_once"),
    ("schedules.install_id, schedules.name", "schedules_name_unique"),
    ("audit_log.tenant_id, audit_log.seq", "audit_log_seq_unique"),
    ("chat_messages.conversation_id, chat_messages.client_id", "chat_messages_client"),
];

/// The name of the constraint that SQLite means by `UNIQUE constraint failed: users.email`.
fn named(message: &str) -> String {
    let columns = message.rsplit(": ").next().unwrap_or(message);
    match UNIQUE.iter().find(|(text, _)| *text == columns) {
        Some((_, name)) => (*name).to_owned(),
        None => format!("{}_pkey", columns.split('.').next().unwrap_or(columns)),
    }
}

impl StoreError {
    /// Whether a lock was waited for, for as long as was allowed (`lock_not_available`).
    pub(crate) fn is_lock_timeout(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(error)) if error.code().as_deref() == Some("55P03"))
    }

    /// Whether the same transaction may well succeed when it is done once more.
    pub(crate) fn asks_for_another_try(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(error)) => {
                error.code().is_some_and(|code| ANOTHER_TRY.contains(&code.as_ref()))
            }
            _ => false,
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::RowNotFound => Self::NotFound,
            sqlx::Error::Database(database) if database.is_unique_violation() => {
                let name = database.constraint().map_or_else(|| named(database.message()), str::to_owned);
                Self::Exists(name)
            }
            _ => Self::Database(error),
        }
    }
}
