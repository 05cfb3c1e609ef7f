//! Opening a database and bringing its schema up to date.

use crate::estate::estate;
use crate::world::{Column, KEY, World};
use twobot_store::{MasterKey, Store, StoreError};

/// Everything that a migration could change.
async fn schema(world: &World) -> Vec<String> {
    let mut schema = Vec::new();
    for table in world.tables().await {
        schema.extend(world.columns(&table).await.iter().map(|column| format!("{table}: {column:?}")));
        schema.extend(world.indexes(&table).await.iter().map(|index| format!("{index:?}")));
        schema.extend(world.foreign_keys(&table).await.iter().map(|key| format!("{key:?}")));
    }
    schema
}

#[tokio::test]
async fn migrating_again_changes_nothing() {
    let world = World::new().await;
    estate(&world, "ann").await;
    let applied =
        "SELECT CAST(version AS TEXT) || description || CAST(installed_on AS TEXT) FROM _sqlx_migrations";
    let before = (schema(&world).await, world.texts(applied).await, world.dump().await);
    assert!(before.0.len() > 150 && !before.1.is_empty() && before.2.len() > 15, "{}", before.0.len());
    world.store.migrate().await.unwrap();
    let second = world.another_store().await;
    second.migrate().await.unwrap();
    assert_eq!((schema(&world).await, world.texts(applied).await, world.dump().await), before);
}

#[tokio::test]
async fn every_table_of_a_tenant_says_whose_its_rows_are() {
    let world = World::new().await;
    // Components are the operator's: every tenant is offered the same. Nodes, and how far usage is summed, are nobody's.
    let of_nobody = ["tenants", "components", "nodes", "own_keys", "usage_progress"];
    for table in world.tables().await.into_iter().filter(|table| !of_nobody.contains(&table.as_str())) {
        let columns = world.columns(&table).await;
        let says = |column: &&Column| column.name == "tenant_id" && column.not_null;
        assert_eq!(columns.iter().filter(says).count(), 1, "{table}");
        let keys = world.foreign_keys(&table).await;
        let of_tenant = keys.iter().filter(|key| key.column == "tenant_id" && key.parent == "tenants");
        assert_eq!(of_tenant.map(|key| key.on_delete.as_str()).collect::<Vec<_>>(), ["CASCADE"], "{table}");
    }
    // So that a tenant can go with everything, and nobody else with it.
    let (ann, bob) = (estate(&world, "ann").await, estate(&world, "bob").await);
    let before = world.dump().await;
    // Stores that have not joined work for nobody.
    let kept =
        before.iter().filter(|(table, _)| !matches!(table.as_str(), "nodes" | "leases" | "usage_progress"));
    assert!(kept.map(|(_, rows)| rows).all(|rows| rows.len() >= 2), "{before:#?}");
    world.execute("DELETE FROM tenants WHERE id = (SELECT id FROM tenants ORDER BY id LIMIT 1)").await;
    let gone = ann.scope.tenant().min(bob.scope.tenant());
    assert_eq!(world.dump().await, crate::world::without(&before, gone));
}

#[tokio::test]
async fn a_store_that_was_closed_answers_with_an_error() {
    let world = World::new().await;
    world.store.ping().await.unwrap();
    world.store.close().await;
    assert!(matches!(world.store.ping().await, Err(StoreError::Database(_))));
}

#[tokio::test]
async fn a_database_of_an_unknown_kind_is_refused_in_words() {
    for (url, kind) in [
        ("mysql://user:secret@localhost/2bot", "mysql"),
        ("SQLITE:2bot.db", "SQLITE"),
        ("2bot.db", "2bot.db"),
        ("", ""),
    ] {
        let Err(error) = Store::open(url, MasterKey::new(KEY)).await else { panic!("{url} was opened") };
        let message = error.to_string();
        assert!(message.contains(&format!("databases of the kind `{kind}` are not supported")), "{message}");
        assert!(!message.contains("secret"), "{message}");
    }
}
