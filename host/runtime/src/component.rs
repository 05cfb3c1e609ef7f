//! Components, checked and ready to be instantiated.

use crate::bindings::{gateway, plugin};
use crate::cache;
use crate::convert;
use crate::convert::error::clamp;
use crate::machine::Machine;
use crate::sandbox;
use crate::sandbox::guest::{GatewaySide, Guest, PluginSide};
use std::fmt;
use thiserror::Error;
use twobot_domain::manifest::{GatewayManifest, PluginManifest};
use wasmtime::component::Component;

/// Why a component can not be used.
#[derive(Debug, Error)]
pub enum ComponentError {
    /// It is larger than any component may be.
    #[error("the component has {bytes} bytes; at most {allowed} are allowed")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// What is allowed.
        allowed: usize,
    },
    /// Compiling it would take too much work.
    #[error("the component has {found} {what}; at most {allowed} are allowed")]
    TooComplex {
        /// Of what there is too much.
        what: &'static str,
        /// How much was found before it was given up.
        found: u64,
        /// What is allowed.
        allowed: u64,
    },
    /// It is no WebAssembly component, or uses features that are not supported.
    #[error("not a valid component: {0}")]
    Invalid(String),
    /// It imports what the host does not serve, or lacks exports of its world.
    #[error("the component does not fit the world `{world}`: {reason}")]
    WrongWorld {
        /// `plugin` or `gateway`.
        world: &'static str,
        /// What is missing or different.
        reason: String,
    },
    /// It failed to say what it is.
    #[error("the component could not describe itself: {0}")]
    Describe(String),
    /// What it says of itself is wrong.
    #[error("the manifest is not valid: {field}: {message}")]
    Manifest {
        /// Which part.
        field: String,
        /// What is wrong and what would be right.
        message: String,
    },
    /// The host itself.
    #[error("the sandbox host failed: {0}")]
    Host(String),
}

impl ComponentError {
    /// What the engine says of bytes that it can not use. Names from the component stand in it, however long.
    pub(crate) fn invalid(error: &impl fmt::Display) -> Self {
        Self::Invalid(clamp(format!("{error:#}")))
    }

    fn wrong_world(world: &'static str, error: &wasmtime::Error) -> Self {
        Self::WrongWorld { world, reason: clamp(format!("{error:#}")) }
    }
}

/// A plugin, ready to be run.
pub struct PluginComponent {
    /// SHA-256 of its bytes, in hexadecimal.
    pub digest: String,
    /// What it says of itself.
    pub manifest: PluginManifest,
    pub(crate) pre: plugin::PluginPre<Guest<PluginSide>>,
}

/// A gateway kind, ready to be run.
pub struct GatewayComponent {
    /// SHA-256 of its bytes, in hexadecimal.
    pub digest: String,
    /// What it says of itself.
    pub manifest: GatewayManifest,
    pub(crate) pre: gateway::GatewayPre<Guest<GatewaySide>>,
}

impl fmt::Debug for PluginComponent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PluginComponent")
            .field("slug", &self.manifest.slug)
            .field("digest", &self.digest)
            .finish()
    }
}

impl fmt::Debug for GatewayComponent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatewayComponent")
            .field("kind", &self.manifest.kind)
            .field("digest", &self.digest)
            .finish()
    }
}

impl Machine {
    /// Loads a plugin: compiles it (or takes what was compiled before), checks it against its world, and asks it what it is.
    ///
    /// # Errors
    /// What is wrong with it, in words for its author.
    pub async fn load_plugin(&self, bytes: Vec<u8>) -> Result<PluginComponent, ComponentError> {
        let (digest, component) = self.compile(bytes).await?;
        let wrong = |error| ComponentError::wrong_world("plugin", &error);
        let pre = self.shared.plugins.instantiate_pre(&component).map_err(wrong)?;
        let pre = plugin::PluginPre::new(pre).map_err(wrong)?;
        let described = sandbox::describe::plugin(self, &pre).await.map_err(ComponentError::Describe)?;
        let manifest = convert::manifest::plugin(described)?;
        Ok(PluginComponent { digest, manifest, pre })
    }

    /// Loads a gateway kind in the same way.
    ///
    /// # Errors
    /// What is wrong with it, in words for its author.
    pub async fn load_gateway(&self, bytes: Vec<u8>) -> Result<GatewayComponent, ComponentError> {
        let (digest, component) = self.compile(bytes).await?;
        let wrong = |error| ComponentError::wrong_world("gateway", &error);
        let pre = self.shared.gateways.instantiate_pre(&component).map_err(wrong)?;
        let pre = gateway::GatewayPre::new(pre).map_err(wrong)?;
        let described = sandbox::describe::gateway(self, &pre).await.map_err(ComponentError::Describe)?;
        let manifest = convert::manifest::gateway(described)?;
        Ok(GatewayComponent { digest, manifest, pre })
    }

    /// Compiles on a thread of its own, so that nothing that serves waits for it.
    async fn compile(&self, bytes: Vec<u8>) -> Result<(String, Component), ComponentError> {
        let failed = |error: String| ComponentError::Host(error);
        let cache = self.shared.cache.clone();
        // What was compiled before waits for nobody who compiles.
        let found = tokio::task::spawn_blocking(move || {
            let found = cache.find(&bytes);
            (bytes, found)
        });
        let (bytes, found) = found.await.map_err(|error| failed(error.to_string()))?;
        if let Some(component) = found? {
            return Ok((cache::digest(&bytes), component));
        }
        let _turn = self.shared.compilation.acquire().await.map_err(|error| failed(error.to_string()))?;
        let cache = self.shared.cache.clone();
        tokio::task::spawn_blocking(move || {
            cache.load(&bytes).map(|component| (cache::digest(&bytes), component))
        })
        .await
        .map_err(|error| failed(error.to_string()))?
    }
}

/// The world that a component was made for, by what it exports: `plugin` or `gateway`.
#[must_use]
pub fn world_of(bytes: &[u8]) -> Option<&'static str> {
    let wit_component::DecodedWasm::Component(resolve, world) = wit_component::decode(bytes).ok()? else {
        return None;
    };
    let exports = |wanted: &str| {
        resolve.worlds[world].exports.keys().any(|key| {
            let name = resolve.name_world_key(key);
            name.starts_with("twobot:plugin/") && name.contains(wanted)
        })
    };
    if exports("plugin-handler") {
        Some("plugin")
    } else if exports("gateway-handler") {
        Some("gateway")
    } else {
        None
    }
}
