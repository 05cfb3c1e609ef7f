//! How the database finds what a statement asks for. A statement that reads a whole table is fast in every test and slow in
//! every deployment; so each is explained here, also those to come.

use crate::source::statements;
use crate::world::World;

/// Statements that are meant to read a whole table: what a start needs of every tenant, and the look, now and then, at which of
/// all tenants have a past, and at which of a few components are no longer offered.
const WHOLE: &[&str] = &[
    "SELECT id FROM tenants ORDER BY id",
    "UPDATE gateways SET connect_asked = connect_asked + 1 WHERE enabled = 1",
    "FROM installs ORDER BY id",
    "FROM tenants t WHERE EXISTS",
    "FROM components WHERE offered_at",
    "SELECT 1 AS one",
    "SELECT id, webhook_secret FROM gateways ORDER BY id LIMIT 1",
    "created_at FROM mails ORDER BY id DESC LIMIT $1",
    // Run without looking for what refers to the tenant, which is what the plan shows: see `Writer::run_unchecked`.
    "DELETE FROM tenants WHERE id = $1",
];

/// Indexes that hold no more than what is to be done now, and so can be read as a whole.
const SHORT: &[&str] = &[
    "inbound_queue",
    "executions_queue",
    "effects_queue",
    "executions_running",
    "executions_held",
    "gateways_to_connect",
    "gateways_to_tell",
    "users_operators",
];

/// What is no table: what a statement has found so far.
const PARTS: &[&str] = &["SCAN CONSTANT ROW", "SCAN used", "SCAN unsummed", "SCAN parts", "SCAN found"];

async fn plan(world: &World, statement: &str) -> Vec<String> {
    // Behind two numbers and something unused stands what is done.
    world.texts_at(&format!("EXPLAIN QUERY PLAN {statement}"), 3).await
}

#[tokio::test]
async fn no_statement_reads_a_whole_table() {
    let world = World::new().await;
    let statements = statements();
    for statement in &statements {
        let plan = plan(&world, statement).await;
        let whole = WHOLE.iter().any(|text| statement.contains(text));
        for step in plan.iter().filter(|step| step.starts_with("SCAN ")) {
            let short = SHORT.iter().any(|index| step.ends_with(&format!("INDEX {index}")));
            assert!(whole || short || PARTS.contains(&step.as_str()), "{statement}\n{plan:#?}");
        }
        // What is cut off after so many rows must not be sorted before.
        let sorts = plan.iter().any(|step| step.contains("TEMP B-TREE"));
        assert!(!(sorts && statement.contains(" LIMIT ")), "{statement}\n{plan:#?}");
    }
    for text in WHOLE {
        assert!(statements.iter().any(|statement| statement.contains(text)), "`{text}` is gone");
    }
}

#[tokio::test]
async fn the_busy_statements_use_the_indexes_that_were_made_for_them() {
    let list = " AND x.id < $2 ORDER BY x.id DESC LIMIT $3";
    let cases = [
        ("FROM inbound q JOIN tenants t", "COVERING INDEX inbound_queue (tenant_id=?"),
        ("FROM executions q JOIN tenants t", "INDEX executions_queue (tenant_id=?"),
        ("FROM effects q JOIN tenants t", "COVERING INDEX effects_queue (tenant_id=?"),
        ("AND q.id > $2 AND q.gateway_id NOT IN", "COVERING INDEX inbound_queue (tenant_id=? AND id>?)"),
        ("AND q.id > $2 AND q.install_id NOT IN", "INDEX executions_queue (tenant_id=? AND id>?)"),
        ("AND q.id > $2 AND q.lane NOT IN", "COVERING INDEX effects_queue (tenant_id=? AND id>?)"),
        ("(SELECT q.tenant_id FROM inbound q", "SCAN q USING COVERING INDEX inbound_queue"),
        ("(SELECT q.tenant_id FROM executions q", "INDEX executions_queue"),
        ("(SELECT q.tenant_id FROM effects q", "SCAN q USING COVERING INDEX effects_queue"),
        ("count(*) FROM inbound WHERE tenant_id = $1", "SEARCH inbound USING COVERING INDEX inbound_queue"),
        ("count(*) FROM executions WHERE tenant_id = $1", "INDEX executions_queue (tenant_id=?)"),
        ("SELECT install_id FROM install_gateways", "INDEX install_gateways_gateway (gateway_id=?)"),
        ("WHERE s.due_at <= $1", "INDEX schedules_due (due_at<?)"),
        (
            "INSERT INTO inbound (id, tenant_id, gateway_id, provider_id, body, state, next_at, received_at) ",
            "COVERING INDEX inbound_once (gateway_id=? AND provider_id=?)",
        ),
        (list, "SEARCH x USING INDEX executions_tenant (tenant_id=? AND id<?)"),
        ("$2 AND x.state = 'failed' ORDER", "INDEX executions_failed (tenant_id=? AND id<?)"),
        ("$2 AND x.state = 'waiting' ORDER", "INDEX executions_queue (tenant_id=? AND id<?)"),
        ("$2 AND x.state = 'running' ORDER", "INDEX executions_running (tenant_id=? AND id<?)"),
        ("$2 AND i.tenant_id = $1 AND i.slug = $4 ORDER", "INDEX executions_install (install_id=? AND id<?)"),
        (
            "'failed' AND i.tenant_id = $1 AND i.slug = $4",
            "executions_install_failed (install_id=? AND id<?)",
        ),
        ("'waiting' AND i.slug = $4", "INDEX executions_queue (tenant_id=? AND id<?)"),
        ("'running' AND i.slug = $4", "INDEX executions_running (tenant_id=? AND id<?)"),
        ("id >= $3 ORDER BY id DESC LIMIT $4", "INDEX audit_log_tenant (tenant_id=? AND id>? AND id<?)"),
        ("AND area = $5 ORDER", "INDEX audit_log_area (tenant_id=? AND area=? AND id>? AND id<?)"),
        (
            "$3 AND actor_id = $5 ORDER",
            "INDEX audit_log_actor (tenant_id=? AND actor_id=? AND id>? AND id<?)",
        ),
        (
            "$3 AND outcome = $5 ORDER",
            "INDEX audit_log_outcome (tenant_id=? AND outcome=? AND id>? AND id<?)",
        ),
        ("AND seq > $2", "INDEX sqlite_autoindex_audit_log_2 (tenant_id=? AND seq>?)"),
        ("AND held = 1) AS n", "COVERING INDEX executions_held (tenant_id=?)"),
        ("AND install_id = $2 AND held = 1", "INDEX executions_held (tenant_id=? AND install_id=?)"),
        ("event_kind AS what", "INDEX executions_dead (tenant_id=? AND id>? AND id<?)"),
        ("AND x.received_at >= $4", "INDEX inbound_dead (tenant_id=? AND id>? AND id<?)"),
        ("x.kind AS what", "INDEX effects_dead (tenant_id=? AND id>? AND id<?)"),
        ("FROM setups WHERE used_at", "INDEX setups_used (used_at<?)"),
        ("AS failures", "INDEX executions_install (install_id=? AND id>?)"),
    ];
    let world = World::new().await;
    let statements = statements();
    for (text, index) in cases {
        let mut found = 0;
        for statement in statements.iter().filter(|statement| statement.contains(text)) {
            let plan = plan(&world, statement).await;
            assert!(plan.iter().any(|step| step.contains(index)), "{statement}\n{plan:#?}");
            found += 1;
        }
        assert!(found > 0, "no statement has `{text}`");
    }
}

#[tokio::test]
async fn what_refers_to_a_row_is_found_when_the_row_goes() {
    let world = World::new().await;
    let mut keys = 0;
    for table in world.tables().await {
        // Tenants are not deleted while the product runs.
        for key in world.foreign_keys(&table).await.into_iter().filter(|key| key.parent != "tenants") {
            let column = key.column;
            let plan = plan(&world, &format!("DELETE FROM {table} WHERE {column} = $1")).await;
            assert!(plan.iter().all(|step| step.starts_with("SEARCH")), "{table}.{column}: {plan:?}");
            keys += 1;
        }
    }
    assert!(keys > 15, "the keys were not found: {keys}");
}
