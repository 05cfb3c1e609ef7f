//! What an execution leaves behind: everything or nothing.

use crate::estate::{appointment, failure, line, new_effect, notification};
use crate::world::{Tenant, World, limits, new_execution, set, trouble, usage, writes};
use tokio::task::JoinSet;
use twobot_domain::{ExecutionId, GatewayId, InstallId, Limits, Timestamp, Usage};
use twobot_store::executions::{Commit, Failure, NewEffect};
use twobot_store::{PageRequest, StoreError};

/// A commit with something of everything, which the quotas of [`limits`] allow.
fn full(gateway: GatewayId) -> Commit {
    let mut commit = writes([("seen", None)], [("kept", set("1")), ("more", set("2"))]);
    commit.effects = vec![new_effect(gateway), new_effect(gateway)];
    commit.notifications = vec![notification("One"), notification("Two")];
    commit.appointments = vec![appointment("soon", 9)];
    commit.logs = vec![line("first"), line("second")];
    commit
}

struct Scene {
    world: World,
    ann: Tenant,
    gateway: GatewayId,
    install: InstallId,
}

async fn scene() -> Scene {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let gateway = ann.gateway("Bot").await;
    let install = ann.install("plugin", &[gateway]).await;
    Scene { world, ann, gateway, install }
}

#[tokio::test]
async fn a_commit_leaves_everything_once() {
    let Scene { world, ann, gateway, install } = scene().await;
    let id = ann.queue(gateway, install).await;
    let commit = full(gateway);
    ann.finish(id, install, &commit).await.unwrap();

    let record = world.store.execution(ann.scope, id).await.unwrap();
    assert_eq!((record.state.as_str(), record.attempt, record.trouble), ("succeeded", 1, None));
    assert_eq!((record.fuel, record.peak_memory_bytes, record.wall_ms), (100, 4_096, 2));
    assert!(record.finished_at.is_some());
    assert_eq!(record.gateway, Some((gateway, "Bot".to_owned())));
    assert_eq!(ann.read(install, "kept").await.unwrap().1, "1");
    let effects = world.store.effects_of(ann.scope, id).await.unwrap();
    let ids = |list: &[NewEffect]| list.iter().map(|effect| effect.id).collect::<Vec<_>>();
    assert_eq!(effects.iter().map(|effect| effect.id).collect::<Vec<_>>(), ids(&commit.effects));
    assert_eq!(world.store.execution_logs(ann.scope, id).await.unwrap(), commit.logs);
    let notifications = world.store.notifications(ann.scope, PageRequest::default()).await.unwrap().items;
    assert_eq!(notifications.iter().map(|one| one.title.as_str()).collect::<Vec<_>>(), ["Two", "One"]);
    assert_eq!(notifications[0].slug.as_deref(), Some("plugin"));
    assert_eq!(world.store.appointments(ann.scope, install).await.unwrap(), 1);

    let before = world.dump().await;
    let again = ann.finish(id, install, &full(gateway)).await;
    assert!(matches!(again, Err(StoreError::NotFound)), "{again:?}");
    let fail = world.store.fail_execution(ann.scope, id, install, &failure(None)).await;
    assert!(matches!(fail, Err(StoreError::NotFound)), "{fail:?}");
    let wait = world.store.postpone_execution(ann.scope, id, &trouble("x"), Timestamp(9)).await;
    assert!(matches!(wait, Err(StoreError::NotFound)), "{wait:?}");
    assert_eq!(world.dump().await, before);
}

#[tokio::test]
async fn a_commit_that_is_refused_leaves_nothing() {
    type Change = fn(&mut Commit, &mut Limits);
    type Expected = fn(&StoreError) -> bool;
    let cases: [(&str, Change, Expected); 7] = [
        (
            "a key that was read has moved on",
            |commit, _| commit.writes.reads.extend([(("b".to_owned(), "old".to_owned()), Some(1))]),
            |error| matches!(error, StoreError::Conflict),
        ),
        (
            "a counter that is no number",
            |commit, _| {
                let old = ("b".to_owned(), "old".to_owned());
                drop(commit.writes.writes.insert(old, twobot_store::kv::Write::Add(1)));
            },
            |error| matches!(error, StoreError::Conflict),
        ),
        (
            "too many keys",
            |_, limits| limits.kv_keys = 2,
            |error| matches!(error, StoreError::Quota { name: "kv_keys", used: 3, allowed: 2, .. }),
        ),
        (
            "too many bytes",
            |_, limits| limits.kv_bytes = 15,
            |error| matches!(error, StoreError::Quota { name: "kv_bytes", used: 16, allowed: 15, .. }),
        ),
        (
            "too many bytes for the plan's storage",
            |_, limits| limits.storage_mb = 0,
            |error| matches!(error, StoreError::Quota { name: "kv_bytes", allowed: 0, .. }),
        ),
        (
            "the day is used up",
            |_, limits| limits.executions_per_day = Some(1),
            |error| {
                matches!(error, StoreError::Quota { name: "executions_per_day", used: 1, allowed: 1, .. })
            },
        ),
        (
            "something at the end that the database refuses",
            |commit, _| commit.notifications[1].severity = "cheerful",
            |error| matches!(error, StoreError::Sqlite(_) | StoreError::Database(_)),
        ),
    ];
    let Scene { world, ann, gateway, install } = scene().await;
    ann.commit(install, &writes([], [("old", set("abc"))])).await.unwrap();
    let id = ann.queue(gateway, install).await;
    let before = world.dump().await;
    for (name, change, expected) in cases {
        let (mut commit, mut limits) = (full(gateway), limits());
        change(&mut commit, &mut limits);
        let result = world.store.finish_execution(ann.scope, id, install, &limits, &commit).await;
        let error = result.expect_err(name);
        assert!(expected(&error), "{name}: {error:?}");
        assert_eq!(world.dump().await, before, "{name}");
        assert!(world.store.queued_execution(ann.scope, id).await.is_ok(), "{name}: it still waits");
    }
    // The same without a fault is kept: it was the fault that was refused.
    ann.finish(id, install, &full(gateway)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_outcomes_at_once_one_is_kept() {
    let Scene { world, ann, gateway, install } = scene().await;
    let id = ann.queue(gateway, install).await;
    let mut tasks = JoinSet::new();
    for number in 0..20 {
        let ann = ann.clone();
        tasks.spawn(async move {
            if number % 2 == 0 {
                ann.finish(id, install, &full(gateway)).await
            } else {
                ann.store.fail_execution(ann.scope, id, install, &failure(None)).await.map(drop)
            }
        });
    }
    let results = tasks.join_all().await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(results.iter().all(|result| matches!(result, Ok(()) | Err(StoreError::NotFound))), "{results:?}");
    assert_eq!(world.store.execution(ann.scope, id).await.unwrap().attempt, 1);
    assert_eq!(ann.used().await.executions, 1);
}

#[tokio::test]
async fn a_failed_try_waits_for_the_next_and_the_last_one_is_recorded() {
    let Scene { world, ann, gateway, install } = scene().await;
    let id = ann.queue(gateway, install).await;
    let later = Timestamp::now().plus_millis(60_000);
    for attempt in 1..=3 {
        let failures =
            world.store.fail_execution(ann.scope, id, install, &failure(Some(later))).await.unwrap();
        assert_eq!(failures, 0, "a failure that is tried again does not count");
        let queued = world.store.queued_execution(ann.scope, id).await.unwrap();
        assert_eq!(queued.attempt, attempt);
        let record = world.store.execution(ann.scope, id).await.unwrap();
        assert_eq!((record.state.as_str(), record.finished_at), ("waiting", None));
        assert_eq!(record.trouble.unwrap().code, "trap");
    }
    let work =
        world.store.waiting(ann.scope, twobot_store::executions::WorkKind::Execution, 9).await.unwrap();
    assert_eq!((work[0].id, work[0].due_at, work[0].lane.as_str()), (id.uuid(), later, "conversation"));

    let failures = world.store.fail_execution(ann.scope, id, install, &failure(None)).await.unwrap();
    assert_eq!(failures, 1);
    let record = world.store.execution(ann.scope, id).await.unwrap();
    assert_eq!((record.state.as_str(), record.attempt), ("failed", 4));
    assert!(record.finished_at.is_some());
    // The lines of all tries, in order.
    let logs = world.store.execution_logs(ann.scope, id).await.unwrap();
    assert_eq!(logs, vec![line("failed"); 4]);
    assert_eq!(ann.used().await.failed_executions, 4);
}

#[tokio::test]
async fn failures_are_counted_in_a_row() {
    let Scene { world, ann, install, .. } = scene().await;
    let other = ann.install("other", &[]).await;
    let fail = async |install| {
        let id = ann.act(install).await;
        world.store.fail_execution(ann.scope, id, install, &failure(None)).await.unwrap()
    };
    let failures = async || world.store.install_by_id(ann.scope, install).await.unwrap().failures;
    assert_eq!((fail(install).await, fail(install).await, fail(other).await), (1, 2, 1));
    assert_eq!(failures().await, 2);
    ann.commit(install, &writes([], [])).await.unwrap();
    assert_eq!(failures().await, 0, "a success forgets them");
    assert_eq!(fail(install).await, 1);
    let enabled = twobot_store::installs::InstallState::Enabled;
    let paused = twobot_store::installs::InstallState::Paused;
    world.store.set_install_state(ann.scope, install, paused, None).await.unwrap();
    assert_eq!(failures().await, 1, "pausing keeps them");
    world.store.set_install_state(ann.scope, install, enabled, None).await.unwrap();
    assert_eq!(failures().await, 0, "enabling forgets them");
    assert_eq!(fail(other).await, 2);
}

#[tokio::test]
async fn a_postponed_execution_waits_without_a_try() {
    let Scene { world, ann, gateway, install } = scene().await;
    let id = ann.queue(gateway, install).await;
    let tomorrow = Timestamp::now().plus_millis(86_400_000);
    world.store.postpone_execution(ann.scope, id, &trouble("executions_per_day"), tomorrow).await.unwrap();
    let record = world.store.execution(ann.scope, id).await.unwrap();
    assert_eq!((record.state.as_str(), record.attempt), ("waiting", 0));
    assert_eq!(record.trouble.unwrap().code, "executions_per_day");
    // Its turn comes, and what held it back is forgotten.
    ann.finish(id, install, &writes([], [])).await.unwrap();
    assert_eq!(world.store.execution(ann.scope, id).await.unwrap().trouble, None);
}

#[tokio::test]
async fn an_action_runs_at_once_and_is_given_up_when_the_host_went_away() {
    let Scene { world, ann, gateway, install } = scene().await;
    let (queued, done) = (ann.queue(gateway, install).await, ann.act(install).await);
    ann.finish(done, install, &writes([], [])).await.unwrap();
    let running = ann.act(install).await;
    let state = async |id: ExecutionId| world.store.execution(ann.scope, id).await.unwrap().state;
    assert_eq!(state(running).await, "running");
    // It is in no queue: only whoever asked for it may run it.
    assert!(matches!(world.store.queued_execution(ann.scope, running).await, Err(StoreError::NotFound)));
    assert_eq!(world.store.waiting_events(ann.scope).await.unwrap(), 1);

    assert_eq!(world.store.abandon_running(&trouble("restarted")).await.unwrap(), 1);
    assert_eq!(world.store.abandon_running(&trouble("restarted")).await.unwrap(), 0);
    let record = world.store.execution(ann.scope, running).await.unwrap();
    assert_eq!((record.state.as_str(), record.trouble.unwrap().code.as_str()), ("failed", "restarted"));
    assert!(record.finished_at.is_some());
    assert_eq!((state(queued).await.as_str(), state(done).await.as_str()), ("waiting", "succeeded"));
    assert!(matches!(ann.finish(running, install, &writes([], [])).await, Err(StoreError::NotFound)));
}

#[tokio::test]
async fn what_does_not_belong_together_is_not_found() {
    let Scene { world, ann, gateway, install } = scene().await;
    let (other, id) = (ann.install("other", &[]).await, ann.queue(gateway, install).await);
    let before = world.dump().await;
    let not_found = |result| matches!(result, Err(StoreError::NotFound));
    assert!(not_found(ann.finish(id, other, &full(gateway)).await), "another plugin's execution");
    let fail = Failure { usage: Usage::default(), ..failure(None) };
    assert!(not_found(world.store.fail_execution(ann.scope, id, other, &fail).await.map(drop)));
    assert!(not_found(ann.finish(ExecutionId::new(), install, &full(gateway)).await));
    let gone = new_execution(InstallId::new(), None);
    assert!(not_found(world.store.begin_action(ann.scope, &gone).await));
    assert_eq!(world.dump().await, before);
    // An effect through a gateway that was deleted while the handler ran goes with it; the rest is kept.
    let mut commit = full(gateway);
    commit.effects.push(new_effect(GatewayId::new()));
    commit.usage = usage();
    ann.finish(id, install, &commit).await.unwrap();
    assert_eq!(world.store.effects_of(ann.scope, id).await.unwrap().len(), 2);
}
