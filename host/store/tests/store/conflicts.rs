//! Two executions that meet on the same keys.

use crate::world::{Tenant, World, set, writes};
use tokio::task::JoinSet;
use twobot_domain::InstallId;
use twobot_store::StoreError;
use twobot_store::executions::Commit;
use twobot_store::kv::Write;

async fn scene() -> (World, Tenant, InstallId) {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let install = ann.install("plugin", &[]).await;
    (world, ann, install)
}

#[tokio::test]
async fn a_key_that_was_read_must_stand_as_it_was_read() {
    // What stands there, what another commits after it was read, and whether the reader may still commit.
    let cases: [(&str, Option<&str>, Vec<Commit>, bool); 12] = [
        ("nothing happened", Some("1"), vec![], true),
        ("nothing happened to nothing", None, vec![], true),
        ("another key", Some("1"), vec![writes([], [("other", set("2"))])], true),
        ("written", Some("1"), vec![writes([], [("key", set("2"))])], false),
        ("written with the same value", Some("1"), vec![writes([], [("key", set("1"))])], false),
        ("added to", Some("1"), vec![writes([], [("key", Write::Add(1))])], false),
        ("added nothing to", Some("1"), vec![writes([], [("key", Write::Add(0))])], false),
        ("deleted", Some("1"), vec![writes([], [("key", Write::Delete)])], false),
        ("made", None, vec![writes([], [("key", set("2"))])], false),
        (
            "deleted and made again",
            Some("1"),
            vec![writes([], [("key", Write::Delete)]), writes([], [("key", set("1"))])],
            false,
        ),
        (
            "deleted, made again and written as often as before",
            Some("1"),
            vec![
                writes([], [("key", Write::Delete)]),
                writes([], [("key", set("0"))]),
                writes([], [("key", set("1"))]),
            ],
            false,
        ),
        // Nobody can tell the difference, so there is none.
        (
            "made and deleted",
            None,
            vec![writes([], [("key", set("1"))]), writes([], [("key", Write::Delete)])],
            true,
        ),
    ];
    let (_world, ann, install) = scene().await;
    for (name, stands, others, allowed) in cases {
        ann.commit(install, &writes([], [("key", Write::Delete)])).await.unwrap();
        if let Some(value) = stands {
            ann.commit(install, &writes([], [("key", set("0"))])).await.unwrap();
            ann.commit(install, &writes([], [("key", set(value))])).await.unwrap();
        }
        let read = ann.read(install, "key").await.map(|(version, _)| version);
        for other in &others {
            ann.commit(install, other).await.unwrap();
        }
        for write in ["key", "elsewhere"] {
            let result = ann.commit(install, &writes([("key", read)], [(write, set("mine"))])).await;
            if allowed {
                assert!(result.is_ok(), "{name}, writing {write}: {result:?}");
                break;
            }
            assert!(matches!(result, Err(StoreError::Conflict)), "{name}, writing {write}: {result:?}");
        }
    }
}

#[tokio::test]
async fn a_read_that_nothing_depends_on_is_not_checked() {
    let (_world, ann, install) = scene().await;
    ann.commit(install, &writes([("key", Some(1))], [])).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn additions_never_conflict_and_none_is_lost() {
    let (_world, ann, install) = scene().await;
    let mut tasks = JoinSet::new();
    for delta in 1..=40 {
        let ann = ann.clone();
        tasks.spawn(async move {
            ann.commit(install, &writes([], [("count", Write::Add(delta)), ("calls", Write::Add(1))])).await
        });
    }
    for result in tasks.join_all().await {
        result.unwrap();
    }
    assert_eq!(ann.read(install, "count").await.unwrap().1, (40 * 41 / 2).to_string());
    assert_eq!(ann.read(install, "calls").await.unwrap().1, "40");
    // A counter ends at its largest value and does not begin anew.
    ann.commit(install, &writes([], [("count", Write::Add(u64::MAX))])).await.unwrap();
    assert_eq!(ann.read(install, "count").await.unwrap().1, u64::MAX.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_and_writes_that_race_end_as_if_one_came_after_the_other() {
    let (_world, ann, install) = scene().await;
    ann.commit(install, &writes([], [("count", set("0"))])).await.unwrap();
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let ann = ann.clone();
        tasks.spawn(async move {
            let execution = ann.act(install).await;
            let mut conflicts = 0;
            loop {
                let (version, value) = ann.read(install, "count").await.unwrap();
                let next = set(&(value.parse::<u64>().unwrap() + 1).to_string());
                match ann
                    .finish(execution, install, &writes([("count", Some(version))], [("count", next)]))
                    .await
                {
                    Ok(()) => return conflicts,
                    Err(StoreError::Conflict) => conflicts += 1,
                    Err(other) => panic!("{other:?}"),
                }
            }
        });
    }
    let conflicts: u32 = tasks.join_all().await.into_iter().sum();
    assert_eq!(ann.read(install, "count").await.unwrap().1, "8");
    // Every conflict was somebody else's success.
    assert!(conflicts <= 7 * 8, "{conflicts}");
}

#[tokio::test]
async fn installs_do_not_share_keys() {
    let (_world, ann, install) = scene().await;
    let other = ann.install("other", &[]).await;
    ann.commit(install, &writes([], [("key", set("one"))])).await.unwrap();
    ann.commit(other, &writes([("key", None)], [("key", set("two"))])).await.unwrap();
    assert_eq!(ann.read(install, "key").await.unwrap().1, "one");
    assert_eq!(ann.read(other, "key").await.unwrap().1, "two");
}
