//! Short courses of the crash test, with every run of the tests. `cargo xtask crash-test --kills N` is the long one.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Where tests find a server of PostgreSQL.
const POSTGRES: &str = "TWOBOT_TEST_POSTGRES";

/// The server's binary: the one that is named, or the one that was built beside this test's own program.
fn server() -> PathBuf {
    let beside = Path::new(env!("CARGO_BIN_EXE_twobot-crash-test")).with_file_name("twobot");
    let server = std::env::var_os("TWOBOT_BIN").map_or(beside, PathBuf::from);
    assert!(server.is_file(), "{} is missing: build it by `cargo build`", server.display());
    server
}

fn run(setup: &str, kills: &str) {
    let plugin = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/components/tests/ledger.wasm");
    assert!(plugin.is_file(), "{} is missing: build it by `cargo xtask guests`", plugin.display());
    let ran = Command::new(env!("CARGO_BIN_EXE_twobot-crash-test"))
        .args(["--setup", setup, "--kills", kills, "--tenants", "3", "--conversations", "5", "--binary"])
        .arg(server())
        .arg("--plugin")
        .arg(plugin)
        .output()
        .unwrap_or_else(|error| panic!("the crash test can not be started: {error}"));
    let said = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{said}");
    assert!(said.contains("nothing lost"), "{said}");
}

#[test]
fn nothing_is_lost_or_out_of_order_when_the_server_is_killed() {
    run("sqlite", "6");
}

#[test]
fn nothing_is_lost_or_out_of_order_when_a_server_on_postgresql_is_killed() {
    assert!(std::env::var_os(POSTGRES).is_some(), "run this by `cargo xtask postgres cargo nextest run …`");
    run("postgres", "6");
}

#[test]
fn nothing_is_lost_or_out_of_order_when_one_of_three_nodes_is_killed_and_another_paused() {
    assert!(std::env::var_os(POSTGRES).is_some(), "run this by `cargo xtask postgres cargo nextest run …`");
    run("nodes", "4");
}
