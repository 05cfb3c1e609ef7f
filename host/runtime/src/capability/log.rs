//! `log`: structured lines.

use crate::bindings::plugin::twobot::plugin::log::{Host, Level};
use crate::sandbox::guest::Guest;

impl<S: Send> Host for Guest<S> {
    async fn write(&mut self, level: Level, message: String, fields: Vec<(String, String)>) {
        let level = match level {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        };
        let fields_bytes: usize = fields.iter().map(|(name, value)| 48 + name.len() + value.len()).sum();
        self.pace.call(message.len() + fields_bytes).await;
        self.log.write(level, message, fields);
    }
}
