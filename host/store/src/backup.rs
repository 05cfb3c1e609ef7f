//! Backups of the embedded database: made while it is in use, consistent, and looked through before they are called one.
//!
//! PostgreSQL brings its own tools.

use crate::serving::lock;
use rusqlite::{Connection, OpenFlags};
use sqlx::sqlite::SqliteConnectOptions;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use thiserror::Error;

/// Why a backup could not be made or restored.
#[derive(Debug, Error)]
pub enum BackupError {
    /// The database is not SQLite.
    #[error(
        "only an embedded database (sqlite:<path>) is backed up by twobot; PostgreSQL brings pg_dump and pg_restore"
    )]
    NotEmbedded,
    /// Something is there already and would be overwritten.
    #[error("{path} exists", path = .0.display())]
    Exists(PathBuf),
    /// A backup, or the database itself, is damaged.
    #[error("{path} is damaged: {1}", path = .0.display())]
    Damaged(PathBuf, String),
    /// A file is no backup.
    #[error("{path} is no database of 2Bot: {1}", path = .0.display())]
    NotOurs(PathBuf, String),
    /// The backup was made by a newer version.
    #[error("{path} was made by a newer version of 2Bot (schema {1}, this one knows {2})", path = .0.display())]
    Newer(PathBuf, i64, i64),
    /// A server uses the database.
    #[error("the database is in use: stop the server first")]
    InUse,
    /// A file can not be written or read.
    #[error("{path}: {1}", path = .0.display())]
    File(PathBuf, std::io::Error),
    /// The database.
    #[error("database: {0}")]
    Database(#[from] rusqlite::Error),
    /// The task was interrupted.
    #[error("interrupted")]
    Interrupted,
}

/// What was backed up or restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// Size of the file, in bytes.
    pub bytes: u64,
    /// The newest migration in it.
    pub schema: i64,
    /// Tenants in it.
    pub tenants: u64,
    /// Executions in it.
    pub executions: u64,
}

/// Makes a copy of the database as it is at one moment, while others read and write it. The copy is looked through, and only then
/// gets its name.
///
/// # Errors
/// `Exists` when there is such a file; `Damaged` when the copy is not sound, and so the database is not.
pub async fn backup(url: &str, target: &Path) -> Result<Report, BackupError> {
    let (database, target) = (file_of(url)?, target.to_owned());
    blocking(move || {
        if target.exists() {
            return Err(BackupError::Exists(target));
        }
        let draft = beside(&target, "part");
        let _ = std::fs::remove_file(&draft);
        let source = Connection::open_with_flags(&database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        // One read transaction: what is written meanwhile is not in it, and nobody waits for it.
        source.execute("VACUUM INTO ?1", [draft.to_string_lossy()])?;
        let report = examine(&draft).inspect_err(|_| {
            let _ = std::fs::remove_file(&draft);
        })?;
        put(&draft, &target)?;
        Ok(report)
    })
    .await
}

/// Puts a backup in the place of the database. What was there is kept beside it, under a name that ends in `.replaced`.
///
/// # Errors
/// `Damaged`, `NotOurs` and `Newer` for a file that can not be used; `Exists` when there is a database and `replace` is not set;
/// `InUse` while a server runs.
pub async fn restore(url: &str, source: &Path, replace: bool) -> Result<Report, BackupError> {
    let (database, source) = (file_of(url)?, source.to_owned());
    blocking(move || {
        let report = examine(&source)?;
        let is_there = database.exists();
        if is_there && !replace {
            return Err(BackupError::Exists(database));
        }
        if let Some(folder) = database.parent() {
            std::fs::create_dir_all(folder).map_err(|error| BackupError::File(folder.to_owned(), error))?;
        }
        // No server may start meanwhile: it would find no database, and make one that is replaced at once.
        let locked = lock(&database).map_err(|error| BackupError::File(database.clone(), error))?;
        let _alone = locked.ok_or(BackupError::InUse)?;
        if is_there {
            retire(&database)?;
        }
        let draft = beside(&database, "part");
        std::fs::copy(&source, &draft).map_err(|error| BackupError::File(draft.clone(), error))?;
        put(&draft, &database)?;
        Ok(report)
    })
    .await
}

/// Moves a database that nobody uses out of the way, with all that is in its log.
fn retire(database: &Path) -> Result<(), BackupError> {
    let connection = Connection::open(database)?;
    // Leaving write-ahead logging takes over the log, and is refused while another connection is open.
    let mode = connection.query_row("PRAGMA journal_mode = delete", [], |row| row.get::<_, String>(0));
    match mode {
        Ok(mode) if mode == "delete" => {}
        Ok(_) => return Err(BackupError::InUse),
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) => {
            return Err(BackupError::InUse);
        }
        Err(error) => return Err(error.into()),
    }
    drop(connection);
    let retired = beside(database, "replaced");
    std::fs::rename(database, &retired).map_err(|error| BackupError::File(retired, error))
}

/// Looks through a database: its structure, its references, and whether this version can use it.
fn examine(path: &Path) -> Result<Report, BackupError> {
    let file = std::fs::metadata(path).map_err(|error| BackupError::File(path.to_owned(), error))?;
    let ours = |error: rusqlite::Error| BackupError::NotOurs(path.to_owned(), error.to_string());
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(ours)?;
    let number = |query: &str| connection.query_row(query, [], |row| row.get::<_, i64>(0)).map_err(ours);
    let schema = number("SELECT max(version) FROM _sqlx_migrations WHERE success")?;
    let known = sqlx::migrate!("../../migrations/sqlite").iter().map(|migration| migration.version).max();
    let known = known.unwrap_or_default();
    if schema > known {
        return Err(BackupError::Newer(path.to_owned(), schema, known));
    }
    let damaged = |what: String| BackupError::Damaged(path.to_owned(), what);
    let sound: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if sound != "ok" {
        return Err(damaged(sound));
    }
    let strays = number("SELECT count(*) FROM pragma_foreign_key_check")?;
    if strays > 0 {
        return Err(damaged(format!("{strays} rows refer to rows that are not there")));
    }
    Ok(Report {
        bytes: file.len(),
        schema,
        tenants: number("SELECT count(*) FROM tenants")?.unsigned_abs(),
        executions: number("SELECT count(*) FROM executions")?.unsigned_abs(),
    })
}

/// Gives a finished file its name, so that it outlives a power cut.
fn put(draft: &Path, target: &Path) -> Result<(), BackupError> {
    let failed = |error| BackupError::File(target.to_owned(), error);
    std::fs::File::open(draft).and_then(|file| file.sync_all()).map_err(failed)?;
    std::fs::rename(draft, target).map_err(failed)?;
    match target.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed),
        None => Ok(()),
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

fn file_of(url: &str) -> Result<PathBuf, BackupError> {
    if !url.starts_with("sqlite:") {
        return Err(BackupError::NotEmbedded);
    }
    let options = SqliteConnectOptions::from_str(url).map_err(|_| BackupError::NotEmbedded)?;
    Ok(options.get_filename().to_owned())
}

async fn blocking(
    work: impl FnOnce() -> Result<Report, BackupError> + Send + 'static,
) -> Result<Report, BackupError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| BackupError::Interrupted)?
}
