//! What one tenant has can not be tied to what another has.

use super::{Call, Case, Found, case};
use crate::estate::{Estate, effect_event, estate, failure, new_effect};
use crate::world::{World, limits, new_event, new_execution, set, trouble, usage, without, writes};
use serde_json::json;
use std::cell::RefCell;
use twobot_domain::Timestamp;
use twobot_store::StoreError;
use twobot_store::effects::Tried;
use twobot_store::inbound::Decoded;

thread_local! {
    /// What the stranger has; a case gets the owner's estate by its argument.
    static OWN: RefCell<Option<Estate>> = const { RefCell::new(None) };
}

fn own() -> Estate {
    OWN.with_borrow(|own| own.clone().unwrap())
}

/// Calls with a mixture of the stranger's rows and the owner's.
fn mixtures() -> Vec<Case> {
    vec![
        case("a binding to the owner's gateway", |c| async move {
            let bindings = [("chat".to_owned(), vec![c.of.gateway])].into_iter().collect();
            c.store.bind_gateways(c.scope, own().install, &bindings).await.map(|()| true)
        }),
        case("a commit into the owner's storage", |c| async move {
            let commit = writes([], [("count", set("666"))]);
            c.store
                .finish_execution(c.scope, own().waiting, c.of.install, &limits(), &commit)
                .await
                .map(|_| true)
        }),
        case("a failure of the owner's plugin", |c| async move {
            c.store.fail_execution(c.scope, own().waiting, c.of.install, &failure(None)).await.map(|_| true)
        }),
        case("an effect through the owner's gateway", |c| async move {
            let mut commit = writes([], []);
            commit.effects.push(new_effect(c.of.gateway));
            let own = own();
            c.store.finish_execution(c.scope, own.waiting, own.install, &limits(), &commit).await?;
            Ok(!c.store.effects_of(c.scope, own.waiting).await?.is_empty())
        }),
        case("an event of the owner's delivery for the owner's plugin", |c| async move {
            let delivery = c.store.inbound(c.scope, own().inbound).await?;
            let event = new_event(Some(c.of.gateway), Some(c.of.inbound));
            let (id, execution) = (event.id, new_execution(c.of.install, Some(event.id)));
            let decoded = Decoded::Events(vec![(event, vec![execution])]);
            c.store.finish_inbound(c.scope, &delivery, &decoded, &usage()).await?;
            let event = c.store.event(c.scope, id).await?;
            Ok(event.gateway.is_some() || event.raw.is_some())
        }),
        case("a given up effect of the owner's plugin", |c| async move {
            let (event, execution) = effect_event(c.of.gateway, c.of.install);
            c.store
                .effect_failed(
                    c.scope,
                    own().effect,
                    Tried::Unsure,
                    &trouble("gone"),
                    &usage(),
                    Some((&event, &execution)),
                )
                .await
                .map(|()| false)
        }),
        case("the owner's message in one's own conversation", |c| async move {
            c.store.chat_message(c.scope, own().conversation, c.of.question).await.map(|_| true)
        }),
        case("an edit of the owner's message in one's own conversation", |c| async move {
            let place = own().conversation;
            c.store
                .edit_chat_message(c.scope, place, c.of.answer, "x", "plain", &json!([]))
                .await
                .map(|_| true)
        }),
        case("the owner's schedule in one's own name", |c| async move {
            let due = c.store.due_schedules(Timestamp::now(), 10).await?;
            let mut due = due.into_iter().find(|due| due.scope == c.of.scope).unwrap();
            due.scope = c.scope;
            let event = new_event(None, None);
            let execution = new_execution(c.of.install, Some(event.id));
            c.store.fire(&due, None, &event, &execution).await
        }),
    ]
}

#[tokio::test]
async fn rows_of_two_tenants_are_never_tied_together() {
    let template = World::new().await;
    let (owner, stranger) = (estate(&template, "owner").await, estate(&template, "stranger").await);
    assert_eq!(template.strays().await, Vec::<String>::new());
    template.dump().await;
    OWN.set(Some(stranger.clone()));

    let mut wrong = Vec::new();
    for Case { method, run } in mixtures() {
        let world = template.copy().await;
        let before = world.dump().await;
        let call = Call { store: world.store.clone(), scope: stranger.scope, of: owner.clone() };
        let result: Found = run(call).await;
        let hide = |dump| without(dump, stranger.scope.tenant());
        let changed = hide(&world.dump().await) != hide(&before);
        let strays = world.strays().await;
        if !matches!(result, Ok(false) | Err(StoreError::NotFound)) || changed || !strays.is_empty() {
            wrong.push(format!("{method}: {result:?}, changed: {changed}, {strays:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
