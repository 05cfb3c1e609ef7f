//! Asking a component what it is, in a sandbox that can do nothing.

use crate::bindings::gateway::GatewayPre;
use crate::bindings::gateway::twobot::plugin::gateway_manifest;
use crate::bindings::plugin::PluginPre;
use crate::bindings::plugin::twobot::plugin::plugin_manifest;
use crate::limits::RunLimits;
use crate::machine::Machine;
use crate::sandbox::guest::{GatewaySide, Guest, Origin, PluginSide};
use crate::sandbox::run;
use std::time::Duration;
use twobot_domain::{TenantId, Timestamp, Trouble, plan};

const LIMITS: RunLimits = RunLimits {
    // Languages with a large runtime start slowly; a component that needs more than this has its start made ahead of time.
    fuel: plan::FUEL_PER_VCPU_SECOND,
    vcpu: 1.0,
    memory_bytes: plan::PLUGIN_MEMORY_BYTES,
    tenant_memory_bytes: plan::PLUGIN_MEMORY_BYTES,
    own_time: Duration::from_secs(5),
    total_time: Duration::from_secs(5),
    directory_bytes: 0,
};

/// Every component describes itself at the same moment with the same chance: a manifest must not depend on either.
fn nobody() -> Origin {
    Origin { tenant: TenantId::new(), seed: Vec::new(), started_at: Timestamp(0) }
}

fn reason(trouble: Trouble) -> String {
    format!("{}: {}", trouble.title, trouble.detail)
}

pub(crate) async fn plugin(
    machine: &Machine,
    pre: &PluginPre<Guest<PluginSide>>,
) -> Result<plugin_manifest::Manifest, String> {
    let (host, pre) = (machine.clone(), pre.clone());
    let make =
        move || Guest::new(&host, &nobody(), &LIMITS, serde_json::json!({}), PluginSide::without_rights());
    let ended = run::run(machine, LIMITS, make, move |store| {
        Box::pin(async move {
            let instance = pre.instantiate_async(&mut *store).await?;
            instance.call_describe(store).await
        })
    })
    .await?;
    ended.result.map_err(reason)
}

pub(crate) async fn gateway(
    machine: &Machine,
    pre: &GatewayPre<Guest<GatewaySide>>,
) -> Result<gateway_manifest::Manifest, String> {
    let (host, pre) = (machine.clone(), pre.clone());
    let make =
        move || Guest::new(&host, &nobody(), &LIMITS, serde_json::json!({}), GatewaySide { provider: None });
    let ended = run::run(machine, LIMITS, make, move |store| {
        Box::pin(async move {
            let instance = pre.instantiate_async(&mut *store).await?;
            instance.call_describe(store).await
        })
    })
    .await?;
    ended.result.map_err(reason)
}
