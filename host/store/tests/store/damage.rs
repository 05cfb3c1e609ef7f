//! Rows that are not what was written there.

use crate::estate::{Estate, estate, failure};
use crate::world::{World, page, trouble, usage};
use std::pin::Pin;
use twobot_domain::Timestamp;
use twobot_store::effects::Tried;
use twobot_store::executions::ExecutionFilter;
use twobot_store::gateways::GatewayStatus;
use twobot_store::installs::InstallState;
use twobot_store::{Store, StoreError};

type Read = Box<dyn Fn(Store, Estate) -> Pin<Box<dyn Future<Output = Result<(), StoreError>>>>>;

fn read<F>(call: fn(Store, Estate) -> F) -> Read
where
    F: Future<Output = Result<(), StoreError>> + 'static,
{
    Box::new(move |store, of| Box::pin(call(store, of)))
}

/// Columns with something that they can not hold, and a reading of each.
fn cases() -> Vec<(&'static str, &'static str, Read)> {
    vec![
        ("tenants", "state", read(|s, of| async move { s.tenant(of.scope).await.map(drop) })),
        ("gateways", "config", read(|s, of| async move { s.gateway(of.scope, of.gateway).await.map(drop) })),
        ("gateways", "trouble", read(|s, of| async move { s.gateways(of.scope, page(9)).await.map(drop) })),
        (
            "gateways",
            "account",
            read(|s, of| async move { s.gateway_of_webhook(of.gateway).await.map(drop) }),
        ),
        ("gateways", "status", read(|s, of| async move { s.gateways(of.scope, page(9)).await.map(drop) })),
        ("installs", "config", read(|s, of| async move { s.install(of.scope, "analytics").await.map(drop) })),
        ("installs", "grants", read(|s, of| async move { s.installs(of.scope).await.map(drop) })),
        ("installs", "trouble", read(|s, _| async move { s.all_installs().await.map(drop) })),
        (
            "installs",
            "state",
            read(|s, of| async move { s.install_by_id(of.scope, of.install).await.map(drop) }),
        ),
        (
            "executions",
            "trouble",
            read(|s, of| async move {
                s.executions(of.scope, &ExecutionFilter::default(), page(9)).await.map(drop)
            }),
        ),
        ("logs", "fields", read(|s, of| async move { s.execution_logs(of.scope, of.done).await.map(drop) })),
        ("effects", "trouble", read(|s, of| async move { s.effects_of(of.scope, of.done).await.map(drop) })),
        (
            "chat_messages",
            "buttons",
            read(|s, of| async move { s.chat_messages(of.scope, of.conversation, page(9)).await.map(drop) }),
        ),
        (
            "chat_messages",
            "trouble",
            read(|s, of| async move { s.conversation(of.scope, of.conversation).await.map(drop) }),
        ),
    ]
}

#[tokio::test]
async fn a_damaged_value_is_an_error_that_says_where() {
    let template = World::new().await;
    let of = estate(&template, "ann").await;
    let (store, scope) = (&template.store, of.scope);
    store.set_gateway_enabled(scope, of.gateway, true).await.unwrap();
    store
        .set_gateway_status(scope, of.gateway, GatewayStatus::Error, Some(&trouble("x")), None)
        .await
        .unwrap();
    store.set_install_state(scope, of.install, InstallState::Paused, Some(&trouble("x"))).await.unwrap();
    store.fail_execution(scope, of.waiting, of.install, &failure(None)).await.unwrap();
    store
        .postpone_effect(scope, of.effect, Tried::NotBegun, &trouble("x"), Timestamp(9), &usage())
        .await
        .unwrap();

    for (table, column, read) in cases() {
        let world = template.copy().await;
        read(world.store.clone(), of.clone())
            .await
            .unwrap_or_else(|error| panic!("{table}.{column}: {error:?}"));
        world.ignore_checks(table).await;
        for value in ["'{\"cut\":'", "''", "'[1,{}]x'", "'cheerful'"] {
            assert!(world.execute(&format!("UPDATE {table} SET {column} = {value}")).await > 0);
            match read(world.store.clone(), of.clone()).await {
                Err(StoreError::Corrupt(text)) => {
                    let says = text.contains(column) || text.contains("state") || text.contains("status");
                    assert!(says, "{table}.{column} = {value}: {text}");
                }
                other => panic!("{table}.{column} = {value}: {other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn an_envelope_that_was_cut_does_not_open() {
    let world = World::new().await;
    let of = estate(&world, "ann").await;
    let cut = format!("UPDATE gateways SET webhook_secret = {}", world.blob("00"));
    world.execute(&cut).await;
    let result = world.store.gateway_secrets(of.scope, of.gateway).await;
    assert!(matches!(result, Err(StoreError::Unsealable)), "{result:?}");
}
