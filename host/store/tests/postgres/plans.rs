//! How the database finds what a statement asks for, in tables that are filled: among few rows reading them all is the best plan,
//! and would prove nothing.

mod fill;

use crate::source::statements;
use crate::world::World;

/// Statements that are meant to read a whole table: what a start needs of every tenant, and the look, now and then, at which of
/// all tenants have a past. And what there are few of: nodes; or of which one is enough.
const WHOLE: &[&str] = &[
    "SELECT id FROM tenants ORDER BY id",
    "UPDATE gateways SET connect_asked = connect_asked + 1 WHERE enabled = 1",
    "FROM installs ORDER BY id",
    "FROM tenants t WHERE EXISTS",
    "FROM nodes",
    "UPDATE nodes",
    "SELECT id, webhook_secret FROM gateways ORDER BY id LIMIT 1",
    "FROM components WHERE offered_at",
    "FROM _sqlx_migrations",
    "created_at FROM mails ORDER BY id DESC LIMIT $1",
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

/// Tables of which a tenant has few rows. Reading all of them may be the quickest way here; in a large deployment it is not.
const SMALL: &[&str] = &[
    "tenants",
    "users",
    "two_factor",
    "gateways",
    "installs",
    "install_gateways",
    "conversations",
    "usage_progress",
];

/// The plan of a statement as the store's connections come to have it: prepared once, for whatever values.
async fn plan(world: &World, statement: &str) -> Vec<String> {
    world.execute("SET plan_cache_mode = force_generic_plan").await;
    world.execute(&format!("PREPARE explained AS {statement}")).await;
    let parameters =
        "SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = 'explained'";
    let nulls = vec!["NULL"; usize::try_from(world.number(parameters).await).unwrap()].join(", ");
    let list = if nulls.is_empty() { String::new() } else { format!("({nulls})") };
    let plan = world.texts(&format!("EXPLAIN (COSTS off) EXECUTE explained{list}")).await;
    world.execute("DEALLOCATE explained").await;
    plan
}

/// What a plan reads without being led there by a value.
fn read_as_a_whole(plan: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for (place, line) in plan.iter().enumerate() {
        let node = line.trim_start_matches([' ', '-', '>']);
        let of =
            |words: &str| node.split_once(words).map(|(_, rest)| rest.split(' ').next().unwrap_or_default());
        // What a node says about itself stands below it, before the next one.
        let about = plan[place + 1..].iter().take_while(|line| !line.contains("->"));
        let led = about.clone().any(|line| line.contains("Index Cond:"));
        if let Some(table) = of("Seq Scan on ") {
            found.push(table.to_owned());
        } else if let Some(index) =
            of("Bitmap Index Scan on ").or(of("Scan using ")).or(of("Scan Backward using "))
            && !led
        {
            found.push(index.to_owned());
        }
    }
    found
}

#[tokio::test]
async fn no_statement_reads_a_whole_table() {
    let world = World::new().await;
    fill::fill(&world).await;
    let (mut wrong, statements) = (Vec::new(), statements());
    for statement in &statements {
        let mut explained = plan(&world, statement).await;
        if read_as_a_whole(&explained).iter().any(|table| SMALL.contains(&table.as_str())) {
            // What the plan is when that would be too slow.
            world.execute("SET enable_seqscan = off").await;
            explained = plan(&world, statement).await;
            world.execute("SET enable_seqscan = on").await;
        }
        let plan = explained;
        let whole = read_as_a_whole(&plan);
        let allowed = |name: &String| SHORT.contains(&name.as_str());
        if !whole.iter().all(allowed) && !WHOLE.iter().any(|text| statement.contains(text)) {
            wrong.push(format!("{statement}\n{}\n", plan.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for text in WHOLE {
        assert!(statements.iter().any(|statement| statement.contains(text)), "`{text}` is gone");
    }
}

#[tokio::test]
async fn the_busy_statements_use_the_indexes_that_were_made_for_them() {
    let cases = [
        ("FROM inbound q JOIN tenants t", "inbound_queue"),
        ("FROM executions q JOIN tenants t", "executions_queue"),
        ("FROM effects q JOIN tenants t", "effects_queue"),
        ("(SELECT q.tenant_id FROM inbound q", "inbound_queue"),
        ("(SELECT q.tenant_id FROM executions q", "executions_queue"),
        ("(SELECT q.tenant_id FROM effects q", "effects_queue"),
        ("count(*) FROM inbound WHERE tenant_id", "inbound_queue"),
        ("count(*) FROM executions WHERE tenant_id", "executions_queue"),
        ("SELECT install_id FROM install_gateways", "install_gateways_gateway"),
        ("LEFT JOIN inbound i ON i.gateway_id", "inbound_once"),
        (" AND x.id < $2 ORDER BY x.id DESC LIMIT $3", "executions_tenant"),
        ("$2 AND x.state = 'failed' ORDER", "executions_failed"),
        ("$2 AND x.state = 'waiting' ORDER", "executions_queue"),
        ("$2 AND x.state = 'running' ORDER", "executions_running"),
        ("$2 AND i.tenant_id = $1 AND i.slug = $4 ORDER", "executions_install"),
        ("id >= $3 ORDER BY id DESC LIMIT $4", "audit_log_tenant"),
        ("AND seq > $2", "audit_log_seq_unique"),
        ("AND held = 1) AS n", "executions_held"),
        ("AND install_id = $2 AND held = 1", "executions_held"),
        ("AS failures", "executions_install"),
        ("FROM kv WHERE install_id = $1 AND bucket = $2 AND key = $3", "kv_pkey"),
        (
            "FROM chat_messages WHERE conversation_id = $1 AND tenant_id = $2 AND id < $3",
            "chat_messages_conversation",
        ),
        ("FROM notifications n", "notifications_tenant"),
    ];
    let world = World::new().await;
    fill::fill(&world).await;
    let (mut wrong, statements) = (Vec::new(), statements());
    for (text, index) in cases {
        let mut found = 0;
        for statement in statements.iter().filter(|statement| statement.contains(text)) {
            let plan = plan(&world, statement).await;
            if !plan.iter().any(|line| line.contains(&format!(" {index}"))) {
                wrong.push(format!("{index}: {statement}\n{}\n", plan.join("\n")));
            }
            found += 1;
        }
        assert!(found > 0, "no statement has `{text}`");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn what_refers_to_a_row_is_found_when_the_row_goes() {
    let world = World::new().await;
    fill::fill(&world).await;
    let mut keys = 0;
    for table in world.tables().await {
        // Tenants are not deleted while the product runs.
        for key in world.foreign_keys(&table).await.into_iter().filter(|key| key.parent != "tenants") {
            let plan = plan(&world, &format!("DELETE FROM {table} WHERE {} = $1", key.column)).await;
            assert!(read_as_a_whole(&plan).is_empty(), "{table}.{}: {plan:?}", key.column);
            keys += 1;
        }
    }
    assert!(keys > 15, "the keys were not found: {keys}");
}

#[test]
fn a_plan_is_read_right() {
    let plan = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let cases: [(&str, &[&str]); 5] = [
        ("Seq Scan on kv\n  Filter: (key = $1)", &["kv"]),
        ("Index Scan using kv_pkey on kv\n  Index Cond: (key = $1)", &[]),
        ("Index Scan Backward using a on kv\n  Filter: (x = $1)\nSort", &["a"]),
        (
            "Nested Loop\n  ->  Index Only Scan using a on b\n  ->  Index Scan using c on d\n        Index Cond: (x = 1)",
            &["a"],
        ),
        ("Bitmap Heap Scan on a\n  ->  Bitmap Index Scan on b\n        Index Cond: (x = $1)", &[]),
    ];
    for (text, whole) in cases {
        assert_eq!(read_as_a_whole(&plan(text)), whole, "{text}");
    }
}
