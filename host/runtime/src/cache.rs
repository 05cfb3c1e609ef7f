//! Compiled components on disk, by digest and engine.
//!
//! Loading compiled code is unsafe: it runs as it stands. So a file is loaded only when it carries a MAC that this deployment's
//! key made over its whole content; anything else is thrown away and compiled anew.

mod tidy;

use crate::component::ComponentError;
use crate::mac::{self, Hmac256};
use hmac::Mac;
use sha2::{Digest, Sha256};
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use wasmtime::Engine;
use wasmtime::component::Component;

const MAC_BYTES: usize = 32;

/// The largest component that is compiled, in bytes.
pub(crate) const MAX_COMPONENT_BYTES: usize = 32 * 1024 * 1024;

/// Compiles components, or loads what was compiled before.
#[derive(Clone)]
pub(crate) struct CompiledCache {
    folder: Option<PathBuf>,
    key: [u8; 32],
    engine: Engine,
    /// The most bytes that are kept.
    most: u64,
}

/// The digest of a component: SHA-256 in hexadecimal.
pub(crate) fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

impl CompiledCache {
    /// A cache in a folder, which need not exist; without a folder every component is compiled anew.
    pub(crate) fn new(folder: Option<PathBuf>, key: [u8; 32], engine: Engine, most: u64) -> Self {
        let folder = folder.map(|folder| folder.join(engine_name(&engine)));
        Self { folder, key, engine, most }
    }

    /// Removes what earlier processes and versions left behind. What can not be removed stays; that harms nothing.
    pub(crate) fn tidy(&self) {
        if let Some(folder) = &self.folder {
            tidy::strangers(folder);
            tidy::drafts(folder);
            tidy::surplus(folder, self.most);
        }
    }

    /// The compiled form of a component that was compiled before.
    pub(crate) fn find(&self, bytes: &[u8]) -> Result<Option<Component>, ComponentError> {
        if bytes.len() > MAX_COMPONENT_BYTES {
            return Err(ComponentError::TooLarge { bytes: bytes.len(), allowed: MAX_COMPONENT_BYTES });
        }
        let Some(path) = self.path(bytes) else { return Ok(None) };
        let found = self.read(&path);
        if found.is_some() {
            tidy::touch(&path);
        }
        Ok(found)
    }

    fn path(&self, bytes: &[u8]) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join(digest(bytes)))
    }

    /// Takes what our own compiler just made of a component, and keeps it.
    pub(crate) fn keep(&self, bytes: &[u8], code: &[u8]) -> Result<Component, ComponentError> {
        let component = self.deserialize(code).map_err(|error| ComponentError::unusable(&error))?;
        if let Some(path) = self.path(bytes) {
            match self.write(&path, code) {
                Ok(folder) => tidy::surplus(folder, self.most),
                Err(error) => {
                    tracing::warn!(%error, "a compiled component could not be kept; it will be compiled again");
                }
            }
        }
        Ok(component)
    }

    /// Loads code that this deployment compiled: [`Self::read`] and [`Self::keep`] see to that.
    fn deserialize(&self, code: &[u8]) -> wasmtime::Result<Component> {
        #[expect(
            unsafe_code,
            reason = "the MAC shows that this host compiled it, or it comes straight from our compiler"
        )]
        // SAFETY: `code` is what `Engine::precompile_component` gave to this program: a moment ago, in this process or in one of the
        // same program; or before, and then the MAC covers all of it and its name. The engine checks that its settings are the same.
        unsafe {
            Component::deserialize(&self.engine, code)
        }
    }

    fn read(&self, path: &Path) -> Option<Component> {
        let content = std::fs::read(path).ok()?;
        let (mac, code) = content.split_at_checked(MAC_BYTES)?;
        if self.mac(path, code).verify_slice(mac).is_err() {
            tracing::warn!("a compiled component was not written by this host and is compiled anew");
            return None;
        }
        self.deserialize(code)
            .inspect_err(|error| tracing::warn!(%error, "a compiled component is of another version"))
            .ok()
    }

    fn write<'a>(&self, path: &'a Path, code: &[u8]) -> std::io::Result<&'a Path> {
        let folder = path.parent().ok_or_else(|| std::io::Error::other("no folder"))?;
        std::fs::create_dir_all(folder)?;
        let mut content = self.mac(path, code).finalize().into_bytes().to_vec();
        content.extend_from_slice(code);
        // Another thread or process may write the same file: each writes its own and moves it into place whole.
        let draft = folder.join(tidy::draft_name());
        std::fs::write(&draft, content).and_then(|()| std::fs::rename(&draft, path)).inspect_err(|_| {
            let _ = std::fs::remove_file(&draft);
        })?;
        Ok(folder)
    }

    /// The MAC of a file. Its name is part of it, so that one component's code can not be given for another's.
    fn mac(&self, path: &Path, code: &[u8]) -> Hmac256 {
        let mut mac = mac::keyed(&self.key, b"compiled component");
        mac.update(path.file_name().unwrap_or_default().as_encoded_bytes());
        mac.update(code);
        mac
    }
}

/// A name for everything in the engine that compiled code depends on: its version, its settings and the processor.
pub(crate) fn engine_name(engine: &Engine) -> String {
    struct Feed(Sha256);
    impl Hasher for Feed {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
        fn finish(&self) -> u64 {
            0
        }
    }
    let mut feed = Feed(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut feed);
    hex::encode(&feed.0.finalize()[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

    const MANY: u64 = u64::MAX;

    fn cache(folder: &Path, key: u8) -> CompiledCache {
        CompiledCache::new(Some(folder.to_owned()), [key; 32], Engine::default(), MANY)
    }

    impl CompiledCache {
        fn load(&self, bytes: &[u8]) -> Result<Component, ComponentError> {
            if let Some(found) = self.find(bytes)? {
                return Ok(found);
            }
            let code =
                self.engine.precompile_component(bytes).map_err(|error| ComponentError::invalid(&error))?;
            self.keep(bytes, &code)
        }
    }

    fn only_file(folder: &Path) -> PathBuf {
        let inner = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
        let mut files = std::fs::read_dir(inner).unwrap();
        let file = files.next().unwrap().unwrap().path();
        assert!(files.next().is_none(), "no draft is left behind");
        file
    }

    #[test]
    fn what_this_host_compiled_is_loaded_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        cache(folder.path(), 1).load(EMPTY).unwrap();
        let file = only_file(folder.path());
        assert!(cache(folder.path(), 1).read(&file).is_some());
        assert!(cache(folder.path(), 2).read(&file).is_none(), "another deployment's key");

        let good = std::fs::read(&file).unwrap();
        let other_name = file.with_file_name(digest(b"another component"));
        std::fs::write(&other_name, &good).unwrap();
        assert!(cache(folder.path(), 1).read(&other_name).is_none(), "given for another component");

        for position in [0, MAC_BYTES, good.len() / 2, good.len() - 1] {
            let mut changed = good.clone();
            changed[position] ^= 1;
            std::fs::write(&file, changed).unwrap();
            assert!(cache(folder.path(), 1).read(&file).is_none(), "byte {position} changed");
        }
        std::fs::write(&file, b"short").unwrap();
        assert!(cache(folder.path(), 1).read(&file).is_none());
        cache(folder.path(), 1).load(EMPTY).expect("compiled anew");
    }

    #[test]
    fn what_is_no_component_is_refused_with_a_reason() {
        let cache = CompiledCache::new(None, [0; 32], Engine::default(), MANY);
        assert!(matches!(cache.load(b"MZ"), Err(ComponentError::Invalid(_))));
        let huge = vec![0; MAX_COMPONENT_BYTES + 1];
        assert!(matches!(cache.load(&huge), Err(ComponentError::TooLarge { .. })));
    }
}
