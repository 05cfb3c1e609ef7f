//! Interfaces that hold types only: there is nothing to serve.

use crate::bindings::{gateway, plugin};
use crate::sandbox::guest::{GatewaySide, Guest, PluginSide};

impl<S: Send> plugin::twobot::plugin::types::Host for Guest<S> {}
impl<S: Send> plugin::twobot::plugin::events::Host for Guest<S> {}
impl<S: Send> plugin::twobot::plugin::actions::Host for Guest<S> {}
impl<S: Send> plugin::twobot::plugin::chat::Host for Guest<S> {}
impl plugin::twobot::plugin::plugin_manifest::Host for Guest<PluginSide> {}
impl gateway::twobot::plugin::gateway_manifest::Host for Guest<GatewaySide> {}
