//! The settings that the tenant filled in. Outside a component they are empty.

#[cfg(target_family = "wasm")]
use crate::bindings::plugin::wasi::config::store;
use serde::de::DeserializeOwned;
use std::fmt;

/// The name under which the host keeps the whole document.
const WHOLE: &str = "$";

/// Why the configuration could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(String);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "configuration: {}", self.0)
    }
}

impl std::error::Error for ConfigError {}

/// The whole configuration. A tenant who has filled in nothing has the empty object, so give fields defaults.
pub fn load<T: DeserializeOwned>() -> Result<T, ConfigError> {
    let document = get(WHOLE)?.unwrap_or_else(|| "{}".to_owned());
    serde_json::from_str(&document).map_err(|error| ConfigError(error.to_string()))
}

/// One top-level property: a string as it is, all else as JSON.
#[cfg(target_family = "wasm")]
pub fn get(name: &str) -> Result<Option<String>, ConfigError> {
    store::get(name).map_err(|error| {
        let (store::Error::Upstream(why) | store::Error::Io(why)) = error;
        ConfigError(why)
    })
}

/// One top-level property: a string as it is, all else as JSON.
#[cfg(not(target_family = "wasm"))]
pub fn get(_: &str) -> Result<Option<String>, ConfigError> {
    Ok(None)
}
