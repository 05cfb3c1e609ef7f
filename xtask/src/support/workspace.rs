//! Where things are in the checkout.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The checkout and the folders that the commands write to.
pub(crate) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// Finds the checkout that this program was compiled from.
    pub(crate) fn locate() -> Result<Self> {
        // Cargo sets the variable at run time too, so that a moved checkout with an old binary is still found.
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest.parent().context("the xtask crate has no parent folder")?;
        let root = root.canonicalize().with_context(|| format!("{} can not be read", root.display()))?;
        Ok(Self { root })
    }

    /// The repository root.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Cargo's target folder. Fixed, because the server embeds components from there.
    pub(crate) fn target(&self) -> PathBuf {
        self.root.join("target")
    }

    /// The target folder of all guests: one, so that dependencies (and `std`, where it is built) are built once.
    pub(crate) fn guest_target(&self) -> PathBuf {
        self.target().join("guests")
    }

    /// Where finished components go.
    pub(crate) fn components(&self) -> PathBuf {
        self.target().join("components")
    }

    /// Where downloaded parts of the guest toolchain are kept.
    pub(crate) fn toolchain_cache(&self) -> PathBuf {
        self.target().join("toolchain")
    }

    /// Where stamps of finished steps are kept.
    pub(crate) fn stamps(&self) -> PathBuf {
        self.target().join("stamps")
    }

    /// The benchmarks: a workspace of their own.
    pub(crate) fn benches(&self) -> PathBuf {
        self.root.join("benches")
    }

    /// Where finished components of benchmarks go.
    pub(crate) fn bench_components(&self) -> PathBuf {
        self.components().join("benches")
    }

    /// Where benchmarks put what they found.
    pub(crate) fn bench_results(&self) -> PathBuf {
        self.target().join("benches/results")
    }

    /// The dashboard's folder.
    pub(crate) fn web(&self) -> PathBuf {
        self.root.join("web")
    }

    /// The server's binary.
    pub(crate) fn binary(&self, release: bool) -> PathBuf {
        self.target().join(if release { "release" } else { "debug" }).join("twobot")
    }
}
