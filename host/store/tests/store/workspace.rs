//! What is kept of a tenant's settings is never older than its row.

use crate::world::{Tenant, WEBHOOK_SECRET, World, trouble};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use std::collections::BTreeMap;
use twobot_domain::manifest::Capability;
use twobot_domain::{GatewayId, InstallId};
use twobot_store::accounts::WorkspaceState;
use twobot_store::gateways::{DeliveryOutcome, GatewayStatus};
use twobot_store::installs::InstallState;
use twobot_store::{Store, StoreError};

/// All that is read of a workspace, as a text.
async fn read(store: &Store, ann: &Tenant, gateway: GatewayId, install: InstallId) -> (i64, String) {
    let workspace = store.workspace(ann.scope).await.unwrap();
    let (found, kept) =
        store.workspace_of_webhook(gateway).await.unwrap_or_else(|_| (ann.scope, workspace.clone()));
    assert_eq!((found, kept.revision()), (ann.scope, workspace.revision()));
    let tenant = workspace.tenant();
    let secrets = workspace.gateway_secrets(gateway).await.map(|secrets| {
        (secrets.credentials.expose_secret().to_owned(), secrets.webhook_secret.expose_secret().to_owned())
    });
    let gateway_row = workspace.gateway(gateway).await.map(|gateway| {
        let gateway = (*gateway).clone();
        (gateway.name, gateway.config, gateway.enabled, gateway.status, gateway.trouble, gateway.account)
    });
    let install_row = workspace.install(install).await.map(|install| {
        let install = (*install).clone();
        (
            install.version,
            install.digest,
            install.state,
            install.trouble,
            install.config,
            install.grants,
            install.waits,
        )
    });
    let bound: Vec<_> =
        workspace.bound_gateways(install).await.unwrap().iter().map(|bound| bound.name.clone()).collect();
    let subscribers: Vec<_> = workspace
        .subscribers(gateway)
        .await
        .unwrap()
        .iter()
        .map(|install| (install.id, install.config.clone()))
        .collect();
    let text = format!("{tenant:?} {secrets:?} {gateway_row:?} {install_row:?} {bound:?} {subscribers:?}");
    (workspace.revision(), text)
}

#[tokio::test]
async fn every_change_is_seen_at_once_and_counting_changes_nothing() {
    let world = World::new().await;
    let (ann, store) = (world.tenant("ann").await, &world.store);
    let (gateway, other) = (ann.gateway("bot").await, ann.gateway("other").await);
    let install = ann.install("analytics", &[gateway]).await;
    let scope = ann.scope;
    let mut last = read(store, &ann, gateway, install).await;
    assert!(last.1.contains(WEBHOOK_SECRET), "{}", last.1);
    assert_eq!(read(store, &ann, gateway, install).await, last, "what is kept is as it was read");

    macro_rules! sees {
        ($change:expr) => {{
            $change.await.unwrap();
            let now = read(store, &ann, gateway, install).await;
            assert!(now.0 > last.0, stringify!($change));
            assert_ne!(now.1, last.1, stringify!($change));
            last = now;
        }};
    }
    let config = json!({"a": 2});
    let secret = SecretString::from("other credentials".to_owned());
    let paused = trouble("paused");
    sees!(store.set_plan(scope, "pro"));
    sees!(store.set_workspace_state(scope, WorkspaceState::Stopped));
    sees!(store.change_gateway(scope, gateway, "renamed", &config, Some(&secret)));
    sees!(store.set_gateway_enabled(scope, gateway, true));
    sees!(store.set_gateway_status(scope, gateway, GatewayStatus::Error, Some(&paused), None));
    sees!(store.configure_install(scope, install, &config));
    sees!(store.set_grants(scope, install, &[Capability::Storage], &[Capability::Storage]));
    sees!(store.set_install_version(scope, install, "9", "digest", &[]));
    sees!(store.set_install_state(scope, install, InstallState::Paused, Some(&paused)));
    sees!(store.hold_install(scope, install, &trouble("held")));
    sees!(store.bind_gateways(
        scope,
        install,
        &BTreeMap::from([("channels".to_owned(), vec![gateway, other])])
    ));
    sees!(store.delete_gateway(scope, other));

    // What comes with every event leaves it as it is.
    sees!(store.set_install_state(scope, install, InstallState::Enabled, None));
    store.count_delivery(scope, gateway, DeliveryOutcome::Refused).await.unwrap();
    let execution = ann.queue(gateway, install).await;
    ann.finish(execution, install, &crate::world::writes([], [])).await.unwrap();
    assert_eq!(read(store, &ann, gateway, install).await, last);

    sees!(store.delete_install(scope, install));
    sees!(store.delete_gateway(scope, gateway));
    assert!(last.1.matches("NotFound").count() >= 3, "{}", last.1);
    assert!(matches!(store.workspace_of_webhook(gateway).await, Err(StoreError::NotFound)));
}

#[tokio::test]
async fn a_change_of_another_process_is_seen_at_once() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let gateway = ann.gateway("bot").await;
    let install = ann.install("analytics", &[gateway]).await;
    let before = read(&world.store, &ann, gateway, install).await;
    for (number, change) in [
        "UPDATE installs SET config = '{\"other\": true}'",
        "UPDATE gateways SET name = 'other'",
        "UPDATE tenants SET plan = 'other'",
        "DELETE FROM install_gateways",
        "DELETE FROM installs",
        "DELETE FROM gateways",
    ]
    .into_iter()
    .enumerate()
    {
        let last = read(&world.store, &ann, gateway, install).await;
        world.execute(change).await;
        let now = read(&world.store, &ann, gateway, install).await;
        assert!(now.0 > last.0, "{number}: {change}");
        assert_ne!(now.1, last.1, "{change}");
    }
    assert!(before.0 > 0);
}

#[tokio::test]
async fn what_is_queued_is_told_as_it_stands_in_its_row() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let gateway = ann.gateway("bot").await;
    let (enabled, held) = (ann.install("enabled", &[gateway]).await, ann.install("held", &[gateway]).await);
    world.store.hold_install(ann.scope, held, &trouble("held")).await.unwrap();
    let id = ann.deliver(gateway, "1").await;
    let delivery = world.store.inbound(ann.scope, id).await.unwrap();
    let known = twobot_store::inbound::Inbound::accepted(id, gateway, delivery.body.clone());
    assert_eq!(format!("{known:?}"), format!("{delivery:?}"));

    let event = crate::world::new_event(Some(gateway), Some(id));
    let gone = InstallId::new();
    let new: Vec<_> =
        [enabled, held, gone].map(|install| crate::world::new_execution(install, Some(event.id))).into();
    let first = new[0].id;
    let decoded = twobot_store::inbound::Decoded::Events(vec![(event, new)]);
    let queued = world
        .store
        .finish_inbound(ann.scope, &delivery, &decoded, &twobot_domain::Usage::default())
        .await
        .unwrap();
    assert_eq!(queued.ids, [first], "neither what is held nor what has no install");
    let row = world.store.queued_execution(ann.scope, first).await.unwrap();
    assert_eq!((row.created_at, row.attempt, row.deaths, row.depth), (queued.at, 0, 0, 0));
}
