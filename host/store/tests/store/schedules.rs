//! Regular schedules and single appointments.

use crate::estate::{appointment, schedule};
use crate::world::{Tenant, World, new_event, new_execution, writes};
use tokio::task::JoinSet;
use twobot_domain::{InstallId, Timestamp};
use twobot_store::StoreError;
use twobot_store::accounts::WorkspaceState;
use twobot_store::executions::{Appointment, Commit, MAX_APPOINTMENTS, WorkKind};
use twobot_store::installs::InstallState;
use twobot_store::schedules::Due;

async fn scene() -> (World, Tenant, InstallId) {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let install = ann.install("plugin", &[]).await;
    (world, ann, install)
}

/// What is due at a moment: names and times.
async fn due(world: &World, now: i64) -> Vec<(String, i64)> {
    let due = world.store.due_schedules(Timestamp(now), 50).await.unwrap();
    due.into_iter().map(|due| (due.name, due.due_at.0)).collect()
}

fn named(list: &[(&str, i64)]) -> Vec<(String, i64)> {
    list.iter().map(|(name, at)| ((*name).to_owned(), *at)).collect()
}

async fn fire(tenant: &Tenant, due: &Due, next: Option<i64>) -> bool {
    let event = new_event(None, None);
    let execution = new_execution(due.install, Some(event.id));
    tenant.store.fire(due, next.map(Timestamp), &event, &execution).await.unwrap()
}

#[tokio::test]
async fn a_schedule_keeps_its_time_unless_it_changes() {
    let (world, ann, install) = scene().await;
    let set = async |schedules: &[_]| world.store.set_schedules(ann.scope, install, schedules).await.unwrap();
    set(&[schedule("daily", "0 6 * * *", 100), schedule("hourly", "0 * * * *", 200)]).await;
    assert_eq!(due(&world, 500).await, named(&[("daily", 100), ("hourly", 200)]));

    let mut moved = schedule("daily", "0 6 * * *", 901);
    moved.time_zone = "Europe/Berlin".to_owned();
    let cases = [
        (
            "the same",
            vec![schedule("daily", "0 6 * * *", 900), schedule("hourly", "0 * * * *", 900)],
            [("daily", 100), ("hourly", 200)].to_vec(),
        ),
        (
            "another zone",
            vec![moved, schedule("hourly", "0 * * * *", 900)],
            [("hourly", 200), ("daily", 901)].to_vec(),
        ),
        ("another line", vec![schedule("hourly", "5 * * * *", 300)], [("hourly", 300)].to_vec()),
        (
            "one more",
            vec![schedule("hourly", "5 * * * *", 900), schedule("new", "* * * * *", 400)],
            [("hourly", 300), ("new", 400)].to_vec(),
        ),
        ("none", vec![], vec![]),
    ];
    for (name, schedules, expected) in cases {
        set(&schedules).await;
        assert_eq!(due(&world, 1_000).await, named(&expected), "{name}");
    }
}

#[tokio::test]
async fn single_appointments_are_made_replaced_and_cancelled_by_commits() {
    let (world, ann, install) = scene().await;
    world.store.set_schedules(ann.scope, install, &[schedule("daily", "0 6 * * *", 100)]).await.unwrap();
    let cancel = |name: &str| Appointment::Cancel { name: name.to_owned() };
    let cases = [
        (
            "two are made",
            vec![appointment("a", 200), appointment("b", 300)],
            [("daily", 100), ("a", 200), ("b", 300)].to_vec(),
        ),
        ("one is replaced", vec![appointment("a", 400)], [("daily", 100), ("b", 300), ("a", 400)].to_vec()),
        (
            "one is cancelled, another is not there",
            vec![cancel("b"), cancel("c")],
            [("daily", 100), ("a", 400)].to_vec(),
        ),
        (
            "in the order in which they were asked for",
            vec![cancel("a"), appointment("a", 500), appointment("c", 1), cancel("c")],
            [("daily", 100), ("a", 500)].to_vec(),
        ),
        (
            "a regular schedule is the manifest's alone",
            vec![appointment("daily", 7), cancel("daily")],
            [("daily", 100), ("a", 500)].to_vec(),
        ),
    ];
    for (name, appointments, expected) in cases {
        let mut commit = writes([], []);
        commit.appointments = appointments;
        ann.commit(install, &commit).await.unwrap();
        assert_eq!(due(&world, 1_000).await, named(&expected), "{name}");
        let single = expected.iter().filter(|(name, _)| *name != "daily").count() as u64;
        assert_eq!(world.store.appointments(ann.scope, install).await.unwrap(), single, "{name}");
    }
    // New schedules of the manifest leave them alone.
    world.store.set_schedules(ann.scope, install, &[]).await.unwrap();
    let left = world.store.due_schedules(Timestamp(1_000), 50).await.unwrap();
    let [one] = left.as_slice() else { panic!("{left:?}") };
    assert_eq!((one.name.as_str(), &one.cron, one.data.as_deref()), ("a", &None, Some("back")));
    assert_eq!((one.scope, one.install), (ann.scope, install));
}

#[tokio::test]
async fn what_is_due_is_the_longest_due_of_whoever_runs() {
    let (world, ann, install) = scene().await;
    let bob = world.tenant("bob").await;
    let theirs = bob.install("plugin", &[]).await;
    world.store.set_schedules(ann.scope, install, &[schedule("ann", "* * * * *", 200)]).await.unwrap();
    let more = [schedule("bob", "* * * * *", 100), schedule("later", "* * * * *", 301)];
    world.store.set_schedules(bob.scope, theirs, &more).await.unwrap();
    assert_eq!(due(&world, 99).await, named(&[]));
    assert_eq!(due(&world, 100).await, named(&[("bob", 100)]));
    assert_eq!(due(&world, 300).await, named(&[("bob", 100), ("ann", 200)]));
    let first = world.store.due_schedules(Timestamp(300), 1).await.unwrap();
    assert_eq!(first.iter().map(|due| due.name.as_str()).collect::<Vec<_>>(), ["bob"]);

    for state in [InstallState::Disabled, InstallState::Paused, InstallState::Enabled] {
        world.store.set_install_state(bob.scope, theirs, state, None).await.unwrap();
        let expected: &[_] =
            if state == InstallState::Enabled { &[("bob", 100), ("ann", 200)] } else { &[("ann", 200)] };
        assert_eq!(due(&world, 300).await, named(expected), "{state:?}");
    }
    for state in [WorkspaceState::Stopped, WorkspaceState::Suspended] {
        world.store.set_workspace_state(ann.scope, state).await.unwrap();
        assert_eq!(due(&world, 300).await, named(&[("bob", 100)]), "{state:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_due_time_fires_once_however_many_try() {
    let (world, ann, install) = scene().await;
    world.store.set_schedules(ann.scope, install, &[schedule("regular", "* * * * *", 100)]).await.unwrap();
    let mut commit = writes([], []);
    commit.appointments.push(appointment("single", 200));
    ann.commit(install, &commit).await.unwrap();

    for due in world.store.due_schedules(Timestamp(1_000), 50).await.unwrap() {
        let next = due.cron.is_some().then_some(5_000);
        let mut tasks = JoinSet::new();
        for _ in 0..20 {
            let (ann, due) = (ann.clone(), due.clone());
            tasks.spawn(async move { fire(&ann, &due, next).await });
        }
        let fired = tasks.join_all().await.into_iter().filter(|fired| *fired).count();
        assert_eq!(fired, 1, "{}", due.name);
    }
    assert_eq!(world.store.waiting(ann.scope, WorkKind::Execution, 50).await.unwrap().len(), 2);
    assert_eq!(world.number("SELECT count(*) FROM events").await, 2);
    // The regular one goes on, the single one is over.
    assert_eq!(due(&world, 10_000).await, named(&[("regular", 5_000)]));
}

#[tokio::test]
async fn a_schedule_that_changed_since_it_was_seen_does_not_fire() {
    let (world, ann, install) = scene().await;
    world.store.set_schedules(ann.scope, install, &[schedule("daily", "0 6 * * *", 100)]).await.unwrap();
    let seen = world.store.due_schedules(Timestamp(1_000), 50).await.unwrap().remove(0);
    world.store.set_schedules(ann.scope, install, &[schedule("daily", "0 7 * * *", 300)]).await.unwrap();
    assert!(!fire(&ann, &seen, Some(5_000)).await);
    world.store.delete_install(ann.scope, install).await.unwrap();
    assert!(!fire(&ann, &seen, None).await);
    assert_eq!(world.number("SELECT count(*) FROM events").await, 0);
}

#[tokio::test]
async fn no_more_appointments_wait_than_the_contract_allows() {
    let (world, ann, install) = scene().await;
    let other = ann.install("other", &[]).await;
    let commit = |appointments| Commit { appointments, ..writes([], []) };
    let many = (0..MAX_APPOINTMENTS).map(|number| appointment(&number.to_string(), 100)).collect();
    ann.commit(install, &commit(many)).await.unwrap();

    let execution = ann.act(install).await;
    let before = world.dump().await;
    let refused = ann.finish(execution, install, &commit(vec![appointment("more", 1)])).await;
    let expected = MAX_APPOINTMENTS + 1;
    match refused {
        Err(StoreError::Quota { name: "appointments", used, .. }) => assert_eq!(used, expected),
        other => panic!("{other:?}"),
    }
    assert_eq!(world.dump().await, before);

    // What replaces or makes room fits, and so does another plugin's and a manifest's schedule.
    let room =
        vec![Appointment::Cancel { name: "1".to_owned() }, appointment("0", 1), appointment("more", 1)];
    ann.finish(execution, install, &commit(room)).await.unwrap();
    ann.commit(other, &commit(vec![appointment("more", 1)])).await.unwrap();
    world.store.set_schedules(ann.scope, install, &[schedule("daily", "0 6 * * *", 100)]).await.unwrap();
    assert_eq!(world.store.appointments(ann.scope, install).await.unwrap(), MAX_APPOINTMENTS);
}
