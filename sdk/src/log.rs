//! Lines that the tenant sees beside the execution. Outside a component they go nowhere.

#[cfg(target_family = "wasm")]
use crate::bindings::plugin::twobot::plugin::log as wit;
use std::fmt::Display;

pub use crate::bindings::plugin::twobot::plugin::log::Level;

/// Something that only matters while looking for a fault.
pub fn debug(message: impl Display) {
    write(Level::Debug, message, &[]);
}

/// Something worth knowing.
pub fn info(message: impl Display) {
    write(Level::Info, message, &[]);
}

/// Something is not as it should be, and was dealt with.
pub fn warn(message: impl Display) {
    write(Level::Warn, message, &[]);
}

/// Something went wrong.
pub fn error(message: impl Display) {
    write(Level::Error, message, &[]);
}

/// Adds a line with fields, which are shown as name and value.
pub fn write(level: Level, message: impl Display, fields: &[(&str, &dyn Display)]) {
    let message = message.to_string();
    let fields: Vec<_> = fields.iter().map(|(name, value)| ((*name).to_owned(), value.to_string())).collect();
    #[cfg(target_family = "wasm")]
    wit::write(level, &message, &fields);
    #[cfg(not(target_family = "wasm"))]
    drop((level, message, fields));
}
