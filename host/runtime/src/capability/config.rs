//! `wasi:config/store`: the configuration of an install or the settings of a gateway.

use crate::bindings::plugin::wasi::config::store::{Error, Host};
use crate::sandbox::guest::Guest;
use serde_json::Value;

/// Under this name stands the whole document.
const WHOLE: &str = "$";

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl<S: Send> Host for Guest<S> {
    async fn get(&mut self, key: String) -> Result<Option<String>, Error> {
        Ok(if key == WHOLE { Some(self.config.to_string()) } else { self.config.get(&key).map(text) })
    }

    async fn get_all(&mut self) -> Result<Vec<(String, String)>, Error> {
        let whole = std::iter::once((WHOLE.to_owned(), self.config.to_string()));
        let properties = self.config.as_object().into_iter().flatten();
        Ok(whole.chain(properties.map(|(name, value)| (name.clone(), text(value)))).collect())
    }
}
