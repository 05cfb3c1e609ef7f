//! What the one whom a directory belongs to is given of it: all that a plugin put there, and nothing that lies elsewhere.

use super::{OnDisk, keeper, of, outcomes, step, write};
use crate::host::{Host, Tenant, good, machine};
use serde_json::json;
use std::io;
use std::os::unix::fs::symlink;
use twobot_runtime::FilePiece;

/// All of it: folders by their paths, files with their bytes.
async fn read(tenant: &Tenant) -> io::Result<Vec<(String, Option<Vec<u8>>)>> {
    let mut reading = machine().read_directory(tenant.scope.tenant(), tenant.install.id);
    let mut all: Vec<(String, Option<Vec<u8>>)> = Vec::new();
    while let Some(piece) = reading.next().await? {
        match piece {
            FilePiece::Folder(path) => all.push((path, None)),
            FilePiece::File(path) => all.push((path, Some(Vec::new()))),
            FilePiece::Bytes(bytes) => {
                assert!(!bytes.is_empty() && bytes.len() <= 64 * 1024);
                let (_, Some(content)) = all.last_mut().unwrap() else { panic!("bytes of a folder") };
                content.extend(bytes);
            }
        }
    }
    assert!(reading.next().await?.is_none(), "the end is the end");
    Ok(all)
}

#[tokio::test]
async fn all_that_a_plugin_wrote_is_read_and_nothing_is_made_for_it() {
    let host = Host::new().await;
    let (tenant, stranger) = (host.tenant("reading").await, host.tenant("stranger").await);
    let (disk, other) = (OnDisk::of(&tenant), OnDisk::of(&stranger));
    assert_eq!(read(&tenant).await.unwrap(), []);
    assert!(!disk.0.exists(), "looking makes nothing");
    std::fs::write(other.make().path("b"), "another's").unwrap();

    let folder = |path: &str| step("raw_make_dir", json!({ "path": path }));
    let steps = json!([
        folder("folder"),
        folder("folder/empty"),
        write("/data/folder/b", of(150_000)),
        write("/data/a", "hello"),
        write("/data/z", ""),
    ]);
    for outcome in outcomes(&tenant, &keeper().await, steps).await {
        good(&outcome);
    }
    let file = |path: &str, text: String| (path.to_owned(), Some(text.into_bytes()));
    let expected = [
        file("a", "hello".to_owned()),
        ("folder".to_owned(), None),
        file("folder/b", "x".repeat(150_000)),
        ("folder/empty".to_owned(), None),
        file("z", String::new()),
    ];
    assert_eq!(read(&tenant).await.unwrap(), expected);
}

#[tokio::test]
async fn what_an_operator_put_there_leads_nowhere_and_is_bounded() {
    let host = Host::new().await;
    let tenant = host.tenant("links").await;
    let disk = OnDisk::of(&tenant);
    let secret = disk.make().0.with_file_name("secret");
    std::fs::write(&secret, "s3cret").unwrap();
    symlink(&secret, disk.path("link")).unwrap();
    symlink(disk.0.parent().unwrap(), disk.path("folder")).unwrap();
    // Opening a pipe that nobody writes to would wait for ever.
    let made = std::process::Command::new("mkfifo").arg(disk.path("pipe")).status().unwrap();
    assert!(made.success());
    std::fs::write(disk.path("mine"), "mine").unwrap();
    assert_eq!(read(&tenant).await.unwrap(), [("mine".to_owned(), Some(b"mine".to_vec()))]);

    for number in 0..10_000 {
        std::fs::write(disk.path(&format!("more{number}")), "").unwrap();
    }
    let mut reading = machine().read_directory(tenant.scope.tenant(), tenant.install.id);
    let error = reading.next().await.unwrap_err();
    assert!(error.to_string().contains("more than 10000"), "{error}");
    assert!(reading.next().await.is_err(), "a part is not taken for the whole");
}

#[tokio::test]
async fn what_is_removed_meanwhile_is_not_there() {
    let host = Host::new().await;
    let tenant = host.tenant("removed").await;
    let disk = OnDisk::of(&tenant);
    disk.make();
    std::fs::create_dir(disk.path("b")).unwrap();
    for name in ["a", "b/c", "d"] {
        std::fs::write(disk.path(name), name).unwrap();
    }
    let mut reading = machine().read_directory(tenant.scope.tenant(), tenant.install.id);
    assert_eq!(reading.next().await.unwrap(), Some(FilePiece::File("a".to_owned())));
    std::fs::remove_dir_all(disk.path("b")).unwrap();
    std::fs::remove_file(disk.path("d")).unwrap();
    assert_eq!(reading.next().await.unwrap(), Some(FilePiece::Bytes(b"a".to_vec())));
    assert_eq!(reading.next().await.unwrap(), None);
}
