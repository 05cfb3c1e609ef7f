//! What a sandbox may have open, and what it costs the host.

use super::{OnDisk, granted, keeper, list, outcomes, ran, step, write};
use crate::host::{Ended, Host, MB, good, machine};
use serde_json::json;

#[tokio::test]
async fn open_files_are_bounded_and_closed_ones_are_forgotten() {
    let host = Host::new().await;
    let tenant = host.tenant("hoard").await;
    let _disk = OnDisk::of(&tenant);
    let hoard = |count: u64| step("hoard", json!({ "path": "/data/a", "count": count }));
    let open = step("raw_open", json!({ "path": "a", "create": false }));
    let steps = json!([
        write("/data/a", "a"),
        hoard(10_000),
        { "repeat": { "times": 500, "step": open } },
        hoard(10_000),
        step("raw_lists", json!({ "count": 10_000 })),
        step("raw_streams", json!({ "path": "a", "count": 10_000 })),
        list("/data"),
    ]);
    let outcomes = outcomes(&tenant, &keeper().await, steps).await;
    let many = good(&outcomes[1])["good"].as_u64().unwrap();
    assert!((50..64).contains(&many), "{}", outcomes[1]);
    assert_eq!(good(&outcomes[2])["good"], 500);
    assert_eq!(good(&outcomes[3])["good"].as_u64().unwrap(), many, "those of before are closed");
    assert!(good(&outcomes[4])["good"].as_u64().unwrap() < 64, "{}", outcomes[4]);
    let streams = good(&outcomes[5]);
    assert!(streams["begun"].as_u64().unwrap() < 64, "{streams}");
    good(&outcomes[6]);
    assert_eq!(machine().memory().used(tenant.scope.tenant()), 0, "all is given back");
}

#[tokio::test]
async fn lists_count_as_the_sandboxs_memory() {
    let host = Host::new().await;
    let tenant = host.tenant("lists").await;
    let disk = OnDisk::of(&tenant);
    disk.make();
    for number in 0..1_000 {
        std::fs::write(disk.path(&format!("{number:0200}")), "").unwrap();
    }
    let keeper = keeper().await;
    let few = ran(&tenant, &keeper, json!([step("raw_lists", json!({ "count": 1 }))])).await;
    let many = ran(&tenant, &keeper, json!([step("raw_lists", json!({ "count": 40 }))])).await;
    assert_eq!(good(&many.outcomes()[0])["good"], 40);
    assert!(many.usage.peak_memory_bytes > few.usage.peak_memory_bytes + 39 * 200_000);
    let mut run = granted(&tenant, &keeper, json!([step("raw_lists", json!({ "count": 40 }))]));
    run.limits.memory_bytes = few.usage.peak_memory_bytes + MB;
    let outcome = tenant.go(run).await.outcomes().remove(0);
    let held = good(&outcome)["good"].as_u64().unwrap();
    assert!((1..10).contains(&held), "{outcome}");
    assert_eq!(machine().memory().used(tenant.scope.tenant()), 0);

    let names = outcomes(&tenant, &keeper, json!([list("/data")])).await;
    assert_eq!(good(&names[0]).as_array().unwrap().len(), 1_000);
    // More than a guest could make: told, not shown in part, and nothing may be added.
    for number in 0..11_000 {
        std::fs::write(disk.path(&format!("more{number}")), "").unwrap();
    }
    let answers =
        outcomes(&tenant, &keeper, json!([list("/data"), write("/data/x", "x"), write("/data/more1", "x")]))
            .await;
    for outcome in &answers {
        crate::host::refused(outcome);
    }
}

#[tokio::test]
async fn a_flood_of_calls_ends_with_the_run() {
    let host = Host::new().await;
    let tenant = host.tenant("calls").await;
    let _disk = OnDisk::of(&tenant);
    let endless = |call| json!([write("/data/a", "a"), { "repeat": { "times": u64::MAX, "step": call } }]);
    for call in [
        step("raw_stat", json!({ "path": "a" })),
        step("append", json!({ "path": "/data/b", "text": "" })),
        step("raw_streams", json!({ "path": "c", "count": 30 })),
    ] {
        let mut run = granted(&tenant, &keeper().await, endless(call));
        run.limits.own_time = std::time::Duration::from_millis(300);
        run.limits.fuel = 200_000_000;
        let ran = tenant.go(run).await;
        let code = &ran.fault().code;
        assert!(["time_exceeded", "fuel_exhausted", "memory_exceeded"].contains(&code.as_str()), "{code}");
    }
    good(&outcomes(&tenant, &keeper().await, json!([list("/data")])).await[0]);
}
