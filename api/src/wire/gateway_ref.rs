//! Naming one resource within another.

use serde::Serialize;
use twobot_domain::GatewayId;
use twobot_engine::Catalogue;
use utoipa::ToSchema;

/// Which gateway.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct GatewayRef {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub(crate) id: GatewayId,
    /// Its name.
    #[schema(example = "My shop's bot")]
    pub(crate) name: String,
}

/// Which plugin.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PluginRef {
    /// Its slug.
    #[schema(example = "auto-reply")]
    pub(crate) slug: String,
    /// Its name.
    #[schema(example = "Auto reply")]
    pub(crate) name: String,
}

impl PluginRef {
    /// The plugin of that slug. One that the catalogue no longer has goes by its slug.
    pub(crate) fn of(catalogue: &Catalogue, slug: String) -> Self {
        let name = catalogue.plugin(&slug).map_or_else(|| slug.clone(), |entry| entry.manifest.name.clone());
        Self { slug, name }
    }
}
