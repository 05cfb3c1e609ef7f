//! What only SQLite needs.

use super::PATIENCE;
use super::reader::Readers;
use super::writer::Writer;
use crate::error::StoreError;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use std::path::PathBuf;
use std::str::FromStr;

/// The schema, step by step.
pub(super) static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/sqlite");

/// A database in a file. SQLite has one writer at a time; tasks take turns with it instead of racing for the lock.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    pub(super) readers: Readers,
    pub(super) writer: Writer,
}

impl Files {
    /// Opens the file that a URL names, and makes it where it does not exist.
    pub(super) async fn open(url: &str) -> Result<Self, StoreError> {
        let file = file_of(url)?;
        // The writer makes the file where there is none.
        let writer = Writer::open(&file)?;
        Ok(Self { readers: Readers::open(&file, false)?, writer })
    }

    /// Opens the file that a URL names, only to read it. There is no connection that could write.
    pub(super) async fn open_read_only(url: &str) -> Result<Self, StoreError> {
        let options = options(url)?;
        let writer = Writer::none(options.get_filename());
        Ok(Self { readers: Readers::open(options.get_filename(), true)?, writer })
    }

    pub(super) async fn migrate(&self) -> Result<(), StoreError> {
        let options = SqliteConnectOptions::new().filename(self.writer.path()).foreign_keys(true);
        let mut connection = options.busy_timeout(PATIENCE).connect().await?;
        MIGRATIONS.run(&mut connection).await?;
        Ok(connection.close().await?)
    }

    pub(super) async fn close(&self) {
        self.readers.close();
        self.writer.close().await;
    }
}

/// The file that a URL names, in a folder that is there.
pub(crate) fn file_of(url: &str) -> Result<PathBuf, StoreError> {
    let file = options(url)?.get_filename().to_owned();
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)
            .map_err(|error| StoreError::Folder(folder.display().to_string(), error))?;
    }
    Ok(file)
}

fn options(url: &str) -> Result<SqliteConnectOptions, StoreError> {
    // Each connection would have a memory of its own, and nothing in it would be durable.
    if url.contains(":memory:") || url.contains("mode=memory") {
        return Err(StoreError::UnsupportedDatabase("sqlite::memory:".to_owned()));
    }
    Ok(SqliteConnectOptions::from_str(url)?)
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
