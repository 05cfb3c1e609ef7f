//! Too much of everything, handed to every call of the host: refused in a value where it fits into one call, and an end with a
//! code of its own where it does not. Never a crash of the host.

use crate::handmade::Handmade;
use crate::host::{Ended, Host, MB, bound, limits, load, message, probe, refused, script};
use serde_json::{Value, json};
use twobot_store::executions::LogLine;

/// Every call that takes text, with this text in each place.
fn calls(gateway: &str, text: &Value) -> Vec<Value> {
    vec![
        json!({ "open": { "bucket": text } }),
        json!({ "get": { "bucket": "b", "key": text } }),
        json!({ "set": { "bucket": "b", "key": text, "value": "v" } }),
        json!({ "set": { "bucket": "b", "key": "k", "value": text } }),
        json!({ "delete": { "bucket": "b", "key": text } }),
        json!({ "exists": { "bucket": "b", "key": text } }),
        json!({ "increment": { "bucket": "b", "key": text, "delta": 1 } }),
        json!({ "get_many": { "bucket": "b", "keys": [text] } }),
        json!({ "set_many": { "bucket": "b", "entries": [["k", text]] } }),
        json!({ "delete_many": { "bucket": "b", "keys": [text] } }),
        json!({ "send": { "gateway": text, "text": "t" } }),
        json!({ "send": { "gateway": gateway, "text": text } }),
        json!({ "perform": { "gateway": text, "text": "t" } }),
        json!({ "perform": { "gateway": gateway, "text": text } }),
        json!({ "perform_call": { "gateway": gateway, "operation": text, "arguments": "{}" } }),
        json!({ "perform_call": { "gateway": gateway, "operation": "o", "arguments": text } }),
        json!({ "chat": { "gateway": text, "messages": ["t"] } }),
        json!({ "chat": { "gateway": null, "messages": [text] } }),
        json!({ "once": { "name": text, "due_at": 1, "data": null } }),
        json!({ "once": { "name": "n", "due_at": 1, "data": text } }),
        json!({ "cancel": { "name": text } }),
        json!({ "resolve": { "name": text } }),
    ]
}

/// Calls that can not refuse: they cut, or find nothing.
fn lenient_calls(text: &Value) -> Vec<Value> {
    vec![
        json!({ "log": { "level": "info", "message": text, "fields": [] } }),
        json!({ "log": { "level": "info", "message": "m", "fields": [["name", text]] } }),
        json!({ "log": { "level": "info", "message": "m", "fields": [[text, "value"]] } }),
        json!({ "print": { "text": text } }),
        json!({ "print_error": { "text": text } }),
        json!({ "config": { "key": text } }),
        json!({ "notify": { "title": text, "text": "t" } }),
        json!({ "notify": { "title": "t", "text": text } }),
    ]
}

#[tokio::test]
async fn a_megabyte_is_refused_in_a_value_wherever_it_is_handed_over() {
    let host = Host::new().await;
    let tenant = host.tenant("megabytes").await;
    let gateway = bound("telegram-bot");
    let text = json!({ "repeat": "x", "times": MB });
    let calls = calls(&gateway.id.to_string(), &text);
    let mut run = tenant.run(&probe().await, script(calls.iter().cloned().collect()));
    run.bound = vec![gateway, bound("ai")];
    let ran = tenant.go(run).await;
    for (call, outcome) in calls.iter().zip(ran.outcomes()) {
        let error = refused(&outcome);
        assert!(error.len() < 500, "{call}: {} bytes of error", error.len());
    }
    assert_eq!(tenant.outside.count(), 0);

    let calls = lenient_calls(&text);
    let ran = tenant.go(tenant.run(&probe().await, script(calls.into_iter().collect()))).await;
    assert!(ran.result.is_ok(), "{:?}", ran.result);
    assert!(!ran.logs.is_empty() && ran.logs.iter().all(|line| size(line) < 4_300));
    host.unhurt_by(&tenant).await;
}

fn size(line: &LogLine) -> usize {
    line.message.len() + line.fields.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>()
}

#[tokio::test]
async fn more_than_a_call_may_bring_ends_the_run_with_its_own_code() {
    let host = Host::new().await;
    let tenant = host.tenant("giants").await;
    let probe = probe().await;
    let gateway = bound("telegram-bot");
    let text = json!({ "repeat": "x", "times": 4 * MB + 1 });
    let mut calls = calls(&gateway.id.to_string(), &text);
    // Standard output takes any length, in small pieces.
    calls.extend(
        lenient_calls(&text)
            .into_iter()
            .filter(|call| call.get("print").is_none() && call.get("print_error").is_none()),
    );
    calls.push(json!({ "log_fields": { "count": 1_000_000 } }));
    calls.push(json!({ "chat_empty": { "count": 1_000_000 } }));
    for call in calls {
        let shown: String = call.to_string().chars().take(100).collect();
        let mut run = tenant.run(&probe, script(json!([call])));
        run.bound = vec![gateway.clone(), bound("ai")];
        run.limits.memory_bytes = 64 * MB;
        run.limits.tenant_memory_bytes = 64 * MB;
        let ran = tenant.go(run).await;
        let trouble = ran.fault();
        assert_eq!(trouble.code, "call_too_large", "{shown}: {trouble:?}");
        assert_eq!(trouble.limit.as_ref().map(|limit| limit.allowed), Some(4 * MB));
    }
    assert_eq!(tenant.outside.count(), 0);
    host.unhurt_by(&tenant).await;
}

#[tokio::test]
async fn log_floods_are_cut_and_counted_and_the_reason_of_the_end_is_kept() {
    let host = Host::new().await;
    let tenant = host.tenant("logs").await;
    let probe = probe().await;
    let repeated = |times: u64, step: Value| json!({ "repeat": { "times": times, "step": step } });
    let line = json!({ "log": { "level": "debug", "message": { "repeat": "x", "times": 10_000 }, "fields": [["a", { "repeat": "y", "times": 10_000 }]] } });
    let print = json!({ "print": { "text": { "repeat": "line\n", "times": 1_000 } } });
    let crash = json!({ "panic": { "message": "the reason" } });
    let ran = tenant.go(tenant.run(&probe, script(json!([repeated(200, line), print, crash])))).await;
    assert_eq!(ran.fault().code, "trapped");
    assert_eq!(ran.logs.len(), 102, "a hundred lines, how many were dropped, and the end");
    assert!(ran.logs[100].message.contains("more lines were dropped"));
    assert!(ran.logs[101].message.contains("wasm backtrace"), "{}", ran.logs[101].message);
    assert!(ran.logs.iter().all(|line| size(line) < 4_300));

    let fields = json!({ "log_fields": { "count": 50_000 } });
    let ran = tenant.go(tenant.run(&probe, script(json!([fields])))).await;
    assert!(ran.logs[0].fields.len() <= 32, "{}", ran.logs[0].fields.len());
    host.unhurt_by(&tenant).await;
}

/// Imports of a handmade plugin: `log.write` as `$log`, `store.open` as `$open`, its buckets' `get` as `$get` and drop as `$drop`.
const IMPORTS: &str = r#"
    (import "twobot:plugin/log@1.0.0" "write" (func $log (param i32 i32 i32 i32 i32)))
    (import "wasi:keyvalue/store@0.2.0-draft" "open" (func $open (param i32 i32 i32)))
    (import "wasi:keyvalue/store@0.2.0-draft" "[method]bucket.get" (func $get (param i32 i32 i32 i32)))
    (import "wasi:keyvalue/store@0.2.0-draft" "[resource-drop]bucket" (func $drop (param i32)))
"#;

/// At 1024 lies text that is no UTF-8.
const LIES: &str = r#"(data (i32.const 1024) "\ff\fe\fd")"#;

#[tokio::test]
async fn lies_about_memory_and_handles_end_the_guest_and_nothing_else() {
    let host = Host::new().await;
    let tenant = host.tenant("liar").await;
    let log = |level: i32, text: i32, length: i64, fields: i32, count: i64| {
        format!(
            "(call $log (i32.const {level}) (i32.const {text}) (i32.const {length}) (i32.const {fields}) (i32.const {count}))"
        )
    };
    let open = "(call $open (i32.const 108) (i32.const 2) (i32.const 2048))";
    let lies = [
        ("an enumeration's value that there is not", log(99, 64, 1, 64, 0)),
        ("text beyond the memory", log(0, -1, 2, 64, 0)),
        ("text that ends beyond it", log(0, 64, 4_194_304, 64, 0)),
        ("text of four gigabytes", log(0, 64, 4_294_967_295, 64, 0)),
        ("text that is no UTF-8", log(0, 1024, 3, 64, 0)),
        ("a list beyond the memory", log(0, 64, 1, 4_194_296, 100)),
        ("a list of four thousand million", log(0, 64, 1, 64, 4_294_967_295)),
        ("a list that is not aligned", log(0, 64, 1, 65, 1)),
        (
            "a handle that was never given",
            "(call $get (i32.const 12345) (i32.const 108) (i32.const 2) (i32.const 2048))".to_owned(),
        ),
        ("a drop of nothing", "(call $drop (i32.const 7))".to_owned()),
        (
            "a second drop",
            format!(
                "{open} (call $drop (i32.load (i32.const 2052))) (call $drop (i32.load (i32.const 2052)))"
            ),
        ),
        (
            "use after the drop",
            format!(
                "{open} (call $drop (i32.load (i32.const 2052))) (call $get (i32.load (i32.const 2052)) (i32.const 108) (i32.const 2) (i32.const 2048))"
            ),
        ),
        (
            "an answer beyond the memory",
            "(call $open (i32.const 108) (i32.const 2) (i32.const -8))".to_owned(),
        ),
    ];
    for (what, body) in lies {
        let made = Handmade {
            imports: IMPORTS.to_owned(),
            fields: LIES.to_owned(),
            ..Handmade::handling(&format!("{body} (i32.const 64)"))
        };
        let component = load(made.component()).await;
        let ran = tenant.go(tenant.run(&component, message("hello"))).await;
        let trouble = ran.fault();
        assert!(["trapped", "call_too_large"].contains(&trouble.code.as_str()), "{what}: {trouble:?}");
        assert!(ran.logs.iter().any(|line| line.level == "error"), "{what}: its owner is told");
    }
    // The same calls without a lie.
    let truth =
        format!("{} {open} (call $drop (i32.load (i32.const 2052))) (i32.const 64)", log(0, 108, 2, 64, 0));
    let made = Handmade { imports: IMPORTS.to_owned(), ..Handmade::handling(&truth) };
    let ran = tenant.go(tenant.run(&load(made.component()).await, message("hello"))).await;
    assert!(ran.result.is_ok(), "{:?}", ran.result);
    host.unhurt_by(&tenant).await;
}

#[tokio::test]
async fn an_allocator_that_lies_ends_the_guest_and_nothing_else() {
    let host = Host::new().await;
    let tenant = host.tenant("allocator").await;
    for (answer, code) in [
        ("i32.const -1", "trapped"),
        ("i32.const 4194304", "trapped"),
        ("i32.const 3", "trapped"),
        ("unreachable", "trapped"),
        ("(memory.grow (i32.const 10000)) drop unreachable", "memory_exceeded"),
        ("(loop (br 0)) unreachable", "fuel_exhausted"),
        // While it makes room for the host it may not call the host.
        (
            "(call $log (i32.const 0) (i32.const 108) (i32.const 2) (i32.const 64) (i32.const 0)) unreachable",
            "trapped",
        ),
    ] {
        let imports = IMPORTS.to_owned();
        let made = Handmade { imports, realloc: answer.to_owned(), ..Handmade::default() };
        let ran = tenant.go(tenant.run(&load(made.component()).await, message("hello"))).await;
        assert_eq!(ran.fault().code, code, "{answer}");
        assert!(ran.usage.fuel <= limits().fuel);
    }
    host.unhurt_by(&tenant).await;
}

#[tokio::test]
async fn what_happens_after_the_answer_still_counts() {
    let host = Host::new().await;
    let tenant = host.tenant("afterwards").await;
    for (body, code) in [("unreachable", "trapped"), ("(loop (br 0))", "fuel_exhausted")] {
        let name = "cabi_post_twobot:plugin/plugin-handler@1.0.0#handle";
        let fields = format!("(func (export \"{name}\") (param i32) {body})");
        let made = Handmade { fields, ..Handmade::default() };
        let ran = tenant.go(tenant.run(&load(made.component()).await, message("hello"))).await;
        assert_eq!(ran.fault().code, code, "{body}");
    }
    host.unhurt_by(&tenant).await;
}

#[tokio::test]
async fn names_of_functions_in_a_trace_are_cut() {
    let host = Host::new().await;
    let tenant = host.tenant("names").await;
    let name = "n".repeat(90_000);
    let made = Handmade {
        fields: format!("(func ${name} unreachable)"),
        ..Handmade::handling(&format!("(call ${name}) (i32.const 64)"))
    };
    let ran = tenant.go(tenant.run(&load(made.component()).await, message("hello"))).await;
    assert_eq!(ran.fault().code, "trapped");
    let trace = ran.logs.last().expect("the trace");
    assert!(trace.message.contains("nnnn") && trace.message.len() < 1_000, "{} bytes", trace.message.len());

    // More than a megabyte of names, and each of them in the trace.
    let functions: String = (0..19)
        .map(|number| {
            let next =
                if number == 18 { "unreachable".to_owned() } else { format!("call ${name}{}", number + 1) };
            format!("(func ${name}{number} {next})")
        })
        .collect();
    let made =
        Handmade { fields: functions, ..Handmade::handling(&format!("(call ${name}0) (i32.const 64)")) };
    let ran = tenant.go(tenant.run(&load(made.component()).await, message("hello"))).await;
    assert_eq!(ran.fault().code, "trapped");
    let trace = ran.logs.last().expect("the trace");
    assert!(
        trace.message.lines().count() >= 20 && trace.message.len() < 4_300,
        "{} bytes",
        trace.message.len()
    );
    host.unhurt_by(&tenant).await;
}

/// Runs a handler that calls WASI directly.
async fn wasi(body: &str) -> twobot_runtime::Ran {
    let imports = r#"
        (import "wasi:random/random@0.2.0" "get-random-bytes" (func $random (param i64 i32)))
        (import "wasi:clocks/monotonic-clock@0.2.12" "subscribe-duration" (func $subscribe (param i64) (result i32)))
        (import "wasi:io/poll@0.2.12" "poll" (func $poll (param i32 i32 i32)))
        (import "wasi:io/poll@0.2.12" "[method]pollable.block" (func $block (param i32)))
    "#;
    let host = Host::new().await;
    let tenant = host.tenant("wasi").await;
    let made =
        Handmade { imports: imports.to_owned(), ..Handmade::handling(&format!("{body} (i32.const 64)")) };
    let mut run = tenant.run(&load(made.component()).await, message("hello"));
    run.limits.own_time = std::time::Duration::from_millis(500);
    let ran = tenant.go(run).await;
    host.unhurt_by(&tenant).await;
    ran
}

#[tokio::test]
async fn random_bytes_are_given_in_measure() {
    let random = |bytes: &str| format!("(call $random (i64.const {bytes}) (i32.const 2048))");
    let ran = wasi(&format!("{} {}", random("0"), random("65536"))).await;
    assert!(ran.result.is_ok(), "{:?}", ran.result);
    for bytes in ["65537", "1000000000000", "-1"] {
        assert_eq!(wasi(&random(bytes)).await.fault().code, "trapped", "{bytes}");
    }
    // Endless, by calls that cost the guest next to nothing; the allocator starts over each time.
    let again = format!("(loop (global.set $next (i32.const 1000000)) {} (br 0))", random("65536"));
    assert_eq!(wasi(&again).await.fault().code, "time_exceeded");
}

#[tokio::test]
async fn waiting_for_many_things_at_once_is_bounded() {
    let wait = "(call $subscribe (i64.const 0))";
    // At 100,000 begins a list of this handle, over and over.
    let many = |count: u32| {
        format!(
            "{wait} local.set 1
             (loop
                (i32.store (i32.add (i32.const 100000) (i32.mul (local.get 2) (i32.const 4))) (local.get 1))
                (local.set 2 (i32.add (local.get 2) (i32.const 1)))
                (br_if 0 (i32.lt_u (local.get 2) (i32.const {count}))))
             (call $poll (i32.const 100000) (i32.const {count}) (i32.const 2048))"
        )
    };
    for (what, body, code) in [
        ("nothing", "(call $poll (i32.const 64) (i32.const 0) (i32.const 2048))".to_owned(), "trapped"),
        ("a flood of things", format!("(loop {wait} drop (br 0))"), "trapped"),
        ("the same thing without end", many(800_000), "call_too_large"),
        ("for ever", "(call $block (call $subscribe (i64.const -1)))".to_owned(), "time_exceeded"),
    ] {
        let ran = wasi(&body).await;
        assert_eq!(ran.fault().code, code, "{what}: {:?}", ran.fault());
    }
    assert_eq!(wasi(&many(10_000)).await.fault().code, "trapped", "handles that are lent are counted");
    let ran = wasi(&many(1_000)).await;
    assert!(ran.result.is_ok(), "{:?}", ran.result);
    assert!(wasi(&format!("(call $block {wait})")).await.result.is_ok());
}

#[tokio::test]
async fn heavy_calls_let_others_go_on_though_they_cost_next_to_no_fuel() {
    let host = Host::new().await;
    let tenant = host.tenant("heavy").await;
    // Nearly four megabytes of zeros, which are text.
    let text = "(i32.const 100000) (i32.const 3900000)";
    let bound = "twobot:plugin/gateways@1.0.0";
    for (interface, function, parameters, arguments) in [
        (
            "twobot:plugin/log@1.0.0",
            "write",
            "i32 i32 i32 i32 i32",
            format!("(i32.const 0) {text} (i32.const 64) (i32.const 0)"),
        ),
        (
            "twobot:plugin/notify@1.0.0",
            "post",
            "i32 i32 i32 i32 i32 i32",
            format!("(i32.const 0) {text} (i32.const 64) (i32.const 0) (i32.const 2048)"),
        ),
        ("twobot:plugin/schedule@1.0.0", "cancel", "i32 i32 i32", format!("{text} (i32.const 2048)")),
        ("wasi:keyvalue/store@0.2.0-draft", "open", "i32 i32 i32", format!("{text} (i32.const 2048)")),
        ("wasi:config/store@0.2.0-rc.1", "get", "i32 i32 i32", format!("{text} (i32.const 2048)")),
        (bound, "bound", "i32 i32 i32 i32", format!("(i32.const 1) {text} (i32.const 2048)")),
    ] {
        let made = Handmade {
            imports: format!(r#"(import "{interface}" "{function}" (func $call (param {parameters})))"#),
            ..Handmade::handling(&format!(
                "(loop (global.set $next (i32.const 50000)) (call $call {arguments}) (br 0)) unreachable"
            ))
        };
        let mut run = tenant.run(&load(made.component()).await, message("hello"));
        run.limits.own_time = std::time::Duration::from_millis(300);
        let ran = tenant.go(run).await;
        assert_eq!(ran.fault().code, "time_exceeded", "{function}: {:?}", ran.fault());
        // It was stopped within the first slice of fuel, at the end of which it would have had to let others go on in any case.
        assert!(ran.usage.fuel < 100_000, "{function}: {}", ran.usage.fuel);
    }
    host.unhurt_by(&tenant).await;
}
