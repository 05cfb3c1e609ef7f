//! What a tenant gets of what is kept of it.

use crate::estate::estate;
use crate::world::World;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use twobot_store::TenantScope;
use twobot_store::export::Export;

/// What is not told, and why: a table as a whole, or a column of one.
const LEFT_OUT: &[(&str, &str)] = &[
    ("account_tokens", "open the account; each is in a mail that its owner has"),
    ("api_keys.digest", "of what opens the account"),
    ("api_keys.replaced", "as `digest`"),
    ("audit_heads", "the end of the audit log's chain, which stands in the log"),
    ("audit_log.hash", "a check of the log against changes, of no use without the database"),
    ("audit_log.previous", "as `hash`"),
    ("effects.fuel", "in the sums of usage, as the following ones"),
    ("effects.failed_runs", "usage"),
    ("effects.messages_out", "usage"),
    ("effects.metered", "usage"),
    ("effects.next_at", "when the platform looks again"),
    ("effects.peak_memory", "usage"),
    ("effects.runs", "usage"),
    ("effects.wall_ms", "usage"),
    ("events.failed_runs", "usage"),
    ("events.fuel", "usage"),
    ("events.messages_in", "usage"),
    ("events.metered", "usage"),
    ("events.peak_memory", "usage"),
    ("events.runs", "usage"),
    ("events.wall_ms", "usage"),
    ("executions.deaths", "of the platform's processes"),
    ("executions.failed_runs", "usage"),
    ("executions.held", "how the platform keeps the order"),
    ("executions.metered", "usage"),
    ("executions.next_at", "when the platform looks again"),
    ("executions.node_id", "of the platform's machines"),
    ("executions.recording", "what a run read, which stands in the journal and among the stored keys"),
    ("executions.runs", "usage"),
    ("executions.setup", "the digest of one of the settings in `setups`"),
    ("gateways.connect_asked", "how the platform keeps connections"),
    ("gateways.connect_done", "as `connect_asked`"),
    ("gateways.credentials", "opens the account at the provider; its owner has it from there"),
    ("gateways.poll_cursor", "the provider's count of its deliveries"),
    ("gateways.webhook_secret", "opens the webhook"),
    ("gateways.health", "what its people were told, which stands in `notifications`"),
    ("gateways.health_at", "as `health`"),
    ("inbound.next_at", "when the platform looks again"),
    ("idempotency_keys", "answers that are given again for a day, sealed"),
    ("installs.waits", "how the platform keeps the order"),
    ("kv_totals", "the sums of what stands in `kv`"),
    ("leases", "which of the platform's machines works for the tenant"),
    ("limit_warnings", "what was told, which stands in `notifications`"),
    ("mails.content", "sealed until it is sent, and then gone"),
    ("known_devices.mark", "a digest, by which a browser is known again"),
    ("sessions.access_until", "how the platform renews sessions, as the following ones"),
    ("sessions.before_until", "renewal"),
    ("sessions.family_hash", "opens the account"),
    ("sessions.renewal_before", "opens the account"),
    ("sessions.renewal_hash", "opens the account"),
    ("sessions.salt", "renewal"),
    ("sessions.token_before", "opens the account"),
    ("sessions.token_hash", "opens the account"),
    ("recovery_codes.digest", "opens the account"),
    ("setups.id", "the digest of the document"),
    ("tenants.revision", "how the platform notices changes"),
    ("sign_in_challenges", "sign-ins half done, for five minutes"),
    ("tenants.state_before", "how the platform goes on after a suspension"),
    ("tenants.usage_from", "how the platform sums"),
    ("two_factor.known_locked_until", "slows down guessing, as the following ones"),
    ("two_factor.known_tries", "guessing"),
    ("two_factor.last_step", "guessing"),
    ("two_factor.locked_until", "guessing"),
    ("two_factor.secret", "opens the account; its owner has it in an authenticator"),
    ("two_factor.tries", "guessing"),
    ("usage_apart", "what is not yet in the sums by minute"),
    ("usage_quota", "the executions of this day, which stand in its sum"),
    ("users.password_hash", "opens the account"),
];

/// Every file with its lines.
async fn export(world: &World, scope: TenantScope) -> BTreeMap<String, Vec<Value>> {
    let mut files: BTreeMap<String, Vec<Value>> =
        Export::files().map(|name| (name.to_owned(), Vec::new())).collect();
    let mut reading = world.store.export(scope);
    let mut seen: Vec<&str> = Vec::new();
    while let Some(lines) = reading.next().await.unwrap() {
        if seen.last() != Some(&lines.file) {
            assert!(!seen.contains(&lines.file), "{} comes twice", lines.file);
            seen.push(lines.file);
        }
        let rows = lines.text.lines().map(|line| serde_json::from_str(line).unwrap());
        files.get_mut(lines.file).unwrap().extend(rows);
    }
    assert!(reading.next().await.unwrap().is_none(), "the end is the end");
    files
}

#[tokio::test]
async fn every_table_and_every_column_is_told_or_left_out_for_a_reason() {
    let world = World::new().await;
    let files = export(&world, estate(&world, "ann").await.scope).await;
    let left_out: BTreeMap<_, _> = LEFT_OUT.iter().copied().collect();
    let (mut wrong, mut met) = (Vec::new(), BTreeSet::new());
    for table in world.tables().await {
        let columns = world.columns(&table).await;
        let of_tenant = table == "tenants" || columns.iter().any(|column| column.name == "tenant_id");
        if !of_tenant || left_out.contains_key(table.as_str()) {
            met.insert(table);
            continue;
        }
        let Some(rows) = files.get(&format!("{table}.jsonl")) else {
            wrong.push(format!("{table} is not told"));
            continue;
        };
        // Old sums are only there where a database was taken over from before.
        if rows.is_empty() && table != "usage_daily" {
            wrong.push(format!("no row of {table} is told"));
        }
        for column in columns.iter().filter(|column| column.name != "tenant_id") {
            let name = format!("{table}.{}", column.name);
            let told = rows.iter().all(|row| row.get(&column.name).is_some());
            if told == left_out.contains_key(name.as_str()) && !rows.is_empty() {
                wrong.push(format!("{name} is {}", if told { "told" } else { "not told" }));
            }
            met.insert(name);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let gone: Vec<_> = left_out.keys().filter(|name| !met.contains(**name)).collect();
    assert!(gone.is_empty(), "there is no {gone:?}");
}

#[tokio::test]
async fn what_is_told_is_ones_own_and_opens_nothing() {
    let world = World::new().await;
    let (ann, bob) = (estate(&world, "ann").await, estate(&world, "bob").await);
    let files = export(&world, ann.scope).await;
    let text = serde_json::to_string(&files).unwrap();
    for id in [
        bob.scope.tenant().to_string(),
        bob.gateway.to_string(),
        bob.install.to_string(),
        bob.user.to_string(),
    ] {
        assert!(!text.contains(&id), "{id}");
    }
    assert!(text.contains(&ann.gateway.to_string()) && text.contains(&ann.answer.to_string()));
    assert!(!text.contains("$argon2id"), "a password's hash");
    // Times are for people, and documents are documents.
    let gateway = &files["gateways.jsonl"][0];
    assert!(gateway["config"].is_object(), "{gateway}");
    assert!(gateway["created_at"].as_str().is_some_and(|time| time.ends_with('Z')), "{gateway}");
}

#[tokio::test]
async fn more_rows_than_are_read_at_once_are_all_told_once() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let (gateway, install) = (ann.gateway("Bot").await, ann.install("plugin", &[]).await);
    for number in 0..205 {
        ann.deliver(gateway, &format!("delivery {number}")).await;
        let id = ann.queue(gateway, install).await;
        let key = format!("key {number}");
        let commit = crate::world::writes([], [(key.as_str(), crate::world::set("value"))]);
        ann.finish(id, install, &commit).await.unwrap();
    }
    let files = export(&world, ann.scope).await;
    for (name, count) in [("inbound", 410), ("executions", 205), ("kv", 205), ("events", 205)] {
        let rows = &files[&format!("{name}.jsonl")];
        let distinct: BTreeSet<_> = rows.iter().map(Value::to_string).collect();
        assert_eq!((rows.len(), distinct.len()), (count, count), "{name}");
    }
}
