//! What only SQLite needs.

use super::PATIENCE;
use super::statement::{Statement, Value};
use super::writer::Writer;
use crate::error::StoreError;
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use sqlx::{Arguments as _, ConnectOptions as _, Connection as _, Sqlite};
use std::path::Path;
use std::str::FromStr;

/// Connections that read at the same time.
const READERS: u32 = 4;

/// What a value is refused with that only PostgreSQL takes.
pub(super) const NO_LISTS: &str = "SQLite has no parameters that are lists";

/// The schema, step by step.
pub(super) static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/sqlite");

/// A database in a file. SQLite has one writer at a time; tasks take turns with it instead of racing for the lock.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    pub(super) readers: SqlitePool,
    pub(super) writer: Writer,
}

impl Files {
    /// Opens the file that a URL names, and makes it where it does not exist.
    pub(super) async fn open(url: &str) -> Result<Self, StoreError> {
        let options = options(url)?;
        if let Some(folder) =
            Path::new(options.get_filename()).parent().filter(|folder| !folder.as_os_str().is_empty())
        {
            std::fs::create_dir_all(folder)
                .map_err(|error| StoreError::Folder(folder.display().to_string(), error))?;
        }
        // The writer makes the file where there is none.
        let writer = Writer::open(options.get_filename())?;
        Ok(Self { readers: readers(options).await?, writer })
    }

    /// Opens the file that a URL names, only to read it. There is no connection that could write.
    pub(super) async fn open_read_only(url: &str) -> Result<Self, StoreError> {
        let options = options(url)?.read_only(true);
        let writer = Writer::none(options.get_filename());
        Ok(Self { readers: readers(options).await?, writer })
    }

    pub(super) async fn migrate(&self) -> Result<(), StoreError> {
        let options = SqliteConnectOptions::new().filename(self.writer.path()).foreign_keys(true);
        let mut connection = options.busy_timeout(PATIENCE).connect().await?;
        MIGRATIONS.run(&mut connection).await?;
        Ok(connection.close().await?)
    }

    pub(super) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

fn options(url: &str) -> Result<SqliteConnectOptions, StoreError> {
    // Each connection would have a memory of its own, and nothing in it would be durable.
    if url.contains(":memory:") || url.contains("mode=memory") {
        return Err(StoreError::UnsupportedDatabase("sqlite::memory:".to_owned()));
    }
    Ok(SqliteConnectOptions::from_str(url)?
        .foreign_keys(true)
        .busy_timeout(PATIENCE)
        .pragma("cache_size", "-32000")
        .pragma("temp_store", "memory")
        .log_slow_statements(tracing::log::LevelFilter::Warn, super::SLOW))
}

async fn readers(options: SqliteConnectOptions) -> Result<SqlitePool, StoreError> {
    let readers = SqlitePoolOptions::new().max_connections(READERS);
    Ok(readers.connect_with(options.pragma("query_only", "on")).await?)
}

/// A statement as the readers take it.
pub(super) fn query(
    statement: Statement,
) -> Result<sqlx::query::Query<'static, Sqlite, SqliteArguments>, StoreError> {
    let mut arguments = SqliteArguments::default();
    for value in statement.values {
        match value {
            Value::Integer(value) => arguments.add(value),
            Value::Text(value) => arguments.add(value),
            Value::Bytes(value) => arguments.add(value),
            Value::Uuid(value) => arguments.add(value),
            Value::Integers(_) | Value::Texts(_) | Value::Uuids(_) => Err(NO_LISTS.into()),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(sqlx::query_with(Statement::text(statement.text), arguments))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_database_in_memory_is_refused() {
        for url in ["sqlite::memory:", "sqlite://:memory:", "sqlite:file:x?mode=memory&cache=shared"] {
            let refused = Files::open(url).await.map(drop);
            assert!(matches!(refused, Err(StoreError::UnsupportedDatabase(_))), "{url}: {refused:?}");
        }
    }
}
