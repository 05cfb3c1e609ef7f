//! The plugins and gateway kinds that a host offers.

use std::collections::BTreeMap;
use std::sync::Arc;
use thiserror::Error;
use twobot_domain::manifest::{GatewayManifest, PluginManifest};
use twobot_runtime::{ComponentError, GatewayComponent, Machine, PluginComponent, world_of};

/// A plugin of the catalogue.
pub type PluginEntry = PluginComponent;

/// A gateway kind of the catalogue.
pub type GatewayEntry = GatewayComponent;

/// Why a catalogue can not be used.
#[derive(Debug, Error)]
pub enum CatalogueError {
    /// One of its components can not be used.
    #[error("{file}: {error}")]
    Component {
        /// The component's file.
        file: String,
        /// What is wrong with it.
        error: ComponentError,
    },
    /// A component exports neither world's interface.
    #[error(
        "{0}: is no 2Bot component: it exports neither twobot:plugin/plugin-handler nor twobot:plugin/gateway-handler"
    )]
    NoWorld(String),
    /// Two components have the same name.
    #[error("{file}: there is already a component called `{name}`")]
    Twice {
        /// The second component's file.
        file: String,
        /// The slug or kind.
        name: String,
    },
}

/// The plugins and gateway kinds that a host offers, by name.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    plugins: BTreeMap<String, Arc<PluginEntry>>,
    gateways: BTreeMap<String, Arc<GatewayEntry>>,
}

impl Catalogue {
    /// Adds a component from its bytes. `file` names it in errors.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn add(&mut self, machine: &Machine, file: &str, bytes: Vec<u8>) -> Result<(), CatalogueError> {
        let broken = |error| CatalogueError::Component { file: file.to_owned(), error };
        let twice = |name: &str| CatalogueError::Twice { file: file.to_owned(), name: name.to_owned() };
        match world_of(&bytes) {
            Some("plugin") => {
                let plugin = machine.load_plugin(bytes).await.map_err(broken)?;
                check_schedules(&plugin.manifest).map_err(broken)?;
                let slug = plugin.manifest.slug.clone();
                if self.plugins.contains_key(&slug) {
                    return Err(twice(&slug));
                }
                self.plugins.insert(slug, Arc::new(plugin));
            }
            Some(_) => {
                let gateway = machine.load_gateway(bytes).await.map_err(broken)?;
                let kind = gateway.manifest.kind.clone();
                if self.gateways.contains_key(&kind) {
                    return Err(twice(&kind));
                }
                self.gateways.insert(kind, Arc::new(gateway));
            }
            None => return Err(CatalogueError::NoWorld(file.to_owned())),
        }
        Ok(())
    }

    /// The plugins, by slug.
    pub fn plugins(&self) -> impl Iterator<Item = &Arc<PluginEntry>> {
        self.plugins.values()
    }

    /// The plugin of that slug.
    #[must_use]
    pub fn plugin(&self, slug: &str) -> Option<&Arc<PluginEntry>> {
        self.plugins.get(slug)
    }

    /// The gateway kinds, by name.
    pub fn gateway_kinds(&self) -> impl Iterator<Item = &Arc<GatewayEntry>> {
        self.gateways.values()
    }

    /// The gateway kind of that name.
    #[must_use]
    pub fn gateway_kind(&self, kind: &str) -> Option<&Arc<GatewayEntry>> {
        self.gateways.get(kind)
    }
}

/// What a component file is, after the same checks that a catalogue makes.
#[derive(Debug)]
pub enum Checked {
    /// A plugin.
    Plugin(PluginManifest),
    /// A gateway kind.
    Gateway(GatewayManifest),
}

/// Checks a component as a catalogue would, for its author.
///
/// # Errors
/// What is wrong with it.
pub async fn check(machine: &Machine, file: &str, bytes: Vec<u8>) -> Result<Checked, CatalogueError> {
    let mut catalogue = Catalogue::default();
    catalogue.add(machine, file, bytes).await?;
    let plugin = catalogue.plugins().next().map(|plugin| Checked::Plugin(plugin.manifest.clone()));
    let gateway = catalogue.gateway_kinds().next().map(|gateway| Checked::Gateway(gateway.manifest.clone()));
    plugin.or(gateway).ok_or_else(|| CatalogueError::NoWorld(file.to_owned()))
}

fn check_schedules(manifest: &PluginManifest) -> Result<(), ComponentError> {
    for schedule in &manifest.schedules {
        crate::scheduler::next(&schedule.cron, &schedule.time_zone, twobot_domain::Timestamp::now())
            .map_err(|message| ComponentError::Manifest {
                field: format!("schedules.{}", schedule.name),
                message,
            })?;
    }
    Ok(())
}
