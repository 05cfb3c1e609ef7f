//! A database file of one's own.

use super::{Column, ForeignKey, Index, condition};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, Row as _};
use std::path::PathBuf;
use tempfile::TempDir;
use uuid::Uuid;

/// The database `2bot.db` in a folder of its own.
pub(crate) struct Files {
    /// The same file, without the store.
    raw: SqlitePool,
    folder: TempDir,
}

impl Files {
    pub(super) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("2bot.db");
        let options = SqliteConnectOptions::new().filename(&path).foreign_keys(true);
        Self { raw: SqlitePoolOptions::new().max_connections(1).connect_lazy_with(options), folder }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("2bot.db")
    }

    pub(super) fn url(&self) -> String {
        format!("sqlite:{}", self.path().display())
    }

    pub(super) async fn migrate_to(&self, migration: i64) {
        sqlx::migrate!("../../migrations/sqlite").run_to(migration, &self.raw).await.unwrap();
    }

    /// The files as they are at this moment, in a folder of their own.
    pub(super) fn copy(&self) -> Self {
        let copy = Self::new();
        for name in ["2bot.db", "2bot.db-wal"] {
            let from = self.folder.path().join(name);
            if from.exists() {
                std::fs::copy(from, copy.folder.path().join(name)).unwrap();
            }
        }
        copy
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.folder.path()).unwrap();
        files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
    }

    pub(super) async fn execute(&self, text: &str) -> u64 {
        sqlx::query(AssertSqlSafe(text.to_owned())).execute(&self.raw).await.unwrap().rows_affected()
    }

    pub(super) async fn number(&self, text: &str) -> i64 {
        sqlx::query(AssertSqlSafe(text.to_owned())).fetch_one(&self.raw).await.unwrap().get(0)
    }

    pub(super) async fn texts(&self, text: &str, column: usize) -> Vec<String> {
        let rows = sqlx::query(AssertSqlSafe(text.to_owned()))
            .fetch_all(&self.raw)
            .await
            .unwrap_or_else(|error| panic!("{text}: {error}"));
        rows.iter().map(|row| row.get(column)).collect()
    }

    pub(super) async fn owned(&self, text: &str) -> Vec<(String, Option<Uuid>, String)> {
        let rows = sqlx::query(AssertSqlSafe(text.to_owned())).fetch_all(&self.raw).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
    }

    pub(super) async fn tables(&self) -> Vec<String> {
        self.texts(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' \
             AND name NOT LIKE '!_sqlx%' ESCAPE '!' ORDER BY name",
            0,
        )
        .await
    }

    pub(super) async fn columns(&self, table: &str) -> Vec<Column> {
        let text = format!("SELECT name, type, \"notnull\" FROM pragma_table_info('{table}')");
        let rows = sqlx::query(AssertSqlSafe(text)).fetch_all(&self.raw).await.unwrap();
        rows.iter().map(|row| Column { name: row.get(0), kind: row.get(1), not_null: row.get(2) }).collect()
    }

    pub(super) async fn foreign_keys(&self, table: &str) -> Vec<ForeignKey> {
        let text = format!("SELECT \"from\", \"table\", on_delete FROM pragma_foreign_key_list('{table}')");
        let rows = sqlx::query(AssertSqlSafe(text)).fetch_all(&self.raw).await.unwrap();
        let key = |row: &sqlx::sqlite::SqliteRow| ForeignKey {
            table: table.to_owned(),
            column: row.get(0),
            parent: row.get(1),
            on_delete: row.get(2),
        };
        rows.iter().map(key).collect()
    }

    pub(super) async fn indexes(&self, table: &str) -> Vec<Index> {
        let list = format!(
            "SELECT l.name, l.\"unique\", coalesce(m.sql, '') FROM pragma_index_list('{table}') l \
             LEFT JOIN sqlite_master m ON m.name = l.name"
        );
        let rows = sqlx::query(AssertSqlSafe(list)).fetch_all(&self.raw).await.unwrap();
        let mut indexes = Vec::new();
        for row in rows {
            let (name, sql): (String, String) = (row.get(0), row.get(2));
            let columns = format!("SELECT name FROM pragma_index_info('{name}') ORDER BY seqno");
            indexes.push(Index {
                table: table.to_owned(),
                columns: self.texts(&columns, 0).await,
                unique: row.get(1),
                only: sql.split_once(" WHERE ").map(|(_, text)| condition(text)),
                // Those of constraints are numbered.
                name: Some(name).filter(|name| !name.starts_with("sqlite_")),
            });
        }
        indexes
    }

    /// A row as a text, with the values of all columns.
    pub(super) async fn row_as_text(&self, table: &str) -> String {
        let columns = self.columns(table).await;
        let value = |column: &Column| format!("'{0}=' || quote(\"{0}\")", column.name);
        columns.iter().map(value).collect::<Vec<_>>().join(" || ' ' || ")
    }
}
