//! What people are told once.

use crate::estate::limit_warning;
use crate::world::{World, page, trouble};
use tokio::task::JoinSet;
use twobot_domain::{GatewayId, Mail, Timestamp};
use twobot_store::TenantScope;
use twobot_store::gateways::GatewayStatus;
use twobot_store::profiles::ProfileChange;

/// The kinds of mails that wait, oldest first.
async fn mails(world: &World) -> Vec<String> {
    let mut kinds: Vec<_> =
        world.store.outbox(100).await.unwrap().into_iter().map(|mail| mail.kind).collect();
    kinds.reverse();
    kinds
}

async fn titles(world: &World, scope: TenantScope) -> Vec<String> {
    let told = world.store.notifications(scope, page(50)).await.unwrap().items;
    told.into_iter().rev().map(|one| one.title).collect()
}

#[tokio::test]
async fn each_threshold_of_a_limit_is_told_once_in_its_period() {
    let world = World::new().await;
    let (ann, bob) = (world.tenant("ann").await, world.tenant("bob").await);
    let tell = async |scope, percent, period, allowed| {
        let warning = limit_warning("executions_per_day", percent);
        let warning = twobot_store::warnings::LimitWarning { period, allowed, ..warning };
        world.store.warn_of_limit(scope, &warning).await.unwrap()
    };
    for (percent, period, allowed, told) in [
        (70, 1, 100, true),
        (70, 1, 100, false),
        (95, 1, 100, true),
        // What is passed by is not told afterwards.
        (85, 1, 100, false),
        (100, 1, 100, true),
        (100, 1, 100, false),
        // The next day, and another plan.
        (70, 2, 100, true),
        (70, 2, 1_000, true),
        (70, 2, 1_000, false),
    ] {
        assert_eq!(tell(ann.scope, percent, period, allowed).await, told, "{percent} {period} {allowed}");
    }
    assert_eq!(titles(&world, ann.scope).await.len(), 5);
    assert_eq!(mails(&world).await, ["limit_warning"; 5]);
    assert!(tell(bob.scope, 70, 1, 100).await, "another tenant's warnings are none of theirs");
    assert_eq!(world.number("SELECT count(*) FROM limit_warnings").await, 2, "one row for each limit");
    let mail = world.store.outbox(1).await.unwrap().remove(0).mail.unwrap();
    assert!(matches!(mail, Mail::LimitWarning { percent: 70, used: 70, allowed: 100, .. }), "{mail:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_find_it_at_once_one_tells() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let gateway = ann.gateway("Shop").await;
    let set =
        async |status| world.store.set_gateway_status(ann.scope, gateway, status, None, None).await.unwrap();
    set(GatewayStatus::Connected).await;
    set(GatewayStatus::Error).await;
    let outage = world.store.outages_to_tell(Timestamp::now(), 10).await.unwrap().remove(0);
    let mut tasks = JoinSet::new();
    for _ in 0..6 {
        let (store, outage) = (world.another_store().await, outage.clone());
        tasks.spawn(async move {
            let limit = store.warn_of_limit(ann.scope, &limit_warning("kv_keys", 70)).await.unwrap();
            let down = store.tell_outage(ann.scope, &outage, "Shop is down", "").await.unwrap();
            (u32::from(limit), u32::from(down))
        });
    }
    let all = tasks.join_all().await;
    assert_eq!(all.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1)), (1, 1));
    let mut kinds = mails(&world).await;
    kinds.sort();
    assert_eq!(kinds, ["gateway_down", "limit_warning"]);
    assert_eq!(titles(&world, ann.scope).await.len(), 2);
}

#[tokio::test]
async fn who_does_not_want_mails_or_did_not_confirm_their_address_is_told_in_the_dashboard_only() {
    let world = World::new().await;
    let (ann, bob, cy) = (world.tenant("ann").await, world.tenant("bob").await, world.tenant("cy").await);
    let without = ProfileChange { mail_limits: Some(false), ..ProfileChange::default() };
    world.store.change_profile(ann.scope, ann.user.id, &without).await.unwrap();
    let id = world.id(bob.user.id.uuid());
    world.execute(&format!("UPDATE users SET email_verified_at = NULL WHERE id = {id}")).await;
    let id = world.id(cy.user.id.uuid());
    world.execute(&format!("UPDATE users SET role = 'member' WHERE id = {id}")).await;
    for tenant in [&ann, &bob, &cy] {
        assert!(world.store.warn_of_limit(tenant.scope, &limit_warning("kv_keys", 85)).await.unwrap());
        assert_eq!(titles(&world, tenant.scope).await.len(), 1);
    }
    assert_eq!(mails(&world).await, [""; 0]);
}

#[tokio::test]
async fn an_outage_is_told_once_and_again_only_after_it_was_well() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let gateway = ann.gateway("Shop").await;
    let set = async |status| {
        let trouble = (status == GatewayStatus::Error).then(|| trouble("gateway_unavailable"));
        world.store.set_gateway_status(ann.scope, gateway, status, trouble.as_ref(), None).await.unwrap();
    };
    // Tells whatever is to be told, and says of how many gateways.
    let sweep = async || {
        let all = world.store.outages_to_tell(Timestamp::now(), 10).await.unwrap();
        for outage in &all {
            let title = if outage.recovered { "works again" } else { "is down" };
            assert_eq!((outage.gateway, outage.trouble.is_some()), (gateway, !outage.recovered));
            assert!(world.store.tell_outage(ann.scope, outage, title, "").await.unwrap());
            assert!(!world.store.tell_outage(ann.scope, outage, title, "").await.unwrap(), "it was told");
        }
        all.len()
    };
    // What never worked is no outage.
    set(GatewayStatus::Error).await;
    assert_eq!(sweep().await, 0);
    set(GatewayStatus::Connected).await;
    assert_eq!(sweep().await, 0);

    set(GatewayStatus::Error).await;
    set(GatewayStatus::Error).await;
    assert_eq!(sweep().await, 1);
    set(GatewayStatus::Connecting).await;
    set(GatewayStatus::Error).await;
    assert_eq!(sweep().await, 0, "it is the same outage");
    // Well for a moment only: nobody is told of that, nor of the same outage again.
    set(GatewayStatus::Connected).await;
    set(GatewayStatus::Error).await;
    assert_eq!(sweep().await, 0);
    set(GatewayStatus::Connected).await;
    set(GatewayStatus::Connected).await;
    assert_eq!(sweep().await, 1);
    assert_eq!(sweep().await, 0);
    // Away for a moment only.
    set(GatewayStatus::Error).await;
    set(GatewayStatus::Connected).await;
    assert_eq!(sweep().await, 0);
    set(GatewayStatus::Error).await;
    assert_eq!(sweep().await, 1);
    // Switched off by its owner, who knows.
    set(GatewayStatus::Disconnected).await;
    assert_eq!(sweep().await, 0);
    assert_eq!(titles(&world, ann.scope).await, ["is down", "works again", "is down"]);
    assert_eq!(mails(&world).await, ["gateway_down"; 2]);
}

#[tokio::test]
async fn what_is_found_and_otherwise_by_then_is_not_told() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let gateway: GatewayId = ann.gateway("Shop").await;
    let set =
        async |status| world.store.set_gateway_status(ann.scope, gateway, status, None, None).await.unwrap();
    set(GatewayStatus::Connected).await;
    set(GatewayStatus::Error).await;
    assert!(world.store.outages_to_tell(Timestamp::now().plus_millis(-60_000), 10).await.unwrap().is_empty());
    let found = world.store.outages_to_tell(Timestamp::now(), 10).await.unwrap();
    set(GatewayStatus::Connected).await;
    assert!(!world.store.tell_outage(ann.scope, &found[0], "is down", "").await.unwrap());
    assert_eq!(titles(&world, ann.scope).await, [""; 0]);
}
