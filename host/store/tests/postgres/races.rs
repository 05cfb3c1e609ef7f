//! Two nodes that do something at the same moment. With SQLite one waits for the other to end; here both are in the middle of it.
//!
//! No test waits for a time to pass: a [`Gate`] holds the first in the middle of its transaction until the second is where it
//! must wait for it.

mod gate;

use crate::estate::{appointment, schedule};
use crate::world::{Tenant, World, limits, new_event, new_execution, new_gateway, new_inbound, new_install};
use crate::world::{set, usage, writes};
use gate::Gate;
use std::task::Poll;
use tokio::task::JoinHandle;
use twobot_domain::{InstallId, Limits, Timestamp};
use twobot_store::chat::{Author, NewChatMessage};
use twobot_store::executions::Commit;
use twobot_store::inbound::{Accepted, Decoded, NewInbound};
use twobot_store::kv::Write;
use twobot_store::{Store, StoreError, TenantScope};

/// A tenant with an install, on two nodes.
struct Scene {
    world: World,
    ann: Tenant,
    install: InstallId,
    nodes: [Store; 2],
}

async fn scene() -> Scene {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let install = ann.install("plugin", &[]).await;
    let nodes = [world.another_store().await, world.another_store().await];
    Scene { world, ann, install, nodes }
}

/// Begins what the first node does and then what the second does, with both in the middle of it; their results.
async fn meet<A, B>(
    gate: Gate,
    first: impl FnOnce() -> JoinHandle<A>,
    second: impl FnOnce() -> JoinHandle<B>,
) -> (A, B) {
    let first = first();
    gate.until_waiting(1).await;
    let second = second();
    gate.until_waiting(2).await;
    gate.open().await;
    (first.await.unwrap(), second.await.unwrap())
}

/// Two commits that meet in the middle of writing keys: each of an execution of its own.
async fn meet_in_commit(
    scene: &Scene,
    table: &str,
    limits: &Limits,
    commits: [Commit; 2],
) -> [Result<(), StoreError>; 2] {
    let Scene { world, ann, install, nodes } = scene;
    let ids = [ann.act(*install).await, ann.act(*install).await];
    let gate = Gate::close(world, table).await;
    let [one, other] = commits;
    let commit = |place: usize, commit: Commit| {
        let (node, scope, install, limits) = (nodes[place].clone(), ann.scope, *install, limits.clone());
        let id = ids[place];
        move || {
            tokio::spawn(async move {
                node.finish_execution(scope, id, install, &limits, &commit).await.map(drop)
            })
        }
    };
    let (first, second) = meet(gate, commit(0, one), commit(1, other)).await;
    [first, second]
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_is_committed_by_one_of_two_nodes() {
    let Scene { world, ann, install, nodes } = scene().await;
    let id = ann.act(install).await;
    let gate = Gate::close(&world, "kv").await;
    let finish = |node: &Store| {
        let (node, scope) = (node.clone(), ann.scope);
        let commit = writes([], [("count", Write::Add(1))]);
        move || {
            tokio::spawn(async move {
                node.finish_execution(scope, id, install, &limits(), &commit).await.map(drop)
            })
        }
    };
    let (first, second) = meet(gate, finish(&nodes[0]), finish(&nodes[1])).await;
    assert!(first.is_ok(), "{first:?}");
    assert!(matches!(second, Err(StoreError::NotFound)), "{second:?}");
    assert_eq!(ann.read(install, "count").await.unwrap().1, "1");
    assert_eq!(ann.used().await.executions, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_that_read_a_key_and_write_it_one_conflicts() {
    let scene = scene().await;
    scene.ann.commit(scene.install, &writes([], [("key", set("0"))])).await.unwrap();
    let (version, _) = scene.ann.read(scene.install, "key").await.unwrap();
    let write = |value: &str| writes([("key", Some(version))], [("key", set(value))]);
    let [first, second] = meet_in_commit(&scene, "kv", &limits(), [write("first"), write("second")]).await;
    assert!(first.is_ok(), "{first:?}");
    assert!(matches!(second, Err(StoreError::Conflict)), "{second:?}");
    assert_eq!(scene.ann.read(scene.install, "key").await.unwrap().1, "first");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_that_read_what_the_other_writes_one_conflicts() {
    let scene = scene().await;
    let commits = [writes([("a", None)], [("b", set("1"))]), writes([("b", None)], [("a", set("1"))])];
    let [first, second] = meet_in_commit(&scene, "kv", &limits(), commits).await;
    assert!(first.is_ok(), "{first:?}");
    assert!(matches!(second, Err(StoreError::Conflict)), "{second:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_that_add_to_a_number_both_count() {
    let scene = scene().await;
    let add = |delta| writes([], [("count", Write::Add(delta))]);
    let [first, second] = meet_in_commit(&scene, "kv", &limits(), [add(1), add(10)]).await;
    assert!(first.is_ok() && second.is_ok(), "{first:?} {second:?}");
    assert_eq!(scene.ann.read(scene.install, "count").await.unwrap().1, "11");
    assert_eq!(scene.world.store.kv_totals(scene.ann.scope).await.unwrap().keys, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_room_is_given_once() {
    let room = Limits { kv_keys: 1, executions_per_day: None, ..limits() };
    let scene1 = scene().await;
    let commits = [writes([], [("a", set("1"))]), writes([], [("b", set("1"))])];
    let [first, second] = meet_in_commit(&scene1, "kv", &room, commits).await;
    assert!(first.is_ok(), "{first:?}");
    assert!(matches!(second, Err(StoreError::Quota { name: "kv_keys", used: 2, .. })), "{second:?}");

    let day = Limits { executions_per_day: Some(1), ..limits() };
    let scene2 = scene().await;
    let commits = [writes([], [("a", set("1"))]), writes([], [("b", set("1"))])];
    let [first, second] = meet_in_commit(&scene2, "kv", &day, commits).await;
    assert!(first.is_ok(), "{first:?}");
    assert!(
        matches!(second, Err(StoreError::Quota { name: "executions_per_day", used: 1, .. })),
        "{second:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_appointment_is_given_once() {
    let scene = scene().await;
    let most = twobot_store::executions::MAX_APPOINTMENTS;
    let commit = |appointments| Commit { appointments, ..writes([], []) };
    let many = (1..most).map(|number| appointment(&number.to_string(), 100)).collect();
    scene.ann.commit(scene.install, &commit(many)).await.unwrap();
    let commits = [commit(vec![appointment("a", 1)]), commit(vec![appointment("b", 1)])];
    let [first, second] = meet_in_commit(&scene, "schedules", &limits(), commits).await;
    assert!(first.is_ok(), "{first:?}");
    assert!(matches!(second, Err(StoreError::Quota { name: "appointments", .. })), "{second:?}");
    assert_eq!(scene.world.store.appointments(scene.ann.scope, scene.install).await.unwrap(), most);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_gateway_and_the_last_plugin_of_a_plan_are_given_once() {
    let Scene { world, ann, nodes, .. } = scene().await;
    let gate = Gate::close(&world, "gateways").await;
    let create = |node: &Store| {
        let (node, scope) = (node.clone(), ann.scope);
        move || tokio::spawn(async move { node.create_gateway(scope, &new_gateway("Bot"), Some(1)).await })
    };
    let (first, second) = meet(gate, create(&nodes[0]), create(&nodes[1])).await;
    assert!(first.is_ok(), "{first:?}");
    assert!(matches!(second, Err(StoreError::Quota { name: "gateways", used: 1, .. })), "{second:?}");

    let gate = Gate::close(&world, "installs").await;
    let create = |node: &Store, slug: &'static str| {
        let (node, scope) = (node.clone(), ann.scope);
        // One is there.
        move || {
            tokio::spawn(async move { node.create_install(scope, &new_install(slug, &[]), Some(2)).await })
        }
    };
    let (first, second) = meet(gate, create(&nodes[0], "one"), create(&nodes[1], "two")).await;
    assert!(first.is_ok(), "{first:?}");
    assert!(matches!(second, Err(StoreError::Quota { name: "plugins", used: 2, .. })), "{second:?}");
}

/// Brings a delivery again where the node asks for that, as a provider does: another node did not come to an end in time.
async fn bring(node: &Store, scope: TenantScope, new: NewInbound) -> Result<Accepted, StoreError> {
    loop {
        match node.accept(scope, new.clone()).await {
            Err(StoreError::Busy) => {}
            result => return result,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_to_two_nodes_is_taken_once() {
    let Scene { world, ann, nodes, .. } = scene().await;
    let gateway = ann.gateway("Bot").await;
    let accept = |node: &Store, new: NewInbound| {
        let (node, scope) = (node.clone(), ann.scope);
        move || tokio::spawn(async move { bring(&node, scope, new).await })
    };
    let gate = Gate::close(&world, "inbound").await;
    let same = || new_inbound(gateway, "update 1");
    let (first, second) = meet(gate, accept(&nodes[0], same()), accept(&nodes[1], same())).await;
    assert!(matches!(first, Ok(Accepted::New(_))), "{first:?}");
    assert_eq!(second.unwrap(), Accepted::Duplicate);
    let counts = world.store.gateway(ann.scope, gateway).await.unwrap().counts;
    assert_eq!((counts.accepted, counts.duplicates), (1, 1));

    // One waits, two may.
    let gate = Gate::close(&world, "inbound").await;
    let last = |name: &str| NewInbound { waiting_limit: 2, ..new_inbound(gateway, name) };
    let (first, second) = meet(gate, accept(&nodes[0], last("2")), accept(&nodes[1], last("3"))).await;
    assert!(matches!(first, Ok(Accepted::New(_))), "{first:?}");
    assert!(matches!(second, Err(StoreError::QueueFull(2))), "{second:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_do_not_wait_for_the_tenant_s_executions() {
    let Scene { world, ann, install, nodes } = scene().await;
    let gateway = ann.gateway("Bot").await;
    let id = ann.act(install).await;
    let gate = Gate::close(&world, "kv").await;
    let (node, scope) = (nodes[0].clone(), ann.scope);
    let slow = tokio::spawn(async move {
        let commit = writes([], [("key", set("1"))]);
        node.finish_execution(scope, id, install, &limits(), &commit).await.map(drop)
    });
    gate.until_waiting(1).await;
    let accepted = nodes[1].accept(scope, new_inbound(gateway, "1")).await;
    assert!(matches!(accepted, Ok(Accepted::New(_))), "{accepted:?}");
    // Nor do other tenants.
    let bob = world.tenant("bob").await;
    let theirs = bob.install("plugin", &[]).await;
    bob.commit(theirs, &writes([], [])).await.unwrap();
    gate.open().await;
    slow.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_whose_commits_queue_up_leaves_connections_for_others() {
    let Scene { world, ann, install, nodes } = scene().await;
    let bob = world.tenant("bob").await;
    let theirs = bob.install("plugin", &[]).await;
    let their_execution = bob.act(theirs).await;
    let mut ids = Vec::new();
    for _ in 0..40 {
        ids.push(ann.act(install).await);
    }
    let gate = Gate::close(&world, "kv").await;
    let mut queue = tokio::task::JoinSet::new();
    for id in ids {
        let (node, scope) = (nodes[0].clone(), ann.scope);
        queue.spawn(async move {
            let commit = writes([], [("count", Write::Add(1))]);
            node.finish_execution(scope, id, install, &limits(), &commit).await.unwrap();
        });
    }
    gate.until_waiting(1).await;
    let nothing = writes([], []);
    nodes[0].finish_execution(bob.scope, their_execution, theirs, &limits(), &nothing).await.unwrap();
    gate.open().await;
    queue.join_all().await;
    assert_eq!(ann.read(install, "count").await.unwrap().1, "40");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_is_decoded_by_one_of_two_nodes() {
    let Scene { world, ann, install, nodes } = scene().await;
    let gateway = ann.gateway("Bot").await;
    let id = ann.deliver(gateway, "1").await;
    let delivery = world.store.inbound(ann.scope, id).await.unwrap();
    let gate = Gate::close(&world, "executions").await;
    let finish = |node: &Store| {
        let (node, scope, delivery) = (node.clone(), ann.scope, delivery.clone());
        let event = new_event(Some(gateway), Some(id));
        let execution = new_execution(install, Some(event.id));
        let decoded = Decoded::Events(vec![(event, vec![execution])]);
        move || {
            tokio::spawn(
                async move { node.finish_inbound(scope, &delivery, &decoded, &usage()).await.map(drop) },
            )
        }
    };
    let (first, second) = meet(gate, finish(&nodes[0]), finish(&nodes[1])).await;
    assert!(first.is_ok(), "{first:?}");
    assert!(matches!(second, Err(StoreError::NotFound)), "{second:?}");
    assert_eq!(world.number("SELECT count(*) FROM events").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_is_fired_by_one_of_two_nodes() {
    let Scene { world, ann, install, nodes } = scene().await;
    world.store.set_schedules(ann.scope, install, &[schedule("daily", "0 6 * * *", 100)]).await.unwrap();
    let due = world.store.due_schedules(Timestamp(1_000), 9).await.unwrap().remove(0);
    let gate = Gate::close(&world, "events").await;
    let fire = |node: &Store| {
        let (node, due) = (node.clone(), due.clone());
        let event = new_event(None, None);
        let execution = new_execution(install, Some(event.id));
        move || tokio::spawn(async move { node.fire(&due, Some(Timestamp(5_000)), &event, &execution).await })
    };
    let (first, second) = meet(gate, fire(&nodes[0]), fire(&nodes[1])).await;
    assert_eq!((first.unwrap(), second.unwrap()), (true, false));
    assert_eq!(world.number("SELECT count(*) FROM events").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_sent_twice_is_added_once() {
    let Scene { world, ann, nodes, .. } = scene().await;
    let place = ann.conversation(ann.gateway("Chat").await).await;
    let gate = Gate::close(&world, "chat_messages").await;
    let say = |node: &Store| {
        let (node, scope) = (node.clone(), ann.scope);
        let mut message = NewChatMessage::plain(Author::Person, "Ann", "hello");
        message.client_id = Some("mine".to_owned());
        move || tokio::spawn(async move { node.add_chat_message(scope, place, &message).await })
    };
    let (first, second) = meet(gate, say(&nodes[0]), say(&nodes[1])).await;
    let ((first, new), (second, again)) = (first.unwrap(), second.unwrap());
    assert_eq!((first.id, new, again), (second.id, true, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_goes_while_a_delivery_is_written_is_not_found() {
    let Scene { world, ann, nodes, .. } = scene().await;
    let (gateway, stays) = (ann.gateway("Bot").await, ann.gateway("Other").await);
    let gate = Gate::close(&world, "inbound").await;
    let accept = |gateway| {
        let (node, scope) = (nodes[0].clone(), ann.scope);
        tokio::spawn(async move { node.accept(scope, new_inbound(gateway, "1")).await })
    };
    let late = accept(gateway);
    gate.until_waiting(1).await;
    // It was seen, and nothing refers to it yet: the database lets it go, and then refuses the delivery.
    world.store.delete_gateway(ann.scope, gateway).await.unwrap();
    gate.open().await;
    let late = late.await.unwrap();
    assert!(matches!(late, Err(StoreError::NotFound)), "{late:?}");
    assert!(matches!(accept(stays).await.unwrap(), Ok(Accepted::New(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_was_ended_by_a_deadlock_is_done_once_more() {
    let Scene { world, ann, nodes, .. } = scene().await;
    let gateway = ann.gateway("Bot").await;
    let id = ann.deliver(gateway, "1").await;
    let delivery = world.store.inbound(ann.scope, id).await.unwrap();
    let gate = Gate::close_after(&world, "inbound").await;
    let (node, scope) = (nodes[0].clone(), ann.scope);
    let finish = tokio::spawn(async move {
        node.finish_inbound(scope, &delivery, &Decoded::NotHandled("poll".to_owned()), &usage())
            .await
            .map(drop)
    });
    gate.until_waiting(1).await;
    // The store has the delivery and will want the gateway; somebody has the gateway and wants the delivery.
    let rival = gate
        .rival(&["UPDATE gateways SET name = 'mine'", "UPDATE inbound SET note = 'mine'", "COMMIT"])
        .await;
    gate.until_waiting(2).await;
    gate.open().await;
    finish.await.unwrap().unwrap();
    rival.await.unwrap();
    let row = "SELECT state || ' ' || note || ' ' || name || ' ' || not_handled FROM inbound, gateways";
    assert_eq!(world.texts(row).await, ["not_handled poll mine 1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_dropped_while_waiting_leaves_no_transaction_behind() {
    let Scene { world, ann, install, nodes } = scene().await;
    let ids = [ann.act(install).await, ann.act(install).await];
    let gate = Gate::close(&world, "kv").await;
    let finish = |place: usize| {
        let (node, scope, id) = (nodes[place].clone(), ann.scope, ids[place]);
        tokio::spawn(async move {
            let commit = writes([], [("key", set("1"))]);
            node.finish_execution(scope, id, install, &limits(), &commit).await.map(drop)
        })
    };
    let first = finish(0);
    gate.until_waiting(1).await;
    let second = finish(1);
    gate.until_waiting(2).await;
    second.abort();
    assert!(second.await.unwrap_err().is_cancelled());
    gate.open().await;
    first.await.unwrap().unwrap();
    // On every connection of the node.
    for _ in 0..40 {
        nodes[1].notify(ann.scope, "info", "Hi", "").await.unwrap();
    }
    assert_eq!(world.number("SELECT count(*) FROM notifications").await, 40);
    // And the lock is free.
    nodes[1].finish_execution(ann.scope, ids[1], install, &limits(), &writes([], [])).await.unwrap();
}

/// What a future comes to when it is asked so many times; dropped after that.
async fn asked<F: Future>(future: F, mut times: u32) -> Option<F::Output> {
    let mut future = Box::pin(future);
    std::future::poll_fn(move |context| {
        if times == 0 {
            return Poll::Ready(None);
        }
        times -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

#[tokio::test]
async fn a_transaction_that_is_dropped_at_any_moment_takes_nothing_with_it() {
    let Scene { world, ann, install, nodes } = scene().await;
    let node = &nodes[0];
    // A connection that is there already, so that the first thing done is the beginning of the transaction.
    node.ping().await.unwrap();
    let mut dropped = 0;
    for times in 1..=40 {
        let daily = [schedule("daily", "0 6 * * *", times)];
        let change = node.set_schedules(ann.scope, install, &daily);
        dropped += u32::from(asked(change, u32::try_from(times).unwrap()).await.is_none());
        // A connection that still were in a transaction would never commit these.
        for _ in 0..3 {
            node.notify(ann.scope, "info", "Hi", "").await.unwrap();
        }
        assert_eq!(world.number("SELECT count(*) FROM notifications").await, 3 * times);
    }
    // How many depends on how often the server has answered before it is asked whether it has.
    assert!((1..40).contains(&dropped), "{dropped}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_that_take_the_same_deliveries_in_any_order_take_each_once() {
    let Scene { world, ann, nodes, .. } = scene().await;
    let bob = world.tenant("bob").await;
    let gateways = [(ann.scope, ann.gateway("One").await), (ann.scope, ann.gateway("Two").await)];
    let gateways = [gateways[0], gateways[1], (bob.scope, bob.gateway("Three").await)];
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..200 {
        for (place, node) in nodes.iter().enumerate() {
            let node = node.clone();
            // The second node gets them in the other order.
            let number = if place == 0 { number } else { 199 - number };
            let (scope, gateway) = gateways[number % 3];
            let new = new_inbound(gateway, &number.to_string());
            tasks.spawn(async move { bring(&node, scope, new).await.unwrap() });
        }
    }
    let results = tasks.join_all().await;
    let new = results.iter().filter(|result| matches!(result, Accepted::New(_))).count();
    assert_eq!((new, results.len()), (200, 400));
    assert_eq!(world.number("SELECT sum(accepted) * 1000 + sum(duplicates) FROM gateways").await, 200_200);
}
