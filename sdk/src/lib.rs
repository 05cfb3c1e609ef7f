//! Write a 2Bot plugin or gateway in Rust.
//!
//! ```
//! use twobot::prelude::*;
//!
//! struct Echo;
//!
//! #[twobot::plugin]
//! impl Plugin for Echo {
//!     fn manifest() -> Manifest {
//!         Manifest::new("echo", "Echo", env!("CARGO_PKG_VERSION"))
//!             .summary("Says what you say.")
//!             .author("You")
//!             .category("Examples")
//!             .on([EventKind::Message])
//!             .needs([Capability::Send])
//!             .slot(Slot::required("channels", "Where to listen"))
//!     }
//!
//!     fn message(ctx: &Context, message: Message) -> Result {
//!         if let Some(text) = &message.text {
//!             ctx.reply(&message, text)?;
//!         }
//!         Ok(())
//!     }
//! }
//! ```
//!
//! Build it for `wasm32-wasip2` with `crate-type = ["cdylib", "rlib"]`. On any other target the crate is an ordinary library:
//! storage is kept in the thread's memory, requests to other hosts are answered by the test, the configuration is empty and log lines are dropped, so that logic can be tested with `cargo test`.

pub mod prelude;

mod context;
mod error;
mod event;
mod manifest;
mod outgoing;
mod plugin;

pub mod ai;
pub mod config;
pub mod gateway;
pub mod gateways;
pub mod http;
pub mod log;
pub mod notify;
pub mod schedule;
pub mod storage;

pub mod bindings;

pub use context::Context;
pub use error::{ActionError, Error, Result};
pub use event::{
    Callback, Command, Contact, Conversation, ConversationKind, Deletion, EffectFailure, Event, EventKind,
    GatewayRef, JoinRequest, Location, Media, MediaKind, MemberChange, Membership, Message, Payload, Poll,
    PollAnswer, PollOption, ProviderEvent, ReactionChange, Scheduled, Sender, Timestamp,
};
pub use manifest::{ActionSpec, Capability, Manifest, Slot};
pub use outgoing::{
    Action, Button, ButtonAction, CallbackAnswer, GatewayError, JoinAnswer, MessageEdit, MessageRef, Outcome,
    OutgoingMedia, OutgoingMessage, ProviderCall, Reaction, Rejection, TextFormat,
};
pub use plugin::Plugin;
pub use serde_json::{Value as Json, json};
pub use twobot_macros::{gateway, plugin};

/// Compiles the guide's examples, so that they stay true.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Guide;

#[cfg(doctest)]
#[doc = include_str!("../../docs/plugin-authors.md")]
pub struct WritingPlugins;
