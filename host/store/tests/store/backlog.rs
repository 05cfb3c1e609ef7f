//! How much waits.

use crate::world::World;
use std::time::Duration;
use twobot_store::backlog::Backlog;
use twobot_store::executions::WorkKind;

#[tokio::test]
async fn what_waits_is_counted_over_all_tenants_with_its_age() {
    let world = World::new().await;
    for kind in [WorkKind::Inbound, WorkKind::Execution, WorkKind::Effect] {
        assert_eq!(world.store.backlog(kind).await.unwrap(), Backlog::default());
    }
    for name in ["ann", "bob"] {
        let tenant = world.tenant(name).await;
        let gateway = tenant.gateway("Bot").await;
        let install = tenant.install("auto-reply", &[gateway]).await;
        tenant.deliver(gateway, "waits").await;
        let decoded = tenant.deliver(gateway, "decoded").await;
        tenant.decode(decoded, &[install]).await;
    }
    world.execute("UPDATE inbound SET received_at = received_at - 60000 WHERE state = 'waiting'").await;
    let inbound = world.store.backlog(WorkKind::Inbound).await.unwrap();
    assert_eq!(inbound.waiting, 2);
    assert!(inbound.oldest >= Duration::from_secs(60), "{inbound:?}");
    assert_eq!(world.store.backlog(WorkKind::Execution).await.unwrap().waiting, 2);
    assert_eq!(world.store.backlog(WorkKind::Effect).await.unwrap().waiting, 0);
}
