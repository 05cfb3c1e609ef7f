//! Several nodes on one database: who works for whom, and what happens when a node is gone or only seems to be.

use crate::estate::{Estate, effect_event, estate, failure, schedule};
use crate::world::postgres::Server;
use crate::world::{Database, Tenant, World, limits, new_event, new_execution, trouble, usage, writes};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _};
use std::time::Duration;
use tokio::time::timeout;
use twobot_domain::Timestamp;
use twobot_store::connections::ToConnect;
use twobot_store::effects::Tried;
use twobot_store::gateways::GatewayStatus;
use twobot_store::inbound::Decoded;
use twobot_store::nodes::{Heard, Lease, Member, Signal, Taking};
use twobot_store::{MasterKey, Store, StoreError, TenantScope};

/// A node with a store of its own.
struct Node {
    store: Store,
    member: Member,
    heard: Heard,
}

impl Node {
    async fn join(world: &World) -> Self {
        let store = world.another_store().await;
        let (member, heard) = store.join(true).await.unwrap();
        Self { store, member, heard }
    }

    async fn take(&self, scope: TenantScope) -> Taking {
        self.member.take(&vec![scope]).await.unwrap().remove(0)
    }

    async fn lease(&self, scope: TenantScope) -> Lease {
        match self.take(scope).await {
            Taking::Taken(lease) => lease,
            other => panic!("{other:?}"),
        }
    }

    /// The next signal that is not about nodes.
    async fn hear(&mut self) -> Signal {
        let next = async {
            loop {
                match self.heard.next().await {
                    Signal::Nodes => {}
                    other => return other,
                }
            }
        };
        timeout(Duration::from_secs(20), next).await.expect("something is heard")
    }
}

#[tokio::test]
async fn a_tenant_is_one_nodes_until_it_is_given_back() {
    let world = World::new().await;
    let (ann, bob) = (world.tenant("ann").await.scope, world.tenant("bob").await.scope);
    let (here, there) = (Node::join(&world).await, Node::join(&world).await);
    let lease = here.lease(ann).await;
    assert_eq!(lease.scope(), ann);
    assert_eq!(there.take(ann).await, Taking::Elsewhere(ann));
    let taken = there.member.take(&vec![ann, bob]).await.unwrap();
    assert!(
        matches!(taken[..], [Taking::Elsewhere(_), Taking::Taken(lease)] if lease.scope() == bob),
        "{taken:?}"
    );
    let peers = there.member.watch().await.unwrap().peers;
    assert_eq!(
        peers.iter().map(|peer| (peer.id, peer.works, peer.held)).collect::<Vec<_>>(),
        [(here.member.id(), true, 1)]
    );

    here.member.give_back(&[lease]).await.unwrap();
    let next = there.lease(ann).await;
    assert!(next.token() > lease.token(), "{next:?} after {lease:?}");
    // What was given back can not be given back again, for another's.
    here.member.give_back(&[lease]).await.unwrap();
    assert_eq!(here.take(ann).await, Taking::Elsewhere(ann));
    // Taking again what is one's own is a new taking.
    assert!(there.lease(ann).await.token() > next.token());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_nodes_that_want_the_same_each_tenant_gets_one() {
    let world = World::new().await;
    let mut tenants = Vec::new();
    for name in 0..40 {
        tenants.push(world.tenant(&name.to_string()).await.scope);
    }
    let mut tasks = tokio::task::JoinSet::new();
    for place in 0..4 {
        let node = Node::join(&world).await;
        let mut wanted = tenants.clone();
        if place % 2 == 1 {
            wanted.reverse();
        }
        tasks.spawn(async move {
            let taken = node.member.take(&wanted).await.unwrap();
            // The node stays for as long as the others take.
            (node, taken.iter().filter(|taking| matches!(taking, Taking::Taken(_))).count())
        });
    }
    let sum: usize = tasks.join_all().await.iter().map(|(_, taken)| taken).sum();
    assert_eq!(sum, 40);
    assert_eq!(world.number("SELECT count(*) FROM leases WHERE node_id IS NOT NULL AND token = 1").await, 40);
}

/// A node that has a tenant and was taken for dead, and the node that has the tenant since.
async fn lapsed(world: &World, scope: TenantScope) -> (Node, Lease, Node, Lease) {
    let (stopped, other) = (Node::join(world).await, Node::join(world).await);
    let before = stopped.lease(scope).await;
    assert_eq!(other.member.watch().await.unwrap().dead, 0);
    // Its time is over, though its connection stands: as of a process that was stopped for a while.
    let lapse = format!("UPDATE nodes SET until = 1 WHERE id = '{}'", stopped.member.id());
    assert_eq!(world.execute(&lapse).await, 1);
    let watched = other.member.watch().await.unwrap();
    assert_eq!((watched.dead, watched.peers), (1, Vec::new()));
    let after = other.lease(scope).await;
    assert!(after.token() > before.token());
    (stopped, before, other, after)
}

#[tokio::test]
async fn a_node_that_was_taken_for_dead_has_to_join_anew() {
    let world = World::new().await;
    let ann = world.tenant("ann").await.scope;
    let (stopped, _, other, _) = lapsed(&world, ann).await;
    assert!(other.member.beat().await.unwrap());
    assert!(!stopped.member.beat().await.unwrap());
    // Nor can it take what is free.
    let bob = world.tenant("bob").await.scope;
    assert!(stopped.member.take(&vec![bob]).await.is_err());
    assert_eq!(world.number("SELECT count(*) FROM nodes").await, 1);
    let (again, _heard) = stopped.store.join(true).await.unwrap();
    assert!(matches!(
        again.take(&vec![ann, bob]).await.unwrap()[..],
        [Taking::Elsewhere(_), Taking::Taken(_)]
    ));
}

/// Everything that is written for what a node works on, each of which has to be refused.
async fn write_everything(
    store: &Store,
    of: &Estate,
    due: &twobot_store::schedules::Due,
) -> Vec<(&'static str, Result<(), StoreError>)> {
    let scope = of.scope;
    let delivery = store.inbound(scope, of.inbound).await.unwrap();
    let (event, execution) = effect_event(of.gateway, of.install);
    let wish = ToConnect { gateway: of.gateway, asked: 1 };
    let (fired, run) = (new_event(None, None), new_execution(of.install, None));
    vec![
        ("fire", store.fire(due, Some(Timestamp(9_000)), &fired, &run).await.map(drop)),
        (
            "finish_inbound",
            store
                .finish_inbound(scope, &delivery, &Decoded::NotHandled("x".to_owned()), &usage())
                .await
                .map(drop),
        ),
        ("postpone_inbound", store.postpone_inbound(scope, of.inbound, Timestamp(9)).await),
        ("journal_intent", store.journal_intent(scope, of.waiting, 1, "{}", &[]).await.map(drop)),
        ("journal_result", store.journal_result(scope, of.waiting, 0, Some("{}"), &usage()).await),
        (
            "postpone_execution",
            store.postpone_execution(scope, of.waiting, &trouble("x"), Timestamp(9)).await,
        ),
        (
            "put_off_execution",
            store.put_off_execution(scope, of.waiting, &trouble("x"), Timestamp(9), &usage()).await,
        ),
        (
            "fail_execution",
            store.fail_execution(scope, of.waiting, of.install, &failure(Some(Timestamp(9)))).await.map(drop),
        ),
        (
            "finish_execution",
            store.finish_execution(scope, of.waiting, of.install, &limits(), &writes([], [])).await.map(drop),
        ),
        ("journal_again", store.journal_again(scope, of.waiting, 0, true).await),
        ("begin_effect", store.begin_effect(scope, of.effect).await),
        (
            "postpone_effect",
            store
                .postpone_effect(scope, of.effect, Tried::Unsure, &trouble("x"), Timestamp(9), &usage())
                .await,
        ),
        (
            "delay_effect",
            store.delay_effect(scope, of.effect, Tried::Unsure, &trouble("x"), Timestamp(9), &usage()).await,
        ),
        (
            "effect_failed",
            store
                .effect_failed(
                    scope,
                    of.effect,
                    Tried::Unsure,
                    &trouble("x"),
                    &usage(),
                    Some((&event, &execution)),
                )
                .await,
        ),
        ("effect_sent", store.effect_sent(scope, of.effect, &usage()).await),
        ("set_poll_cursor", store.set_poll_cursor(scope, of.gateway, 9).await),
        (
            "set_gateway_status",
            store.set_gateway_status(scope, of.gateway, GatewayStatus::Error, None, None).await,
        ),
        (
            "set_connection_status",
            store.set_connection_status(scope, wish, GatewayStatus::Error, None, None).await,
        ),
        ("connection_done", store.connection_done(scope, of.gateway, 1).await),
        ("notify", store.notify(scope, "info", "Hi", "").await.map(drop)),
    ]
}

#[tokio::test]
async fn who_lost_a_tenant_writes_nothing_for_it() {
    let world = World::new().await;
    let of = estate(&world, "ann").await;
    world.store.set_schedules(of.scope, of.install, &[schedule("daily", "0 6 * * *", 100)]).await.unwrap();
    let due = world.store.due_schedules(Timestamp(1_500), 9).await.unwrap().remove(0);
    let (stopped, before, other, after) = lapsed(&world, of.scope).await;
    let untouched = world.dump().await;
    for (what, outcome) in write_everything(&stopped.store.under(&before), &of, &due).await {
        assert!(matches!(outcome, Err(StoreError::Fenced)), "{what}: {outcome:?}");
    }
    assert_eq!(world.dump().await, untouched);
    // Whose it is now can do all of it, most of it in this order.
    let mut done = 0;
    for (what, outcome) in write_everything(&other.store.under(&after), &of, &due).await {
        assert!(!matches!(outcome, Err(StoreError::Fenced)), "{what}: {outcome:?}");
        done += usize::from(outcome.is_ok());
    }
    assert!(done >= 14, "{done}");
    assert_ne!(world.dump().await, untouched);
}

#[tokio::test]
async fn a_lease_that_nobody_took_since_is_as_good_as_ever() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let install = ann.install("plugin", &[]).await;
    let node = Node::join(&world).await;
    let lease = node.lease(ann.scope).await;
    let id = ann.act(install).await;
    // Taken for dead, and nobody was there to take over.
    assert_eq!(world.execute("DELETE FROM nodes").await, 1);
    let store = node.store.under(&lease);
    store.finish_execution(ann.scope, id, install, &limits(), &writes([], [])).await.unwrap();
}

#[tokio::test]
async fn a_tenant_is_not_taken_in_the_middle_of_a_transaction() {
    let world = World::new().await;
    let (ann, bob) = (world.tenant("ann").await.scope, world.tenant("bob").await.scope);
    let node = Node::join(&world).await;
    // The lock of Ann's transactions, as somebody's transaction holds it.
    let mut connection = PgConnection::connect(&world.url()).await.unwrap();
    let (_, low) = ann.tenant().uuid().as_u64_pair();
    let number = i64::from_be_bytes(low.to_be_bytes());
    let run = async |connection: &mut PgConnection, text: String| {
        sqlx::query(AssertSqlSafe(text)).execute(connection).await.unwrap();
    };
    run(&mut connection, format!("SELECT pg_advisory_lock({number})")).await;
    let taken = node.member.take(&vec![ann, bob]).await.unwrap();
    assert!(matches!(taken[..], [Taking::Busy(scope), Taking::Taken(_)] if scope == ann), "{taken:?}");
    run(&mut connection, format!("SELECT pg_advisory_unlock({number})")).await;
    node.lease(ann).await;
}

#[tokio::test]
async fn a_node_whose_connection_ended_is_dead_at_once() {
    let world = World::new().await;
    let ann = world.tenant("ann").await.scope;
    let (gone, mut other) = (Node::join(&world).await, Node::join(&world).await);
    gone.lease(ann).await;
    gone.store.close().await;
    // As of a process that was killed: nobody says goodbye.
    drop(gone);
    let noticed = async {
        while other.member.watch().await.unwrap().dead == 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(10), noticed).await.expect("far sooner than its time is over");
    other.lease(ann).await;

    // Who leaves says so.
    let third = Node::join(&world).await;
    third.lease(world.tenant("bob").await.scope).await;
    third.member.leave().await.unwrap();
    assert_eq!(world.number("SELECT count(*) FROM nodes").await, 1);
    assert_eq!(world.number("SELECT count(*) FROM leases WHERE node_id IS NOT NULL").await, 1);
    let heard = async { while other.heard.next().await != Signal::Nodes {} };
    timeout(Duration::from_secs(10), heard).await.unwrap();
}

#[tokio::test]
async fn a_deleted_tenant_is_nobodys() {
    let world = World::new().await;
    let (ann, bob) = (world.tenant("ann").await.scope, world.tenant("bob").await.scope);
    let node = Node::join(&world).await;
    node.lease(ann).await;
    world.execute(&format!("DELETE FROM tenants WHERE id = '{}'", ann.tenant())).await;
    assert!(
        matches!(node.member.take(&vec![ann, bob]).await.unwrap()[..], [Taking::Taken(lease)] if lease.scope() == bob)
    );
}

#[tokio::test]
async fn nodes_hear_each_other_and_not_themselves() {
    let world = World::new().await;
    let ann = world.tenant("ann").await.scope;
    let (mut here, mut there) = (Node::join(&world).await, Node::join(&world).await);
    let work = Signal::Work { scope: ann, kinds: 3 };
    let seen = |text: &str| Signal::Seen { scope: ann, text: text.to_owned() };
    let many: Vec<_> = (0..200).map(|number| seen(&format!("{number} {}", "x".repeat(100)))).collect();
    here.member.tell(&[vec![work.clone()], many.clone()].concat()).await.unwrap();
    there.member.tell(&[seen("back")]).await.unwrap();
    assert_eq!(here.hear().await, seen("back"), "its own are not heard");
    let mut heard = Vec::new();
    for _ in 0..=many.len() {
        heard.push(there.hear().await);
    }
    assert_eq!(heard, [vec![work], many].concat());
}

#[tokio::test]
async fn a_connection_for_signals_that_was_cut_is_made_anew() {
    let world = World::new().await;
    let ann = world.tenant("ann").await.scope;
    let (here, mut there) = (Node::join(&world).await, Node::join(&world).await);
    let listening = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                     WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    assert_eq!(world.number(listening).await, 2);
    assert_eq!(there.hear().await, Signal::Missed);
    let work = Signal::Work { scope: ann, kinds: 1 };
    here.member.tell(std::slice::from_ref(&work)).await.unwrap();
    assert_eq!(there.hear().await, work);
    // It holds its lock again, and so is not taken for dead.
    assert_eq!(here.member.watch().await.unwrap().peers.len(), 1);
}

#[tokio::test]
async fn actions_of_nodes_that_are_gone_are_given_up_and_no_others() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let install = ann.install("plugin", &[]).await;
    let (gone, other) = (Node::join(&world).await, Node::join(&world).await);
    let act = async |store: &Store| {
        let new = new_execution(install, None);
        store.begin_action(ann.scope, &new).await.unwrap();
        new.id
    };
    let (theirs, ours, nobodys) = (act(&gone.store).await, act(&other.store).await, act(&world.store).await);
    gone.member.leave().await.unwrap();
    assert_eq!(other.store.abandon_running(&trouble("restarted")).await.unwrap(), 2);
    let state = async |id| world.store.execution(ann.scope, id).await.unwrap().state;
    assert_eq!(state(theirs).await, "failed");
    assert_eq!(state(nobodys).await, "failed");
    assert_eq!(state(ours).await, "running");
}

#[tokio::test]
async fn schedules_of_a_tenant_are_due_on_the_node_that_works_for_it() {
    let world = World::new().await;
    let ann: Tenant = world.tenant("ann").await;
    let install = ann.install("plugin", &[]).await;
    world.store.set_schedules(ann.scope, install, &[schedule("daily", "0 6 * * *", 100)]).await.unwrap();
    let (here, there) = (Node::join(&world).await, Node::join(&world).await);
    let due = async |store: &Store| store.due_schedules(Timestamp(1_000), 9).await.unwrap().len();
    assert_eq!((due(&here.store).await, due(&there.store).await), (1, 1), "whoever takes it");
    here.lease(ann.scope).await;
    assert_eq!((due(&here.store).await, due(&there.store).await), (1, 0));
}

#[tokio::test]
async fn a_node_with_another_master_key_is_refused() {
    let world = World::new().await;
    let Database::Postgres(server) = &world.database else { unreachable!() };
    let server: &Server = server;
    let other = Store::open(&server.url(), MasterKey::new([9; 32])).await.unwrap();
    // Nothing is sealed yet.
    other.join(true).await.unwrap().0.leave().await.unwrap();
    world.tenant("ann").await.gateway("Bot").await;
    assert!(matches!(other.join(true).await.map(drop), Err(StoreError::Unsealable)));
    assert_eq!(world.number("SELECT count(*) FROM nodes").await, 0);
}
