//! Raw deliveries: once, durable, and no more than fit.

use crate::world::{Tenant, World, new_event, new_execution, new_inbound, usage};
use futures::FutureExt as _;
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use tokio::task::JoinSet;
use twobot_domain::{InboundId, Timestamp, Usage};
use twobot_store::StoreError;
use twobot_store::executions::WorkKind;
use twobot_store::inbound::{Accepted, Decoded, NewInbound};

/// Accepts all at once; the results in no order.
async fn at_once(requests: Vec<(Tenant, NewInbound)>) -> Vec<(Tenant, Result<Accepted, StoreError>)> {
    let mut tasks = JoinSet::new();
    for (tenant, new) in requests {
        tasks.spawn(async move {
            let result = tenant.store.accept(tenant.scope, new).await;
            (tenant, result)
        });
    }
    tasks.join_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_delivery_fifty_times_at_once_is_taken_once() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let gateway = ann.gateway("Bot").await;
    let same = || (ann.clone(), new_inbound(gateway, "update 1"));
    let results = at_once((0..50).map(|_| same()).collect()).await;
    let new = results.iter().filter(|(_, result)| matches!(result, Ok(Accepted::New(_)))).count();
    let duplicates = results.iter().filter(|(_, result)| matches!(result, Ok(Accepted::Duplicate))).count();
    assert_eq!((new, duplicates), (1, 49));
    let counts = world.store.gateway(ann.scope, gateway).await.unwrap().counts;
    assert_eq!((counts.accepted, counts.duplicates), (1, 49));
    assert_eq!(world.number("SELECT count(*) FROM inbound").await, 1);

    // The same id on another gateway is another delivery.
    let other = ann.gateway("Other").await;
    ann.deliver(other, "update 1").await;
}

#[tokio::test]
async fn what_was_accepted_outlives_a_crash() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let gateway = ann.gateway("Bot").await;
    let id = ann.deliver(gateway, "update 1").await;
    // No closing, no checkpoint: the files as they are when the answer is given.
    let crashed = world.after_a_crash().await;
    let found = crashed.store.inbound(ann.scope, id).await.unwrap();
    assert_eq!(
        (found.gateway, found.body.as_str(), found.attempt),
        (gateway, "{\"update_id\":\"update 1\"}", 0)
    );
    let again = crashed.store.accept(ann.scope, new_inbound(gateway, "update 1")).await.unwrap();
    assert_eq!(again, Accepted::Duplicate);
}

#[tokio::test]
async fn a_full_queue_takes_nothing_new_but_knows_what_it_has() {
    let world = World::new().await;
    let (ann, bob) = (world.tenant("ann").await, world.tenant("bob").await);
    let (gateway, install) = (ann.gateway("Bot").await, ann.install("plugin", &[]).await);
    let limited = |provider_id: &str| NewInbound { waiting_limit: 3, ..new_inbound(gateway, provider_id) };
    let accept = async |provider_id: &str| world.store.accept(ann.scope, limited(provider_id)).await;
    let full = |result: &Result<Accepted, StoreError>| matches!(result, Err(StoreError::QueueFull(3)));

    let mut first = None;
    for provider_id in ["1", "2", "3"] {
        match accept(provider_id).await.unwrap() {
            Accepted::New(id) => first = first.or(Some(id)),
            Accepted::Duplicate => panic!("{provider_id} is new"),
        }
    }
    for provider_id in ["4", "5"] {
        let result = accept(provider_id).await;
        assert!(full(&result), "{result:?}");
    }
    assert_eq!(accept("2").await.unwrap(), Accepted::Duplicate);
    assert_eq!(world.store.waiting_events(ann.scope).await.unwrap(), 3);

    // Executions that wait count as well: one delivery less, one execution more.
    let (_, executions) = ann.decode(first.unwrap(), &[install]).await;
    let result = accept("4").await;
    assert!(full(&result), "{result:?}");
    ann.finish(executions[0], install, &crate::world::writes([], [])).await.unwrap();
    assert!(matches!(accept("4").await.unwrap(), Accepted::New(_)));
    assert!(full(&accept("5").await));

    // Another tenant has a queue of its own.
    let theirs = bob.gateway("Bot").await;
    let new = NewInbound { waiting_limit: 3, ..new_inbound(theirs, "1") };
    assert!(matches!(world.store.accept(bob.scope, new).await.unwrap(), Accepted::New(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_no_more_than_fit_are_taken() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let gateway = ann.gateway("Bot").await;
    let new = |number| NewInbound { waiting_limit: 10, ..new_inbound(gateway, &format!("update {number}")) };
    let results = at_once((0..40).map(|number| (ann.clone(), new(number))).collect()).await;
    let taken = results.iter().filter(|(_, result)| matches!(result, Ok(Accepted::New(_)))).count();
    let refused =
        results.iter().filter(|(_, result)| matches!(result, Err(StoreError::QueueFull(_)))).count();
    assert_eq!((taken, refused), (10, 30));
    assert_eq!(world.number("SELECT count(*) FROM inbound").await, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_many_tenants_gives_each_its_own_answer() {
    let world = World::new().await;
    let mut requests = Vec::new();
    let mut gateways = Vec::new();
    for name in ["ann", "bob", "cat"] {
        let tenant = world.tenant(name).await;
        let (gateway, deleted) = (tenant.gateway("Bot").await, tenant.gateway("Deleted").await);
        world.store.delete_gateway(tenant.scope, deleted).await.unwrap();
        for number in 0..40 {
            requests.push((tenant.clone(), new_inbound(gateway, &number.to_string())));
        }
        requests.push((tenant.clone(), new_inbound(deleted, "late")));
        gateways.push((tenant, gateway));
    }
    let results = at_once(requests).await;
    let mut ids = HashSet::new();
    for (tenant, gateway) in gateways {
        let own = results.iter().filter(|(asker, _)| asker.scope == tenant.scope);
        let mut gone = 0;
        for (_, result) in own {
            match result {
                Ok(Accepted::New(id)) => {
                    assert_eq!(world.store.inbound(tenant.scope, *id).await.unwrap().gateway, gateway);
                    assert!(ids.insert(*id));
                }
                Err(StoreError::NotFound) => gone += 1,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(gone, 1);
        assert_eq!(world.store.gateway(tenant.scope, gateway).await.unwrap().counts.accepted, 40);
    }
    assert_eq!(ids.len(), 120);
}

#[tokio::test]
async fn a_closed_store_answers_with_an_error() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let gateway = ann.gateway("Bot").await;
    world.store.close().await;
    let result = world.store.accept(ann.scope, new_inbound(gateway, "1")).await;
    assert!(matches!(result, Err(StoreError::Database(_))), "{result:?}");
}

#[tokio::test]
async fn a_delivery_is_decoded_once() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let (gateway, install) = (ann.gateway("Bot").await, ann.install("plugin", &[]).await);
    for (decoded, state, note) in [
        (None, "decoded", "NULL"),
        (Some(Decoded::NotHandled("poll".to_owned())), "not_handled", "'poll'"),
        (Some(Decoded::Failed("no JSON".to_owned())), "failed", "'no JSON'"),
    ] {
        let id = ann.deliver(gateway, state).await;
        let delivery = world.store.inbound(ann.scope, id).await.unwrap();
        let decoded = decoded.unwrap_or_else(|| {
            let event = new_event(Some(gateway), Some(id));
            let executions =
                vec![new_execution(install, Some(event.id)), new_execution(install, Some(event.id))];
            Decoded::Events(vec![(event, executions)])
        });
        world.store.finish_inbound(ann.scope, &delivery, &decoded, &usage()).await.unwrap();
        let row = format!(
            "SELECT state || ' ' || coalesce('''' || note || '''', 'NULL') FROM inbound WHERE provider_id = '{state}'"
        );
        assert_eq!(world.texts(&row).await, [format!("{state} {note}")]);
        assert!(matches!(world.store.inbound(ann.scope, id).await, Err(StoreError::NotFound)));

        let before = world.dump().await;
        let again = world.store.finish_inbound(ann.scope, &delivery, &decoded, &usage()).await;
        assert!(matches!(again, Err(StoreError::NotFound)), "{again:?}");
        world.store.postpone_inbound(ann.scope, id, Timestamp(9)).await.unwrap();
        assert_eq!(world.dump().await, before, "{state}");
    }
    assert_eq!(world.number("SELECT count(*) FROM events").await, 1);
    assert_eq!(world.store.waiting(ann.scope, WorkKind::Execution, 9).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_decoding_that_can_not_be_recorded_leaves_nothing() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let (gateway, install) = (ann.gateway("Bot").await, ann.install("plugin", &[]).await);
    let id = ann.deliver(gateway, "1").await;
    let delivery = world.store.inbound(ann.scope, id).await.unwrap();
    let (event, twice) = (new_event(Some(gateway), Some(id)), new_execution(install, None));
    let decoded = Decoded::Events(vec![(event, vec![twice.clone(), twice])]);
    let before = world.dump().await;
    let result = world.store.finish_inbound(ann.scope, &delivery, &decoded, &usage()).await;
    assert!(matches!(result, Err(StoreError::Exists(_))), "{result:?}");
    assert_eq!(world.dump().await, before);
    assert!(world.store.inbound(ann.scope, id).await.is_ok(), "it still waits");
}

#[tokio::test]
async fn a_plugin_that_was_removed_meanwhile_gets_no_execution() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let gateway = ann.gateway("Bot").await;
    let (gone, stays) = (ann.install("gone", &[]).await, ann.install("stays", &[]).await);
    let id = ann.deliver(gateway, "1").await;
    world.store.delete_install(ann.scope, gone).await.unwrap();
    let (event, executions) = ann.decode(id, &[gone, stays]).await;
    assert!(world.store.event(ann.scope, event).await.unwrap().raw.is_some());
    let waiting = world.store.waiting(ann.scope, WorkKind::Execution, 9).await.unwrap();
    assert_eq!(waiting.iter().map(|work| work.id).collect::<Vec<_>>(), [executions[1].uuid()]);
}

#[tokio::test]
async fn a_postponed_delivery_waits_with_its_tries_counted() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let gateway = ann.gateway("Bot").await;
    let ids: Vec<InboundId> = vec![ann.deliver(gateway, "1").await, ann.deliver(gateway, "2").await];
    let later = Timestamp::now().plus_millis(60_000);
    world.store.postpone_inbound(ann.scope, ids[0], later).await.unwrap();
    let delivery = world.store.inbound(ann.scope, ids[0]).await.unwrap();
    assert_eq!(delivery.attempt, 1);
    // It keeps its place, and holds back what follows on its gateway.
    let waiting = world.store.waiting(ann.scope, WorkKind::Inbound, 9).await.unwrap();
    let places: Vec<_> = waiting.iter().map(|work| (work.id, work.due_at == later)).collect();
    assert_eq!(places, [(ids[0].uuid(), true), (ids[1].uuid(), false)]);
    assert_eq!(waiting[0].lane, waiting[1].lane);
    world
        .store
        .finish_inbound(ann.scope, &delivery, &Decoded::Failed("x".to_owned()), &Usage::default())
        .await
        .unwrap();
}

#[tokio::test]
async fn what_is_taken_in_is_begun_with_in_order_also_when_nobody_waits_for_it() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let gateway = ann.gateway("bot").await;
    let begun = Arc::new(Mutex::new(Vec::new()));
    let deliver = |number: u32, what: &str| {
        let (store, scope, begun) = (ann.store.clone(), ann.scope, Arc::clone(&begun));
        let (new, what) = (new_inbound(gateway, &number.to_string()), what.to_owned());
        async move {
            let then = move |id| {
                begun.lock().unwrap().push(id);
                assert_ne!(what, "fails", "what is begun with fails");
            };
            store.accept_then(scope, new, then).await
        }
    };
    for number in 0..20 {
        let what = if number == 7 { "fails" } else { "" };
        // Whoever brings it goes away.
        assert!(deliver(number, what).now_or_never().is_none());
    }
    let Accepted::New(last) = deliver(20, "").await.unwrap() else { panic!("it was there before") };
    assert_eq!(deliver(20, "").await.unwrap(), Accepted::Duplicate);
    let begun = begun.lock().unwrap().clone();
    assert_eq!((begun.len(), begun.last()), (21, Some(&last)), "each once, and no duplicate");
    assert!(begun.is_sorted());
    let waiting = world.store.waiting(ann.scope, WorkKind::Inbound, 100).await.unwrap();
    assert_eq!(
        waiting.iter().map(|work| work.id).collect::<Vec<_>>(),
        begun.iter().map(|id| id.uuid()).collect::<Vec<_>>()
    );
}
