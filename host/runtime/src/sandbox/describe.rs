//! Asking a component what it is, in a sandbox that can do nothing.

use crate::admission::{AtOnce, Who, World};
use crate::bindings::gateway::GatewayPre;
use crate::bindings::gateway::twobot::plugin::gateway_manifest;
use crate::bindings::plugin::PluginPre;
use crate::bindings::plugin::twobot::plugin::plugin_manifest;
use crate::limits::RunLimits;
use crate::machine::Machine;
use crate::sandbox::guest::{GatewaySide, Guest, Origin, PluginSide};
use crate::sandbox::run::{self, Entry, NotRun};
use crate::storage_rate::StorageRate;
use std::time::Duration;
use twobot_domain::{TenantId, Timestamp, Trouble, plan};

const LIMITS: RunLimits = RunLimits {
    // Languages with a large runtime start slowly; a component that needs more than this has its start made ahead of time.
    fuel: plan::FUEL_PER_VCPU_SECOND,
    vcpu: 1.0,
    memory_bytes: plan::PLUGIN_MEMORY_BYTES,
    tenant_memory_bytes: plan::PLUGIN_MEMORY_BYTES,
    // Fuel is what ends a component that runs without end; the clocks are for one that waits.
    own_time: Duration::from_secs(15),
    total_time: Duration::from_secs(30),
    at_once: AtOnce { tenant: 1, install: 1 },
    storage: StorageRate { per_second: 1, burst: 1 },
    directory_bytes: 0,
};

/// Every component describes itself at the same moment with the same chance: a manifest must not depend on either.
fn nobody() -> Origin {
    Origin { tenant: TenantId::new(), seed: [].into(), started_at: Timestamp(0) }
}

fn reason(trouble: Trouble) -> String {
    format!("{}: {}", trouble.title, trouble.detail)
}

fn not_run(why: NotRun) -> String {
    match why {
        NotRun::Full(full) => reason(full.trouble()),
        NotRun::Host(reason) => reason,
    }
}

pub(crate) async fn plugin(
    machine: &Machine,
    pre: &PluginPre<Guest<PluginSide>>,
    places: u32,
) -> Result<plugin_manifest::Manifest, String> {
    let (host, pre) = (machine.clone(), pre.clone());
    let origin = nobody();
    let who = Who { tenant: origin.tenant, world: World::Plugin, install: None };
    let make = move |watch| {
        Guest::new(&host, &origin, &LIMITS, serde_json::json!({}), watch, PluginSide::without_rights())
    };
    let ended = run::run(machine, Entry { who, places }, LIMITS, make, move |store| {
        Box::pin(async move {
            let instance = pre.instantiate_async(&mut *store).await?;
            instance.call_describe(store).await
        })
    })
    .await
    .map_err(not_run)?;
    ended.result.map_err(reason)
}

pub(crate) async fn gateway(
    machine: &Machine,
    pre: &GatewayPre<Guest<GatewaySide>>,
    places: u32,
) -> Result<gateway_manifest::Manifest, String> {
    let (host, pre) = (machine.clone(), pre.clone());
    let origin = nobody();
    let who = Who { tenant: origin.tenant, world: World::Gateway, install: None };
    let make = move |watch| {
        Guest::new(&host, &origin, &LIMITS, serde_json::json!({}), watch, GatewaySide { provider: None })
    };
    let ended = run::run(machine, Entry { who, places }, LIMITS, make, move |store| {
        Box::pin(async move {
            let instance = pre.instantiate_async(&mut *store).await?;
            instance.call_describe(store).await
        })
    })
    .await
    .map_err(not_run)?;
    ended.result.map_err(reason)
}
