//! The settings under which a run ran, as they are kept for its replay.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;
use twobot_domain::GatewayId;
use twobot_domain::manifest::Capability;
use twobot_runtime::RunLimits;
use twobot_store::installs::{BoundGateway, Install};
use twobot_store::setups::Setup;

/// The settings of an install at one time.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Settings<'a> {
    pub(crate) config: Cow<'a, Value>,
    pub(crate) grants: Cow<'a, [Capability]>,
    bound: Vec<Bound<'a>>,
    fuel: u64,
    memory_bytes: u64,
    tenant_memory_bytes: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Bound<'a> {
    slot: Cow<'a, str>,
    id: GatewayId,
    kind: Cow<'a, str>,
    name: Cow<'a, str>,
}

/// The settings of an install now.
pub(crate) fn of(install: &Install, bound: &[BoundGateway], limits: &RunLimits) -> Setup {
    let bound = bound.iter().map(|gateway| Bound {
        slot: Cow::Borrowed(&gateway.slot),
        id: gateway.id,
        kind: Cow::Borrowed(&gateway.kind),
        name: Cow::Borrowed(&gateway.name),
    });
    let settings = Settings {
        config: Cow::Borrowed(&install.config),
        grants: Cow::Borrowed(&install.grants),
        bound: bound.collect(),
        fuel: limits.fuel,
        memory_bytes: limits.memory_bytes,
        tenant_memory_bytes: limits.tenant_memory_bytes,
    };
    // Maps with texts as keys, numbers and lists: there is nothing in it that JSON can not say.
    Setup::new(serde_json::to_string(&settings).unwrap_or_default())
}

impl Settings<'_> {
    /// The gateways that were bound then.
    pub(crate) fn bound(&self) -> Vec<BoundGateway> {
        let bound = self.bound.iter().map(|gateway| BoundGateway {
            slot: gateway.slot.clone().into_owned(),
            id: gateway.id,
            kind: gateway.kind.clone().into_owned(),
            name: gateway.name.clone().into_owned(),
        });
        bound.collect()
    }

    /// The limits of then, where they decide how far a run gets; the others are those of now.
    pub(crate) const fn limits(&self, now: RunLimits) -> RunLimits {
        RunLimits {
            fuel: self.fuel,
            memory_bytes: self.memory_bytes,
            tenant_memory_bytes: self.tenant_memory_bytes,
            ..now
        }
    }
}
