//! Sandboxes: made for one call and thrown away after it.

pub(crate) mod clock;
pub(crate) mod describe;
pub(crate) mod gateway;
pub(crate) mod guest;
pub(crate) mod log;
pub(crate) mod nudge;
pub(crate) mod pace;
pub(crate) mod plugin;
pub(crate) mod replay;
pub(crate) mod run;
pub(crate) mod stopwatch;
pub(crate) mod turns;
pub(crate) mod wasi;
