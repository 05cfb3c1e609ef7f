//! A database that is a file: made where it is missing, and refused where it is none.

use crate::estate::estate;
use crate::world::{KEY, World, page};
use tempfile::TempDir;
use twobot_store::{MasterKey, Store, StoreError};

async fn open(url: &str) -> Result<Store, StoreError> {
    Store::open(url, MasterKey::new(KEY)).await
}

#[tokio::test]
async fn a_database_is_made_in_a_folder_that_is_made() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a").join("b").join("2bot.db");
    let store = open(&format!("sqlite:{}", path.display())).await.unwrap();
    store.migrate().await.unwrap();
    store.ping().await.unwrap();
    assert!(path.exists());
}

#[tokio::test]
async fn a_file_that_can_not_be_used_is_refused_in_words() {
    let folder = TempDir::new().unwrap();
    let (file, text) = (folder.path().join("file"), folder.path().join("text.db"));
    std::fs::write(&file, "in the way").unwrap();
    std::fs::write(&text, "this is no database, although it is long enough to have a header. ".repeat(20))
        .unwrap();
    let cases = [
        (format!("sqlite:{}/2bot.db", file.display()), "can not make the folder"),
        (format!("sqlite:{}", folder.path().display()), "unable to open database file"),
        (format!("sqlite:{}", text.display()), "file is not a database"),
        ("sqlite:2bot.db?mode=nonsense".to_owned(), "nonsense"),
    ];
    for (url, expected) in cases {
        let Err(error) = open(&url).await else { panic!("{url} was opened") };
        assert!(error.to_string().contains(expected), "{url}: {error}");
    }
}

// A file takes a value of any type in any column.
#[tokio::test]
async fn a_value_of_another_type_is_an_error_too() {
    let world = World::new().await;
    let of = estate(&world, "ann").await;
    for (column, value) in [("name", "x'00ff'"), ("accepted", "'many'"), ("config", "x'ff'"), ("id", "x'01'")]
    {
        let world = world.after_a_crash().await;
        world.execute("PRAGMA foreign_keys = off").await;
        world.execute(&format!("UPDATE gateways SET {column} = {value}")).await;
        let result = world.store.gateways(of.scope, page(9)).await;
        assert!(result.is_err(), "{column}: {result:?}");
    }
}
