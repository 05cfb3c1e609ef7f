//! What a directory may hold, in bytes and in files, whatever a guest does to have more.

use super::{OnDisk, granted, keeper, of, outcomes, ran, read, step, write};
use crate::host::{Ended, Host, MB, good, refused, script_ending};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::Semaphore;
use twobot_domain::manifest::Capability;
use twobot_domain::plan;

fn size(path: &str, size: u64) -> Value {
    step("set_size", json!({ "path": path, "size": size }))
}

fn rename(from: &str, to: &str) -> Value {
    step("rename", json!({ "from": from, "to": to }))
}

fn remove(path: &str) -> Value {
    step("remove", json!({ "path": path }))
}

fn is_full(outcome: &Value) {
    let error = refused(outcome);
    // The standard library tells of streams only that they failed; with WASI's own calls the reason can be had.
    let words = ["insufficient-space", "No space left on device", "I/O error"];
    assert!(words.iter().any(|word| error.contains(word)), "{error}");
}

#[tokio::test]
async fn every_way_to_grow_ends_at_the_quota() {
    let host = Host::new().await;
    let keeper = keeper().await;
    let grow = |name: &str, text: Value| step(name, json!({ "path": "/data/a", "text": text }));
    let ways = [
        vec![write("/data/a", of(2 * MB))],
        vec![grow("grow", of(1_000))],
        vec![grow("grow", of(100_000))],
        vec![step("fill", json!({ "prefix": "/data/f", "count": 900, "text": of(3_000) }))],
        vec![write("/data/a", "a"), size("/data/a", MB + 1)],
        vec![write("/data/a", "a"), size("/data/a", i64::MAX as u64)],
        vec![step("raw_set_size", json!({ "path": "a", "size": MB + 1 }))],
        vec![step("raw_set_size", json!({ "path": "a", "size": u64::MAX }))],
        vec![step("raw_write", json!({ "path": "a", "at": MB, "text": "a" }))],
        vec![step("raw_write", json!({ "path": "a", "at": u64::MAX, "text": "a" }))],
        vec![step("raw_write", json!({ "path": "a", "at": i64::MAX as u64, "text": "a" }))],
        vec![
            write("/data/a", "a"),
            step("overwrite", json!({ "path": "/data/a", "at": 10 * MB, "text": "a" })),
        ],
        vec![step("raw_streams", json!({ "path": "a", "count": 50 }))],
        vec![grow("grow_removed", of(10_000))],
    ];
    for (number, steps) in ways.into_iter().enumerate() {
        let tenant = host.tenant(&format!("grow-{number}")).await;
        let disk = OnDisk::of(&tenant);
        let shown: String = format!("{steps:?}").chars().take(200).collect();
        let answers = outcomes(&tenant, &keeper, Value::Array(steps)).await;
        let last = answers.last().unwrap().to_string();
        assert!(
            ["insufficient-space", "No space left", "file-too-large", "File too large", "I/O error"]
                .iter()
                .any(|word| last.contains(word)),
            "{shown}: {last}"
        );
        assert!(disk.bytes() <= MB, "{shown}: {} bytes", disk.bytes());
        // What was refused takes nothing: all that is left can be used.
        let left = MB - disk.bytes();
        let answers =
            outcomes(&tenant, &keeper, json!([write("/data/rest", of(left)), grow("append", json!("x"))]))
                .await;
        good(&answers[0]);
        is_full(&answers[1]);
        assert_eq!(disk.bytes(), MB, "{shown}");
    }
}

#[tokio::test]
async fn what_shrinks_gives_back() {
    let host = Host::new().await;
    let tenant = host.tenant("shrink").await;
    let disk = OnDisk::of(&tenant);
    let full = || write("/data/a", of(MB));
    let more = || write("/data/b", "b");
    let steps = json!([
        full(),
        more(),
        // Truncated and written again, as often as one likes.
        full(),
        full(),
        more(),
        size("/data/a", MB - 1),
        more(),
        size("/data/a", MB),
        remove("/data/b"),
        size("/data/a", MB),
        remove("/data/a"),
        full(),
        more(),
        // Replaced by another: its bytes are free.
        size("/data/a", MB / 2),
        write("/data/c", of(MB / 2)),
        rename("/data/c", "/data/a"),
        write("/data/d", of(MB / 2)),
        more(),
        // Onto itself: nothing is free.
        rename("/data/a", "/data/a"),
        more(),
        step("make_dir", json!({ "path": "/data/e" })),
        rename("/data/a", "/data/e/a"),
        step("remove_all", json!({ "path": "/data/e" })),
        size("/data/d", MB),
        // What fails takes nothing.
        step("raw_open", json!({ "path": "none/a", "create": true })),
        step("raw_make_dir", json!({ "path": "none/a" })),
        rename("/data/none", "/data/x"),
        rename("/data/d", "/data/none/x"),
    ]);
    let answers = outcomes(&tenant, &keeper().await, steps).await;
    let fails = [1, 4, 7, 12, 17, 19];
    // An empty file is made, and then not written.
    for at in fails {
        is_full(&answers[at]);
    }
    for (at, outcome) in answers[..24].iter().enumerate().filter(|(at, _)| !fails.contains(at)) {
        assert!(outcome.get("ok").is_some(), "{at}: {outcome}");
    }
    for outcome in &answers[24..] {
        refused(outcome);
    }
    assert_eq!(disk.bytes(), MB);
}

#[tokio::test]
async fn files_and_directories_are_counted() {
    let host = Host::new().await;
    let tenant = host.tenant("many").await;
    let disk = OnDisk::of(&tenant);
    let keeper = keeper().await;
    let fill =
        |prefix: &str, count: u64| step("fill", json!({ "prefix": prefix, "count": count, "text": "" }));
    let made = |path: &str| step("make_dir", json!({ "path": path }));
    let steps = json!([
        made("/data/d"),
        fill("/data/d/f", 10_000),
        made("/data/e"),
        write("/data/d/f0", "again"),
        remove("/data/d/f0"),
        made("/data/e"),
        rename("/data/d/f1", "/data/d/f2"),
        made("/data/g"),
        made("/data/h"),
        step("remove_dir", json!({ "path": "/data/g" })),
        write("/data/h", ""),
        step("list", json!({ "path": "/data/d" })),
    ]);
    let answers = outcomes(&tenant, &keeper, steps).await;
    let most = plan::DIRECTORY_ENTRIES;
    assert_eq!(good(&answers[1])["good"], most - 1);
    is_full(&answers[2]);
    good(&answers[3]);
    good(&answers[5]);
    good(&answers[7]);
    is_full(&answers[8]);
    good(&answers[10]);
    let names = good(&answers[11]).as_array().unwrap().clone();
    assert_eq!(names.len() as u64, most - 3);
    let names: Vec<_> = names.iter().map(|name| name.as_str().unwrap()).collect();
    assert!(names.is_sorted(), "in the order of their names");
    assert_eq!(disk.entries(), 3);
    // Another sandbox counts what it finds.
    let answers =
        outcomes(&tenant, &keeper, json!([made("/data/i"), remove("/data/h"), made("/data/i")])).await;
    is_full(&answers[0]);
    good(&answers[2]);
}

#[tokio::test]
async fn a_file_that_is_open_counts_until_it_is_closed() {
    let host = Host::new().await;
    let tenant = host.tenant("open").await;
    let disk = OnDisk::of(&tenant);
    let half = of(MB / 2);
    let beside = json!({ "path": "/data/a", "other": "/data/b", "text": of(1_000) });
    let steps = json!([
        write("/data/a", half.clone()),
        write("/data/b", of(MB / 4)),
        // The half of `a` is held by who has it open, the quarter of `b` is now `a`: a quarter is left.
        step("grow_beside_replaced", beside),
        // Closed: the half is free.
        write("/data/c", half),
    ]);
    let answers = outcomes(&tenant, &keeper().await, steps).await;
    let grown = good(&answers[2])["good"].as_u64().unwrap();
    assert!((MB / 4 / 1_000 - 1..=MB / 4 / 1_000).contains(&grown), "{grown}");
    good(&answers[3]);
    assert!(disk.bytes() <= MB);
}

#[tokio::test]
async fn two_sandboxes_at_once_share_one_quota() {
    let host = Host::new().await;
    let mut tenant = host.tenant("two").await;
    let disk = OnDisk::of(&tenant);
    let keeper = keeper().await;
    let (outside, arrived, release) = crate::outside::FakeOutside::waiting();
    tenant.outside = Arc::new(outside);
    let gateway = crate::host::bound("telegram-bot");
    let one = |name: &str| {
        let steps = json!([
            write(&format!("/data/{name}"), of(1_000)),
            { "perform": { "gateway": gateway.id.to_string(), "text": "hello" } },
            step("grow", json!({ "path": format!("/data/{name}"), "text": of(1_000) })),
        ]);
        let mut run = granted(&tenant, &keeper, steps);
        run.bound = vec![gateway.clone()];
        let tenant = tenant.clone();
        tokio::spawn(async move { tenant.go(run).await.outcomes() })
    };
    let runs = [one("a"), one("b"), one("c")];
    // All of them are in the middle of their run, with the directory open.
    arrived.acquire_many(3).await.unwrap().forget();
    release.add_permits(3);
    let mut times = 3;
    for run in runs {
        times += good(&run.await.unwrap()[2])["good"].as_u64().unwrap();
    }
    // A write may be cut in two by the place that is left.
    assert!(
        times * 1_000 <= MB && disk.bytes() <= MB && disk.bytes() > MB - 3_000,
        "{times}, {}",
        disk.bytes()
    );
    let _: Arc<Semaphore> = arrived;
}

#[tokio::test]
async fn a_full_directory_is_what_its_owner_is_told() {
    let host = Host::new().await;
    let tenant = host.tenant("told").await;
    let _disk = OnDisk::of(&tenant);
    let keeper = keeper().await;
    let full = write("/data/a", of(MB + 1));
    for (steps, ending) in [
        (json!([full, { "panic": { "message": "no room" } }]), json!("well")),
        (json!([full]), json!({ "failed": "no room" })),
    ] {
        let mut run = tenant.run(&keeper, script_ending(steps, ending));
        run.grants = vec![Capability::Directory];
        let ran = tenant.go(run).await;
        let trouble = ran.fault();
        assert_eq!(trouble.code, "directory_quota_exceeded");
        let limit = trouble.limit.as_ref().unwrap();
        assert_eq!(
            (limit.name.as_str(), limit.allowed, limit.unit.as_str()),
            ("directory_bytes", MB, "bytes")
        );
        assert!(limit.used > MB);
        assert!(ran.logs.iter().any(|line| line.message.contains("/data is full")));
    }
    // Who can live with it is only told in the log; who never was full fails as ever.
    let well = ran(&tenant, &keeper, json!([full, step("remove_all", json!({ "path": "/data/a" }))])).await;
    well.outcomes();
    assert!(well.logs.iter().any(|line| line.message.contains("/data is full")));
    let crash = json!([read("/data/none"), { "panic": { "message": "x" } }]);
    assert_eq!(ran(&tenant, &keeper, crash).await.fault().code, "trapped");
    // Another limit that was reached stands.
    let mut run = granted(&tenant, &keeper, json!([full, { "spin": {} }]));
    run.limits.fuel = 200_000_000;
    assert_eq!(tenant.go(run).await.fault().code, "fuel_exhausted");
}

#[tokio::test]
async fn a_smaller_plan_takes_nothing_away_and_lets_nothing_grow() {
    let host = Host::new().await;
    let tenant = host.tenant("smaller").await;
    let disk = OnDisk::of(&tenant);
    let keeper = keeper().await;
    outcomes(&tenant, &keeper, json!([write("/data/a", of(MB))])).await;
    let steps = json!([
        read("/data/a"),
        step("overwrite", json!({ "path": "/data/a", "at": 0, "text": "b" })),
        step("append", json!({ "path": "/data/a", "text": "b" })),
        step("raw_permit", json!({ "path": "a", "at": MB })),
        step("raw_permit", json!({ "path": "a", "at": MB - 10 })),
        size("/data/a", 10),
        step("append", json!({ "path": "/data/a", "text": "b" })),
    ]);
    let mut run = granted(&tenant, &keeper, steps);
    run.limits.directory_bytes = 1_000;
    let answers = tenant.go(run).await.outcomes();
    good(&answers[0]);
    good(&answers[1]);
    is_full(&answers[2]);
    assert_eq!((good(&answers[3]), good(&answers[4])), (&json!(1), &json!(10)), "no more than what is left");
    good(&answers[6]);
    assert_eq!(disk.bytes(), 11);
}
