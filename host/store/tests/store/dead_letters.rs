//! Counting what was given up.

use crate::world::{World, new_inbound};
use tokio::task::JoinSet;
use twobot_domain::Usage;
use twobot_store::dead_letters::{DeadLetterFilter, DeadLetterKind, MOST_COUNTED};
use twobot_store::inbound::{Accepted, Decoded, NewInbound};

#[tokio::test(flavor = "multi_thread")]
async fn more_than_the_most_are_not_counted() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let gateway = ann.gateway("Bot").await;
    let count = async |kind: Option<DeadLetterKind>| {
        let filter = DeadLetterFilter { kind, ..DeadLetterFilter::default() };
        world.store.count_dead_letters(ann.scope, &filter).await.unwrap()
    };
    // At once, so that their commits are shared.
    let give_up = async |numbers: std::ops::Range<u64>| {
        let mut tasks = JoinSet::new();
        for number in numbers {
            let ann = ann.clone();
            tasks.spawn(async move {
                let new = NewInbound { waiting_limit: 5_000, ..new_inbound(gateway, &number.to_string()) };
                let Accepted::New(id) = ann.store.accept(ann.scope, new).await.unwrap() else {
                    panic!("{number} is new")
                };
                let inbound = ann.store.inbound(ann.scope, id).await.unwrap();
                let failed = Decoded::Failed("no JSON".to_owned());
                ann.store.finish_inbound(ann.scope, &inbound, &failed, &Usage::default()).await.unwrap();
            });
        }
        tasks.join_all().await;
    };
    assert_eq!(count(None).await, 0);
    give_up(0..3).await;
    assert_eq!((count(None).await, count(Some(DeadLetterKind::Delivery)).await), (3, 3));
    assert_eq!(count(Some(DeadLetterKind::Effect)).await, 0);
    give_up(3..MOST_COUNTED).await;
    assert_eq!(count(None).await, MOST_COUNTED);
    give_up(MOST_COUNTED..MOST_COUNTED + 2).await;
    assert_eq!(count(None).await, MOST_COUNTED + 1, "one more than the most says that there are more");
}
