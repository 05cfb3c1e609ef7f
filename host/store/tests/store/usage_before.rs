//! A database from before usage was summed from rows: what was counted then stays, and what began then is counted now.

use crate::world::{World, limits, usage, writes};
use std::collections::BTreeMap;
use twobot_domain::{ExecutionId, InstallId, TenantId, Timestamp, Usage, UserId};
use twobot_store::usage::Resolution;
use twobot_store::{Store, TenantScope};

/// The migration that brought sums of rows.
const SUMS: i64 = 9;

/// What a day's row of that time said, other for each day and field.
fn counted(days_ago: u64) -> Usage {
    let base = 1_000_000 * (days_ago + 1);
    Usage {
        executions: base + 1,
        failed_executions: base + 2,
        messages_in: base + 3,
        messages_out: base + 4,
        fuel: (1 << 50) + base,
        peak_memory_bytes: base + 5,
        wall_ms: base + 6,
        ai_tokens_in: base + 7,
        ai_tokens_out: base + 8,
        http_requests: base + 9,
        http_bytes_in: base + 10,
        http_bytes_out: base + 11,
    }
}

/// Makes a tenant with its owner, in the columns of the first migration.
pub(crate) async fn tenant(world: &World, name: &str) -> TenantId {
    let (tenant, at) = (TenantId::new(), Timestamp::now().0);
    let (id, user) = (world.id(tenant.uuid()), world.id(UserId::new().uuid()));
    for row in [
        format!(
            "INSERT INTO tenants (id, name, plan, state, created_at) VALUES ({id}, '{name}', 'free', 'running', {at})"
        ),
        format!(
            "INSERT INTO users (id, tenant_id, email, name, password_hash, role, created_at) \
             VALUES ({user}, {id}, '{name}@example.com', '{name}', '$argon2id$one', 'owner', {at})"
        ),
    ] {
        world.execute(&row).await;
    }
    tenant
}

/// Installs a plugin, in the columns of that time.
async fn install(world: &World, tenant: TenantId) -> InstallId {
    let (install, at) = (InstallId::new(), Timestamp::now().0);
    let (id, tenant) = (world.id(install.uuid()), world.id(tenant.uuid()));
    world
        .execute(&format!(
            "INSERT INTO installs (id, tenant_id, slug, version, digest, state, config, grants, created_at, updated_at) \
             VALUES ({id}, {tenant}, 'plugin', '1.0.0', 'sha256:one', 'enabled', '{{}}', '[]', {at}, {at})"
        ))
        .await;
    install
}

/// Begins an action, or has one that is over, in the columns of that time.
async fn execution(world: &World, tenant: TenantId, install: InstallId, over: bool) -> ExecutionId {
    let (execution, at) = (ExecutionId::new(), Timestamp::now().0);
    let (id, tenant) = (world.id(execution.uuid()), world.id(tenant.uuid()));
    let (install, state) = (world.id(install.uuid()), if over { "succeeded" } else { "running" });
    let (fuel, finished) = if over { (5, at.to_string()) } else { (0, "NULL".to_owned()) };
    world
        .execute(&format!(
            "INSERT INTO executions (id, tenant_id, install_id, cause, event_kind, lane, state, next_at, fuel, created_at, finished_at) \
             VALUES ({id}, {tenant}, {install}, 'action', 'action', 'action', '{state}', {at}, {fuel}, {at}, {finished})"
        ))
        .await;
    execution
}

/// Writes it as the version before did.
async fn count(world: &World, tenant: TenantId, day: i64, used: &Usage) {
    let tenant = world.id(tenant.uuid());
    let added = world
        .execute(&format!(
            "INSERT INTO usage_daily (tenant_id, day, executions, failed_executions, messages_in, messages_out, fuel, peak_memory, \
             wall_ms, ai_tokens_in, ai_tokens_out, http_requests, http_bytes_in, http_bytes_out) \
             VALUES ({tenant}, {day}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})",
            used.executions,
            used.failed_executions,
            used.messages_in,
            used.messages_out,
            used.fuel,
            used.peak_memory_bytes,
            used.wall_ms,
            used.ai_tokens_in,
            used.ai_tokens_out,
            used.http_requests,
            used.http_bytes_in,
            used.http_bytes_out,
        ))
        .await;
    assert_eq!(added, 1);
}

/// How many rows each table has.
async fn rows(world: &World) -> BTreeMap<String, i64> {
    let mut rows = BTreeMap::new();
    for table in world.tables().await {
        let count = world.number(&format!("SELECT count(*) FROM {table}")).await;
        rows.insert(table, count);
    }
    rows
}

async fn days(store: &Store, scope: TenantScope, today: i64) -> Vec<(i64, Usage)> {
    let days = store.usage(scope, 0, i64::MAX).await.unwrap();
    days.into_iter().map(|(day, used)| (today - day, used)).collect()
}

#[tokio::test]
async fn nothing_that_was_counted_before_is_lost_or_counted_twice() {
    let world = World::at(SUMS - 1).await;
    let (ann, bob) = (tenant(&world, "ann").await, tenant(&world, "bob").await);
    let install = install(&world, ann).await;
    let today = Timestamp::now().day();
    for days_ago in [0, 1, 40, 400] {
        count(&world, ann, today - i64::try_from(days_ago).unwrap(), &counted(days_ago)).await;
    }
    count(&world, bob, today - 1, &counted(7)).await;
    // One execution that was over, and is in the day's row; one that runs on with the new version.
    execution(&world, ann, install, true).await;
    let begun = execution(&world, ann, install, false).await;
    let before = rows(&world).await;

    let store = world.another_store().await;
    store.migrate().await.unwrap();
    let scope = async |email: &str| store.login(email).await.unwrap().unwrap().scope;
    let (ann, bob) = (scope("ann@example.com").await, scope("bob@example.com").await);
    let mut after = rows(&world).await;
    after.retain(|table, _| before.contains_key(table));
    assert_eq!(after, before, "no row is lost");
    let fits = world.number("SELECT count(*) FROM executions WHERE metered = 0 AND runs = 0").await;
    assert_eq!(fits, 2, "what was counted by the day is not counted from its row");

    let of_ann = [(400, counted(400)), (40, counted(40)), (1, counted(1)), (0, counted(0))];
    let of_bob = [(1, counted(7))];
    let sum = async || {
        let later = Timestamp::now().plus_millis(600_000);
        while store.sum_usage(later, 3).await.unwrap().more {}
    };
    for _ in 0..2 {
        assert_eq!(days(&store, ann, today).await, of_ann);
        assert_eq!(days(&store, bob, today).await, of_bob);
        sum().await;
    }
    // What began before and ends after it is counted once, on top.
    store.finish_execution(ann, begun, install, &limits(), &writes([], [])).await.unwrap();
    let mut expected = of_ann;
    expected[3].1.add(&usage());
    for _ in 0..2 {
        let mut found = days(&store, ann, today).await;
        // In case that a day has begun meanwhile.
        if found.len() == 5 {
            let (_, last) = found.pop().unwrap();
            found[3].1.add(&last);
        }
        assert_eq!(found, expected);
        assert_eq!(days(&store, bob, today).await, of_bob);
        sum().await;
    }
    for scope in [ann, bob] {
        let differences = store.usage_differences(scope, Timestamp::now()).await.unwrap();
        assert!(differences.is_empty(), "{differences:#?}");
        let hours = store.usage_by(scope, Resolution::Hour, 0, i64::MAX).await.unwrap();
        assert!(hours.iter().all(|(_, used)| used.executions < 10), "days of then have no hours: {hours:?}");
    }
}
