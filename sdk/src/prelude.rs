//! What almost every component needs: `use twobot::prelude::*;`.

pub use crate::gateway::{
    Account, Decoded, DecodedEvent, Feature, Gateway, GatewayCall, GatewayManifest, Inbound, Ingress,
    Malformed, WhenUnknown,
};
pub use crate::{
    Action, ActionError, ActionSpec, Callback, Capability, Context, Conversation, ConversationKind, Error,
    Event, EventKind, GatewayError, GatewayRef, Json, Manifest, Message, Outcome, OutgoingMessage, Payload,
    Plugin, Result, Scheduled, Sender, Slot, TextFormat, ai, config, gateways, http, json, log, notify,
    schedule, storage,
};
