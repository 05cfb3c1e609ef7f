//! Taking memory: at once, in steps, in tables, in many sandboxes.

use crate::handmade::{Handmade, with_more};
use crate::host::{Ended, Host, MB, good, limits, load, machine, message, probe, script};
use crate::outside::FakeOutside;
use serde_json::json;
use std::sync::Arc;
use twobot_domain::Trouble;

const PAGE: u64 = 65_536;

#[track_caller]
fn assert_memory(trouble: &Trouble, name: &str, allowed: u64) -> u64 {
    assert_eq!(trouble.code, "memory_exceeded", "{trouble:?}");
    let limit = trouble.limit.as_ref().expect("the limit is named");
    assert_eq!((limit.name.as_str(), limit.allowed, limit.unit.as_str()), (name, allowed, "bytes"));
    assert!(limit.used > allowed, "{limit:?}");
    limit.used
}

/// Runs a handmade plugin's handler.
async fn handle(made: &Handmade) -> twobot_runtime::Ran {
    let host = Host::new().await;
    let tenant = host.tenant("memory").await;
    let component = load(made.component()).await;
    let ran = tenant.go(tenant.run(&component, message("hello"))).await;
    host.unhurt_by(&tenant).await;
    ran
}

#[tokio::test]
async fn memory_in_one_big_step_is_refused() {
    let ran = handle(&Handmade::handling("(memory.grow (i32.const 1000)) drop unreachable")).await;
    let wanted = assert_memory(ran.fault(), "memory_per_execution", limits().memory_bytes);
    assert_eq!(wanted, (64 + 1_000) * PAGE);
    assert_eq!(ran.usage.peak_memory_bytes, 64 * PAGE, "what was refused was not used");
}

#[tokio::test]
async fn memory_in_small_steps_is_refused() {
    let host = Host::new().await;
    let tenant = host.tenant("eater").await;
    let probe = probe().await;
    for step in [1_000, 64 * 1024, 20 * 1024 * 1024] {
        let ran = tenant.go(tenant.run(&probe, script(json!([{ "eat": { "step": step } }])))).await;
        assert_memory(ran.fault(), "memory_per_execution", limits().memory_bytes);
        assert!(ran.usage.peak_memory_bytes <= limits().memory_bytes);
    }
    assert_eq!(machine().memory().used(tenant.scope.tenant()), 0, "all is given back");
    host.unhurt_by(&tenant).await;
}

#[tokio::test]
async fn tables_count_as_memory() {
    for (elements, steps, limit) in [(10_000_000, 1, 320_000), (1_000, 10_000, 320_000)] {
        let made = Handmade {
            fields: "(table $t 1 funcref)".to_owned(),
            ..Handmade::handling(&format!(
                "(loop $again
                    (table.grow $t (ref.null func) (i32.const {elements})) (i32.const -1) i32.eq
                    if unreachable end
                    (local.set 1 (i32.add (local.get 1) (i32.const 1)))
                    (br_if $again (i32.lt_u (local.get 1) (i32.const {steps}))))
                 unreachable"
            ))
        };
        assert_memory(handle(&made).await.fault(), "table_size", limit);
    }
    // A table of an allowed size that does not fit beside the memory.
    let host = Host::new().await;
    let tenant = host.tenant("tables").await;
    let fields = "(table 20000 funcref)".to_owned();
    let component = load(Handmade { fields, ..Handmade::default() }.component()).await;
    let mut run = tenant.run(&component, message("hello"));
    run.limits.memory_bytes = 64 * PAGE + 200_000;
    assert_memory(tenant.go(run).await.fault(), "memory_per_execution", 64 * PAGE + 200_000);
    host.unhurt_by(&tenant).await;
}

#[tokio::test]
async fn many_memories_count_together() {
    let host = Host::new().await;
    let tenant = host.tenant("memories").await;
    // Seven of 5 MB, which start as one page and grow.
    let module = "(module (memory 1) (func $grow (drop (memory.grow (i32.const 79)))) (start $grow))";
    let bytes = with_more(&Handmade::default().component(), module, 7);
    let component = load(bytes).await;
    let ran = tenant.go(tenant.run(&component, message("hello"))).await;
    assert!(ran.result.is_ok(), "what does not get its memory may go on: {:?}", ran.result);
    let peak = ran.usage.peak_memory_bytes;
    assert!((28 * MB..=limits().memory_bytes).contains(&peak), "{peak}");

    // The same memories from the start.
    let component = load(with_more(&Handmade::default().component(), "(module (memory 80))", 7)).await;
    let ran = tenant.go(tenant.run(&component, message("hello"))).await;
    assert_memory(ran.fault(), "memory_per_execution", limits().memory_bytes);
    host.unhurt_by(&tenant).await;
}

#[tokio::test]
async fn a_refusal_that_a_guest_lives_through_is_not_its_failure() {
    let ran = handle(&Handmade::handling("(memory.grow (i32.const 1000)) drop (i32.const 64)")).await;
    assert!(ran.result.is_ok(), "{:?}", ran.result);
    let ran =
        handle(&Handmade::handling("(memory.grow (i32.const 1000)) drop (loop (br 0)) unreachable")).await;
    assert_eq!(ran.fault().code, "fuel_exhausted", "what ended it is what is told");
}

#[tokio::test]
async fn growing_beyond_the_guests_own_maximum_takes_nothing() {
    let made = Handmade {
        memory: "(memory (export \"memory\") 64 65)".to_owned(),
        ..Handmade::handling(
            "(memory.grow (i32.const 100)) (i32.const -1) i32.ne if unreachable end unreachable",
        )
    };
    let ran = handle(&made).await;
    assert_eq!(ran.fault().code, "trapped", "no limit of the platform was reached");
    assert_eq!(ran.usage.peak_memory_bytes, 64 * PAGE);
}

#[tokio::test]
async fn sandboxes_of_a_tenant_share_its_memory_and_neighbours_do_not() {
    let host = Host::new().await;
    let mut tenant = host.tenant("sharer").await;
    let neighbour = host.tenant("neighbour").await;
    let (outside, arrived, release) = FakeOutside::waiting();
    tenant.outside = Arc::new(outside);
    let probe = probe().await;
    let gateway = crate::host::bound("telegram-bot");

    // The first sandbox holds 20 MB while it waits for the outside.
    let hold = json!({ "hold": { "bytes": 20 * MB } });
    let perform = json!({ "perform": { "gateway": gateway.id.to_string(), "text": "hello" } });
    let mut first = tenant.run(&probe, script(json!([hold, perform])));
    first.bound = vec![gateway];
    first.limits.tenant_memory_bytes = 32 * MB;
    let first = tokio::spawn({
        let tenant = tenant.clone();
        async move { tenant.go(first).await }
    });
    arrived.acquire().await.unwrap().forget();
    assert!(machine().memory().used(tenant.scope.tenant()) > 20 * MB);

    let second = || {
        let mut run = tenant.run(&probe, script(json!([hold])));
        run.limits.tenant_memory_bytes = 32 * MB;
        run
    };
    let ran = tenant.go(second()).await;
    let wanted = assert_memory(ran.fault(), "memory_per_tenant", 32 * MB);
    assert!(wanted > 40 * MB, "both are in the figure: {wanted}");
    good(&neighbour.outcomes(&probe, json!([hold])).await[0]);

    release.add_permits(1);
    good(&first.await.unwrap().outcomes()[1]);
    good(&tenant.go(second()).await.outcomes()[0]);
    assert_eq!(machine().memory().used(tenant.scope.tenant()), 0, "all is given back");
    host.unhurt_by(&tenant).await;
}
