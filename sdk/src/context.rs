//! What a handler knows and can do besides its event.

use crate::ai::Chat;
use crate::config::{self, ConfigError};
use crate::storage::{Bucket, StorageError};
use crate::{
    Action, Event, GatewayError, GatewayRef, Message, OutgoingMessage, Payload, Timestamp, gateways,
};
use serde::de::DeserializeOwned;
use std::time::{SystemTime, UNIX_EPOCH};

/// What a handler knows and can do besides its event.
#[derive(Clone, Debug)]
pub struct Context {
    event_id: Option<String>,
    occurred_at: Option<Timestamp>,
    gateway: Option<GatewayRef>,
    raw: Option<String>,
}

impl Context {
    /// The context of an event, and what happened.
    pub fn of(event: Event) -> (Self, Payload) {
        let context = Self {
            event_id: Some(event.id),
            occurred_at: Some(event.occurred_at),
            gateway: event.gateway,
            raw: event.raw,
        };
        (context, event.payload)
    }

    /// The context of an action, which no event caused.
    pub fn of_action() -> Self {
        Self { event_id: None, occurred_at: None, gateway: None, raw: None }
    }

    /// The event's id, the same at every attempt; none in an action.
    pub fn event_id(&self) -> Option<&str> {
        self.event_id.as_deref()
    }

    /// When the event happened; in an action, the time at which it runs.
    pub fn now(&self) -> Timestamp {
        self.occurred_at.unwrap_or_else(clock)
    }

    /// Where the event came from; none for schedules and actions.
    pub fn gateway(&self) -> Option<&GatewayRef> {
        self.gateway.as_ref()
    }

    /// The provider's own document as JSON text, where there is one.
    pub fn raw(&self) -> Option<&str> {
        self.raw.as_deref()
    }

    /// The install's configuration.
    pub fn config<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        config::load()
    }

    /// A bucket of the install's own data.
    pub fn bucket(&self, name: &str) -> Result<Bucket, StorageError> {
        Bucket::open(name)
    }

    /// Queues a plain answer to a message, through the gateway that it came from.
    pub fn reply(&self, message: &Message, text: impl Into<String>) -> Result<String, GatewayError> {
        self.send(OutgoingMessage::reply(message, text))
    }

    /// Queues a message through the gateway that the event came from.
    pub fn send(&self, message: OutgoingMessage) -> Result<String, GatewayError> {
        self.queue(Action::SendMessage(message))
    }

    /// Queues an action through the gateway that the event came from.
    pub fn queue(&self, action: Action) -> Result<String, GatewayError> {
        let gateway = self
            .gateway
            .as_ref()
            .ok_or_else(|| GatewayError::NotBound("this event came from no gateway; name one".to_owned()))?;
        gateways::send(&gateway.id, action)
    }

    /// Begins a request to the first bound AI gateway.
    pub fn chat(&self) -> Chat {
        Chat::new()
    }
}

/// The wall clock, which the host derives from the execution. A clock before 1970 counts as 1970.
fn clock() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::try_from(since.as_millis()).unwrap_or(Timestamp::MAX)
}
