//! Ways out of the directory: there are none.

use super::{OnDisk, keeper, list, outcomes, read, step, write};
use crate::host::{Host, good, refused};
use serde_json::{Value, json};
use std::os::unix::fs::symlink;

fn raw(name: &str, path: impl Into<Value>) -> Value {
    step(name, json!({ "path": path.into() }))
}

#[tokio::test]
async fn no_path_leads_out() {
    let host = Host::new().await;
    let tenant = host.tenant("paths").await;
    let disk = OnDisk::of(&tenant);
    let secret = disk.make().0.with_file_name("secret");
    std::fs::write(&secret, "s3cret").unwrap();
    let keeper = keeper().await;

    let absolute = secret.display().to_string();
    let up = [
        "../secret".to_owned(),
        "a/../../secret".to_owned(),
        "./../secret".to_owned(),
        "..".to_owned(),
        format!("{}{absolute}", "../".repeat(20)),
        absolute.clone(),
        "/".to_owned(),
        "/etc/passwd".to_owned(),
        "//etc/passwd".to_owned(),
        "".to_owned(),
        "a\0b".to_owned(),
        "../secret\0".to_owned(),
        "/proc/self/environ".to_owned(),
    ];
    let mut steps = Vec::new();
    for path in &up {
        steps.push(step("raw_open", json!({ "path": path, "create": false })));
        steps.push(step("raw_open", json!({ "path": path, "create": true })));
        for call in ["raw_make_dir", "raw_remove", "raw_stat", "raw_read_link"] {
            steps.push(raw(call, path.clone()));
        }
        steps.push(step("raw_rename", json!({ "from": path, "to": "stolen" })));
        steps.push(step("raw_rename", json!({ "from": "mine", "to": path })));
        // The standard library makes of it what it can.
        for path in [path.clone(), format!("/data/{path}")] {
            if path.trim_start_matches('/').trim_start_matches("data/").is_empty() || path.ends_with("/") {
                continue;
            }
            steps.push(read(&path));
            steps.push(write(&path, "overwritten"));
        }
    }
    let mut all = vec![write("/data/mine", "mine")];
    all.append(&mut steps);
    let count = all.len();
    all.push(list("/data"));
    let outcomes = outcomes(&tenant, &keeper, Value::Array(all.clone())).await;
    good(&outcomes[0]);
    for (outcome, step) in outcomes[1..count].iter().zip(&all[1..]) {
        assert!(outcome.get("error").is_some(), "{step}: {outcome}");
    }
    assert_eq!(good(&outcomes[count]), &json!(["mine"]));
    assert_eq!(std::fs::read_to_string(&secret).unwrap(), "s3cret");
    assert_eq!(std::fs::read_dir(disk.0.parent().unwrap()).unwrap().count(), 2, "nothing was made beside it");
}

#[tokio::test]
async fn links_are_neither_made_nor_followed_out() {
    let host = Host::new().await;
    let tenant = host.tenant("links").await;
    let disk = OnDisk::of(&tenant);
    let outside = disk.make().0.with_file_name("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("secret"), "s3cret").unwrap();
    // What no guest can make, and an operator may have put there.
    symlink(outside.join("secret"), disk.path("absolute")).unwrap();
    symlink("../outside/secret", disk.path("relative")).unwrap();
    symlink(&outside, disk.path("folder")).unwrap();
    symlink("..", disk.path("up")).unwrap();
    symlink("loop", disk.path("loop")).unwrap();
    symlink("../outside/new", disk.path("dangling")).unwrap();
    symlink("/proc/self/root", disk.path("root")).unwrap();
    let keeper = keeper().await;

    let mut steps = Vec::new();
    let ways = [
        "absolute",
        "relative",
        "folder/secret",
        "up/outside/secret",
        "loop",
        "dangling",
        "folder/new",
        "root/etc/passwd",
    ];
    for path in ways {
        steps.push(read(&format!("/data/{path}")));
        steps.push(write(&format!("/data/{path}"), "overwritten"));
        steps.push(step("append", json!({ "path": format!("/data/{path}"), "text": "more" })));
        steps.push(step("raw_open", json!({ "path": path, "create": true })));
        steps.push(raw("raw_stat", path));
        steps.push(raw("raw_read_link", path));
    }
    for folder in ["folder", "up", "root"] {
        steps.push(list(&format!("/data/{folder}")));
        steps.push(raw("raw_make_dir", format!("{folder}/new")));
        steps.push(raw("raw_remove", format!("{folder}/secret")));
        steps.push(step("raw_rename", json!({ "from": format!("{folder}/secret"), "to": "stolen" })));
    }
    for target in ["../outside", "absolute", "mine", "/etc/passwd"] {
        steps.push(step("raw_symlink", json!({ "from": target, "to": "made" })));
        steps.push(step("raw_link", json!({ "from": target, "to": "made" })));
        steps.push(step("hard_link", json!({ "from": format!("/data/{target}"), "to": "/data/made" })));
    }
    let count = steps.len();
    steps.push(list("/data"));
    let answers = outcomes(&tenant, &keeper, Value::Array(steps.clone())).await;
    for (outcome, step) in answers[..count].iter().zip(&steps) {
        assert!(outcome.get("error").is_some(), "{step}: {outcome}");
        assert!(!outcome.to_string().contains("s3cret"), "{step}: {outcome}");
    }
    assert_eq!(
        good(&answers[count]),
        &json!(["absolute", "dangling", "folder", "loop", "relative", "root", "up"])
    );
    assert_eq!(std::fs::read_to_string(outside.join("secret")).unwrap(), "s3cret");
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 1);

    // A link itself can be removed; what it named stays.
    let steps = json!([
        raw("raw_remove", "absolute"),
        raw("raw_remove", "folder"),
        step("remove_all", json!({ "path": "/data/up" }))
    ]);
    outcomes(&tenant, &keeper, steps).await;
    assert!(outside.join("secret").exists());
}

#[tokio::test]
async fn pipes_and_devices_are_not_opened() {
    let host = Host::new().await;
    let tenant = host.tenant("devices").await;
    let disk = OnDisk::of(&tenant);
    disk.make();
    // Opening either end of a pipe would wait for the other for ever.
    let made = std::process::Command::new("mkfifo").arg(disk.path("pipe")).status().unwrap();
    assert!(made.success());
    let mut steps = vec![read("/data/pipe"), write("/data/pipe", "x")];
    steps.push(step("append", json!({ "path": "/data/pipe", "text": "x" })));
    for create in [false, true] {
        steps.push(step("raw_open", json!({ "path": "pipe", "create": create })));
    }
    steps.push(list("/data"));
    steps.push(step("remove", json!({ "path": "/data/pipe" })));
    let outcomes = outcomes(&tenant, &keeper().await, Value::Array(steps)).await;
    for outcome in &outcomes[..5] {
        let error = refused(outcome);
        assert!(error.contains("access") || error.contains("PermissionDenied"), "{error}");
    }
    assert_eq!(good(&outcomes[5]), &json!(["pipe"]), "it goes on");
    good(&outcomes[6]);
}

#[tokio::test]
async fn names_and_depth_are_bounded() {
    let host = Host::new().await;
    let tenant = host.tenant("deep").await;
    let disk = OnDisk::of(&tenant);
    let keeper = keeper().await;
    let long = |times: u64| json!({ "repeat": "n", "times": times });
    let raw_open = |path: Value| step("raw_open", json!({ "path": path, "create": true }));
    let steps = json!([
        raw_open(long(255)),
        raw_open(long(256)),
        raw_open(long(1_000_000)),
        raw_open(json!({ "repeat": "n/", "times": 100_000 })),
        raw_open(json!({ "repeat": "../", "times": 100_000 })),
        step("nest", json!({ "path": "/data", "name": "d" })),
        step("make_dir", json!({ "path": "/data/e" })),
        // Moving a deep folder below another one makes it no deeper than allowed.
        step("rename", json!({ "from": "/data/d", "to": "/data/e/d" })),
        step("rename", json!({ "from": "/data/d/d", "to": "/data/e/d" })),
        step("rename", json!({ "from": "/data/e", "to": "/data/d/e" })),
    ]);
    let outcomes = outcomes(&tenant, &keeper, steps).await;
    good(&outcomes[0]);
    for at in [1, 2, 3] {
        assert!(refused(&outcomes[at]).contains("name-too-long"), "{}", outcomes[at]);
    }
    refused(&outcomes[4]);
    assert_eq!(good(&outcomes[5])["good"], 16, "{}", outcomes[5]);
    good(&outcomes[6]);
    refused(&outcomes[7]);
    good(&outcomes[8]);
    refused(&outcomes[9]);
    let deepest = disk.path(&format!("e/{}", "d/".repeat(15)));
    assert!(deepest.is_dir());
}
