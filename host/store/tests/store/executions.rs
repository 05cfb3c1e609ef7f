//! The queues, and looking at executions.

use crate::estate::{estate, failure};
use crate::world::{World, new_inbound, page, writes};
use twobot_domain::{ExecutionId, Timestamp};
use twobot_store::accounts::WorkspaceState;
use twobot_store::executions::{Beyond, ExecutionFilter, Work, WorkKind};

const KINDS: [WorkKind; 3] = [WorkKind::Inbound, WorkKind::Execution, WorkKind::Effect];

#[tokio::test]
async fn a_workspace_that_does_not_run_has_nothing_to_do() {
    let world = World::new().await;
    let (ann, bob) = (estate(&world, "ann").await, estate(&world, "bob").await);
    world.tenant("idle").await;
    for state in [WorkspaceState::Running, WorkspaceState::Stopped, WorkspaceState::Suspended] {
        world.store.set_workspace_state(ann.scope, state).await.unwrap();
        let runs = state == WorkspaceState::Running;
        for kind in KINDS {
            let waiting = world.store.waiting(ann.scope, kind, 9).await.unwrap();
            assert_eq!(waiting.len(), usize::from(runs), "{kind:?} {state:?}");
            let mut expected = vec![bob.scope];
            expected.extend(runs.then_some(ann.scope));
            let mut tenants = world.store.tenants_with_work(kind).await.unwrap();
            tenants.sort_by_key(|scope| scope.tenant());
            expected.sort_by_key(|scope| scope.tenant());
            assert_eq!(tenants, expected, "{kind:?} {state:?}");
        }
        // What arrives is kept all the same.
        let provider_id = format!("{state:?}");
        world.store.accept(ann.scope, new_inbound(ann.gateway, &provider_id)).await.unwrap();
        world.execute(&format!("DELETE FROM inbound WHERE provider_id = '{provider_id}'")).await;
    }
}

#[tokio::test]
async fn what_waits_is_listed_oldest_first_and_no_more_than_asked() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let (gateway, install) = (ann.gateway("Bot").await, ann.install("plugin", &[]).await);
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(ann.queue(gateway, install).await.uuid());
    }
    let waiting = async |limit| -> Vec<_> {
        let work = world.store.waiting(ann.scope, WorkKind::Execution, limit).await.unwrap();
        work.into_iter().map(|work| work.id).collect()
    };
    assert_eq!(waiting(3).await, ids[..3]);
    ann.finish(ExecutionId::from_uuid(ids[1]), install, &writes([], [])).await.unwrap();
    assert_eq!(waiting(9).await, [ids[0], ids[2], ids[3], ids[4]]);
    assert_eq!(world.store.waiting_events(ann.scope).await.unwrap(), 4);
}

#[tokio::test]
async fn what_waits_beyond_some_is_found_behind_them() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let gateways = [ann.gateway("One").await, ann.gateway("Two").await];
    let installs =
        [ann.install("one", &[]).await, ann.install("two", &[]).await, ann.install("three", &[]).await];
    for install in installs {
        for gateway in gateways {
            ann.queue(gateway, install).await;
        }
    }
    for gateway in [gateways[0], gateways[0], gateways[1], gateways[0]] {
        let provider_id = ExecutionId::new().to_string();
        world.store.accept(ann.scope, new_inbound(gateway, &provider_id)).await.unwrap();
    }
    for kind in [WorkKind::Execution, WorkKind::Inbound] {
        let all = world.store.waiting(ann.scope, kind, 99).await.unwrap();
        let ids = |found: &[Work]| found.iter().map(|work| work.id).collect::<Vec<_>>();
        let lanes: Vec<_> = all.iter().map(|work| work.lane.clone()).collect();
        for after in 0..all.len() {
            for (besides, others) in [(0, 0), (1, 0), (0, 1), (2, 2), (3, 1), (0, 9), (1, 99)] {
                let mut beyond = Beyond {
                    after: all[after].id,
                    installs: installs[..besides].to_vec(),
                    lanes: lanes.iter().cycle().take(others.min(lanes.len())).cloned().collect(),
                };
                let expected: Vec<_> = all[after + 1..]
                    .iter()
                    .filter(|work| !beyond.lanes.contains(&work.lane))
                    .filter(|work| work.install.is_none_or(|of| !beyond.installs.contains(&of)))
                    .cloned()
                    .collect();
                // However long the list of lanes is.
                beyond.lanes.extend((0..others).map(|number| format!("another {number}")));
                let found = world.store.waiting_beyond(ann.scope, kind, &beyond, 99).await.unwrap();
                assert_eq!(ids(&found), ids(&expected), "{kind:?} {after} {besides} {others}");
                let found = world.store.waiting_beyond(ann.scope, kind, &beyond, 1).await.unwrap();
                assert_eq!(ids(&found), ids(&expected[..expected.len().min(1)]));
            }
        }
    }
}

#[tokio::test]
async fn a_list_has_what_its_filter_asks_for() {
    let world = World::new().await;
    let (ann, bob) = (world.tenant("ann").await, world.tenant("bob").await);
    let gateway = ann.gateway("Bot").await;
    let (one, two) = (ann.install("one", &[]).await, ann.install("two", &[]).await);
    let theirs = bob.install("one", &[]).await;
    bob.act(theirs).await;
    let mut all = Vec::new();
    for (slug, install) in [("one", one), ("two", two)] {
        let succeeded = ann.queue(gateway, install).await;
        ann.finish(succeeded, install, &writes([], [])).await.unwrap();
        let failed = ann.queue(gateway, install).await;
        world.store.fail_execution(ann.scope, failed, install, &failure(None)).await.unwrap();
        let waiting = ann.queue(gateway, install).await;
        let running = ann.act(install).await;
        for (state, id) in
            [("succeeded", succeeded), ("failed", failed), ("waiting", waiting), ("running", running)]
        {
            all.push((id, slug, state));
        }
    }
    all.sort_by_key(|(id, ..)| std::cmp::Reverse(*id));
    for slug in [None, Some("one"), Some("two"), Some("three")] {
        for state in [None, Some("succeeded"), Some("failed"), Some("waiting"), Some("running"), Some("lost")]
        {
            let expected: Vec<_> = all
                .iter()
                .filter(|(_, of, is)| {
                    slug.is_none_or(|slug| slug == *of) && state.is_none_or(|state| state == *is)
                })
                .map(|(id, of, is)| (*id, (*of).to_owned(), (*is).to_owned()))
                .collect();
            let filter = ExecutionFilter { slug: slug.map(str::to_owned), state: state.map(str::to_owned) };
            let found = world.store.executions(ann.scope, &filter, page(50)).await.unwrap();
            let found: Vec<_> =
                found.items.into_iter().map(|item| (item.id, item.slug, item.state)).collect();
            assert_eq!(found, expected, "{slug:?} {state:?}");
        }
    }
}

#[tokio::test]
async fn figures_count_what_finished_since_a_moment() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let (gateway, install) = (ann.gateway("Bot").await, ann.install("plugin", &[]).await);
    let other = ann.install("other", &[]).await;
    let stats = async |since| {
        let stats = world.store.execution_stats(ann.scope, install, since).await.unwrap();
        (stats.executions, stats.failures, stats.last_at)
    };
    let past = Timestamp::now().plus_millis(-60_000);
    assert_eq!(stats(past).await, (0, 0, None));
    let (succeeded, failed) = (ann.queue(gateway, install).await, ann.queue(gateway, install).await);
    ann.finish(succeeded, install, &writes([], [])).await.unwrap();
    world.store.fail_execution(ann.scope, failed, install, &failure(None)).await.unwrap();
    let last = ann.queue(gateway, install).await;
    ann.commit(other, &writes([], [])).await.unwrap();
    let queued_last = world.store.execution(ann.scope, last).await.unwrap().created_at;
    let last_at = Some(queued_last);
    assert_eq!(stats(past).await, (2, 1, last_at));
    assert_eq!(stats(Timestamp(0)).await, (2, 1, last_at));
    // A moment ago counts from its very millisecond on; what is older is still the newest.
    let queued_at = world.store.execution(ann.scope, failed).await.unwrap().created_at;
    assert_eq!(stats(queued_at).await.1, 1);
    assert_eq!(stats(queued_last.plus_millis(1)).await, (0, 0, last_at));
    assert_eq!(stats(Timestamp::now().plus_millis(86_400_000)).await, (0, 0, last_at));
}
