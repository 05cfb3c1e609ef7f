//! Times that come while nobody may run: a stopped workspace, a disabled plugin. They are made up for once.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;

use common::TestHost;
use serde_json::json;
use twobot_domain::{InstallId, Timestamp};
use twobot_store::TenantScope;
use twobot_store::accounts::WorkspaceState;
use twobot_store::audit::By;
use twobot_store::executions::ExecutionRecord;
use twobot_store::schedules::NewSchedule;

const HOUR_MS: i64 = 3_600_000;

/// A tenant with a plugin that has a schedule.
async fn place(host: &TestHost) -> (TenantScope, InstallId) {
    let scope = host.tenant("pro").await;
    let bot = host.bot(scope).await;
    host.install(scope, "analytics", "sources", bot, json!({})).await;
    let installs = host.engine.store().installs(scope).await.unwrap();
    (scope, installs[0].id)
}

/// Lets an hourly schedule have been due so many hours ago, and each hour since; says when that was.
async fn miss(host: &TestHost, scope: TenantScope, install: InstallId, hours: i64) -> Timestamp {
    let hour = Timestamp::now().0.div_euclid(HOUR_MS);
    let due_at = Timestamp((hour - hours) * HOUR_MS);
    let schedule = NewSchedule {
        name: "roll-up".to_owned(),
        cron: format!("{} * * * *", hours % 60),
        time_zone: "UTC".to_owned(),
        due_at,
    };
    host.engine.store().set_schedules(scope, install, &[schedule]).await.unwrap();
    due_at
}

/// The executions that the schedule caused.
async fn fired(host: &TestHost, scope: TenantScope) -> Vec<ExecutionRecord> {
    let mut all = host.executions(scope).await;
    all.retain(|one| one.event_kind == "scheduled");
    all
}

/// Waits until it was looked for what is due: until this one, who is due for longer than everybody, was found, and once more.
async fn looked(host: &TestHost, other: (TenantScope, InstallId), hours: i64) {
    let before = fired(host, other.0).await.len();
    for number in 1..=2 {
        miss(host, other.0, other.1, hours + i64::try_from(number).unwrap()).await;
        host.until("another tenant's schedule fires", async || {
            fired(host, other.0).await.len() == before + number
        })
        .await;
    }
}

/// What was missed fires once, with the first of the missed times; then the next time follows.
async fn once(host: &TestHost, scope: TenantScope, first: Timestamp, other: (TenantScope, InstallId)) {
    host.until("it fires", async || !fired(host, scope).await.is_empty()).await;
    host.settled(scope).await;
    looked(host, other, 200).await;
    let runs = fired(host, scope).await;
    assert_eq!(runs.len(), 1, "{runs:#?}");
    assert_eq!(runs[0].state, "succeeded");
    let event = host.engine.store().event(scope, runs[0].event.unwrap()).await.unwrap();
    assert_eq!(event.occurred_at, first);
    assert!(event.payload.contains(&first.0.to_string()), "{}", event.payload);
    let now = Timestamp::now();
    let until = async |at: Timestamp| {
        let due = host.engine.store().due_schedules(at, 50).await.unwrap();
        due.into_iter().filter(|due| due.scope == scope).count()
    };
    assert_eq!(until(now).await, 0, "nothing more is due");
    assert_eq!(until(now.plus_millis(2 * HOUR_MS)).await, 1, "the next time follows");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stopped_workspace_missed_fires_once_when_it_goes_on() {
    let host = TestHost::new().await;
    let ((scope, install), other) = (place(&host).await, place(&host).await);
    let turn = async |state: WorkspaceState| {
        host.engine.store().set_workspace_state(scope, state).await.unwrap();
        host.engine.workspace_changed(scope);
    };
    turn(WorkspaceState::Stopped).await;
    let first = miss(&host, scope, install, 30).await;
    looked(&host, other, 100).await;
    assert!(fired(&host, scope).await.is_empty(), "a stopped workspace runs nothing");
    turn(WorkspaceState::Running).await;
    once(&host, scope, first, other).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_disabled_plugin_missed_fires_once_when_it_is_enabled() {
    let host = TestHost::new().await;
    let ((scope, install), other) = (place(&host).await, place(&host).await);
    host.engine.disable_plugin(scope, &By::system(), "analytics").await.unwrap();
    let first = miss(&host, scope, install, 30).await;
    looked(&host, other, 100).await;
    assert!(fired(&host, scope).await.is_empty(), "a disabled plugin runs nothing");
    host.engine.enable_plugin(scope, &By::system(), "analytics").await.unwrap();
    once(&host, scope, first, other).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_that_can_not_be_fired_holds_up_no_other_one() {
    let host = TestHost::new().await;
    let ((broken, install), (other, others)) = (place(&host).await, place(&host).await);
    host.sql(
        "CREATE TRIGGER broken BEFORE UPDATE ON schedules WHEN OLD.time_zone = 'Europe/Berlin' \
         BEGIN SELECT RAISE(ABORT, 'it is broken'); END",
    )
    .await;
    let schedule = NewSchedule {
        name: "roll-up".to_owned(),
        cron: "0 * * * *".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        // Whatever is due longest comes first.
        due_at: Timestamp(HOUR_MS),
    };
    host.engine.store().set_schedules(broken, install, &[]).await.unwrap();
    host.engine.store().set_schedules(broken, install, &[schedule]).await.unwrap();
    looked(&host, (other, others), 100).await;
    assert!(fired(&host, broken).await.is_empty());
}
