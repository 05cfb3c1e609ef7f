//! One server on an embedded database, with commands beside it.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;

use common::{PATIENCE, Server, said, say_hello, twobot};
use serde_json::json;
use std::process::{Command, Output, Stdio};
use std::time::Instant;

/// What a server said that should not have begun to serve.
fn ended(mut command: Command) -> Output {
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while process.try_wait().unwrap().is_none() && begun.elapsed() < PATIENCE {
        std::thread::yield_now();
    }
    let _ = process.kill();
    process.wait_with_output().unwrap()
}

#[test]
fn a_second_server_on_the_same_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = Server::start(folder);
    let (token, execution) = say_hello(&server);

    let other = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.join("data/twobot.db").display());
    let elsewhere = || {
        // With another port and another folder, as in another container.
        let mut command = twobot(other.path(), &["serve"]);
        let key = std::fs::read_to_string(folder.join("data/master.key")).unwrap();
        command.env("DATABASE_URL", &database).env("TWOBOT_MASTER_KEY", key.trim());
        command
    };
    for command in [twobot(folder, &["serve"]), twobot(folder, &["serve", "--demo"]), elsewhere()] {
        let refused = ended(command);
        let told = said(&refused);
        assert!(!refused.status.success(), "{told}");
        assert!(told.contains("another server works on") && told.contains("PostgreSQL"), "{told}");
    }

    // What is meant for beside a server works beside it.
    for arguments in [
        &["migrate"][..],
        &["user", "create", "--email", "bob@example.org", "--password", "Good-pass-1"],
        &["usage", "reconcile"],
        &["audit", "verify"],
        &["replay", &execution],
        &["backup", "copy.db"],
    ] {
        let output = twobot(folder, arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    }
    let restored = twobot(folder, &["restore", "copy.db", "--replace"]).output().unwrap();
    assert!(!restored.status.success() && said(&restored).contains("stop the server first"), "{restored:?}");
    server.ask("GET", "/executions", &token, &json!({}));

    // Killed, it leaves nothing that is in the way of the next; nor do one that was stopped, and a restore.
    drop(server);
    Server::run(elsewhere()).stop();
    let restored = twobot(folder, &["restore", "copy.db", "--replace"]).output().unwrap();
    assert!(restored.status.success(), "{}", said(&restored));
    Server::start(folder).stop();
}
