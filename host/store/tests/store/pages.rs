//! Lists in pages: nothing is lost and nothing comes twice.

use crate::estate::note;
use crate::world::{World, page, writes};
use twobot_domain::AuditAction;
use twobot_store::audit::{AuditFilter, AuditRecord};
use twobot_store::chat::{Author, ChatMessage, Conversation, NewChatMessage};
use twobot_store::executions::{ExecutionFilter, ExecutionRecord};
use twobot_store::gateways::Gateway;
use twobot_store::notifications::Notification;
use twobot_store::{Page, PageRequest, StoreError};
use uuid::Uuid;

/// Reads a list in pages of each size and compares it with what it should have.
///
/// `oldest_first_within` is for lists whose pages go back in time while their items go forward.
async fn check<T>(
    name: &str,
    expected: &[Uuid],
    oldest_first_within: bool,
    id: impl Fn(&T) -> Uuid,
    list: impl AsyncFn(PageRequest) -> Result<Page<T>, StoreError>,
) {
    assert!(expected.len() > 4, "{name}: too few to be worth it");
    for limit in [1, 2, 3, expected.len() - 1, expected.len(), expected.len() + 1] {
        let (mut read, mut after, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = list(PageRequest { limit: limit as u32, after }).await.unwrap();
            let mut items: Vec<Uuid> = page.items.iter().map(&id).collect();
            assert!(items.len() <= limit, "{name} by {limit}");
            if oldest_first_within {
                items.reverse();
            }
            read.extend(items);
            pages += 1;
            assert!(pages <= expected.len(), "{name} by {limit}: the pages do not end");
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(read, expected, "{name} by {limit}");
        assert_eq!(pages, expected.len().div_ceil(limit), "{name} by {limit}: a last page that is empty");
    }
    // A limit of nothing gives one, and one that is too large gives what there is.
    let none = list(page(0)).await.unwrap();
    assert_eq!((none.items.len(), none.next.is_some()), (1, true), "{name}");
    let all = list(page(u32::MAX)).await.unwrap();
    assert_eq!((all.items.len(), all.next), (expected.len(), None), "{name}");
    let beyond = PageRequest { limit: 5, after: expected.last().copied() };
    assert!(list(beyond).await.unwrap().items.is_empty(), "{name}");
}

#[tokio::test]
async fn every_list_comes_whole_in_pages_of_any_size() {
    let world = World::new().await;
    let (ann, bob) = (world.tenant("ann").await, world.tenant("bob").await);
    let (store, scope) = (&world.store, ann.scope);
    let (install, theirs) = (ann.install("plugin", &[]).await, bob.gateway("Bot").await);
    let other = ann.install("other", &[]).await;
    let mut gateways = vec![ann.gateway("Bot").await];
    let gateway = gateways[0];
    let place = ann.conversation(gateway).await;
    let (mut executions, mut of_plugin, mut notifications) = (Vec::new(), Vec::new(), Vec::new());
    let (mut conversations, mut messages, mut audits) = (vec![place], Vec::new(), Vec::new());
    // Another tenant's rows stand between one's own.
    let between = bob.conversation(theirs).await;
    for number in 0..6 {
        gateways.push(ann.gateway(&format!("Bot {number}")).await);
        bob.gateway("Between").await;
        for install in [install, other] {
            let id = ann.act(install).await;
            ann.finish(id, install, &writes([], [])).await.unwrap();
            executions.push(id);
            of_plugin.extend((install == other).then_some(id));
        }
        notifications.push(store.notify(scope, "info", "Hi", "").await.unwrap());
        store.notify(bob.scope, "info", "Between", "").await.unwrap();
        audits.push(store.record_audit(scope, &note(AuditAction::AuthLogin)).await.unwrap());
        store.record_audit(bob.scope, &note(AuditAction::AuthLogin)).await.unwrap();
        store.record_audit(scope, &note(AuditAction::PluginGrant)).await.unwrap();
        conversations.push(ann.conversation(gateway).await);
        let message = NewChatMessage::plain(Author::Person, "Ann", "hello");
        messages.push(store.add_chat_message(scope, place, &message).await.unwrap().0.id);
        store.add_chat_message(bob.scope, between, &message).await.unwrap();
    }
    let newest_first = |mut ids: Vec<Uuid>| {
        ids.reverse();
        ids
    };
    macro_rules! ids {
        ($list:expr) => {
            $list.iter().map(|id| id.uuid()).collect::<Vec<_>>()
        };
    }

    check(
        "gateways",
        &ids!(gateways),
        false,
        |item: &Gateway| item.id.uuid(),
        async |page| store.gateways(scope, page).await,
    )
    .await;
    let all = ExecutionFilter::default();
    check(
        "executions",
        &newest_first(ids!(executions)),
        false,
        |item: &ExecutionRecord| item.id.uuid(),
        async |page| store.executions(scope, &all, page).await,
    )
    .await;
    for state in [None, Some("succeeded".to_owned())] {
        let filter = ExecutionFilter { slug: Some("other".to_owned()), state };
        check(
            "filtered executions",
            &newest_first(ids!(of_plugin)),
            false,
            |item: &ExecutionRecord| item.id.uuid(),
            async |page| store.executions(scope, &filter, page).await,
        )
        .await;
    }
    check(
        "notifications",
        &newest_first(ids!(notifications)),
        false,
        |item: &Notification| item.id.uuid(),
        async |page| store.notifications(scope, page).await,
    )
    .await;
    let filter = AuditFilter { action: Some("auth".to_owned()), ..AuditFilter::default() };
    check(
        "the audit log",
        &newest_first(ids!(audits)),
        false,
        |item: &AuditRecord| item.id.uuid(),
        async |page| store.audit_log(scope, &filter, page).await,
    )
    .await;
    check(
        "conversations",
        &newest_first(ids!(conversations)),
        false,
        |item: &Conversation| item.id.uuid(),
        async |page| store.conversations(scope, gateway, page).await,
    )
    .await;
    check(
        "messages",
        &newest_first(ids!(messages)),
        true,
        |item: &ChatMessage| item.id.uuid(),
        async |page| store.chat_messages(scope, place, page).await,
    )
    .await;
}

#[tokio::test]
async fn a_page_has_two_hundred_items_at_most() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    for _ in 0..250 {
        world.store.notify(ann.scope, "info", "Hi", "").await.unwrap();
    }
    let first = world.store.notifications(ann.scope, page(201)).await.unwrap();
    assert_eq!(first.items.len(), 200);
    let rest = PageRequest { limit: u32::MAX, after: first.next };
    let rest = world.store.notifications(ann.scope, rest).await.unwrap();
    assert_eq!((rest.items.len(), rest.next), (50, None));
}

#[tokio::test]
async fn what_is_added_meanwhile_does_not_shift_the_pages() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(world.store.notify(ann.scope, "info", "Hi", "").await.unwrap());
    }
    let first = world.store.notifications(ann.scope, page(2)).await.unwrap();
    world.store.notify(ann.scope, "info", "New", "").await.unwrap();
    let rest = PageRequest { limit: 2, after: first.next };
    let second = world.store.notifications(ann.scope, rest).await.unwrap();
    let read: Vec<_> = first.items.iter().chain(&second.items).map(|item| item.id).collect();
    ids.reverse();
    assert_eq!(read, ids);
}
