//! What arrived at a gateway and what was posted through it, as its owner sees it.

use crate::estate::{new_effect, new_try};
use crate::world::{World, page, trouble, usage, writes};
use twobot_domain::{EffectOrigin, ExecutionId, Usage};
use twobot_store::PageRequest;
use twobot_store::effects::Tried;
use twobot_store::inbound::Decoded;
use twobot_store::outbound::OutboundState;

#[tokio::test]
async fn what_arrived_is_listed_with_what_it_led_to() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let (gateway, other) = (ann.gateway("Hook").await, ann.gateway("Other").await);
    let (one, two) = (ann.install("one", &[gateway]).await, ann.install("two", &[gateway]).await);
    let first = ann.deliver(gateway, "first").await;
    let second = ann.deliver(gateway, "second").await;
    let third = ann.deliver(gateway, "third").await;
    ann.deliver(other, "elsewhere").await;
    let (_, executions) = ann.decode(first, &[one, two]).await;
    let nonsense = Decoded::Failed("nonsense".to_owned());
    let delivery = world.store.inbound(ann.scope, second).await.unwrap();
    world.store.finish_inbound(ann.scope, &delivery, &nonsense, &Usage::default()).await.unwrap();

    let list = async |page| world.store.inbound_of(ann.scope, gateway, page).await.unwrap();
    let all = list(page(50)).await.items;
    let told: Vec<_> = all.iter().map(|item| (item.id, item.state.as_str(), item.runs)).collect();
    assert_eq!(told, [(third, "waiting", 0), (second, "failed", 0), (first, "decoded", 2)]);
    assert_eq!((all[1].note.as_deref(), all[1].run), (Some("nonsense"), None));
    assert_eq!(all[0].provider_id, "third");
    assert!(executions.contains(&all[2].run.unwrap()));
    // Page by page it is the same.
    let newest = list(page(2)).await;
    assert_eq!(newest.items.iter().map(|item| item.id).collect::<Vec<_>>(), [third, second]);
    let rest = list(PageRequest { after: newest.next, ..page(2) }).await;
    assert_eq!((rest.items[0].id, rest.items.len(), rest.next), (first, 1, None));
}

#[tokio::test]
async fn of_a_long_body_the_beginning_is_told() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let gateway = ann.gateway("Hook").await;
    let long = twobot_store::inbound::NewInbound {
        gateway,
        provider_id: "long".to_owned(),
        body: format!("\"{}\"", "ä".repeat(5_000)),
        waiting_limit: 10,
    };
    world.store.accept(ann.scope, long).await.unwrap();
    let item = world.store.inbound_of(ann.scope, gateway, page(1)).await.unwrap().items.remove(0);
    assert_eq!(item.beginning.chars().count(), 1_000);
}

#[tokio::test]
async fn a_message_is_one_row_however_often_it_is_tried() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let (gateway, install) = (ann.gateway("Hook").await, ann.install("plugin", &[]).await);
    let execution = ann.queue(gateway, install).await;
    let mut commit = writes([], []);
    commit.effects.push(new_effect(gateway));
    let effect = commit.effects[0].id;
    ann.finish(execution, install, &commit).await.unwrap();
    let store = &world.store;
    let queued = EffectOrigin::Queued(effect);
    let list = async || store.outbound_of(ann.scope, gateway, page(50)).await.unwrap().items;
    let told = async || {
        let item = list().await.remove(0);
        (item.state, item.attempts, item.status, item.problem)
    };

    store.note_try(ann.scope, &new_try(gateway, queued, "m1", None)).await.unwrap();
    let problem = Some("why not".to_owned());
    assert_eq!(told().await, (OutboundState::Waiting, 1, None, problem.clone()));
    store.note_try(ann.scope, &new_try(gateway, queued, "m1", Some(503))).await.unwrap();
    assert_eq!(told().await, (OutboundState::Waiting, 2, Some(503), problem.clone()));
    store
        .effect_failed(ann.scope, effect, Tried::NotBegun, &trouble("rejected"), &usage(), None)
        .await
        .unwrap();
    assert_eq!(told().await, (OutboundState::Failed, 2, Some(503), problem.clone()));
    store.note_try(ann.scope, &new_try(gateway, queued, "m1", Some(204))).await.unwrap();
    assert_eq!(told().await, (OutboundState::Delivered, 3, Some(204), None));
    assert_eq!(list().await[0].execution, execution);

    // What an execution waits for has no queue in which it could wait.
    let inline = EffectOrigin::Inline(execution);
    store.note_try(ann.scope, &new_try(gateway, inline, "m2", Some(500))).await.unwrap();
    assert_eq!(told().await, (OutboundState::Failed, 1, Some(500), problem));
    let newest = store.outbound_of(ann.scope, gateway, page(1)).await.unwrap();
    assert_eq!((newest.items[0].message.as_str(), newest.next.is_some()), ("m2", true));
}

#[tokio::test]
async fn of_what_is_gone_nothing_is_noted_and_nothing_stays() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let (gateway, install) = (ann.gateway("Hook").await, ann.install("plugin", &[]).await);
    let execution = ann.queue(gateway, install).await;
    let nowhere = EffectOrigin::Inline(ExecutionId::new());
    world.store.note_try(ann.scope, &new_try(gateway, nowhere, "m1", None)).await.unwrap();
    assert_eq!(world.number("SELECT count(*) FROM outbound").await, 0);
    let here = EffectOrigin::Inline(execution);
    world.store.note_try(ann.scope, &new_try(gateway, here, "m1", None)).await.unwrap();
    assert_eq!(world.number("SELECT count(*) FROM outbound").await, 1);
    // It goes with its execution, and so when that is no longer kept.
    world.execute("DELETE FROM executions").await;
    assert_eq!(world.number("SELECT count(*) FROM outbound").await, 0);
}
