//! Tenants with a bot and a plugin that answers, made where they are kept: by the API their passwords alone would take minutes.

use crate::host;
use crate::server::KEY;
use anyhow::Result;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use twobot_domain::manifest::Capability;
use twobot_store::gateways::NewGateway;
use twobot_store::installs::{InstallState, NewInstall};

/// One plan that lets everything through: its limits are not what is measured.
const PLANS: &str = r#"default = "free"

[[plan]]
id = "free"
name = "Benchmark"
price_cents = 0

[plan.limits]
memory_mb = 4096
vcpu = 2.0
storage_mb = 1024
starts_by_itself = true
history_days = 7
sessions = 5
sleep_after_minutes = 60
priority = 1
waiting_events = 100000
"#;

/// Writes the plan, and says where.
pub(super) fn plans(folder: &Path) -> Result<String> {
    let file = folder.join("plans.toml");
    std::fs::write(&file, PLANS)?;
    Ok(file.display().to_string())
}

/// Their bots' tokens.
pub(super) struct Tenants(pub(super) Vec<String>);

impl Tenants {
    /// Registers so many.
    pub(super) async fn register(database: &str, count: u32) -> Result<Self> {
        let store = host::open_at(database, KEY).await?;
        let mut tokens = Vec::new();
        for number in 0..count {
            let scope = host::register(&store, &format!("tenant-{number}")).await?;
            let token = format!("{}:AAH-benchmark-abcdefghijklmnopqrst", 7_000_000 + number);
            let gateway = NewGateway {
                kind: "telegram-bot".to_owned(),
                name: "Bot".to_owned(),
                config: json!({ "mode": "webhook" }),
                credentials: Some(json!({ "token": token }).to_string().into()),
                webhook_secret: format!("secret-of-tenant-{number:08}-abcdefgh").into(),
            };
            let gateway = store.create_gateway(scope, &gateway, None).await?.id;
            store.set_gateway_enabled(scope, gateway, true).await?;
            let wanted = vec![Capability::Storage, Capability::Send, Capability::Ai];
            let answers = NewInstall {
                slug: "auto-reply".to_owned(),
                version: "0.0.1".to_owned(),
                // The server puts the component that it has in its place.
                digest: "0".repeat(64),
                state: InstallState::Enabled,
                config: json!({ "rules": [{ "match": "any", "reply": "{text}" }], "fallback_reply": "" }),
                grants: wanted.clone(),
                asked: wanted,
                bindings: BTreeMap::from([("channels".to_owned(), vec![gateway])]),
            };
            store.create_install(scope, &answers, None).await?;
            tokens.push(token);
        }
        store.close().await;
        Ok(Self(tokens))
    }
}
