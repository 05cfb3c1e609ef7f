//! The event engine: takes deliveries in, decodes them, runs the plugins that subscribed, delivers what they ask for, and keeps
//! gateways connected.
//!
//! ```text
//! webhook, poll, chat ──▶ inbound log ──▶ decode ──▶ executions ──▶ effects ──▶ provider
//!                            (durable)   (gateway's   (plugin's     (gateway's
//!                                         sandbox)     sandbox)      sandbox)
//! ```
//!
//! Every arrow is a queue in the database: a crash loses nothing that waits, and finds it again at the next start.

pub mod catalogue;
mod circles;
pub mod closing;
pub mod dead_letters;
pub mod error;
pub mod live;
pub mod replay;

mod attempt;
mod backoff;
mod chat;
mod dispatch;
mod doing;
mod engine;
mod gateways;
mod mail;
mod marks;
mod metering;
mod nodes;
mod outside;
mod plugins;
mod provider;
mod retention;
mod scheduler;
mod schema;
mod setup;
mod suspension;
mod troubles;
mod warnings;
mod watch;

pub use catalogue::{Catalogue, GatewayEntry, PluginEntry};
pub use chat::WebChat;
pub use engine::{Engine, EngineConfig};
pub use error::{EngineError, FieldError};
pub use gateways::GatewayChange;
pub use gateways::webhook::WebhookError;
pub use live::{Live, LiveEvent};
pub use mail::Post;
pub use nodes::Role;
pub use plugins::InstallOptions;
pub use plugins::action::ActionRun;
pub use plugins::own_files::FilesReading;
pub use twobot_mail::{Rendered, render as render_mail};
pub use twobot_runtime::recording::Deed as ReplayDeed;
pub use twobot_runtime::{AnswerFrom, FilePiece};
