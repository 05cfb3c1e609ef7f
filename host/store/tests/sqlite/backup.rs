//! Backups: of a database in use, looked through, and put back.

use crate::world::{KEY, World, writes};
use std::path::Path;
use twobot_store::backup::{self, BackupError};
use twobot_store::{MasterKey, Store};

fn url(path: &Path) -> String {
    format!("sqlite:{}", path.display())
}

async fn open(path: &Path) -> Store {
    Store::open(&url(path), MasterKey::new(KEY)).await.unwrap()
}

#[tokio::test]
async fn a_backup_of_a_database_in_use_has_what_was_committed_and_can_be_put_back() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let (gateway, install) = (ann.gateway("Bot").await, ann.install("plugin", &[]).await);
    let done = ann.queue(gateway, install).await;
    ann.finish(done, install, &writes([], [])).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup.db");

    // Others write while the copy is made.
    let busy = async {
        for _ in 0..20 {
            ann.queue(gateway, install).await;
        }
    };
    let database = world.url();
    let (report, ()) = tokio::join!(backup::backup(&database, &file), busy);
    let report = report.unwrap();
    assert_eq!((report.tenants, report.bytes), (1, std::fs::metadata(&file).unwrap().len()));
    assert!((1..=21).contains(&report.executions), "{report:?}");
    assert!(matches!(backup::backup(&world.url(), &file).await, Err(BackupError::Exists(_))));

    let fresh = folder.path().join("new/twobot.db");
    assert_eq!(backup::restore(&url(&fresh), &file, false).await.unwrap(), report);
    let restored = open(&fresh).await;
    restored.migrate().await.unwrap();
    assert_eq!(restored.gateways(ann.scope, crate::world::page(9)).await.unwrap().items.len(), 1);
    assert!(restored.gateway_secrets(ann.scope, gateway).await.is_ok(), "the same key opens what it sealed");
    restored.close().await;
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "no draft is left behind: {left:?}");
}

#[tokio::test]
async fn what_is_there_is_replaced_only_when_asked_for_and_not_under_a_running_server() {
    let world = World::new().await;
    world.tenant("ann").await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup.db");
    backup::backup(&world.url(), &file).await.unwrap();

    let place = folder.path().join("twobot.db");
    let other = open(&place).await;
    other.migrate().await.unwrap();
    assert!(matches!(backup::restore(&url(&place), &file, false).await, Err(BackupError::Exists(_))));
    assert!(matches!(backup::restore(&url(&place), &file, true).await, Err(BackupError::InUse)));
    other.ping().await.expect("it was left alone");
    other.close().await;

    backup::restore(&url(&place), &file, true).await.unwrap();
    assert!(folder.path().join("twobot.db.replaced").is_file(), "what was there is kept");
    let restored = open(&place).await;
    assert_eq!(restored.all_installs().await.unwrap().len(), 0);
    restored.close().await;
}

#[tokio::test]
async fn what_is_no_sound_backup_is_refused_and_changes_nothing() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    for number in 0..50 {
        ann.gateway(&format!("Bot {number}")).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let (good, place) = (folder.path().join("good.db"), folder.path().join("twobot.db"));
    backup::backup(&world.url(), &good).await.unwrap();
    let bytes = std::fs::read(&good).unwrap();

    let try_file = async |name: &str, content: &[u8]| {
        let file = folder.path().join(name);
        std::fs::write(&file, content).unwrap();
        let refused = backup::restore(&url(&place), &file, true).await.unwrap_err();
        assert!(!place.exists(), "{name}: {refused}");
        refused
    };
    let refused = try_file("text.db", b"not a database, but long enough to be looked at").await;
    assert!(matches!(refused, BackupError::NotOurs(..)), "{refused}");
    let refused = try_file("empty.db", b"").await;
    assert!(matches!(refused, BackupError::NotOurs(..)), "{refused}");
    let mut cut = bytes.clone();
    cut.truncate(bytes.len() / 2);
    try_file("half.db", &cut).await;
    let refused = backup::restore(&url(&place), Path::new("/nowhere.db"), true).await.unwrap_err();
    assert!(matches!(refused, BackupError::File(..)), "{refused}");

    let newer = folder.path().join("newer.db");
    std::fs::write(&newer, &bytes).unwrap();
    let connection = rusqlite::Connection::open(&newer).unwrap();
    connection.execute("UPDATE _sqlx_migrations SET version = 999999 WHERE version = 1", []).unwrap();
    drop(connection);
    let refused = backup::restore(&url(&place), &newer, true).await.unwrap_err();
    assert!(matches!(refused, BackupError::Newer(_, 999_999, _)), "{refused}");

    let strays = folder.path().join("strays.db");
    std::fs::write(&strays, &bytes).unwrap();
    let connection = rusqlite::Connection::open(&strays).unwrap();
    connection.execute_batch("PRAGMA foreign_keys = OFF; DELETE FROM tenants;").unwrap();
    drop(connection);
    let refused = backup::restore(&url(&place), &strays, true).await.unwrap_err();
    assert!(matches!(&refused, BackupError::Damaged(_, what) if what.contains("refer")), "{refused}");

    let postgres = backup::backup("postgres://localhost/twobot", &place).await.unwrap_err();
    assert!(matches!(postgres, BackupError::NotEmbedded));
}
