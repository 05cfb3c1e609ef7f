//! What plugins and gateway kinds say of themselves. The same content as the manifests in `wit/`, as the host keeps it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

pub use crate::capability::{BadHostPattern, Capability, HostPattern, UnknownCapability};

/// The kinds of events. The first ten can be subscribed to; the last two reach their install without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "they are documented where they are defined, in wit/events.wit")]
pub enum EventKind {
    Message,
    MessageEdited,
    MessageDeleted,
    Callback,
    MemberChanged,
    JoinRequested,
    ReactionChanged,
    PollChanged,
    PollAnswered,
    Provider,
    Scheduled,
    EffectFailed,
}

impl EventKind {
    /// The name in the database and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::MessageEdited => "message_edited",
            Self::MessageDeleted => "message_deleted",
            Self::Callback => "callback",
            Self::MemberChanged => "member_changed",
            Self::JoinRequested => "join_requested",
            Self::ReactionChanged => "reaction_changed",
            Self::PollChanged => "poll_changed",
            Self::PollAnswered => "poll_answered",
            Self::Provider => "provider",
            Self::Scheduled => "scheduled",
            Self::EffectFailed => "effect_failed",
        }
    }
}

/// A place where the tenant binds gateways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewaySlot {
    /// Unique within the manifest.
    pub name: String,
    /// For people.
    pub title: String,
    /// The kinds that fit; empty means any.
    pub kinds: Vec<String>,
    /// An install without it can not be enabled.
    pub required: bool,
}

/// A regular appointment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleSpec {
    /// Unique within the manifest.
    pub name: String,
    /// Five fields (POSIX crontab).
    pub cron: String,
    /// IANA time zone.
    pub time_zone: String,
}

/// How the dashboard treats an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    /// Reads only.
    Report,
    /// Changes something.
    Command,
}

/// Something that can be run by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionSpec {
    /// Unique within the manifest.
    pub name: String,
    /// For people.
    pub title: String,
    /// For people.
    pub description: String,
    /// How the dashboard treats it.
    pub kind: ActionKind,
    /// JSON Schema of its input.
    pub input_schema: Value,
}

/// What a plugin is and what it asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PluginManifest {
    /// Unique within a catalogue.
    pub slug: String,
    /// For people.
    pub name: String,
    /// Semantic version.
    pub version: String,
    /// One sentence.
    pub summary: String,
    /// Markdown.
    pub description: String,
    /// Who made it.
    pub author: String,
    /// Where the catalogue lists it.
    pub category: String,
    /// The events it wants.
    pub subscriptions: Vec<EventKind>,
    /// What it asks to be granted.
    pub capabilities: Vec<Capability>,
    /// Where gateways are bound.
    pub gateways: Vec<GatewaySlot>,
    /// Its regular appointments.
    pub schedules: Vec<ScheduleSpec>,
    /// What can be run by name.
    pub actions: Vec<ActionSpec>,
    /// JSON Schema of its configuration.
    pub config_schema: Value,
    /// One event at a time per install, instead of per conversation.
    pub one_at_a_time: bool,
}

/// How events arrive at a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ingress {
    /// The provider calls our webhook.
    Webhook,
    /// The host asks the provider again and again.
    Polling,
    /// The platform's own pages deliver them.
    Internal,
}

/// What a gateway kind can do for plugins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum GatewayFeature {
    /// Send messages and the like.
    #[serde(rename = "actions")]
    Actions,
    /// Ask a language model.
    #[serde(rename = "ai-chat")]
    AiChat,
}

/// What is done about a call of which it is not known whether the provider carried it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenUnknown {
    /// Twice comes to the same as once: it is done again, and nothing is noted before it is done.
    Repeat,
    /// Better twice than not at all: it is done again and counted.
    Insist,
    /// Better not at all than twice: it is given up, and told.
    Report,
}

/// What a gateway kind is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GatewayManifest {
    /// Such as `telegram-bot`.
    pub kind: String,
    /// For people.
    pub name: String,
    /// Semantic version.
    pub version: String,
    /// One sentence.
    pub summary: String,
    /// Markdown: how to get the credentials.
    pub description: String,
    /// The host's connector that carries its calls.
    pub connector: String,
    /// How events arrive.
    pub ingress: Vec<Ingress>,
    /// What it can do.
    pub features: Vec<GatewayFeature>,
    /// What is done about calls of unknown outcome, by the call's name: that of an action, or [`CHAT_CALL`].
    pub when_unknown: BTreeMap<String, WhenUnknown>,
    /// JSON Schema of the credentials.
    pub credentials_schema: Value,
    /// JSON Schema of the settings.
    pub config_schema: Value,
}

/// The name of `ai.chat` among a gateway's calls.
pub const CHAT_CALL: &str = "chat";

impl GatewayManifest {
    /// What is done about a call of unknown outcome. Of what the manifest does not mention nobody said that it may be done twice.
    #[must_use]
    pub fn when_unknown(&self, call: &str) -> WhenUnknown {
        self.when_unknown.get(call).copied().unwrap_or(WhenUnknown::Report)
    }
}
