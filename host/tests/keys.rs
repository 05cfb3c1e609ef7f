//! `twobot keys`, as an operator uses it: beside a running server, and after it.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;

use common::{Server, said, twobot};
use serde_json::{Value, json};
use std::fs::File;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// What a command prints, which has to succeed.
fn keys(folder: &Path, arguments: &[&str]) -> String {
    let output = twobot(folder, &[&["keys"], arguments].concat()).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// What a command says that must fail.
fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = twobot(folder, &[&["keys"], arguments].concat()).output().unwrap();
    assert!(!output.status.success(), "{}", said(&output));
    said(&output)
}

/// The ids of the keys, with what each does.
fn listed(folder: &Path) -> Vec<(String, String)> {
    let words =
        |line: &str| line.split_once("  ").map(|(id, rest)| (id.to_owned(), rest.trim().to_owned())).unwrap();
    keys(folder, &["list"]).lines().map(words).collect()
}

/// Makes the file with the keys a day old.
fn age(file: &Path) {
    let yesterday = SystemTime::now() - Duration::from_secs(86_400);
    File::options().write(true).open(file).unwrap().set_modified(yesterday).unwrap();
}

fn gateway(server: &Server, token: &str, name: &str) -> String {
    let hook = json!({"kind": "web-hook", "name": name, "config": {"verification": "token"}, "credentials": {"secret": "0123456789abcdef"}});
    server.ask("POST", "/gateways", token, &hook)["id"].as_str().unwrap().to_owned()
}

#[test]
fn keys_are_rotated_beside_a_server_and_former_ones_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let (folder, file) = (folder.path(), folder.path().join("data/master.key"));
    let server = Server::start(folder);
    let account = json!({"email": "ada@example.org", "password": "Analytical-Engine-1", "name": "Ada"});
    let token = server.ask("POST", "/auth/register", "", &account)["token"].as_str().unwrap().to_owned();
    gateway(&server, &token, "One");
    let first = std::fs::read(&file).unwrap();
    let [(old, does)] = listed(folder).try_into().unwrap();
    assert!(does.starts_with("seals") && !does.ends_with(" 0 secrets"), "{does}");

    let printed = keys(folder, &["rotate"]);
    assert!(printed.contains("seals from now on") && !printed.contains("sealed anew: 0"), "{printed}");
    let [(new, seals), (former, opens)] = listed(folder).try_into().unwrap();
    assert!(new != old && former == old);
    assert!(seals.starts_with("seals") && !seals.ends_with(" 0 secrets"), "{seals}");
    assert_eq!(opens, "opens     0 secrets");

    // The server that runs reads what was sealed anew, and what it seals can be opened by whoever starts after it.
    gateway(&server, &token, "Two");
    assert!(refused(folder, &["retire"]).contains("less than a minute ago"));
    age(&file);
    assert!(keys(folder, &["retire"]).contains("forgotten"));
    let [(only, does)] = listed(folder).try_into().unwrap();
    assert_eq!((only.as_str(), does.split(' ').next()), (new.as_str(), Some("seals")));
    assert!(keys(folder, &["retire"]).contains("no former keys"));
    server.stop();

    let server = Server::start(folder);
    let list = server.ask("GET", "/gateways", &token, &Value::Null);
    for gateway in list["items"].as_array().unwrap() {
        server.ask(
            "POST",
            &format!("/gateways/{}/connect", gateway["id"].as_str().unwrap()),
            &token,
            &json!({}),
        );
    }
    server.stop();
    assert_eq!(listed(folder).len(), 1);

    // With the key of before alone, nothing of it opens, and that is told.
    std::fs::write(&file, first).unwrap();
    let [(back, _), (unknown, what)] = listed(folder).try_into().unwrap();
    assert_eq!((back, unknown), (old, new));
    assert!(what.starts_with("not here") && what.ends_with("secrets that can not be opened"), "{what}");
}

#[test]
fn a_key_that_was_added_opens_and_is_rotated_to() {
    let folder = tempfile::tempdir().unwrap();
    let (folder, file) = (folder.path(), folder.path().join("data/master.key"));
    assert!(refused(folder, &["add"]).contains("there is no key"));
    Server::start(folder).stop();
    let printed = keys(folder, &["add"]);
    let [(old, _), (new, does)] = listed(folder).try_into().unwrap();
    assert!(printed.contains(&new), "{printed}");
    assert_eq!(does, "opens     0 secrets");
    assert!(refused(folder, &["rotate", "--to", "00000000"]).contains("no key 00000000"));
    assert!(refused(folder, &["rotate", "--to", "x"]).contains("eight hexadecimal digits"));
    keys(folder, &["rotate", "--to", &new]);
    let ids: Vec<_> = listed(folder).into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, [new, old]);
    for _ in 2..8 {
        keys(folder, &["add"]);
    }
    assert!(refused(folder, &["add"]).contains("twobot keys retire"));
    age(&file);
    keys(folder, &["retire"]);
    assert_eq!(listed(folder).len(), 1);
}

#[test]
fn a_key_from_the_environment_is_not_rotated_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = ("ab".repeat(32), "cd".repeat(32));
    let with = |key: &str, arguments: &[&str]| {
        let mut command = twobot(folder.path(), &[&["keys"], arguments].concat());
        command.env("TWOBOT_MASTER_KEY", key).output().unwrap()
    };
    assert!(with(&old, &["reseal"]).status.success());
    for command in [["add"], ["rotate"], ["retire"]] {
        let output = with(&old, &command);
        assert!(!output.status.success() && said(&output).contains("TWOBOT_MASTER_KEY"), "{}", said(&output));
    }
    assert!(!folder.path().join("data/master.key").exists());
    let output = with(&format!("{new},{old}"), &["reseal"]);
    // The deployment's own three keys.
    assert!(output.status.success() && said(&output).contains("sealed anew: 3"), "{}", said(&output));
    assert!(said(&with(&new, &["list"])).contains("seals     3 secrets"));
    assert!(said(&with(&old, &["list"])).contains("3 secrets that can not be opened"));
}
