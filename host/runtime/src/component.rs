//! Components, checked and ready to be instantiated.

use crate::bindings::{gateway, plugin};
use crate::cache::{self, CompiledCache};
use crate::convert;
use crate::convert::error::clamp;
use crate::inspect::inspect;
use crate::machine::{Machine, places};
use crate::sandbox;
use crate::sandbox::guest::{GatewaySide, Guest, PluginSide};
use crate::too_much::TooMuch;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
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
        what: TooMuch,
        /// How much was found before it was given up.
        found: u64,
        /// What is allowed.
        allowed: u64,
    },
    /// It is no WebAssembly component, or uses features that are not supported.
    #[error("not a valid component: {0}")]
    Invalid(String),
    /// Compiling it took too long.
    #[error("compiling the component took more than {seconds} s")]
    CompileTimeout {
        /// What is allowed, of wall-clock time.
        seconds: u64,
    },
    /// The compiler ended before its time: it ran out of memory, or failed.
    #[error(
        "the component can not be compiled with the memory that is allowed, or at all: the compiler ended with {status}"
    )]
    CompileCrashed {
        /// How its process ended.
        status: String,
    },
    /// Its compiled form is too large to be kept.
    #[error("the compiled component has more than {allowed} bytes, which is what is allowed")]
    CompiledTooLarge {
        /// What is allowed.
        allowed: usize,
    },
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
    /// A stable name for the case.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "component_too_large",
            Self::TooComplex { what, .. } => what.code(),
            Self::Invalid(_) => "component_invalid",
            Self::CompileTimeout { .. } => "compile_timeout",
            Self::CompileCrashed { .. } => "compile_crashed",
            Self::CompiledTooLarge { .. } => "compiled_too_large",
            Self::WrongWorld { .. } => "component_wrong_world",
            Self::Describe(_) => "component_not_described",
            Self::Manifest { .. } => "manifest_invalid",
            Self::Host(_) => "platform_failed",
        }
    }

    /// What the engine says of compiled code that it can not use: most often that no sandbox has room for what it declares.
    pub(crate) fn unusable(error: &wasmtime::Error) -> Self {
        let words = error.root_cause().to_string();
        match TooMuch::in_words(&words) {
            Some((what, found, allowed)) => Self::TooComplex { what, found, allowed },
            None => Self::invalid(error),
        }
    }

    /// What the engine says of bytes that it can not use. Names from the component stand in it, however long.
    pub(crate) fn invalid(error: &impl fmt::Display) -> Self {
        Self::Invalid(clamp(format!("{error:#}")))
    }

    fn wrong_world(world: &'static str, error: &wasmtime::Error) -> Self {
        Self::WrongWorld { world, reason: clamp(format!("{error:#}")) }
    }
}

/// The digest of a component's bytes: SHA-256 in hexadecimal.
#[must_use]
pub fn digest_of(bytes: &[u8]) -> String {
    cache::digest(bytes)
}

/// A plugin, ready to be run.
pub struct PluginComponent {
    /// SHA-256 of its bytes, in hexadecimal.
    pub digest: String,
    /// What it says of itself.
    pub manifest: PluginManifest,
    pub(crate) pre: plugin::PluginPre<Guest<PluginSide>>,
    /// Places that its sandboxes take in the room.
    pub(crate) places: u32,
}

/// A gateway kind, ready to be run.
pub struct GatewayComponent {
    /// SHA-256 of its bytes, in hexadecimal.
    pub digest: String,
    /// What it says of itself.
    pub manifest: GatewayManifest,
    pub(crate) pre: gateway::GatewayPre<Guest<GatewaySide>>,
    /// Places that its sandboxes take in the room.
    pub(crate) places: u32,
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
        let places = places(&component);
        let described =
            sandbox::describe::plugin(self, &pre, places).await.map_err(ComponentError::Describe)?;
        let manifest = convert::manifest::plugin(described)?;
        Ok(PluginComponent { digest, manifest, pre, places })
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
        let places = places(&component);
        let described =
            sandbox::describe::gateway(self, &pre, places).await.map_err(ComponentError::Describe)?;
        let manifest = convert::manifest::gateway(described)?;
        Ok(GatewayComponent { digest, manifest, pre, places })
    }

    /// Compiles apart from all that serves, or takes what was compiled before.
    async fn compile(&self, bytes: Vec<u8>) -> Result<(String, Component), ComponentError> {
        let bytes = Arc::new(bytes);
        // What was compiled before waits for nobody who compiles.
        if let Some(found) = self.aside(&bytes, |cache, bytes| cache.find(bytes)).await? {
            return Ok(found);
        }
        let turn = self.shared.compilation.acquire().await;
        let _turn = turn.map_err(|error| ComponentError::Host(error.to_string()))?;
        // Another may have compiled the same while this waited for its turn.
        if let Some(found) = self.aside(&bytes, |cache, bytes| cache.find(bytes)).await? {
            return Ok(found);
        }
        self.aside(&bytes, |_, bytes| inspect(bytes).map(|()| None)).await?;
        self.shared.compilations.fetch_add(1, Ordering::Relaxed);
        let code = self.shared.compiler.compile(Arc::clone(&bytes)).await?;
        let kept = self.aside(&bytes, move |cache, bytes| cache.keep(bytes, &code).map(Some)).await?;
        kept.ok_or_else(|| ComponentError::Host("what was compiled is gone".to_owned()))
    }

    /// Work on files and bytes, on a thread for such work.
    async fn aside(
        &self,
        bytes: &Arc<Vec<u8>>,
        work: impl FnOnce(&CompiledCache, &[u8]) -> Result<Option<Component>, ComponentError> + Send + 'static,
    ) -> Result<Option<(String, Component)>, ComponentError> {
        let (cache, bytes) = (self.shared.cache.clone(), Arc::clone(bytes));
        let done = tokio::task::spawn_blocking(move || {
            work(&cache, &bytes).map(|found| found.map(|component| (cache::digest(&bytes), component)))
        });
        done.await.map_err(|error| ComponentError::Host(error.to_string()))?
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
