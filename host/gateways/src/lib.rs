//! Connectors: what must stay outside the sandbox of a gateway component.
//!
//! A gateway component decides *what* to ask of its provider; a connector here does the asking, since it holds what must not
//! be in a sandbox: tokens, TLS, connection pools, long polls, webhook secrets and rate limits.

pub mod connector;
pub mod egress;
pub mod openai;
pub mod telegram;
pub mod web_hook;

mod redact;

pub use connector::{Account, Arrival, Batch, Connector, Connectors, Delivery, Exchange, Headers, Malformed};
pub use egress::{EgressClients, EgressPolicy};
pub use openai::{OpenAi, OpenAiOptions};
pub use telegram::{Telegram, TelegramOptions};
pub use web_hook::{WebHook, WebHookOptions};

/// How the platform names itself to providers.
pub const USER_AGENT: &str = concat!("2Bot/", env!("CARGO_PKG_VERSION"));
