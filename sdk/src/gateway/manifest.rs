//! Building a gateway kind's manifest.

use crate::bindings::gateway::twobot::plugin::gateway_manifest as wit;
use crate::manifest::empty_object;
use serde_json::Value;

pub use wit::{GatewayCall, GatewayFeature as Feature, Ingress, WhenUnknown};

/// What a gateway kind is.
#[derive(Clone, Debug)]
pub struct GatewayManifest(wit::Manifest);

impl GatewayManifest {
    /// A kind whose calls the host carries by this connector.
    pub fn new(kind: &str, name: &str, version: &str, connector: &str) -> Self {
        Self(wit::Manifest {
            kind: kind.to_owned(),
            name: name.to_owned(),
            version: version.to_owned(),
            summary: String::new(),
            description: String::new(),
            connector: connector.to_owned(),
            ingress: Vec::new(),
            features: Vec::new(),
            when_unknown: Vec::new(),
            credentials_schema: empty_object().to_string(),
            config_schema: empty_object().to_string(),
        })
    }

    /// One sentence for the list of kinds.
    #[must_use]
    pub fn summary(mut self, summary: &str) -> Self {
        self.0.summary = summary.to_owned();
        self
    }

    /// How to get the credentials, in Markdown.
    #[must_use]
    pub fn description(mut self, description: &str) -> Self {
        self.0.description = description.to_owned();
        self
    }

    /// How events arrive.
    #[must_use]
    pub fn ingress(mut self, ways: impl IntoIterator<Item = Ingress>) -> Self {
        self.0.ingress.extend(ways);
        self
    }

    /// What it can do for plugins.
    #[must_use]
    pub fn features(mut self, features: impl IntoIterator<Item = Feature>) -> Self {
        self.0.features.extend(features);
        self
    }

    /// What is done about these calls where it is not known whether the provider carried them out. For calls that are not named it is
    /// [`WhenUnknown::Report`].
    #[must_use]
    pub fn when_unknown(mut self, what: WhenUnknown, calls: impl IntoIterator<Item = GatewayCall>) -> Self {
        self.0.when_unknown.extend(calls.into_iter().map(|call| (call, what)));
        self
    }

    /// The JSON Schema of the credentials. Without one there are none.
    #[must_use]
    pub fn credentials_schema(mut self, schema: Value) -> Self {
        self.0.credentials_schema = schema.to_string();
        self
    }

    /// The JSON Schema of the settings. Without one there are none.
    #[must_use]
    pub fn config_schema(mut self, schema: Value) -> Self {
        self.0.config_schema = schema.to_string();
        self
    }
}

impl From<GatewayManifest> for wit::Manifest {
    fn from(manifest: GatewayManifest) -> Self {
        manifest.0
    }
}
