//! `wasi:keyvalue`: what a run writes it reads back, what it must not reach it does not, and floods are bounded.

use crate::host::{Ended, Host, MB, good, machine, probe, refused, script};
use serde_json::{Value, json};
use twobot_store::StoreError;

fn set(key: impl Into<Value>, value: impl Into<Value>) -> Value {
    json!({ "set": { "bucket": "b", "key": key.into(), "value": value.into() } })
}

fn get(key: impl Into<Value>) -> Value {
    json!({ "get": { "bucket": "b", "key": key.into() } })
}

fn increment(key: &str, delta: u64) -> Value {
    json!({ "increment": { "bucket": "b", "key": key, "delta": delta } })
}

fn list(cursor: Option<u64>) -> Value {
    json!({ "list_keys": { "bucket": "b", "cursor": cursor } })
}

#[tokio::test]
async fn a_run_reads_what_it_wrote_and_others_do_not_before_it_commits() {
    let host = Host::new().await;
    let tenant = host.tenant("writer").await;
    let probe = probe().await;
    let delete = json!({ "delete": { "bucket": "b", "key": "k" } });
    let exists = json!({ "exists": { "bucket": "b", "key": "k" } });
    let steps =
        json!([get("k"), set("k", "1"), get("k"), exists, delete, get("k"), exists, set("k", "2"), get("k")]);
    let outcomes = tenant.outcomes(&probe, steps.clone()).await;
    let seen: Vec<_> = outcomes.iter().map(|outcome| good(outcome).clone()).collect();
    let expected = json!([null, null, "1", true, null, null, false, null, "2"]);
    assert_eq!(Value::Array(seen), expected);

    assert_eq!(good(&tenant.outcomes(&probe, json!([get("k")])).await[0]), &json!(null), "it did not commit");
    tenant.commit(&probe, steps).await.unwrap();
    assert_eq!(good(&tenant.outcomes(&probe, json!([get("k")])).await[0]), &json!("2"));
}

#[tokio::test]
async fn counters_add_up_over_what_is_stored_and_written() {
    let host = Host::new().await;
    let tenant = host.tenant("counter").await;
    let probe = probe().await;
    let steps =
        json!([increment("n", 2), increment("n", 3), get("n"), set("n", "10"), increment("n", 1), get("n")]);
    let outcomes = tenant.commit(&probe, steps).await.unwrap();
    let seen: Vec<_> = outcomes.iter().map(|outcome| good(outcome).clone()).collect();
    assert_eq!(Value::Array(seen), json!([2, 5, "5", null, 11, "11"]));
    let outcomes = tenant.commit(&probe, json!([increment("n", u64::MAX), get("n")])).await.unwrap();
    assert_eq!(good(&outcomes[0]), &json!(u64::MAX), "it stays at the top");

    let outcomes =
        tenant.outcomes(&probe, json!([set("word", "hello"), increment("word", 1), get("word")])).await;
    assert!(refused(&outcomes[1]).contains("not_a_number"));
    assert_eq!(good(&outcomes[2]), &json!("hello"), "it was left alone");
}

#[tokio::test]
async fn counters_of_two_runs_never_conflict_and_other_writes_do() {
    let host = Host::new().await;
    let tenant = host.tenant("meeting").await;
    let probe = probe().await;
    tenant.commit(&probe, json!([set("k", "0"), increment("n", 1)])).await.unwrap();
    // Two runs begin before either commits.
    for (step, second_commits) in [(increment("n", 1), true), (json!([get("k"), set("k", "1")]), false)] {
        let steps = if step.is_array() { step } else { json!([step]) };
        let runs = [tenant.run(&probe, script(steps.clone())), tenant.run(&probe, script(steps))];
        let mut committed = Vec::new();
        let mut ran = Vec::new();
        for run in runs {
            let execution = run.execution;
            ran.push((execution, tenant.go(run).await));
        }
        for (execution, ran) in ran {
            let commit = ran.result.unwrap().commit;
            let plan = crate::host::plan();
            let done =
                host.store.finish_execution(tenant.scope, execution, tenant.install.id, &plan, &commit).await;
            committed.push(done);
        }
        assert!(committed[0].is_ok());
        match (&committed[1], second_commits) {
            (Ok(_), true) | (Err(StoreError::Conflict), false) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(good(&tenant.outcomes(&probe, json!([get("n")])).await[0]), &json!("3"));
}

#[tokio::test]
async fn lists_show_pending_writes_and_come_in_pages() {
    let host = Host::new().await;
    let tenant = host.tenant("lister").await;
    let probe = probe().await;
    let fill = json!({ "fill": { "bucket": "b", "prefix": "stored", "count": 1_500, "value": "v" } });
    tenant.commit(&probe, json!([fill])).await.unwrap();
    let delete = json!({ "delete": { "bucket": "b", "key": "stored0" } });
    let steps = json!([
        delete,
        set("written", "v"),
        increment("counted", 1),
        list(None),
        list(Some(1_000)),
        list(Some(5_000)),
        list(Some(u64::MAX))
    ]);
    let outcomes = tenant.outcomes(&probe, steps).await;
    let pages: Vec<_> = outcomes[3..].iter().map(good).collect();
    let keys = |page: &Value| page["keys"].as_array().unwrap().clone();
    assert_eq!((keys(pages[0]).len(), &pages[0]["cursor"]), (1_000, &json!(1_000)));
    assert_eq!((keys(pages[1]).len(), &pages[1]["cursor"]), (501, &json!(null)));
    assert!(keys(pages[2]).is_empty() && keys(pages[3]).is_empty());
    let all = [keys(pages[0]), keys(pages[1])].concat();
    assert_eq!(all[0], "counted");
    assert_eq!(all.last(), Some(&json!("written")));
    assert!(!all.contains(&json!("stored0")) && all.contains(&json!("stored1499")));
    let texts: Vec<_> = all.iter().map(|key| key.as_str().unwrap()).collect();
    assert!(texts.is_sorted(), "in byte order");
}

#[tokio::test]
async fn keys_and_buckets_keep_the_rules() {
    let host = Host::new().await;
    let tenant = host.tenant("rules").await;
    let probe = probe().await;
    let long = json!({ "repeat": "k", "times": 513 });
    let megabyte = json!({ "repeat": "k", "times": MB });
    for key in [json!(""), json!("nul\0"), long, megabyte] {
        let delete = json!({ "delete": { "bucket": "b", "key": key } });
        let exists = json!({ "exists": { "bucket": "b", "key": key } });
        let add = json!({ "increment": { "bucket": "b", "key": key, "delta": 1 } });
        let many = json!({ "get_many": { "bucket": "b", "keys": ["fine", key] } });
        let set_many = json!({ "set_many": { "bucket": "b", "entries": [["fine", "v"], [key, "v"]] } });
        let delete_many = json!({ "delete_many": { "bucket": "b", "keys": [key] } });
        let steps = json!([
            get(key.clone()),
            set(key.clone(), "v"),
            delete,
            exists,
            add,
            many,
            set_many,
            delete_many,
            get("fine")
        ]);
        let outcomes = tenant.outcomes(&probe, steps).await;
        for outcome in &outcomes[..8] {
            assert!(refused(outcome).contains("invalid_key"), "{outcome}");
        }
        assert_eq!(good(&outcomes[8]), &json!(null), "a refused call writes nothing of what it was given");
    }

    // Odd, and fine: they mean nothing to the host.
    for key in [
        "a/b/../c",
        "../../etc/passwd",
        "/",
        " ",
        "%00",
        "'; DROP TABLE kv; --",
        "ключ🔑",
        "\u{202e}",
        "b\nk",
    ] {
        tenant.commit(&probe, json!([set(key, key)])).await.unwrap();
        let outcomes = tenant.outcomes(&probe, json!([get(key), list(None)])).await;
        assert_eq!(good(&outcomes[0]), key);
        assert!(good(&outcomes[1])["keys"].as_array().unwrap().contains(&json!(key)));
    }
    let longest = json!({ "repeat": "k", "times": 512 });
    good(&tenant.outcomes(&probe, json!([set(longest, "v")])).await[0]);

    let names = [
        json!(""),
        json!("nul\0"),
        json!({ "repeat": "b", "times": 65 }),
        json!({ "repeat": "b", "times": MB }),
    ];
    for name in names {
        let outcome = &tenant.outcomes(&probe, json!([{ "open": { "bucket": name } }])).await[0];
        assert!(refused(outcome).contains("NoSuchStore"), "{outcome}");
    }
    host.unhurt_by(&tenant).await;
}

#[tokio::test]
async fn nobody_reads_anothers_keys_by_guessing() {
    let host = Host::new().await;
    let (owner, stranger) = (host.tenant("owner").await, host.tenant("stranger").await);
    let neighbour = owner.another_install("neighbour").await;
    let probe = probe().await;
    owner.commit(&probe, json!([set("secret", "s3cret"), increment("n", 41)])).await.unwrap();

    let (install, tenant) = (owner.install.id.to_string(), owner.scope.tenant().to_string());
    let names = [
        "b".to_owned(),
        format!("{install}/b"),
        format!("{tenant}/{install}/b"),
        "../b".to_owned(),
        "%".to_owned(),
    ];
    let keys = [
        "secret".to_owned(),
        format!("{install}/b/secret"),
        format!("../{install}/secret"),
        "%".to_owned(),
        "s_cret".to_owned(),
    ];
    for other in [&stranger, &neighbour] {
        for name in &names {
            let mut steps: Vec<_> =
                keys.iter().map(|key| json!({ "get": { "bucket": name, "key": key } })).collect();
            steps.push(json!({ "get_many": { "bucket": name, "keys": keys } }));
            steps.push(json!({ "list_keys": { "bucket": name, "cursor": null } }));
            let outcomes = other.outcomes(&probe, Value::Array(steps)).await;
            let text = Value::Array(outcomes).to_string();
            assert!(!text.contains("s3cret"), "{name}: {text}");
            assert!(text.contains("\"keys\":[]") || text.contains("NoSuchStore"), "{name}: {text}");
        }
        // Writing under the same name changes nothing of the owner's.
        let delete = json!({ "delete_many": { "bucket": "b", "keys": ["secret"] } });
        let outcomes =
            other.commit(&probe, json!([increment("n", 1), delete, set("secret", "mine")])).await.unwrap();
        assert_eq!(good(&outcomes[0]), &json!(1), "it counts from nothing");
    }
    let outcomes = owner.outcomes(&probe, json!([get("secret"), get("n")])).await;
    assert_eq!((good(&outcomes[0]), good(&outcomes[1])), (&json!("s3cret"), &json!("41")));
    host.unhurt_by(&stranger).await;
}

#[tokio::test]
async fn floods_of_writes_are_refused_with_a_value() {
    let host = Host::new().await;
    let tenant = host.tenant("flood").await;
    let probe = probe().await;
    let value = |bytes: u64| json!({ "repeat": "v", "times": bytes });
    let batch: Vec<_> = (0..1_001).map(|number| json!([number.to_string(), ""])).collect();
    let keys: Vec<_> = (0..1_001).map(|number| number.to_string()).collect();
    for (step, code) in [
        (set("k", value(100 * 1024 + 1)), "value_too_large"),
        (set("k", value(3 * MB)), "value_too_large"),
        (json!({ "set_many": { "bucket": "b", "entries": batch } }), "batch_too_large"),
        (json!({ "get_many": { "bucket": "b", "keys": keys } }), "batch_too_large"),
        (json!({ "delete_many": { "bucket": "b", "keys": keys } }), "batch_too_large"),
        // 20 MB of values.
        (
            json!({ "fill": { "bucket": "b", "prefix": "k", "count": 200, "value": value(100 * 1024) } }),
            "too_much_at_once",
        ),
        // Empty values, whose keys alone take the host's memory.
        (
            json!({ "fill": { "bucket": "b", "prefix": "k", "count": 80_000, "value": "" } }),
            "too_much_at_once",
        ),
    ] {
        let shown: String = step.to_string().chars().take(100).collect();
        let mut run = tenant.run(
            &probe,
            script(
                json!([step, set("after", "v"), { "increment": { "bucket": "b", "key": "n", "delta": 1 } }]),
            ),
        );
        run.limits.fuel = 2_000_000_000;
        let ran = tenant.go(run).await;
        let outcomes = ran.outcomes();
        assert!(refused(&outcomes[0]).contains(code), "{shown}: {}", outcomes[0]);
        if !code.starts_with("too_much") {
            good(&outcomes[1]);
        }
        assert_eq!(machine().memory().used(tenant.scope.tenant()), 0, "{shown}: all is given back");
    }
    good(&tenant.outcomes(&probe, json!([set("k", value(100 * 1024))])).await[0]);
    host.unhurt_by(&tenant).await;
}

#[tokio::test]
async fn what_a_run_reads_and_writes_counts_as_its_memory() {
    let host = Host::new().await;
    let tenant = host.tenant("reader").await;
    let probe = probe().await;
    let value = json!({ "repeat": "v", "times": 100 * 1024 });
    let fill =
        |prefix: &str| json!({ "fill": { "bucket": "b", "prefix": prefix, "count": 100, "value": value } });
    tenant.commit(&probe, json!([fill("a")])).await.unwrap();
    tenant.commit(&probe, json!([fill("c")])).await.unwrap();

    // 10 MB, of which the guest keeps nothing; the host keeps what was read.
    let range = |prefix: &str| json!({ "get_range": { "bucket": "b", "prefix": prefix, "count": 100 } });
    let mut run = tenant.run(&probe, script(json!([range("a"), range("a"), range("c")])));
    run.limits.memory_bytes = 28 * MB;
    let ran = tenant.go(run).await;
    assert_eq!(good(&ran.outcomes()[0]), &json!(100));
    assert_eq!(good(&ran.outcomes()[1]), &json!(100), "what was read is not counted twice");
    assert!(refused(&ran.outcomes()[2]).contains("too_much_at_once"), "{:?}", ran.outcomes()[2]);
    assert!((20 * MB..=28 * MB).contains(&ran.usage.peak_memory_bytes), "{}", ran.usage.peak_memory_bytes);

    // Keys that do not exist are remembered too.
    let nothing = json!({ "get_range": { "bucket": "b", "prefix": "x", "count": 1_000 } });
    let ran = tenant.go(tenant.run(&probe, script(json!([nothing])))).await;
    let before = tenant
        .go(tenant
            .run(&probe, script(json!([{ "get_range": { "bucket": "b", "prefix": "x", "count": 0 } }]))))
        .await;
    assert!(ran.usage.peak_memory_bytes > before.usage.peak_memory_bytes + 250_000);
    host.unhurt_by(&tenant).await;
}

#[tokio::test]
async fn one_value_asked_for_many_times_is_not_given_many_times() {
    let host = Host::new().await;
    let tenant = host.tenant("amplifier").await;
    let probe = probe().await;
    tenant.commit(&probe, json!([set("k", json!({ "repeat": "v", "times": 100 * 1024 }))])).await.unwrap();
    let twice = json!({ "get_many": { "bucket": "b", "keys": ["k", "none", "k"] } });
    let outcome = &tenant.outcomes(&probe, json!([twice])).await[0];
    assert_eq!(good(outcome), &json!([{ "bytes": 100 * 1024 }, null, { "bytes": 100 * 1024 }]));
    let step = json!({ "get_many": { "bucket": "b", "keys": vec!["k"; 1_000] } });
    let mut run = tenant.run(&probe, script(json!([step])));
    run.limits.memory_bytes = 256 * MB;
    run.limits.tenant_memory_bytes = 256 * MB;
    let outcome = &tenant.go(run).await.outcomes()[0];
    assert!(refused(outcome).contains("too_much_at_once"), "{outcome}");
    host.unhurt_by(&tenant).await;
}

#[tokio::test]
async fn questions_to_the_store_are_bounded() {
    let host = Host::new().await;
    let tenant = host.tenant("asker").await;
    let step = json!({ "repeat": { "times": 10_005, "step": list(None) } });
    let mut run = tenant.run(&probe().await, script(json!([step])));
    run.limits.fuel = 2_000_000_000;
    let outcomes = tenant.go(run).await.outcomes();
    let repeated = good(&outcomes[0]);
    assert_eq!(repeated["good"], 10_000);
    assert!(refused(&repeated["last"]).contains("too_many_queries"));
    host.unhurt_by(&tenant).await;
}

#[tokio::test]
async fn open_buckets_are_bounded_and_closed_ones_are_forgotten() {
    let host = Host::new().await;
    let tenant = host.tenant("opener").await;
    let probe = probe().await;
    let many =
        |what: &str, times: u64| json!({ "repeat": { "times": times, "step": { what: { "bucket": "b" } } } });
    let outcomes = tenant.outcomes(&probe, json!([many("open", 3_000), many("keep", 3_000)])).await;
    assert_eq!(good(&outcomes[0])["good"], 3_000);
    let kept = good(&outcomes[1]);
    assert!(kept["good"].as_u64().unwrap() <= 1_000, "{kept}");
    assert!(refused(&kept["last"]).contains("too_many_open"));
    host.unhurt_by(&tenant).await;
}
