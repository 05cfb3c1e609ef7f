//! One server on an embedded database, with commands beside it.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;

use common::{Server, said, say_hello, twobot};
use serde_json::json;

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
    for mut command in [twobot(folder, &["serve"]), twobot(folder, &["serve", "--demo"]), elsewhere()] {
        let refused = command.output().unwrap();
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
