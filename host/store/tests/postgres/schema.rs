//! The two databases have the same schema: a migration that is forgotten for one is found here.

use crate::world::{Dialect, Index, World};

/// What PostgreSQL calls a type, in SQLite's words.
fn in_sqlite(kind: &str) -> &str {
    match kind {
        "bytea" | "uuid" => "BLOB",
        "bigint" => "BIGINT",
        "text" => "TEXT",
        other => panic!("a type that has no counterpart: {other}"),
    }
}

#[tokio::test]
async fn both_databases_have_the_same_tables_columns_and_indexes() {
    let (sqlite, postgres) = (World::on(Dialect::Sqlite).await, World::new().await);
    let tables = sqlite.tables().await;
    assert_eq!(tables, postgres.tables().await);
    assert!(tables.len() > 15, "{tables:?}");
    for table in tables {
        let (one, mut other) = (sqlite.columns(&table).await, postgres.columns(&table).await);
        for column in &mut other {
            column.kind = in_sqlite(&column.kind).to_owned();
        }
        assert_eq!(one, other, "{table}");

        let (mut one, mut other) = (sqlite.foreign_keys(&table).await, postgres.foreign_keys(&table).await);
        one.sort();
        other.sort();
        assert_eq!(one, other, "{table}");

        let sorted = |mut indexes: Vec<Index>| {
            indexes.sort();
            indexes
        };
        let (one, other) = (sorted(sqlite.indexes(&table).await), sorted(postgres.indexes(&table).await));
        assert_eq!(one, other, "{table}");
    }
}

#[tokio::test]
async fn both_databases_check_the_same_values() {
    let (sqlite, postgres) = (World::on(Dialect::Sqlite).await, World::new().await);
    // SQLite has no list of its checks, but the text of the table.
    let quoted = |text: &str| -> Vec<String> {
        let parts: Vec<_> = text.split('\'').collect();
        // The default of a column is no check.
        let words = parts.chunks_exact(2).filter(|pair| !pair[0].ends_with("DEFAULT ")).map(|pair| pair[1]);
        let mut words: Vec<_> = words.map(str::to_owned).collect();
        words.sort();
        words
    };
    let mut checks = 0;
    for table in sqlite.tables().await {
        let text = sqlite.texts(&format!("SELECT sql FROM sqlite_master WHERE name = '{table}'")).await;
        let constraints = format!(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'c' AND conrelid = '{table}'::regclass"
        );
        let (one, other) = (quoted(&text[0]), quoted(&postgres.texts(&constraints).await.join(" ")));
        assert_eq!(one, other, "{table}");
        checks += one.len();
    }
    assert!(checks > 20, "{checks}");
}

#[tokio::test]
async fn lists_are_ordered_by_bytes_where_the_database_would_do_otherwise() {
    let world = World::new().await;
    // Otherwise a column without the collation would pass in this database and fail in another.
    let order = "SELECT CAST(x AS text) FROM (VALUES ('a'), ('B')) AS t (x) ORDER BY x";
    assert_eq!(world.texts(order).await, ["a", "B"]);
    let columns = "SELECT c.relname || '.' || a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
                   JOIN pg_collation l ON l.oid = a.attcollation WHERE l.collname = 'C' AND c.relkind = 'r' \
                   AND c.relnamespace = 'public'::regnamespace ORDER BY 1";
    assert_eq!(
        world.texts(columns).await,
        ["install_gateways.slot", "kv.bucket", "kv.key", "schedules.name"]
    );
}
