//! Computing, recursing and waiting without end.

use crate::handmade::Handmade;
use crate::host::{Ended, Host, Tenant, limits, load, message, probe, script};
use crate::outside::FakeOutside;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use twobot_domain::Trouble;
use twobot_runtime::{PluginCall, Ran};
use twobot_store::executions::LogLine;

/// Runs a handmade handler with the usual limits.
async fn handle(tenant: &Tenant, made: Handmade) -> Ran {
    let component = load(made.component()).await;
    tenant.go(tenant.run(&component, message("hello"))).await
}

#[track_caller]
fn assert_limit(trouble: &Trouble, code: &str, name: &str, allowed: u64) {
    assert_eq!(trouble.code, code, "{trouble:?}");
    let limit = trouble.limit.as_ref().expect("the limit is named");
    assert_eq!((limit.name.as_str(), limit.allowed), (name, allowed));
    assert!(limit.used >= allowed, "it was reached: {limit:?}");
}

#[tokio::test]
async fn a_loop_ends_when_its_fuel_does() {
    let host = Host::new().await;
    let tenant = host.tenant("loops").await;
    let ran = handle(&tenant, Handmade::handling("(loop (br 0)) unreachable")).await;
    assert_limit(ran.fault(), "fuel_exhausted", "fuel_per_execution", limits().fuel);
    assert_eq!((ran.usage.executions, ran.usage.failed_executions), (1, 1));
    assert_eq!(ran.usage.fuel, limits().fuel, "what it burned is counted");

    let ran = tenant.go(tenant.run(&probe().await, script(json!([{ "spin": {} }])))).await;
    assert_limit(ran.fault(), "fuel_exhausted", "fuel_per_execution", limits().fuel);
    host.unhurt_by(&tenant).await;
}

#[tokio::test]
async fn a_loop_inside_a_host_call_ends_too() {
    // To hand the event over, the host calls the guest's own allocator.
    let host = Host::new().await;
    let tenant = host.tenant("allocator").await;
    let made = Handmade { realloc: "(loop (br 0)) unreachable".to_owned(), ..Handmade::default() };
    let ran = handle(&tenant, made).await;
    assert_limit(ran.fault(), "fuel_exhausted", "fuel_per_execution", limits().fuel);
    host.unhurt_by(&tenant).await;
}

#[tokio::test]
async fn a_loop_of_host_calls_ends_too() {
    let host = Host::new().await;
    let tenant = host.tenant("calls").await;
    let step = json!({ "exists": { "bucket": "b", "key": "k" } });
    let steps = json!([{ "repeat": { "times": u64::MAX, "step": step } }]);
    let mut run = tenant.run(&probe().await, script(steps));
    run.limits.fuel = 10_000_000;
    let ran = tenant.go(run).await;
    assert_limit(ran.fault(), "fuel_exhausted", "fuel_per_execution", 10_000_000);
    host.unhurt_by(&tenant).await;
}

#[tokio::test]
async fn recursion_ends_with_the_stack() {
    let host = Host::new().await;
    let tenant = host.tenant("recursion").await;
    let made = Handmade {
        fields: "(func $deeper (param i32) (result i32) local.get 0 i32.const 1 i32.add call $deeper i32.const 1 i32.add)".to_owned(),
        ..Handmade::handling("i32.const 0 call $deeper")
    };
    assert_eq!(handle(&tenant, made).await.fault().code, "stack_overflow");
    let ran = tenant.go(tenant.run(&probe().await, script(json!([{ "recurse": {} }])))).await;
    assert_eq!(ran.fault().code, "stack_overflow");
    host.unhurt_by(&tenant).await;
}

#[tokio::test]
async fn computing_takes_no_longer_than_allowed() {
    let host = Host::new().await;
    let tenant = host.tenant("slow").await;
    let component = load(Handmade::handling("(loop (br 0)) unreachable").component()).await;
    let mut run = tenant.run(&component, message("hello"));
    run.limits.fuel = u64::MAX / 2;
    run.limits.own_time = Duration::from_millis(50);
    assert_limit(tenant.go(run).await.fault(), "time_exceeded", "handler_time", 50);
    host.unhurt_by(&tenant).await;
}

#[tokio::test]
async fn sleeping_takes_no_longer_than_allowed() {
    let host = Host::new().await;
    let tenant = host.tenant("sleeper").await;
    let mut run = tenant.run(&probe().await, script(json!([{ "sleep": { "ms": 3_600_000 } }])));
    run.limits.own_time = Duration::from_millis(50);
    let ran = tenant.go(run).await;
    assert_limit(ran.fault(), "time_exceeded", "handler_time", 50);
    assert!(ran.usage.fuel < limits().fuel, "a sleeper burns next to nothing: {}", ran.usage.fuel);
    host.unhurt_by(&tenant).await;
}

#[tokio::test]
async fn waiting_for_the_outside_is_not_the_guests_own_time_but_ends_too() {
    let host = Host::new().await;
    let mut tenant = host.tenant("waiter").await;
    tenant.outside = Arc::new(FakeOutside { is_silent: true, ..FakeOutside::default() });
    let gateway = crate::host::bound("telegram-bot");
    let steps = json!([{ "perform": { "gateway": gateway.id.to_string(), "text": "hello" } }]);
    let mut run = tenant.run(&probe().await, script(steps));
    run.bound = vec![gateway];
    run.limits.own_time = Duration::from_millis(20);
    run.limits.total_time = Duration::from_millis(200);
    let ran = tenant.go(run).await;
    assert_limit(ran.fault(), "time_exceeded", "execution_time", 200);
    assert_eq!(tenant.outside.count(), 1, "it got as far as asking");
    host.unhurt_by(&tenant).await;
}

#[tokio::test]
async fn an_answer_that_lies_outside_of_the_memory_is_told_in_the_log() {
    let host = Host::new().await;
    let tenant = host.tenant("pointers").await;
    for pointer in ["-4", "4194303", "65", "4194300"] {
        let ran = handle(&tenant, Handmade::handling(&format!("i32.const {pointer}"))).await;
        assert_eq!(ran.fault().code, "trapped", "{pointer}");
        let told = |line: &LogLine| line.level == "error" && line.message.contains("pointer");
        assert!(ran.logs.iter().any(told), "{pointer}: {:?}", ran.logs);
    }
    host.unhurt_by(&tenant).await;
}

#[tokio::test]
async fn a_trap_in_any_export_is_told_with_its_reason() {
    let host = Host::new().await;
    let tenant = host.tenant("traps").await;
    let traps = [
        ("unreachable", "unreachable"),
        ("i32.const 1 i32.const 0 i32.div_s", "divide by zero"),
        ("i32.const -1 i32.load", "out of bounds memory access"),
    ];
    for (body, reason) in traps {
        for is_action in [false, true] {
            let mut made = Handmade::default();
            let part = if is_action { &mut made.run } else { &mut made.handle };
            *part = body.to_owned();
            let component = load(made.component()).await;
            let call = if is_action {
                PluginCall::Action { name: "act".to_owned(), input: json!({}) }
            } else {
                message("hello")
            };
            let ran = tenant.go(tenant.run(&component, call)).await;
            let trouble = ran.fault();
            assert_eq!(trouble.code, "trapped", "{body}: {trouble:?}");
            assert!(trouble.detail.contains(reason), "{body}: {}", trouble.detail);
            assert!(
                ran.logs.iter().any(|line| line.level == "error"),
                "its owner finds the reason in the log"
            );
        }
    }
    host.unhurt_by(&tenant).await;
}
