//! Opening a database and bringing its schema up to date.

use crate::estate::estate;
use crate::world::{World, open};
use tempfile::TempDir;
use twobot_store::{MasterKey, Store, StoreError};

#[tokio::test]
async fn migrating_again_changes_nothing() {
    let world = World::new().await;
    estate(&world, "ann").await;
    let schema = "SELECT type || name || coalesce(sql, '') FROM sqlite_master ORDER BY 1";
    let applied = "SELECT version || description || installed_on || hex(checksum) FROM _sqlx_migrations";
    let before = (world.texts(schema).await, world.texts(applied).await, world.dump().await);
    assert!(before.0.len() > 40 && !before.1.is_empty() && before.2.len() > 15);
    world.store.migrate().await.unwrap();
    let second = open(&world.path()).await;
    second.migrate().await.unwrap();
    assert_eq!((world.texts(schema).await, world.texts(applied).await, world.dump().await), before);
}

#[tokio::test]
async fn every_table_of_a_tenant_says_whose_its_rows_are() {
    let world = World::new().await;
    for table in world.tables().await.into_iter().filter(|table| table != "tenants") {
        let column = format!(
            "SELECT count(*) FROM pragma_table_info('{table}') WHERE name = 'tenant_id' AND \"notnull\" = 1"
        );
        let key = format!(
            "SELECT count(*) FROM pragma_foreign_key_list('{table}') \
             WHERE \"from\" = 'tenant_id' AND \"table\" = 'tenants' AND on_delete = 'CASCADE'"
        );
        assert_eq!((world.number(&column).await, world.number(&key).await), (1, 1), "{table}");
    }
    // So that a tenant can go with everything, and nobody else with it.
    let (ann, bob) = (estate(&world, "ann").await, estate(&world, "bob").await);
    let before = world.dump().await;
    assert!(before.iter().all(|(table, rows)| rows.len() >= 2 || table.starts_with("sqlite")), "{before:#?}");
    world.execute("DELETE FROM tenants WHERE id = (SELECT min(id) FROM tenants)").await;
    let gone = ann.scope.tenant().min(bob.scope.tenant());
    assert_eq!(world.dump().await, crate::world::without(&before, gone));
}

#[tokio::test]
async fn a_database_is_made_in_a_folder_that_is_made() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a").join("b").join("2bot.db");
    let store = open(&path).await;
    store.migrate().await.unwrap();
    store.ping().await.unwrap();
    assert!(path.exists());
    store.close().await;
    assert!(matches!(store.ping().await, Err(StoreError::Database(_))));
}

#[tokio::test]
async fn a_database_that_can_not_be_used_is_refused_in_words() {
    let folder = TempDir::new().unwrap();
    let (file, text) = (folder.path().join("file"), folder.path().join("text.db"));
    std::fs::write(&file, "in the way").unwrap();
    std::fs::write(&text, "this is no database, although it is long enough to have a header. ".repeat(20))
        .unwrap();
    let below = format!("sqlite:{}/2bot.db", file.display());
    let cases = [
        ("postgres://user:secret@localhost/2bot", "databases of the kind `postgres` are not supported"),
        ("mysql://user:secret@localhost/2bot", "databases of the kind `mysql` are not supported"),
        ("SQLITE:2bot.db", "databases of the kind `SQLITE` are not supported"),
        ("2bot.db", "databases of the kind `2bot.db` are not supported"),
        ("", "databases of the kind `` are not supported"),
        (below.as_str(), "can not make the folder"),
        (&format!("sqlite:{}", folder.path().display()), "unable to open database file"),
        (&format!("sqlite:{}", text.display()), "file is not a database"),
        ("sqlite:2bot.db?mode=nonsense", "nonsense"),
    ];
    for (url, expected) in cases {
        let Err(error) = Store::open(url, MasterKey::new([7; 32])).await else { panic!("{url} was opened") };
        let message = error.to_string();
        assert!(message.contains(expected), "{url}: {message}");
        assert!(!message.contains("secret"), "{url}: {message}");
    }
}
