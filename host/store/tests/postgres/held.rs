//! A node that stands still in the middle of taking in deliveries.

use crate::world::{Tenant, World, new_inbound};
use futures::future::join_all;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _};
use twobot_domain::GatewayId;
use twobot_store::StoreError;
use twobot_store::inbound::Accepted;

/// A connection that has a tenant's inbox, as that of a node that was stopped in the middle of a transaction.
async fn hold(world: &World, tenant: &Tenant) -> PgConnection {
    let mut connection = PgConnection::connect(&world.url()).await.unwrap();
    let (_, low) = tenant.scope.tenant().uuid().as_u64_pair();
    let number = i64::from_be_bytes(low.to_be_bytes()) ^ 1;
    for text in ["BEGIN".to_owned(), format!("SELECT pg_advisory_xact_lock({number})")] {
        sqlx::query(AssertSqlSafe(text)).execute(&mut connection).await.unwrap();
    }
    connection
}

fn is_new(result: &Result<Accepted, StoreError>) -> bool {
    matches!(result, Ok(Accepted::New(_)))
}

fn is_busy(result: &Result<Accepted, StoreError>) -> bool {
    matches!(result, Err(StoreError::Busy))
}

#[tokio::test]
async fn an_inbox_that_a_stopped_node_holds_stops_nobody_else() {
    let world = World::new().await;
    let (ann, bob) = (world.tenant("ann").await, world.tenant("bob").await);
    let (hers, his) = (ann.gateway("Bot").await, bob.gateway("Bot").await);
    let accept = async |tenant: &Tenant, gateway: GatewayId, name: &str| {
        world.store.accept(tenant.scope, new_inbound(gateway, name)).await
    };
    let stopped = hold(&world, &ann).await;
    // For as long as that takes, and in one batch as well as alone.
    for round in 0..5 {
        let name = format!("together {round}");
        let (to_ann, to_bob) = tokio::join!(accept(&ann, hers, &name), accept(&bob, his, &name));
        assert!(is_busy(&to_ann), "{to_ann:?}");
        assert!(is_new(&to_bob), "{to_bob:?}");
    }
    let names: Vec<_> = (0..20).map(|number| number.to_string()).collect();
    let many = names
        .iter()
        .enumerate()
        .map(|(place, name)| if place % 2 == 0 { accept(&ann, hers, name) } else { accept(&bob, his, name) });
    for (place, result) in join_all(many).await.iter().enumerate() {
        assert!(if place % 2 == 0 { is_busy(result) } else { is_new(result) }, "{place}: {result:?}");
    }
    assert_eq!(world.number("SELECT count(*) FROM inbound").await, 15);

    // The server ends the transaction in the end. Who was told to come again is taken in, and counted right.
    stopped.close().await.unwrap();
    let again = accept(&ann, hers, "together 0").await;
    assert!(is_new(&again), "{again:?}");
    let counts = world.store.gateway(ann.scope, hers).await.unwrap().counts;
    assert_eq!((counts.accepted, counts.duplicates), (1, 0));
}

#[tokio::test]
async fn an_inbox_that_is_free_in_a_moment_is_waited_for() {
    let world = World::new().await;
    let (ann, bob) = (world.tenant("ann").await, world.tenant("bob").await);
    let (hers, his) = (ann.gateway("Bot").await, bob.gateway("Bot").await);
    // On a machine that has much to do, a moment may be too long; not each time.
    for round in 0..50 {
        let busy = hold(&world, &ann).await;
        let name = round.to_string();
        let (waited, ()) = tokio::join!(world.store.accept(ann.scope, new_inbound(hers, &name)), async {
            // His is written and answered while hers waits; then the other node is done.
            let done = world.store.accept(bob.scope, new_inbound(his, &name)).await;
            assert!(is_new(&done), "{done:?}");
            busy.close().await.unwrap();
        });
        if is_new(&waited) {
            return;
        }
        assert!(is_busy(&waited), "{waited:?}");
    }
    panic!("it was never waited for");
}
