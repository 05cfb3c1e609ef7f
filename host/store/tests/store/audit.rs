//! The audit log: rows go with what they tell of, pages by every filter, and a chain that shows what was changed.

use crate::estate::{denial, failure, note};
use crate::world::{Tenant, World, new_gateway, new_install, new_session, page, set, writes};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use twobot_domain::{AuditAction, AuditOutcome, InstallId, Timestamp, UserId};
use twobot_store::audit::{AuditFilter, AuditRecord, By, Chain, Fault};
use twobot_store::executions::Denial;
use twobot_store::installs::InstallState;
use twobot_store::{Page, StoreError};

async fn scene() -> (World, Tenant, InstallId) {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let install = ann.install("plugin", &[]).await;
    (world, ann, install)
}

async fn rows(ann: &Tenant, filter: AuditFilter) -> Vec<AuditRecord> {
    let Page { items, .. } = ann.store.audit_log(ann.scope, &filter, page(200)).await.unwrap();
    items
}

async fn actions(ann: &Tenant) -> Vec<String> {
    let mut rows = rows(ann, AuditFilter::default()).await;
    rows.reverse();
    rows.into_iter().map(|row| row.action).collect()
}

#[tokio::test]
async fn a_change_and_its_row_are_there_together_or_not_at_all() {
    let (world, ann, install) = scene().await;
    let scope = ann.scope;
    let noting = |action| world.store.noting(note(action));
    let made =
        noting(AuditAction::GatewayCreate).create_gateway(scope, &new_gateway("Bot"), None).await.unwrap();
    let name = AuditAction::GatewayUpdate;
    noting(name).change_gateway(scope, made.id, "Other", &json!({}), None).await.unwrap();
    noting(AuditAction::GatewayConnect).set_gateway_enabled(scope, made.id, true).await.unwrap();
    noting(AuditAction::PluginInstall).create_install(scope, &new_install("new", &[]), None).await.unwrap();
    let none = [("chat".to_owned(), vec![made.id])].into_iter().collect();
    noting(AuditAction::PluginConfigure).bind_gateways(scope, install, &none).await.unwrap();
    noting(AuditAction::PluginConfigure).configure_install(scope, install, &json!({})).await.unwrap();
    let state = InstallState::Disabled;
    noting(AuditAction::PluginDisable).set_install_state(scope, install, state, None).await.unwrap();
    noting(AuditAction::PluginUninstall).delete_install(scope, install).await.unwrap();
    noting(AuditAction::GatewayDelete).delete_gateway(scope, made.id).await.unwrap();
    let new = new_session("t");
    let session = new.keys.session;
    noting(AuditAction::AuthLogin).open_session(scope, ann.user.id, &new).await.unwrap();
    noting(AuditAction::AuthLogout).close_session(scope, session).await.unwrap();
    let theirs = new_session("another");
    noting(AuditAction::AuthLogin).open_session(scope, ann.user.id, &theirs).await.unwrap();
    let revoke = noting(AuditAction::AuthSessionRevoke);
    revoke.revoke_session(scope, ann.user.id, theirs.keys.session).await.unwrap();
    let expected = [
        "gateway.create",
        "gateway.update",
        "gateway.connect",
        "plugin.install",
        "plugin.configure",
        "plugin.configure",
        "plugin.disable",
        "plugin.uninstall",
        "gateway.delete",
        "auth.login",
        "auth.logout",
        "auth.login",
        "auth.session_revoke",
    ];
    assert_eq!(actions(&ann).await, expected);
    // A gateway's id is made with it.
    assert_eq!(rows(&ann, AuditFilter::default()).await.last().unwrap().target_id, made.id.to_string());

    // What was not done is not recorded.
    let gone = noting(AuditAction::PluginUninstall).delete_install(scope, install).await;
    assert!(matches!(gone, Err(StoreError::NotFound)));
    let full = noting(AuditAction::GatewayCreate).create_gateway(scope, &new_gateway("Bot"), Some(0)).await;
    assert!(matches!(full, Err(StoreError::Quota { .. })));
    noting(AuditAction::AuthLogout).close_session(scope, session).await.unwrap();
    let gone = revoke.revoke_session(scope, ann.user.id, session).await;
    assert!(matches!(gone, Err(StoreError::NotFound)));
    assert!(revoke.revoke_sessions(scope, ann.user.id, None).await.unwrap().is_empty());
    assert_eq!(actions(&ann).await, expected);
}

#[tokio::test]
async fn denials_are_recorded_with_the_outcome_of_their_execution() {
    let (world, ann, install) = scene().await;
    let host = Denial { detail: "https://example.org/".to_owned(), count: 1, ..denial("http:example.org") };
    let mut commit = writes([], [("count", set("1"))]);
    commit.denials = vec![denial("ai"), host.clone()];
    let done = ann.act(install).await;
    ann.finish(done, install, &commit).await.unwrap();
    let failed = ann.act(install).await;
    let failure = twobot_store::executions::Failure { denials: vec![denial("send")], ..failure(None) };
    world.store.fail_execution(ann.scope, failed, install, &failure).await.unwrap();

    let rows = rows(&ann, AuditFilter::default()).await;
    let told: Vec<_> = rows
        .iter()
        .rev()
        .map(|row| {
            let detail: Value = serde_json::from_str(&row.detail).unwrap();
            (row.target_id.as_str(), row.target_name.as_str(), detail)
        })
        .collect();
    let detail = |execution: twobot_domain::ExecutionId, count: u64| json!({"execution": execution.to_string(), "count": count});
    assert_eq!(
        told,
        [
            ("ai", "ai", detail(done, 3)),
            ("http:example.org", "https://example.org/", detail(done, 1)),
            ("send", "send", detail(failed, 3)),
        ]
    );
    for row in &rows {
        assert_eq!((row.action.as_str(), row.outcome.as_str()), ("capability.denied", "denied"));
        assert_eq!((row.actor_kind.as_str(), row.actor_name.as_str()), ("plugin", "plugin"));
        assert_eq!(row.actor_id, Some(install.uuid()));
    }
    // An execution that is not kept leaves no row either.
    let again = ann.finish(done, install, &commit).await;
    assert!(matches!(again, Err(StoreError::NotFound)));
    let mut stale = writes([("count", Some(77))], [("other", set("1"))]);
    stale.denials.push(denial("ai"));
    let execution = ann.act(install).await;
    assert!(matches!(ann.finish(execution, install, &stale).await, Err(StoreError::Conflict)));
    assert_eq!(world.number("SELECT count(*) FROM audit_log").await, 3);
}

#[tokio::test]
async fn rows_are_found_by_action_actor_outcome_and_time() {
    let (world, ann, install) = scene().await;
    let bob = world.tenant("bob").await;
    let who = UserId::new();
    let by = By::user(who, "Eve").in_request("request-1", "203.0.113.7".parse().unwrap());
    let failed = note(AuditAction::AuthLogin).ending(AuditOutcome::Failure);
    let notes = [
        note(AuditAction::PluginInstall),
        note(AuditAction::PluginGrant).with(json!({"granted": ["storage"]})),
        twobot_store::audit::Note { by, ..note(AuditAction::GatewayCreate) },
        failed,
    ];
    for note in &notes {
        world.store.record_audit(ann.scope, note).await.unwrap();
        world.store.record_audit(bob.scope, note).await.unwrap();
    }
    let mut commit = writes([], []);
    commit.denials.push(denial("ai"));
    ann.commit(install, &commit).await.unwrap();

    let all = rows(&ann, AuditFilter::default()).await;
    assert_eq!(all.len(), 5);
    assert_eq!(all[2].request_id.as_deref(), Some("request-1"));
    assert_eq!(all[2].address.as_deref(), Some("203.0.113.7"));
    let found = async |filter: AuditFilter| -> Vec<String> {
        rows(&ann, filter).await.into_iter().map(|row| row.action).collect()
    };
    let by_action = |action: &str| AuditFilter { action: Some(action.to_owned()), ..AuditFilter::default() };
    assert_eq!(found(by_action("plugin")).await, ["plugin.grant", "plugin.install"]);
    assert_eq!(found(by_action("plugin.install")).await, ["plugin.install"]);
    assert_eq!(found(by_action("plug")).await, Vec::<String>::new());
    let by_actor = |actor| AuditFilter { actor: Some(actor), ..AuditFilter::default() };
    assert_eq!(found(by_actor(who.uuid())).await, ["gateway.create"]);
    assert_eq!(found(by_actor(install.uuid())).await, ["capability.denied"]);
    let by_outcome = |outcome| AuditFilter { outcome: Some(outcome), ..AuditFilter::default() };
    assert_eq!(found(by_outcome(AuditOutcome::Failure)).await, ["auth.login"]);
    assert_eq!(found(by_outcome(AuditOutcome::Denied)).await, ["capability.denied"]);
    let both = AuditFilter { action: Some("auth".to_owned()), ..by_outcome(AuditOutcome::Success) };
    assert_eq!(found(both).await, Vec::<String>::new());

    let (first, last) = (all[4].created_at, all[0].created_at);
    let within = |from, until| AuditFilter { from: Some(from), until: Some(until), ..AuditFilter::default() };
    assert_eq!(found(within(first, last.plus_millis(1))).await.len(), 5);
    assert_eq!(found(within(last.plus_millis(1), Timestamp(i64::MAX))).await.len(), 0);
    assert_eq!(found(within(Timestamp(0), first)).await.len(), 0);
}

#[tokio::test]
async fn what_is_too_large_is_left_out() {
    let (world, ann, _) = scene().await;
    let mut large = note(AuditAction::PluginGrant).with(json!({"text": "x".repeat(10_000)}));
    large.target.name = "y".repeat(10_000);
    world.store.record_audit(ann.scope, &large).await.unwrap();
    let row = rows(&ann, AuditFilter::default()).await.remove(0);
    assert_eq!((row.detail.as_str(), row.target_name.len()), ("{\"too_large\":true}", 300));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_is_whole_however_many_write_at_once() {
    let (world, ann, _) = scene().await;
    let bob = world.tenant("bob").await;
    let mut tasks = JoinSet::new();
    for _ in 0..30 {
        for tenant in [ann.clone(), bob.clone()] {
            tasks.spawn(async move {
                tenant.store.record_audit(tenant.scope, &note(AuditAction::AuthLogin)).await.unwrap()
            });
        }
    }
    tasks.join_all().await;
    for tenant in [&ann, &bob] {
        let chain = world.store.verify_audit(tenant.scope).await.unwrap();
        assert_eq!(chain, Chain { removed: 0, sound: 30, fault: None });
        // Newest first by id is newest first by place.
        let places: Vec<_> = rows(tenant, AuditFilter::default()).await.iter().map(|row| row.seq).collect();
        assert_eq!(places, (1..=30).rev().collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_chain_shows_what_was_changed() {
    let (template, ann, _) = scene().await;
    for _ in 0..5 {
        template.store.record_audit(ann.scope, &note(AuditAction::AuthLogin)).await.unwrap();
    }
    let columns: Vec<_> = template.columns("audit_log").await.into_iter().map(|column| column.name).collect();
    let (id, bytes) = (template.random_id(), template.blob("00"));
    // The area is the beginning of the action, kept for the index.
    let kept = columns.iter().filter(|name| !["area", "tenant_id"].contains(&name.as_str()));
    let mut cases: Vec<(String, u64, Fault)> = kept
        .map(|column| {
            let value = match column.as_str() {
                "id" | "actor_id" => id,
                "seq" => "77",
                "created_at" => "created_at + 1",
                "actor_kind" => "'system'",
                "outcome" => "'failure'",
                "previous" | "hash" => &bytes,
                "request_id" | "address" => "''",
                _ => "'changed'",
            };
            let fault = match column.as_str() {
                "seq" | "previous" => Fault::Broken,
                _ => Fault::Changed,
            };
            (format!("UPDATE audit_log SET {column} = {value} WHERE seq = 3"), 2, fault)
        })
        .collect();
    cases.push(("DELETE FROM audit_log WHERE seq = 1".to_owned(), 0, Fault::Broken));
    cases.push(("DELETE FROM audit_log WHERE seq = 3".to_owned(), 2, Fault::Broken));
    cases.push(("DELETE FROM audit_log WHERE seq = 5".to_owned(), 4, Fault::End));
    cases.push(("DELETE FROM audit_log".to_owned(), 0, Fault::End));
    cases.push(("DELETE FROM audit_heads".to_owned(), 5, Fault::End));
    for (statement, sound, fault) in cases {
        let world = template.copy().await;
        assert!(world.execute(&statement).await > 0, "{statement}");
        let chain = match world.store.verify_audit(ann.scope).await {
            // A column that can not even be read is as good as a changed one.
            Err(StoreError::Database(_)) => continue,
            other => other.unwrap(),
        };
        assert_eq!(chain, Chain { removed: 0, sound, fault: Some(fault) }, "{statement}");
    }
}

#[tokio::test]
async fn old_rows_go_from_the_beginning_and_the_rest_is_as_sound_as_before() {
    let (world, ann, _) = scene().await;
    let bob = world.tenant("bob").await;
    for number in 0..6 {
        for tenant in [&ann, &bob] {
            world.store.record_audit(tenant.scope, &note(AuditAction::AuthLogin)).await.unwrap();
        }
        assert_eq!(world.store.verify_audit(ann.scope).await.unwrap().sound, number + 1);
    }
    let all = rows(&ann, AuditFilter::default()).await;
    // Rows that were made in the same millisecond go together, or not at all.
    let before = all[2].created_at;
    let old = all.iter().filter(|row| row.created_at < before).count() as u64;
    let later = Timestamp::now().plus_millis(60_000);
    let with_old = async |before| -> Vec<_> {
        let found = world.store.tenants_with_audit_before(before).await.unwrap();
        found.into_iter().map(|(scope, plan)| (scope == ann.scope, plan)).collect()
    };
    assert_eq!(with_old(Timestamp(1)).await, []);
    assert_eq!(with_old(later).await.len(), 2);

    let mut removed = 0;
    loop {
        match world.store.remove_audit(ann.scope, before, 2).await.unwrap() {
            0 => break,
            some => removed += some,
        }
        let chain = world.store.verify_audit(ann.scope).await.unwrap();
        assert_eq!(chain, Chain { removed, sound: 6 - removed, fault: None });
    }
    assert_eq!(removed, old);
    world.store.record_audit(ann.scope, &note(AuditAction::AuthLogout)).await.unwrap();
    let kept = rows(&ann, AuditFilter::default()).await;
    assert_eq!(kept.iter().map(|row| row.seq).collect::<Vec<_>>(), (old + 1..=7).rev().collect::<Vec<_>>());
    assert_eq!(rows(&bob, AuditFilter::default()).await.len(), 6, "another's stay");

    // All of them: what comes after has its place all the same.
    while world.store.remove_audit(ann.scope, later, 100).await.unwrap() > 0 {}
    assert_eq!(
        world.store.verify_audit(ann.scope).await.unwrap(),
        Chain { removed: 7, sound: 0, fault: None }
    );
    world.store.record_audit(ann.scope, &note(AuditAction::AuthLogin)).await.unwrap();
    assert_eq!(
        world.store.verify_audit(ann.scope).await.unwrap(),
        Chain { removed: 7, sound: 1, fault: None }
    );
    assert_eq!(rows(&ann, AuditFilter::default()).await[0].seq, 8);
}

#[tokio::test]
async fn what_was_changed_is_not_removed_with_what_is_old() {
    let later = Timestamp::now().plus_millis(3_600_000);
    for (change, left, chain) in [
        (
            "UPDATE audit_log SET outcome = 'failure' WHERE seq = 3",
            3,
            Chain { removed: 2, sound: 0, fault: Some(Fault::Changed) },
        ),
        (
            "DELETE FROM audit_log WHERE seq = 3",
            2,
            Chain { removed: 2, sound: 0, fault: Some(Fault::Broken) },
        ),
        (
            "DELETE FROM audit_log WHERE seq = 1",
            4,
            Chain { removed: 0, sound: 0, fault: Some(Fault::Broken) },
        ),
        (
            "UPDATE audit_heads SET removed_seq = 1",
            5,
            Chain { removed: 1, sound: 0, fault: Some(Fault::Broken) },
        ),
    ] {
        let (world, ann, _) = scene().await;
        for _ in 0..5 {
            world.store.record_audit(ann.scope, &note(AuditAction::AuthLogin)).await.unwrap();
        }
        assert!(world.execute(change).await > 0);
        while world.store.remove_audit(ann.scope, later, 100).await.unwrap() > 0 {}
        assert_eq!(rows(&ann, AuditFilter::default()).await.len(), left, "{change}");
        assert_eq!(world.store.verify_audit(ann.scope).await.unwrap(), chain, "{change}");
    }
}
