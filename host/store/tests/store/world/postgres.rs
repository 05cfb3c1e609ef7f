//! A database of one's own on the server that `TWOBOT_TEST_POSTGRES` names: an address with the right to make databases.

use super::{Column, ForeignKey, Index, KEY, condition};
use sqlx::postgres::{PgConnection, PgPool, PgPoolOptions, PgRow};
use sqlx::{AssertSqlSafe, Connection as _, Row as _};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;
use std::sync::Arc;
use twobot_store::{MasterKey, Store};
use uuid::Uuid;

/// The address of the server's own database, in which nothing is kept.
pub(crate) fn server() -> String {
    std::env::var("TWOBOT_TEST_POSTGRES").unwrap_or_else(|_| {
        panic!(
            "this test needs PostgreSQL: run `cargo xtask test`, or `cargo xtask postgres <command>` for a command of your own, \
             or let TWOBOT_TEST_POSTGRES name a server whose user may make databases"
        )
    })
}

/// The address of a database of that server.
pub(crate) fn address(name: &str) -> String {
    let server = server();
    let (place, parameters) = server.split_once('?').map_or((server.as_str(), ""), |(a, b)| (a, b));
    let (place, _) = place.rsplit_once('/').unwrap();
    format!("{place}/{name}?{parameters}")
}

async fn administrate(text: &str) {
    let mut connection = PgConnection::connect(&server()).await.unwrap();
    sqlx::query(AssertSqlSafe(text.to_owned()))
        .execute(&mut connection)
        .await
        .unwrap_or_else(|error| panic!("{text}: {error}"));
}

/// A database that goes when the last who knows it does.
struct Name(String);

impl Drop for Name {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE IF EXISTS \"{}\" WITH (FORCE)", self.0);
        // A test's own runtime can not wait for this one.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(administrate(&drop));
        });
        let _ = dropped.join();
    }
}

/// A database of its own.
pub(crate) struct Server {
    name: Arc<Name>,
    /// The same database, without the store.
    raw: PgPool,
}

impl Server {
    /// A database without a table.
    pub(crate) async fn empty() -> Self {
        Self::like("template0").await
    }

    /// The same in another encoding.
    pub(crate) async fn empty_in(encoding: &str) -> Self {
        let name = format!("test_{}", Uuid::new_v4().simple());
        let how = format!("TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C' LOCALE_PROVIDER libc");
        administrate(&format!("CREATE DATABASE \"{name}\" {how}")).await;
        Self::of(Arc::new(Name(name)))
    }

    pub(crate) fn name(&self) -> &str {
        &self.name.0
    }

    /// A database with the present schema.
    pub(super) async fn new() -> Self {
        Self::like(&template().await).await
    }

    async fn like(template: &str) -> Self {
        let name = format!("test_{}", Uuid::new_v4().simple());
        administrate(&format!("CREATE DATABASE \"{name}\" TEMPLATE \"{template}\"")).await;
        Self::of(Arc::new(Name(name)))
    }

    fn of(name: Arc<Name>) -> Self {
        let raw = PgPoolOptions::new().max_connections(1).connect_lazy(&address(&name.0)).unwrap();
        Self { name, raw }
    }

    pub(super) async fn migrate_to(&self, migration: i64) {
        sqlx::migrate!("../../migrations/postgres").run_to(migration, &self.raw).await.unwrap();
    }

    pub(crate) fn url(&self) -> String {
        address(&self.name.0)
    }

    /// Another one with the same content. Nobody may be connected to this one, neither now nor later.
    pub(super) async fn copy(&self) -> Self {
        self.raw.close().await;
        Self::like(&self.name.0).await
    }

    /// The same one.
    pub(crate) fn again(&self) -> Self {
        Self::of(self.name.clone())
    }

    /// Every value, as bytes.
    pub(super) async fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for table in self.tables().await {
            let mut parts = vec![format!("SELECT convert_to(t::text, 'UTF8') FROM \"{table}\" t")];
            let columns = self.columns(&table).await;
            let raw = columns.iter().filter(|column| column.kind == "bytea");
            parts.extend(
                raw.map(|column| format!("SELECT coalesce(\"{}\", '') FROM \"{table}\"", column.name)),
            );
            for row in self.rows(&parts.join(" UNION ALL ")).await {
                bytes.extend(row.get::<Vec<u8>, _>(0));
            }
        }
        bytes
    }

    async fn rows(&self, text: &str) -> Vec<PgRow> {
        sqlx::query(AssertSqlSafe(text.to_owned()))
            .fetch_all(&self.raw)
            .await
            .unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    pub(super) async fn execute(&self, text: &str) -> u64 {
        sqlx::query(AssertSqlSafe(text.to_owned()))
            .execute(&self.raw)
            .await
            .unwrap_or_else(|error| panic!("{text}: {error}"))
            .rows_affected()
    }

    pub(super) async fn number(&self, text: &str) -> i64 {
        self.rows(&format!("SELECT CAST(({text}) AS BIGINT)")).await[0].get(0)
    }

    pub(super) async fn texts(&self, text: &str, column: usize) -> Vec<String> {
        self.rows(text).await.iter().map(|row| row.get(column)).collect()
    }

    pub(super) async fn owned(&self, text: &str) -> Vec<(String, Option<Uuid>, String)> {
        self.rows(text).await.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
    }

    pub(super) async fn tables(&self) -> Vec<String> {
        self.texts(
            "SELECT CAST(relname AS text) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' \
             AND relname NOT LIKE '!_sqlx%' ESCAPE '!' ORDER BY 1",
            0,
        )
        .await
    }

    pub(super) async fn columns(&self, table: &str) -> Vec<Column> {
        let text = format!(
            "SELECT CAST(attname AS text), format_type(atttypid, atttypmod), attnotnull FROM pg_attribute \
             WHERE attrelid = '\"{table}\"'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
        );
        let rows = self.rows(&text).await;
        rows.iter().map(|row| Column { name: row.get(0), kind: row.get(1), not_null: row.get(2) }).collect()
    }

    pub(super) async fn foreign_keys(&self, table: &str) -> Vec<ForeignKey> {
        let text = format!(
            "SELECT CAST(a.attname AS text), CAST(p.relname AS text), \
             CASE c.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' ELSE 'NO ACTION' END \
             FROM pg_constraint c JOIN pg_class p ON p.oid = c.confrelid \
             JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY(c.conkey) \
             WHERE c.contype = 'f' AND c.conrelid = '\"{table}\"'::regclass"
        );
        let key = |row: &PgRow| ForeignKey {
            table: table.to_owned(),
            column: row.get(0),
            parent: row.get(1),
            on_delete: row.get(2),
        };
        self.rows(&text).await.iter().map(key).collect()
    }

    pub(super) async fn indexes(&self, table: &str) -> Vec<Index> {
        let text = format!(
            "SELECT CAST(n.relname AS text), i.indisunique, pg_get_expr(i.indpred, i.indrelid), \
             ARRAY(SELECT pg_get_indexdef(i.indexrelid, k, true) FROM generate_series(1, i.indnkeyatts) k), \
             EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u')) \
             FROM pg_index i JOIN pg_class n ON n.oid = i.indexrelid WHERE i.indrelid = '\"{table}\"'::regclass"
        );
        let index = |row: &PgRow| Index {
            table: table.to_owned(),
            name: Some(row.get(0)).filter(|_| !row.get::<bool, _>(4)),
            columns: row.get(3),
            unique: row.get(1),
            only: row.get::<Option<String>, _>(2).as_deref().map(condition),
        };
        self.rows(&text).await.iter().map(index).collect()
    }

    pub(super) async fn drop_checks(&self, table: &str) {
        let checks = format!(
            "SELECT CAST(conname AS text) FROM pg_constraint WHERE contype = 'c' AND conrelid = '\"{table}\"'::regclass"
        );
        for check in self.texts(&checks, 0).await {
            self.execute(&format!("ALTER TABLE \"{table}\" DROP CONSTRAINT \"{check}\"")).await;
        }
    }

    /// A row as a text, with the values of all columns.
    pub(super) fn row_as_text(table: &str) -> String {
        format!("CAST(\"{table}\" AS text)")
    }
}

/// A database with the present schema that nobody connects to: copying it is quicker than making one.
async fn template() -> String {
    let name = format!("template_{:016x}", digest_of_migrations());
    let mut connection = PgConnection::connect(&server()).await.unwrap();
    // One of the processes that come at the same time makes it. The lock goes with the connection.
    sqlx::query("SELECT pg_advisory_lock(20251121)").execute(&mut connection).await.unwrap();
    let known = sqlx::query("SELECT 1 FROM pg_database WHERE datname = $1").bind(&name);
    if known.fetch_optional(&mut connection).await.unwrap().is_none() {
        let unfinished = format!("{name}_unfinished");
        administrate(&format!("DROP DATABASE IF EXISTS \"{unfinished}\" WITH (FORCE)")).await;
        administrate(&format!("CREATE DATABASE \"{unfinished}\" TEMPLATE template0")).await;
        let store = Store::open(&address(&unfinished), MasterKey::new(KEY)).await.unwrap();
        store.migrate().await.unwrap();
        store.close().await;
        administrate(&format!("ALTER DATABASE \"{unfinished}\" RENAME TO \"{name}\"")).await;
    }
    name
}

/// What the migrations come to, so that a server that outlives a change of theirs gets a new template.
fn digest_of_migrations() -> u64 {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/postgres");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        std::fs::read(file).unwrap().hash(&mut hasher);
    }
    hasher.finish()
}
