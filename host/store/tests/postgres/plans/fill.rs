//! Tables as a deployment has them: many tenants, and of each tenant much that is done with and little that waits.

use crate::world::World;

/// Tenants that do something.
const TENANTS: u32 = 200;
/// Rows of each tenant in the tables that grow.
const MANY: u32 = 80;
/// Rows of each tenant in those that do not.
const FEW: u32 = 3;

/// Tenants at all; the others have nothing.
const ALL_TENANTS: u32 = 3_000;

/// A value made of the row's number `n`, which counts all tenants' rows from 1. They are the tenants' by turns.
fn value(table: &str, column: &str, kind: &str, rows: u32) -> String {
    let id = |table: &str, n: String| format!("CAST(md5('{table} ' || {n}) AS uuid)");
    let few = || format!("(1 + n % {})", TENANTS * FEW);
    match (table, column) {
        (_, "id") => id(table, "n".to_owned()),
        ("kv_totals" | "audit_heads" | "leases" | "usage_quota", "tenant_id") => {
            id("tenants", "n".to_owned())
        }
        (_, "tenant_id") => id("tenants", format!("(1 + n % {TENANTS})")),
        (_, "user_id" | "actor_id" | "caller") => id("users", few()),
        (_, "gateway_id") => id("gateways", few()),
        (_, "install_id") => id("installs", few()),
        (_, "node_id") => id("nodes", format!("(1 + n % {FEW})")),
        (_, "conversation_id") => id("conversations", few()),
        (_, "execution_id") => id("executions", "n".to_owned()),
        (_, "event_id") => id("events", "n".to_owned()),
        (_, "effect_id") => id("effects", "n".to_owned()),
        (_, "inbound_id") => id("inbound", "n".to_owned()),
        (_, "settled_at" | "retry_of") | ("executions", "setup") => "NULL".to_owned(),
        ("tenants", "state") => "'running'".to_owned(),
        ("sign_in_challenges", "known") => "n % 2".to_owned(),
        ("users", "operator") => "'none'".to_owned(),
        ("gateways", "health") => choice(["failing", "down", "well"]),
        ("gateways", "status") => "'connected'".to_owned(),
        ("installs", "slug") => format!("'plugin ' || n / {TENANTS}"),
        ("installs", "state") => "'enabled'".to_owned(),
        ("inbound", "state") => choice(["waiting", "decoded", "decoded"]),
        ("executions", "state") => choice(["waiting", "failed", "succeeded"]),
        ("effects", "state") => choice(["waiting", "failed", "sent"]),
        ("mails", "state") => choice(["waiting", "failed", "sent"]),
        ("account_tokens", "purpose") => "'reset'".to_owned(),
        ("outbound", "delivered") => "n % 2".to_owned(),
        ("users", "role") => "'owner'".to_owned(),
        ("executions", "cause") => "'event'".to_owned(),
        ("audit_log", "actor_kind") => "'user'".to_owned(),
        ("audit_log", "outcome") => choice(["failure", "denied", "success"]),
        ("audit_log", "area") => choice(["plugin", "auth", "gateway"]),
        (_, "held" | "waits") => "CASE WHEN n % 211 = 0 THEN 1 ELSE 0 END".to_owned(),
        ("chat_messages", "author") => "'bot'".to_owned(),
        ("notifications", "severity") => "'info'".to_owned(),
        ("schedules", "cron") => "'0 6 * * *'".to_owned(),
        (_, "due_at" | "expires_at") => "1000000 + n".to_owned(),
        _ => match kind {
            "text" => {
                format!("'{column} ' || n || repeat(' ', {})", if rows > TENANTS * FEW { 60 } else { 0 })
            }
            "bigint" => "n".to_owned(),
            "bytea" => "convert_to('bytes ' || n, 'UTF8')".to_owned(),
            "uuid" => panic!("{table}.{column} refers to something that is not known here"),
            other => panic!("{table}.{column} is a {other}"),
        },
    }
}

/// One row in a hundred has the first state, a few the second.
fn choice([rare, seldom, usual]: [&str; 3]) -> String {
    format!("CASE WHEN n % 101 = 0 THEN '{rare}' WHEN n % 53 = 0 THEN '{seldom}' ELSE '{usual}' END")
}

pub(super) async fn fill(world: &World) {
    // Rows are written whatever they refer to; the numbers above make that right.
    world.execute("SET session_replication_role = replica").await;
    for table in world.tables().await {
        let rows = match table.as_str() {
            "tenants" | "kv_totals" | "audit_heads" | "leases" | "usage_quota" => ALL_TENANTS,
            // Its one row is there.
            "usage_progress" => continue,
            "nodes" => FEW,
            "users" | "two_factor" | "gateways" | "installs" | "install_gateways" | "conversations" => {
                TENANTS * FEW
            }
            _ => TENANTS * MANY,
        };
        let columns = world.columns(&table).await;
        let names: Vec<_> = columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
        let values: Vec<_> =
            columns.iter().map(|column| value(&table, &column.name, &column.kind, rows)).collect();
        let insert = format!(
            "INSERT INTO {table} ({}) SELECT {} FROM generate_series(1, {rows}) AS n",
            names.join(", "),
            values.join(", ")
        );
        assert_eq!(world.execute(&insert).await, u64::from(rows), "{table}");
    }
    world.execute("SET session_replication_role = DEFAULT").await;
    world.execute("VACUUM ANALYZE").await;
}
