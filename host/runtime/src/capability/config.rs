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
        let value =
            if key == WHOLE { Some(self.config.to_string()) } else { self.config.get(&key).map(text) };
        self.pace.call(key.len() + value.as_ref().map_or(0, String::len)).await;
        Ok(value)
    }

    async fn get_all(&mut self) -> Result<Vec<(String, String)>, Error> {
        let whole = self.config.to_string();
        self.pace.call(2 * whole.len()).await;
        let properties = self.config.as_object().into_iter().flatten();
        let properties = properties.map(|(name, value)| (name.clone(), text(value)));
        Ok(std::iter::once((WHOLE.to_owned(), whole)).chain(properties).collect())
    }
}
