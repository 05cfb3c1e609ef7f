//! What Telegram's updates mean.

mod changes;
mod media;
mod message;
mod people;
mod polls;
mod service;
mod text;

use crate::doc::Doc;
use twobot::gateway::malformed;
use twobot::prelude::*;
use twobot::{ProviderEvent, Timestamp};

pub(crate) use message::DIRECT_TOPIC;

/// Updates that only Telegram knows: they reach plugins as they are.
const PROVIDER_EVENTS: [&str; 11] = [
    "business_connection",
    "guest_message",
    "inline_query",
    "chosen_inline_result",
    "shipping_query",
    "pre_checkout_query",
    "purchased_paid_media",
    "chat_boost",
    "removed_chat_boost",
    "managed_bot",
    "subscription",
];

/// One event of an update, where Telegram says when it happened.
type Event = (Option<Timestamp>, Payload);

/// Decodes an update.
pub(crate) fn update(delivery: &Inbound) -> Result<Decoded, Malformed> {
    let body: Json = serde_json::from_str(&delivery.body)
        .map_err(|error| malformed(format!("the update is not JSON: {error}")))?;
    if !body.is_object() {
        return Err(malformed("an update is a JSON object"));
    }
    let update = Doc::new(&body, "update");
    if update.int("update_id").is_none() {
        return Err(malformed("the update has no `update_id`"));
    }
    // An update has one kind. Telegram puts the id first and may add fields beside the kind, so the first kind that is known counts.
    let kinds = || update.fields().filter(|field| *field != "update_id");
    for kind in kinds() {
        if let Some((at, payload)) = event(kind, update, delivery.received_at)? {
            let at = at.unwrap_or(delivery.received_at);
            return Ok(Decoded::Events(vec![DecodedEvent::at(at, payload)]));
        }
    }
    Ok(Decoded::NotHandled(kinds().next().unwrap_or("empty update").to_owned()))
}

/// The event of a known kind.
fn event<'a>(kind: &'a str, update: Doc<'a>, received_at: Timestamp) -> Result<Option<Event>, Malformed> {
    let payload = || update.need(kind);
    let event = match kind {
        "message" | "channel_post" | "business_message" => {
            let message = message::message(payload()?, received_at)?;
            (Some(message.sent_at), Payload::Message(message))
        }
        "edited_message" | "edited_channel_post" | "edited_business_message" => {
            let mut message = message::message(payload()?, received_at)?;
            let edited_at = *message.edited_at.get_or_insert(received_at);
            (Some(edited_at), Payload::MessageEdited(message))
        }
        "deleted_business_messages" => changes::deletion(payload()?)?,
        "callback_query" => changes::callback(payload()?)?,
        "my_chat_member" => changes::member(payload()?, true)?,
        "chat_member" => changes::member(payload()?, false)?,
        "chat_join_request" => changes::join_request(payload()?, received_at)?,
        "message_reaction" => changes::reaction(payload()?)?,
        "message_reaction_count" => changes::reaction_count(payload()?)?,
        "poll" => (None, Payload::PollChanged(polls::poll(payload()?)?)),
        "poll_answer" => (None, Payload::PollAnswered(polls::answer(payload()?)?)),
        _ if PROVIDER_EVENTS.contains(&kind) => {
            let document = payload()?;
            let data = document.raw().to_string();
            (document.time("date"), Payload::Provider(ProviderEvent { name: kind.to_owned(), data }))
        }
        _ => return Ok(None),
    };
    Ok(Some(event))
}
