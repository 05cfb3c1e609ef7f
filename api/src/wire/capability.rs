//! What a plugin may do once it is granted.

use serde::{Deserialize, Serialize};
use twobot_domain::manifest;
use utoipa::ToSchema;

/// Something that a plugin may do once it is granted.
///
/// `storage` (keep data of its own), `send` (act through bound gateways), `ai` (ask bound AI gateways), `notify` (post to the
/// dashboard), `schedule` (make appointments with itself), `directory` (keep files of its own), or `http:` and the hosts that it may
/// call: `http:api.example.com`, `http:*.example.com` (all below it), `http:*` (every public host), each with a port where it is not
/// 80 or 443.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(
    value_type = String,
    pattern = "^(storage|send|ai|notify|schedule|directory|http:.+)$",
    example = "http:api.example.com"
)]
pub(crate) struct Capability(manifest::Capability);

impl From<manifest::Capability> for Capability {
    fn from(capability: manifest::Capability) -> Self {
        Self(capability)
    }
}

impl From<Capability> for manifest::Capability {
    fn from(capability: Capability) -> Self {
        capability.0
    }
}
