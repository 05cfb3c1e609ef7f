//! What a process usually has: there is none of it. Time and chance come from the execution.

use crate::host::{Ended, Host, QUEUED_AT, good, probe, refused, script};
use serde_json::{Value, json};

#[tokio::test]
async fn there_are_no_files_no_network_no_environment_and_no_arguments() {
    let host = Host::new().await;
    let tenant = host.tenant("process").await;
    let probe = probe().await;
    let steps = json!([{ "arguments": {} }, { "environment": {} }, { "stdin": {} }]);
    let outcomes = tenant.outcomes(&probe, steps).await;
    assert_eq!(good(&outcomes[1]), &json!([]), "the host has an environment, the guest has not");
    assert!(good(&outcomes[0]).as_array().unwrap().is_empty(), "{}", outcomes[0]);
    assert!(matches!(outcomes[2].get("ok"), None | Some(Value::String(_))));
    assert!(outcomes[2].get("ok").is_none_or(|text| text == ""), "{}", outcomes[2]);

    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let mut steps = Vec::new();
    for path in [
        "/etc/passwd",
        "/proc/self/environ",
        "../../../../etc/passwd",
        "Cargo.toml",
        own,
        "/",
        ".",
        "\\\\host\\share",
    ] {
        steps.push(json!({ "read_file": { "path": path } }));
        steps.push(json!({ "write_file": { "path": path } }));
        steps.push(json!({ "list_folder": { "path": path } }));
    }
    for address in ["127.0.0.1:22", "[::1]:80", "169.254.169.254:80", "10.0.0.1:80", "93.184.216.34:443"] {
        steps.push(json!({ "connect": { "address": address } }));
    }
    for address in ["0.0.0.0:0", "127.0.0.1:0", "[::]:0"] {
        steps.push(json!({ "bind": { "address": address } }));
    }
    for name in ["localhost", "example.org", "", "127.1"] {
        steps.push(json!({ "resolve": { "name": name } }));
    }
    steps.push(json!({ "resolve": { "name": { "repeat": "a", "times": 1_000_000 } } }));
    let count = steps.len();
    let outcomes = tenant.outcomes(&probe, Value::Array(steps)).await;
    assert_eq!(outcomes.len(), count);
    for outcome in &outcomes {
        refused(outcome);
    }
    host.unhurt_by(&tenant).await;
}

#[tokio::test]
async fn leaving_by_exit_is_a_crash_of_its_own() {
    let host = Host::new().await;
    let tenant = host.tenant("exit").await;
    for code in [0, 1, 255] {
        let ran = tenant.go(tenant.run(&probe().await, script(json!([{ "exit": { "code": code } }])))).await;
        assert_eq!(ran.fault().code, "trapped");
    }
    host.unhurt_by(&tenant).await;
}

#[tokio::test]
async fn time_and_chance_are_the_same_in_every_attempt_of_an_execution() {
    let host = Host::new().await;
    let tenant = host.tenant("chance").await;
    let probe = probe().await;
    let steps = json!([{ "clocks": {} }, { "random": { "bytes": 8 } }, { "clocks": {} }]);
    let first = tenant.run(&probe, script(steps.clone()));
    let mut retry = tenant.run(&probe, script(steps.clone()));
    retry.execution = first.execution;
    let other = tenant.run(&probe, script(steps));
    let first = tenant.go(first).await.outcomes();
    let retry = tenant.go(retry).await.outcomes();
    let other = tenant.go(other).await.outcomes();
    assert_eq!(first, retry);
    assert_ne!(good(&first[1]), good(&other[1]), "another execution has another chance");

    let wall = |outcome: &Value| good(outcome)["wall_us"].as_u64().unwrap();
    let queued = QUEUED_AT.millis() * 1_000;
    assert!((queued..queued + 1_000).contains(&wall(&first[0])), "it begins when it was queued");
    assert!(wall(&first[2]) > wall(&first[0]), "and goes on");
    assert!(good(&first[0])["elapsed_ns"].as_u64().unwrap() > 0);
    host.unhurt_by(&tenant).await;
}

#[tokio::test]
async fn the_configuration_is_the_installs_and_nothing_else() {
    let host = Host::new().await;
    let tenant = host.tenant("config").await;
    let config = |key: &str| json!({ "config": { "key": key } });
    let steps = json!([
        config("word"), config("number"), config("list"), config("$"), config("nothing"), config("$.word"), config("TWOBOT_MASTER_KEY"),
        { "config_all": {} },
    ]);
    let mut run = tenant.run(&probe().await, script(steps));
    let document = json!({ "word": "hello", "number": 1.5, "list": [1, { "a": null }] });
    run.config = document.clone();
    let outcomes = tenant.go(run).await.outcomes();
    let given: Vec<_> = outcomes[..7].iter().map(|outcome| good(outcome).clone()).collect();
    let whole = document.to_string();
    assert_eq!(Value::Array(given), json!(["hello", "1.5", "[1,{\"a\":null}]", whole, null, null, null]));
    assert_eq!(good(&outcomes[7]).as_array().unwrap().len(), 4);
    host.unhurt_by(&tenant).await;
}
