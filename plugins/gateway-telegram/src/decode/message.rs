//! Messages.

use super::{media, people, polls, service, text};
use crate::doc::Doc;
use twobot::gateway::Malformed;
use twobot::{Contact, Conversation, Location, Message, Sender, Timestamp};

/// Marks the topics of a channel's direct messages, which are counted apart from a forum's.
pub(crate) const DIRECT_TOPIC: &str = "direct:";

/// A message, from whatever kind of update.
pub(super) fn message(message: Doc<'_>, received_at: Timestamp) -> Result<Message, Malformed> {
    let conversation = Conversation { thread: thread(message), ..people::conversation(message)? };
    let sent_at = message.time("date").unwrap_or(received_at);
    Ok(Message {
        sender: sender(message)?,
        text: text::of(message),
        command: text::command(message),
        media: media::of(message),
        location: location(message),
        contact: message.get("contact").and_then(contact),
        poll: message.get("poll").map(polls::poll).transpose()?,
        reply_to: message.get("reply_to_message").and_then(|original| original.id("message_id")),
        edited_at: message.time("edit_date"),
        service: service::of(message),
        ..Message::new(message.need_id("message_id")?, conversation, sent_at)
    })
}

fn sender(message: Doc<'_>) -> Result<Option<Sender>, Malformed> {
    let mut sender = people::user_or_chat(message, "from", "sender_chat")?;
    // A bot wrote this in the name of a business account. Plugins must see that, or they would answer themselves.
    if message.has("sender_business_bot") {
        sender.iter_mut().for_each(|sender| sender.is_bot = true);
    }
    Ok(sender)
}

/// The topic. Replies in groups without topics have a thread id too, to which nothing can be sent.
fn thread(message: Doc<'_>) -> Option<String> {
    if let Some(topic) = message.get("direct_messages_topic") {
        return topic.id("topic_id").map(|id| format!("{DIRECT_TOPIC}{id}"));
    }
    message.flag("is_topic_message").then(|| message.id("message_thread_id")).flatten()
}

fn location(message: Doc<'_>) -> Option<Location> {
    let venue = message.get("venue");
    // A venue's place stands beside it too, for old programs.
    let point = venue.and_then(|venue| venue.get("location")).or_else(|| message.get("location"))?;
    Some(Location {
        latitude: point.float("latitude")?,
        longitude: point.float("longitude")?,
        title: venue.and_then(|venue| venue.string("title")),
        address: venue.and_then(|venue| venue.string("address")),
    })
}

fn contact(contact: Doc<'_>) -> Option<Contact> {
    let names: Vec<_> =
        ["first_name", "last_name"].into_iter().filter_map(|field| contact.str(field)).collect();
    Some(Contact {
        phone: contact.string("phone_number")?,
        name: names.join(" "),
        user_id: contact.id("user_id"),
    })
}
