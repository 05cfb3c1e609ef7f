//! What operators do.

use crate::estate::note;
use crate::world::{Tenant, World, new_session, page};
use twobot_domain::{AuditAction, Mail, MailId, Role, Timestamp, UserId};
use twobot_store::accounts::{NewUser, WorkspaceState};
use twobot_store::audit::{AuditFilter, Fault};
use twobot_store::gateways::GatewayStatus;
use twobot_store::mails::Delivered;
use twobot_store::operators::{MailFilter, Oversight, TenantFilter};
use twobot_store::{StoreError, TenantScope};

/// Signs an operator in.
async fn operator(of: &Tenant) -> Oversight {
    of.store.set_operator(of.scope, of.user.id, true).await.unwrap();
    let token = format!("operator {}", of.user.id);
    of.store.open_session(of.scope, of.user.id, &new_session(&token)).await.unwrap();
    of.store.authenticate(&token).await.unwrap().unwrap().operator.unwrap()
}

async fn actions(world: &World, scope: TenantScope) -> Vec<String> {
    let log = world.store.audit_log(scope, &AuditFilter::default(), page(50)).await.unwrap().items;
    log.into_iter().rev().map(|row| row.action).collect()
}

#[tokio::test]
async fn only_who_was_made_an_operator_is_one_and_only_as_long() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    assert!(!world.store.has_operators().await.unwrap());
    world.store.open_session(ann.scope, ann.user.id, &new_session("token")).await.unwrap();
    let is_one = async || world.store.authenticate("token").await.unwrap().unwrap().operator.is_some();
    assert!(!is_one().await);
    assert!(world.store.set_operator(ann.scope, ann.user.id, true).await.unwrap());
    assert!(!world.store.set_operator(ann.scope, ann.user.id, true).await.unwrap(), "it is so already");
    assert!(is_one().await && world.store.has_operators().await.unwrap());
    assert!(world.store.set_operator(ann.scope, ann.user.id, false).await.unwrap());
    assert!(!is_one().await && !world.store.has_operators().await.unwrap());
}

#[tokio::test]
async fn who_was_told_to_be_an_operator_before_is_one_and_owns_their_tenant() {
    let world = World::at(21).await;
    let id = world.random_id();
    world.execute(&format!("INSERT INTO tenants (id, name, plan, state, created_at) VALUES ({id}, 'Old', 'free', 'running', 1)")).await;
    for (email, role) in [("op@example.com", "admin"), ("ann@example.com", "owner")] {
        world
            .execute(&format!(
                "INSERT INTO users (id, tenant_id, email, name, password_hash, role, created_at) \
                 SELECT {id}, id, '{email}', 'X', 'x', '{role}', 1 FROM tenants"
            ))
            .await;
    }
    world.store.migrate().await.unwrap();
    let roles = world.texts("SELECT email || ' ' || role || ' ' || operator FROM users ORDER BY email").await;
    assert_eq!(roles, ["ann@example.com owner none", "op@example.com owner admin"]);
}

#[tokio::test]
async fn tenants_are_found_by_what_is_known_of_them() {
    let world = World::new().await;
    let (op, ann, bob) = (world.tenant("op").await, world.tenant("ann").await, world.tenant("b_b%").await);
    let right = operator(&op).await;
    let new = NewUser {
        email: "Mo@Example.com".to_owned(),
        name: "Mo".to_owned(),
        password_hash: "x".to_owned(),
        role: Role::Member,
    };
    world.store.add_user(ann.scope, &new).await.unwrap();
    world.store.set_plan(bob.scope, "pro").await.unwrap();
    world.store.set_workspace_state(bob.scope, WorkspaceState::Stopped).await.unwrap();
    let find = async |text: &str, state: &str, plan: &str| {
        let filter = TenantFilter { text: text.to_owned(), state: state.to_owned(), plan: plan.to_owned() };
        let found = world.store.tenants(right, &filter, page(50)).await.unwrap().items;
        found.into_iter().map(|row| row.tenant.id).collect::<Vec<_>>()
    };
    let [op, a, b] = [op, ann, bob].map(|tenant| tenant.scope.tenant());
    for (text, state, plan, expected) in [
        ("", "", "", vec![b, a, op]),
        ("MO@example", "", "", vec![a]),
        ("someone", "", "", vec![b, a, op]),
        // Signs of patterns are signs.
        ("b_b%", "", "", vec![b]),
        ("b%b", "", "", vec![]),
        ("", "stopped", "", vec![b]),
        ("", "running", "", vec![a, op]),
        ("", "", "pro", vec![b]),
        ("ann", "stopped", "", vec![]),
    ] {
        assert_eq!(find(text, state, plan).await, expected, "{text} {state} {plan}");
    }
    let first = world.store.tenants(right, &TenantFilter::default(), page(2)).await.unwrap();
    assert_eq!((first.items.len(), first.items[1].people, first.next.is_some()), (2, 2, true));
    assert_eq!(first.items[1].owner.as_deref(), Some("ann@example.com"));
}

#[tokio::test]
async fn a_suspended_tenant_rests_and_goes_on_as_it_was() {
    let world = World::new().await;
    let (op, ann, bob) = (world.tenant("op").await, world.tenant("ann").await, world.tenant("bob").await);
    let right = operator(&op).await;
    let gateway = ann.gateway("Shop").await;
    world.store.set_gateway_enabled(ann.scope, gateway, true).await.unwrap();
    world.store.set_gateway_status(ann.scope, gateway, GatewayStatus::Connected, None, None).await.unwrap();
    world.store.set_workspace_state(bob.scope, WorkspaceState::Stopped).await.unwrap();
    for (of, before) in [(&ann, WorkspaceState::Running), (&bob, WorkspaceState::Stopped)] {
        let note = note(AuditAction::TenantSuspend);
        world.store.suspend(of.scope, right, "unpaid", &note).await.unwrap();
        let again = world.store.suspend(of.scope, right, "twice", &note).await;
        assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");
        let tenant = world.store.tenant(of.scope).await.unwrap();
        assert_eq!(
            (tenant.state, tenant.suspended_for.as_deref()),
            (WorkspaceState::Suspended, Some("unpaid"))
        );
        assert!(tenant.suspended_at.is_some());
        assert!(world.store.to_connect(of.scope).await.unwrap().is_empty(), "nobody is with its gateways");
        let note = crate::estate::note(AuditAction::TenantResume);
        assert_eq!(world.store.resume(of.scope, right, &note).await.unwrap(), before);
        let again = world.store.resume(of.scope, right, &note).await;
        assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");
        let tenant = world.store.tenant(of.scope).await.unwrap();
        assert_eq!((tenant.state, tenant.suspended_at, tenant.suspended_for), (before, None, None));
        assert_eq!(actions(&world, of.scope).await, ["tenant.suspend", "tenant.resume"]);
    }
    assert_eq!(world.store.to_connect(ann.scope).await.unwrap().len(), 1);
    // In the operator's own log, too; and both chains hold.
    assert_eq!(actions(&world, op.scope).await.len(), 4);
    for scope in [op.scope, ann.scope] {
        assert_eq!(world.store.verify_audit(scope).await.unwrap().fault, None);
    }
}

#[tokio::test]
async fn a_change_of_plan_stands_in_both_logs() {
    let world = World::new().await;
    let (op, ann) = (world.tenant("op").await, world.tenant("ann").await);
    let right = operator(&op).await;
    let note = note(AuditAction::TenantPlan);
    world.store.move_to_plan(ann.scope, right, "business", &note).await.unwrap();
    assert_eq!(world.store.tenant(ann.scope).await.unwrap().plan, "business");
    let again = world.store.move_to_plan(ann.scope, right, "business", &note).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");
    for scope in [op.scope, ann.scope] {
        assert_eq!(actions(&world, scope).await, ["tenant.plan"]);
    }
    // About their own tenant it is told once.
    world.store.move_to_plan(op.scope, right, "business", &note).await.unwrap();
    assert_eq!(actions(&world, op.scope).await.len(), 2);
}

#[tokio::test]
async fn a_mail_that_was_given_up_is_tried_again_and_no_other() {
    let world = World::new().await;
    let (op, ann) = (world.tenant("op").await, world.tenant("ann").await);
    let right = operator(&op).await;
    let mail = Mail::Welcome { name: "Ann".to_owned() };
    let id = world.store.queue_mail(ann.scope, ann.user.id, &mail).await.unwrap();
    let retry = async || world.store.retry_mail(right, id, &note(AuditAction::OperatorMailRetry)).await;
    assert!(matches!(retry().await, Err(StoreError::Conflict)), "it waits");
    let taken = world.store.take_mails(10, Timestamp::now().plus_millis(60_000)).await.unwrap();
    assert_eq!(taken.len(), 1);
    let failed = Delivered::Failed { trouble: "no such mailbox".to_owned() };
    world.store.settle_mail(id, taken[0].attempts, &failed).await.unwrap();
    let found = async |state: &str, kind: &str, to: &str| {
        let filter = MailFilter { state: state.to_owned(), kind: kind.to_owned(), to: to.to_owned() };
        world.store.mails(right, &filter, page(10)).await.unwrap().items.len()
    };
    for (state, kind, to, expected) in [
        ("", "", "", 1),
        ("failed", "welcome", "Ann@example.com", 1),
        ("sent", "", "", 0),
        ("", "verify", "", 0),
        ("", "", "bob@example.com", 0),
    ] {
        assert_eq!(found(state, kind, to).await, expected, "{state} {kind} {to}");
    }
    retry().await.unwrap();
    let again = world.store.take_mails(10, Timestamp::now().plus_millis(60_000)).await.unwrap();
    assert_eq!((again[0].id, &again[0].mail, again[0].attempts), (id, &mail, 2));
    world.store.settle_mail(id, 2, &Delivered::Sent).await.unwrap();
    assert!(matches!(retry().await, Err(StoreError::Conflict)), "it was sent");
    assert_eq!(actions(&world, op.scope).await, ["operator.mail_retry"]);
    let words = note(AuditAction::OperatorMailRetry);
    let nobody = world.store.retry_mail(right, MailId::new(), &words).await;
    assert!(matches!(nobody, Err(StoreError::NotFound)), "{nobody:?}");
}

#[tokio::test]
async fn a_tenants_only_owner_stays_its_owner() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let set = async |user: UserId, role| world.store.set_user_role(ann.scope, user, role).await.unwrap();
    assert!(!set(ann.user.id, Role::Member).await);
    let new = NewUser {
        email: "mo@example.com".to_owned(),
        name: "Mo".to_owned(),
        password_hash: "x".to_owned(),
        role: Role::Member,
    };
    let mo = world.store.add_user(ann.scope, &new).await.unwrap();
    assert!(matches!(world.store.add_user(ann.scope, &new).await, Err(StoreError::Exists(_))));
    assert!(set(mo, Role::Admin).await && set(mo, Role::Owner).await && set(ann.user.id, Role::Member).await);
    let people = world.store.people(ann.scope).await.unwrap();
    let roles: Vec<_> = people.iter().map(|person| person.role.as_str()).collect();
    assert_eq!(roles, ["member", "owner"]);
}

#[tokio::test]
async fn a_row_of_the_log_that_was_changed_or_removed_is_named() {
    for (change, sound, fault) in [
        ("UPDATE audit_log SET outcome = 'failure' WHERE seq = 2", 1, Some(Fault::Changed)),
        ("DELETE FROM audit_log WHERE seq = 2", 1, Some(Fault::Broken)),
        ("DELETE FROM audit_log WHERE seq > 1", 1, Some(Fault::End)),
        ("DELETE FROM audit_log", 0, Some(Fault::End)),
        ("UPDATE audit_log SET outcome = outcome", 3, None),
    ] {
        let world = World::new().await;
        let ann = world.tenant("ann").await;
        for _ in 0..3 {
            world.store.record_audit(ann.scope, &note(AuditAction::AuthLogin)).await.unwrap();
        }
        world.execute(change).await;
        let chain = world.store.verify_audit(ann.scope).await.unwrap();
        assert_eq!((chain.sound, chain.fault), (sound, fault), "{change}");
    }
}
