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
    /// Too many events wait; the provider should retry later.
    #[error("{0} events are waiting")]
    QueueFull(u64),
    /// A stored value is not what was written there.
    #[error("stored data is damaged: {0}")]
    Corrupt(String),
    /// A secret can not be opened: another master key sealed it, or it was changed.
    #[error("a stored secret can not be opened with this master key")]
    Unsealable,
    /// `DATABASE_URL` names a database that this build does not know.
    #[error("databases of the kind `{0}` are not supported; use sqlite:<path>")]
    UnsupportedDatabase(String),
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
                Self::Exists(text.rsplit(": ").next().unwrap_or(text).to_owned())
            }
            _ => Self::Sqlite(error),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::RowNotFound => Self::NotFound,
            sqlx::Error::Database(database) if database.is_unique_violation() => {
                // SQLite names the columns (`UNIQUE constraint failed: users.email`), others the constraint.
                let text = database.message();
                let name = database
                    .constraint()
                    .map_or_else(|| text.rsplit(": ").next().unwrap_or(text).to_owned(), str::to_owned);
                Self::Exists(name)
            }
            _ => Self::Database(error),
        }
    }
}
