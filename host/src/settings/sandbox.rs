//! The sandbox host, and the components that it offers besides the built-in ones.

use super::reader::{Reader, Spec};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use twobot_runtime::{CACHE_BYTES, capacity};

const MB: u64 = 1024 * 1024;

/// The sandbox host, and the components that it offers besides the built-in ones.
#[derive(Debug)]
pub(crate) struct Sandbox {
    /// `TWOBOT_GUEST_THREADS`
    pub(crate) threads: NonZeroUsize,
    /// `TWOBOT_SANDBOXES`
    pub(crate) sandboxes: u32,
    /// `TWOBOT_PLUGINS_DIR`
    pub(crate) plugins_dir: Option<PathBuf>,
    /// `TWOBOT_COMPILED_CACHE_MB`
    pub(crate) compiled_cache_bytes: u64,
}

impl Sandbox {
    pub(super) fn from_reader(reader: &mut Reader<'_>) -> Self {
        let processors = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let threads = reader.optional(
            Spec {
                name: "TWOBOT_GUEST_THREADS",
                doc: "Threads that run plugins and gateways; they serve nothing else.",
                default: format!("{processors} (one per processor)"),
                secret: false,
            },
            |text| text.parse().map_err(|_| format!("`{text}` must be a number above 0")),
        );
        let room = capacity::of_this_machine();
        let sandboxes = reader.optional(
            Spec {
                name: "TWOBOT_SANDBOXES",
                doc: "Live sandboxes at the same time, over all tenants. More than this machine has room for needs a larger vm.max_map_count.",
                default: format!("{room} (for which this machine has room)"),
                secret: false,
            },
            |text| {
                let number = text.parse().ok().filter(|number| (capacity::LEAST..=capacity::MOST).contains(number));
                number.ok_or_else(|| {
                    format!("`{text}` must be a number from {} to {}", capacity::LEAST, capacity::MOST)
                })
            },
        );
        let plugins_dir = reader.optional(
            Spec {
                name: "TWOBOT_PLUGINS_DIR",
                doc: "Folder of components (*.wasm) that are offered besides the built-in ones.",
                default: "(none)".to_owned(),
                secret: false,
            },
            |text| match std::fs::metadata(text) {
                Ok(found) if found.is_dir() => Ok(PathBuf::from(text)),
                _ => Err(format!("`{text}` is not a folder that can be read")),
            },
        );
        let compiled_cache_bytes = reader.with_default(
            "TWOBOT_COMPILED_CACHE_MB",
            "MB of compiled components that are kept; what was used longest ago is removed first.",
            &(CACHE_BYTES / MB).to_string(),
            |text| match text.parse() {
                Ok(megabytes @ 1..=1_048_576_u64) => Ok(megabytes * MB),
                _ => Err(format!("`{text}` must be a number from 1 to 1048576")),
            },
        );
        Self {
            threads: threads.unwrap_or(processors),
            sandboxes: sandboxes.unwrap_or(room),
            plugins_dir,
            compiled_cache_bytes,
        }
    }
}
