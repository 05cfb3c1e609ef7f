//! `twobot replay`, as an operator uses it: beside a running server, and after it.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;

use common::{Server, said, say_hello, twobot};
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use std::path::Path;

/// Changes what is recorded of what was done, so that a replay does something else.
fn change_the_record(database: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(database);
        let mut connection: SqliteConnection = options.connect().await.unwrap();
        let change = "UPDATE executions SET recording = replace(recording, '\"d\":\"', '\"d\":\"0')";
        assert_eq!(sqlx::query(change).execute(&mut connection).await.unwrap().rows_affected(), 1);
        connection.close().await.unwrap();
    });
}

#[test]
fn an_execution_is_replayed_beside_the_server_and_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let (token, execution) = say_hello(&server);
    let replay = |more: &[&str]| {
        let arguments = [&["replay", execution.as_str()], more].concat();
        twobot(folder.path(), &arguments).output().unwrap()
    };

    // The server goes on serving meanwhile, and its own answer is the same.
    let beside = replay(&["--json"]);
    assert_eq!(beside.status.code(), Some(0), "{}", said(&beside));
    let mut printed: Value = serde_json::from_slice(&beside.stdout).unwrap();
    let mut answered = server.ask("POST", &format!("/executions/{execution}/replay"), &token, &json!({}));
    for report in [&mut printed, &mut answered] {
        assert!(report["fuel"].take().as_u64().unwrap() > 0);
        report["peak_memory_bytes"].take();
    }
    assert_eq!(printed, answered);
    assert_eq!(printed["differences"], json!([]));
    assert!(printed["would_do"][0]["content"].as_str().unwrap().contains("hello yourself"), "{printed}");
    server.stop();

    let database = folder.path().join("data").join("twobot.db");
    let before = std::fs::read(&database).unwrap();
    let words = replay(&[]);
    assert_eq!(words.status.code(), Some(0), "{}", said(&words));
    let told = said(&words);
    for part in
        ["auto-reply", "(the one that ran)", "now        succeeded", "send_message", "Differences (0)"]
    {
        assert!(told.contains(part), "{part} in {told}");
    }
    assert_eq!(std::fs::read(&database).unwrap(), before, "the database was written to");

    // Another build of the same plugin: a section of its own makes it another component.
    let components = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/components");
    let mut bytes = std::fs::read(components.join("auto-reply.wasm")).unwrap();
    bytes.extend([0, 5, 4, b'm', b'i', b'n', b'e']);
    std::fs::write(folder.path().join("mine.wasm"), bytes).unwrap();
    let mine = replay(&["--component", "mine.wasm"]);
    assert_eq!(mine.status.code(), Some(0), "{}", said(&mine));
    assert!(said(&mine).contains("(in the place of "), "{}", said(&mine));
    let other = components.join("analytics.wasm");
    let other = replay(&["--component", other.to_str().unwrap()]);
    assert_eq!(other.status.code(), Some(1));
    assert!(said(&other).contains("the component is the plugin `analytics`"), "{}", said(&other));

    change_the_record(&database);
    let differs = replay(&[]);
    assert_eq!(differs.status.code(), Some(3), "{}", said(&differs));
    assert!(said(&differs).contains("effect 1"), "{}", said(&differs));
    let unknown =
        twobot(folder.path(), &["replay", "01928f6e-3f57-7cc1-93c6-1f1f6a1f0a11"]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(1));
    assert!(said(&unknown).contains("there is no execution"), "{}", said(&unknown));
}

#[test]
fn a_replay_makes_neither_a_database_nor_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let output = twobot(folder.path(), &["replay", "01928f6e-3f57-7cc1-93c6-1f1f6a1f0a11"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{}", said(&output));
}
