//! What was used: counted once, whatever happens to the rows that say so, and summed by minute, hour and day.

use crate::estate::{effect_event, failure, new_effect};
use crate::store::retention::newest;
use crate::world::{Tenant, World, limits, new_event, new_execution, set, trouble, usage, writes};
use twobot_domain::{ExecutionId, GatewayId, InstallId, Limits, Timestamp, Usage};
use twobot_store::dead_letters::DeadLetterKind;
use twobot_store::effects::Tried;
use twobot_store::executions::{Commit, Failure, NewExecution};
use twobot_store::inbound::Decoded;
use twobot_store::retention::Retention;
use twobot_store::usage::{Difference, Resolution};
use twobot_store::{Store, StoreError};

/// Figures that differ in every field.
fn figures(base: u64) -> Usage {
    Usage {
        executions: base,
        failed_executions: base + 1,
        messages_in: base + 2,
        messages_out: base + 3,
        fuel: base + 4,
        peak_memory_bytes: base + 5,
        wall_ms: base + 6,
        ai_tokens_in: base + 7,
        ai_tokens_out: base + 8,
        http_requests: base + 9,
        http_bytes_in: base + 10,
        http_bytes_out: base + 11,
    }
}

#[tokio::test]
async fn every_use_is_added_once_and_the_peak_is_the_largest() {
    let world = World::new().await;
    let (ann, bob) = (world.tenant("ann").await, world.tenant("bob").await);
    let (gateway, install) = (ann.gateway("Bot").await, ann.install("plugin", &[]).await);
    let store = &world.store;
    let inbound = ann.deliver(gateway, "1").await;
    let delivery = store.inbound(ann.scope, inbound).await.unwrap();
    let decoded = Decoded::NotHandled("x".to_owned());
    store.finish_inbound(ann.scope, &delivery, &decoded, &figures(10)).await.unwrap();
    let mut commit = writes([], []);
    commit.usage = figures(2_000);
    commit.effects = (0..3).map(|_| new_effect(gateway)).collect();
    ann.commit(install, &commit).await.unwrap();
    let mut failure = failure(None);
    failure.usage = figures(300);
    let failed = ann.act(install).await;
    store.fail_execution(ann.scope, failed, install, &failure).await.unwrap();
    let effects: Vec<_> = commit.effects.iter().map(|effect| effect.id).collect();
    let (event, execution) = effect_event(gateway, install);
    let gone = trouble("gone");
    store.effect_sent(ann.scope, effects[0], &figures(40)).await.unwrap();
    store
        .postpone_effect(ann.scope, effects[1], Tried::NotBegun, &gone, Timestamp(9), &figures(50))
        .await
        .unwrap();
    store
        .effect_failed(
            ann.scope,
            effects[2],
            Tried::NotBegun,
            &gone,
            &figures(60),
            Some((&event, &execution)),
        )
        .await
        .unwrap();

    let mut expected = Usage::default();
    for base in [10, 2_000, 300, 40, 50, 60] {
        expected.add(&figures(base));
    }
    assert_eq!(expected.peak_memory_bytes, 2_005);
    assert_eq!(ann.used().await, expected);
    world.sum().await;
    assert_eq!(ann.used().await, expected);
    for resolution in [Resolution::Minute, Resolution::Hour, Resolution::Day] {
        let mut sum = Usage::default();
        for (_, usage) in store.usage_by(ann.scope, resolution, 0, i64::MAX).await.unwrap() {
            sum.add(&usage);
        }
        assert_eq!(sum, expected, "{resolution:?}");
        assert!(store.usage_by(bob.scope, resolution, 0, i64::MAX).await.unwrap().is_empty());
    }
    agree(&world, &ann).await;
}

/// Sums agree with rows.
async fn agree(world: &World, tenant: &Tenant) {
    let differences = world.store.usage_differences(tenant.scope, Timestamp::now()).await.unwrap();
    assert!(differences.is_empty(), "{differences:#?}");
}

/// A tenant with a gateway and a plugin.
async fn place(world: &World) -> (Tenant, GatewayId, InstallId) {
    let ann = world.tenant("ann").await;
    let (gateway, install) = (ann.gateway("Bot").await, ann.install("plugin", &[]).await);
    (ann, gateway, install)
}

async fn fail(tenant: &Tenant, execution: ExecutionId, install: InstallId, base: u64, again: bool) {
    let failure = Failure { usage: figures(base), ..failure(again.then_some(Timestamp(0))) };
    tenant.store.fail_execution(tenant.scope, execution, install, &failure).await.unwrap();
}

async fn succeed(tenant: &Tenant, execution: ExecutionId, install: InstallId, base: u64) {
    let commit = Commit { usage: figures(base), ..writes([], []) };
    tenant.finish(execution, install, &commit).await.unwrap();
}

fn sum(bases: &[u64]) -> Usage {
    let mut sum = Usage::default();
    bases.iter().for_each(|base| sum.add(&figures(*base)));
    sum
}

#[tokio::test]
async fn every_try_counts_whenever_sums_are_made_between() {
    // In each bit whether sums are made after that try.
    for summed in 0..8 {
        let world = World::new().await;
        let (ann, gateway, install) = place(&world).await;
        let id = ann.queue(gateway, install).await;
        let after = async |number: u32| {
            if summed & (1 << number) != 0 {
                world.sum().await;
            }
        };
        fail(&ann, id, install, 10, true).await;
        after(0).await;
        fail(&ann, id, install, 20, true).await;
        after(1).await;
        succeed(&ann, id, install, 40).await;
        after(2).await;
        assert_eq!(ann.used().await, sum(&[10, 20, 40]), "{summed}");
        world.sum().await;
        assert_eq!(ann.used().await, sum(&[10, 20, 40]), "{summed}");
        agree(&world, &ann).await;
        // What the last try used stands with the execution, as before.
        let record = world.store.execution(ann.scope, id).await.unwrap();
        assert_eq!(record.fuel, figures(40).fuel);
    }
}

#[tokio::test]
async fn effects_count_every_try_too() {
    for summed in 0..4 {
        let world = World::new().await;
        let (ann, gateway, install) = place(&world).await;
        let effect = new_effect(gateway);
        let id = effect.id;
        let commit = Commit { effects: vec![effect], usage: figures(10), ..writes([], []) };
        ann.commit(install, &commit).await.unwrap();
        let (gone, later) = (trouble("gone"), Timestamp(9));
        let none = Tried::NotBegun;
        world.store.postpone_effect(ann.scope, id, none, &gone, later, &figures(20)).await.unwrap();
        if summed & 1 != 0 {
            world.sum().await;
        }
        world.store.delay_effect(ann.scope, id, none, &gone, later, &figures(30)).await.unwrap();
        if summed & 2 != 0 {
            world.sum().await;
        }
        world.store.effect_sent(ann.scope, id, &figures(40)).await.unwrap();
        for _ in 0..2 {
            assert_eq!(ann.used().await, sum(&[10, 20, 30, 40]), "{summed}");
            world.sum().await;
        }
        agree(&world, &ann).await;
    }
}

#[tokio::test]
async fn dead_letters_that_are_run_again_count_each_time() {
    for summed in [false, true] {
        let world = World::new().await;
        let (ann, gateway, install) = place(&world).await;
        let execution = ann.queue(gateway, install).await;
        fail(&ann, execution, install, 10, false).await;
        let delivery = ann.deliver(gateway, "bad").await;
        let decode = async |decoded: &Decoded, base: u64| {
            let inbound = world.store.inbound(ann.scope, delivery).await.unwrap();
            world.store.finish_inbound(ann.scope, &inbound, decoded, &figures(base)).await.unwrap();
        };
        decode(&Decoded::Failed("x".to_owned()), 20).await;
        if summed {
            world.sum().await;
        }
        let which =
            [(DeadLetterKind::Execution, execution.uuid()), (DeadLetterKind::Delivery, delivery.uuid())];
        assert_eq!(world.store.retry_dead_letters(ann.scope, &which).await.unwrap(), 2);
        assert_eq!(ann.used().await, sum(&[10, 20]), "running them again takes nothing away");
        succeed(&ann, execution, install, 30).await;
        let event = new_event(Some(gateway), Some(delivery));
        decode(&Decoded::Events(vec![(event, Vec::new())]), 40).await;
        for _ in 0..2 {
            assert_eq!(ann.used().await, sum(&[10, 20, 30, 40]));
            world.sum().await;
        }
        agree(&world, &ann).await;
    }
}

#[tokio::test]
async fn what_is_not_summed_yet_is_not_removed_and_nothing_is_lost_when_it_is() {
    let world = World::new().await;
    let (ann, gateway, install) = place(&world).await;
    for base in [10, 20, 30] {
        let id = ann.queue(gateway, install).await;
        succeed(&ann, id, install, base).await;
    }
    let everything = Retention { since: Timestamp::now().plus_millis(60_000), ..newest(1) };
    assert_eq!(world.store.remove_history(ann.scope, &everything, 100).await.unwrap(), 0);
    world.sum().await;
    let one = world.store.remove_history(ann.scope, &everything, 1).await.unwrap();
    assert_eq!(one, 3, "an execution, its event and its delivery");
    assert_eq!(ann.used().await, sum(&[10, 20, 30]));
    agree(&world, &ann).await;
    while world.store.remove_history(ann.scope, &everything, 1).await.unwrap() > 0 {}
    assert_eq!(world.number("SELECT count(*) FROM executions").await, 0);
    // Sums of rows that were removed are not held against what is left of them.
    agree(&world, &ann).await;
    world.store.repair_usage(ann.scope, Timestamp::now()).await.unwrap();
    world.sum().await;
    assert_eq!(ann.used().await, sum(&[10, 20, 30]));
}

#[tokio::test]
async fn what_goes_with_a_plugin_or_a_gateway_is_still_counted() {
    for (summed, of_plugin) in [(false, false), (false, true), (true, false), (true, true)] {
        let world = World::new().await;
        let (ann, gateway, install) = place(&world).await;
        let effects: Vec<_> = (0..2).map(|_| new_effect(gateway)).collect();
        let sent = effects[0].id;
        let commit = Commit { effects, usage: figures(10), ..writes([], []) };
        ann.commit(install, &commit).await.unwrap();
        world.store.effect_sent(ann.scope, sent, &figures(20)).await.unwrap();
        let inbound = ann.deliver(gateway, "1").await;
        let delivery = world.store.inbound(ann.scope, inbound).await.unwrap();
        let decoded = Decoded::Events(vec![(new_event(Some(gateway), Some(inbound)), Vec::new())]);
        world.store.finish_inbound(ann.scope, &delivery, &decoded, &figures(40)).await.unwrap();
        if summed {
            world.sum().await;
        }
        if of_plugin {
            world.store.delete_install(ann.scope, install).await.unwrap();
        } else {
            world.store.delete_gateway(ann.scope, gateway).await.unwrap();
        }
        for _ in 0..2 {
            assert_eq!(ann.used().await, sum(&[10, 20, 40]), "{summed} {of_plugin}");
            agree(&world, &ann).await;
            world.sum().await;
        }
    }
}

#[tokio::test]
async fn summing_twice_is_as_good_as_once() {
    let world = World::new().await;
    let (ann, gateway, install) = place(&world).await;
    let id = ann.queue(gateway, install).await;
    fail(&ann, id, install, 10, true).await;
    succeed(&ann, id, install, 20).await;
    world.sum().await;
    let before = (ann.used().await, world.dump().await);
    // As if the process had ended before it was noted.
    world.execute("UPDATE usage_progress SET summed_until = summed_until - 30").await;
    world.sum().await;
    let after = world.dump().await;
    for table in ["usage_minutes", "usage_hours", "usage_days", "usage_apart"] {
        assert_eq!(before.1[table], after[table], "{table}");
    }
    assert_eq!(ann.used().await, before.0);
}

#[tokio::test]
async fn what_comes_long_after_its_making_counts_when_it_comes() {
    let world = World::new().await;
    let (ann, _, install) = place(&world).await;
    let hour_ago = Timestamp::now().plus_millis(-3_600_000);
    let id = uuid::Builder::from_unix_timestamp_millis(hour_ago.millis(), &[1; 10]).into_uuid();
    let old = NewExecution { id: ExecutionId::from_uuid(id), ..new_execution(install, None) };
    world.store.begin_action(ann.scope, &old).await.unwrap();
    // Its own minute may have been summed by another node long ago.
    let store = world.another_store().await;
    let effect = new_effect(ann.gateway("Bot").await);
    let effect_id = effect.id;
    let commit = Commit { usage: figures(10), effects: vec![effect], ..writes([], []) };
    store.finish_execution(ann.scope, old.id, install, &limits(), &commit).await.unwrap();
    store.effect_sent(ann.scope, effect_id, &figures(20)).await.unwrap();
    let minutes = store.usage_by(ann.scope, Resolution::Minute, 0, i64::MAX).await.unwrap();
    assert!(minutes.iter().all(|(minute, _)| minute * 60_000 > hour_ago.0 + 3_000_000), "{minutes:?}");
    assert_eq!(ann.used().await, sum(&[10, 20]));
    world.sum().await;
    assert_eq!(ann.used().await, sum(&[10, 20]));
    agree(&world, &ann).await;
}

#[tokio::test]
async fn what_a_call_used_counts_with_its_answer_whatever_becomes_of_its_run() {
    let world = World::new().await;
    let (ann, gateway, install) = place(&world).await;
    let (id, other) = (ann.queue(gateway, install).await, ann.queue(gateway, install).await);
    let (_, call) = figures(100).parted();
    let answer = async |store: &Store, id, answer: Option<&str>| {
        store.journal_result(ann.scope, id, 0, answer, &call).await
    };
    for id in [id, other] {
        world.store.journal_intent(ann.scope, id, 0, "a", &[]).await.unwrap();
    }
    assert_eq!(ann.used().await, Usage::default(), "nobody knows what becomes of an intent");
    answer(&world.store, id, Some("A")).await.unwrap();
    assert_eq!(ann.used().await, call);
    // What is not kept was used all the same, and so is what is asked for in its place.
    answer(&world.store, other, None).await.unwrap();
    answer(&world.store, other, Some("A")).await.unwrap();
    let mut expected = Usage::default();
    (0..3).for_each(|_| expected.add(&call));
    assert_eq!(ann.used().await, expected);
    for id in [id, other, ExecutionId::new()] {
        let again = answer(&world.store, id, Some("B")).await;
        assert!(matches!(again, Err(StoreError::NotFound)), "there is an answer, or no question: {again:?}");
    }

    // The process ends before anything of the run is recorded. The next attempt is given the answer, and has no such use of its own.
    let crashed = world.after_a_crash().await;
    let store = &crashed.store;
    let journal = store.journal(ann.scope, id).await.unwrap();
    assert_eq!(journal[0].result.as_deref(), Some("A"));
    let (own, _) = figures(20).parted();
    let commit = Commit { usage: own, ..writes([("key", Some(7))], [("key", set("1"))]) };
    let finish = async |commit: &Commit| {
        store.finish_execution(ann.scope, id, install, &limits(), commit).await.map(drop)
    };
    assert!(matches!(finish(&commit).await, Err(StoreError::Conflict)));
    finish(&Commit { usage: own, ..writes([], []) }).await.unwrap();
    expected.add(&own);
    let ann = Tenant { store: store.clone(), ..ann };
    assert_eq!(ann.used().await, expected);
    crashed.sum().await;
    assert_eq!(ann.used().await, expected);
    agree(&crashed, &ann).await;
}

#[tokio::test]
async fn what_ran_and_is_put_off_counts_beside_what_runs_in_its_place() {
    let world = World::new().await;
    let (ann, gateway, install) = place(&world).await;
    let id = ann.queue(gateway, install).await;
    let (tomorrow, why) = (Timestamp(9), trouble("tomorrow"));
    for used in [Usage::default(), figures(10)] {
        ann.store.put_off_execution(ann.scope, id, &why, tomorrow, &used).await.unwrap();
    }
    succeed(&ann, id, install, 20).await;
    assert_eq!(ann.used().await, sum(&[10, 20]));
    let late = ann.store.put_off_execution(ann.scope, id, &why, tomorrow, &figures(30)).await;
    assert!(matches!(late, Err(StoreError::NotFound)), "it has its outcome: {late:?}");
    world.sum().await;
    assert_eq!(ann.used().await, sum(&[10, 20]));
    agree(&world, &ann).await;
}

#[tokio::test]
async fn figures_that_no_run_has_do_not_overflow() {
    let world = World::new().await;
    let (ann, gateway, install) = place(&world).await;
    let huge = Usage { ..figures(u64::MAX - 20) };
    for _ in 0..3 {
        let id = ann.queue(gateway, install).await;
        let failure = Failure { usage: huge, ..failure(Some(Timestamp(0))) };
        ann.store.fail_execution(ann.scope, id, install, &failure).await.unwrap();
        let commit = Commit { usage: huge, ..writes([], []) };
        ann.finish(id, install, &commit).await.unwrap();
    }
    let one = 1_u64 << 40;
    assert_eq!((ann.used().await.fuel, ann.used().await.peak_memory_bytes), (6 * one, one));
    // What adds up for long ends at a largest sum.
    assert!(world.execute(&format!("UPDATE usage_apart SET fuel = {}", (1_i64 << 52) - 5)).await > 0);
    let id = ann.queue(gateway, install).await;
    fail(&ann, id, install, 10, true).await;
    succeed(&ann, id, install, 10).await;
    for _ in 0..2 {
        assert!(ann.used().await.fuel >= 1 << 52);
        world.sum().await;
    }
    assert_eq!(world.number("SELECT max(fuel) FROM usage_minutes").await, 1 << 52);
}

#[tokio::test]
async fn the_day_s_executions_are_counted_exactly() {
    let world = World::new().await;
    let (ann, gateway, install) = place(&world).await;
    let day = Limits { executions_per_day: Some(4), ..limits() };
    let run = async |store: &Store| {
        let execution = new_execution(install, None);
        store.begin_action(ann.scope, &execution).await.unwrap();
        store.finish_execution(ann.scope, execution.id, install, &day, &writes([], [])).await
    };
    // Before anybody counts, without a limit.
    ann.commit(install, &writes([], [])).await.unwrap();
    run(&world.store).await.unwrap();
    assert_eq!(world.store.executions_today(ann.scope).await.unwrap(), 2);
    // What decoding and delivering run counts as well.
    let inbound = ann.deliver(gateway, "1").await;
    let delivery = world.store.inbound(ann.scope, inbound).await.unwrap();
    let decoded = Decoded::NotHandled("x".to_owned());
    world.store.finish_inbound(ann.scope, &delivery, &decoded, &usage()).await.unwrap();
    assert_eq!(world.store.executions_today(ann.scope).await.unwrap(), 3);
    world.sum().await;
    let other = world.another_store().await;
    // These sums are of minutes to come: the other has to know.
    other.follow_sums().await.unwrap();
    assert_eq!(other.executions_today(ann.scope).await.unwrap(), 3);
    run(&other).await.unwrap();
    for store in [&world.store, &other] {
        let refused = run(store).await;
        let expected =
            matches!(refused, Err(StoreError::Quota { name: "executions_per_day", used: 4, allowed: 4, .. }));
        assert!(expected, "{refused:?}");
        assert_eq!(store.executions_today(ann.scope).await.unwrap(), 4);
    }
    // While nobody counts, something runs; when the plan limits again, it is there.
    world.store.count_executions(ann.scope, false);
    ann.commit(install, &writes([], [])).await.unwrap();
    assert_eq!(world.store.executions_today(ann.scope).await.unwrap(), 5);
    assert_eq!(ann.used().await.executions, 5);
}

#[tokio::test]
async fn wrong_sums_are_found_and_repaired() {
    let world = World::new().await;
    let (ann, gateway, install) = place(&world).await;
    for base in [10, 20] {
        let id = ann.queue(gateway, install).await;
        succeed(&ann, id, install, base).await;
    }
    world.sum().await;
    let now = Timestamp::now();
    let right = world.dump().await;
    for (change, resolution, field) in [
        ("UPDATE usage_minutes SET fuel = fuel + 7", Resolution::Minute, "fuel"),
        ("DELETE FROM usage_minutes", Resolution::Minute, "http_bytes_out"),
        ("UPDATE usage_hours SET executions = executions - 1", Resolution::Hour, "executions"),
        ("UPDATE usage_days SET ai_tokens_in = 0", Resolution::Day, "ai_tokens_in"),
        ("DELETE FROM usage_days", Resolution::Day, "peak_memory"),
        ("UPDATE usage_minutes SET minute = minute - 60", Resolution::Minute, "wall_ms"),
    ] {
        assert!(world.execute(change).await > 0);
        let found = world.store.usage_differences(ann.scope, now).await.unwrap();
        let here = |one: &&Difference| (one.resolution, one.field) == (resolution, field);
        let one = found.iter().find(here).unwrap_or_else(|| panic!("{change}: {found:#?}"));
        assert!(one.expected != one.found && one.tenant == ann.scope.tenant());
        assert!((now.0 - one.at.0).abs() < 2 * 86_400_000);
        let repaired = world.store.repair_usage(ann.scope, now).await.unwrap();
        assert!(repaired.sums > 0, "{change}");
        agree(&world, &ann).await;
        assert_eq!(world.dump().await, right, "{change}");
    }
}

#[tokio::test]
async fn old_sums_are_removed_and_days_stay() {
    let world = World::new().await;
    let (ann, gateway, install) = place(&world).await;
    let id = ann.queue(gateway, install).await;
    fail(&ann, id, install, 10, true).await;
    succeed(&ann, id, install, 20).await;
    world.sum().await;
    let remove = async |days: i64| {
        let now = Timestamp::now().plus_millis(days * 86_400_000);
        while world.store.remove_sums(now).await.unwrap() > 0 {}
        let mut left = Vec::new();
        for table in ["usage_apart", "usage_minutes", "usage_hours", "usage_days"] {
            left.push(world.number(&format!("SELECT count(*) FROM {table}")).await > 0);
        }
        left
    };
    assert_eq!(remove(6).await, [true, true, true, true]);
    assert_eq!(remove(8).await, [false, false, true, true]);
    assert_eq!(remove(365).await, [false, false, true, true]);
    assert_eq!(remove(368).await, [false, false, false, true]);
    assert_eq!(ann.used().await, sum(&[10, 20]));
}

#[tokio::test]
async fn what_was_counted_before_remains_part_of_its_day() {
    let world = World::new().await;
    let (ann, gateway, install) = place(&world).await;
    let today = Timestamp::now().day();
    let owner = world.texts("SELECT CAST(count(*) AS TEXT) FROM tenants").await;
    assert_eq!(owner, ["1"]);
    for table in ["usage_daily", "usage_days"] {
        world
            .execute(&format!(
                "INSERT INTO {table} (tenant_id, day, executions, failed_executions, messages_in, messages_out, fuel, peak_memory, \
                 wall_ms, ai_tokens_in, ai_tokens_out) SELECT id, {today}, 5, 0, 0, 0, 100, 9, 0, 0, 0 FROM tenants"
            ))
            .await;
    }
    let id = ann.queue(gateway, install).await;
    succeed(&ann, id, install, 20).await;
    for _ in 0..2 {
        let used = ann.used().await;
        assert_eq!((used.executions, used.fuel), (25, 124));
        world.sum().await;
    }
    agree(&world, &ann).await;
}

#[tokio::test]
async fn a_range_of_days_has_both_its_ends() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let today = Timestamp::now().day();
    for (days_ago, fuel) in [(3, 30), (1, 10), (0, 1)] {
        let of = format!(
            "INSERT INTO usage_days (tenant_id, day, fuel) SELECT id, {today} - {days_ago}, {fuel} FROM tenants"
        );
        assert_eq!(world.execute(&of).await, 1);
    }
    let check = async |from: i64, to: i64, expected: &[(i64, u64)]| {
        let days = world.store.usage(ann.scope, today + from, today + to).await.unwrap();
        let days: Vec<_> = days.into_iter().map(|(day, usage)| (day - today, usage.fuel)).collect();
        assert_eq!(days, expected, "{from} to {to}");
    };
    check(-3, 0, &[(-3, 30), (-1, 10), (0, 1)]).await;
    check(-3, -1, &[(-3, 30), (-1, 10)]).await;
    check(-2, -2, &[]).await;
    check(-1, -1, &[(-1, 10)]).await;
    check(0, -3, &[]).await;
    // What used nothing makes no day.
    world.execute("DELETE FROM usage_days").await;
    let install = ann.install("plugin", &[]).await;
    let mut nothing = writes([], []);
    nothing.usage = Usage::default();
    ann.commit(install, &nothing).await.unwrap();
    check(-9, 9, &[]).await;
}
