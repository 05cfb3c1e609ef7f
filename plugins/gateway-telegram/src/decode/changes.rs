//! What happens around messages: buttons, members, reactions, deletions.

use super::{Event, people};
use crate::doc::Doc;
use twobot::gateway::Malformed;
use twobot::{Callback, Deletion, JoinRequest, MemberChange, Membership, Payload, ReactionChange, Timestamp};

pub(super) fn callback(query: Doc<'_>) -> Result<Event, Malformed> {
    // A message that came from an inline query stands in a chat that the bot does not know.
    let message = query.get("message");
    let callback = Callback {
        id: query.need_string("id")?,
        sender: people::user(query.need("from")?)?,
        conversation: message.map(people::conversation).transpose()?,
        message_id: message.and_then(|message| message.id("message_id")),
        data: query.string("data"),
    };
    Ok((None, Payload::Callback(callback)))
}

pub(super) fn deletion(deleted: Doc<'_>) -> Result<Event, Malformed> {
    let message_ids =
        deleted.list("message_ids").filter_map(|id| id.raw().as_i64()).map(|id| id.to_string()).collect();
    let deletion = Deletion { conversation: people::conversation(deleted)?, message_ids };
    Ok((None, Payload::MessageDeleted(deletion)))
}

pub(super) fn member(update: Doc<'_>, is_self: bool) -> Result<Event, Malformed> {
    let (before, after) = (update.need("old_chat_member")?, update.need("new_chat_member")?);
    let change = MemberChange {
        conversation: people::conversation(update)?,
        member: people::user(after.need("user")?)?,
        changed_by: update.get("from").map(people::user).transpose()?,
        before: membership(before),
        after: membership(after),
        is_self,
    };
    Ok((update.time("date"), Payload::MemberChanged(change)))
}

fn membership(member: Doc<'_>) -> Membership {
    match member.str("status") {
        Some("creator") => Membership::Owner,
        Some("administrator") => Membership::Administrator,
        Some("member") => Membership::Member,
        // Restrictions outlast a stay: someone may be restricted and gone.
        Some("restricted") if member.has("is_member") && !member.flag("is_member") => Membership::Left,
        Some("kicked") => Membership::Banned,
        Some("left") => Membership::Left,
        _ => Membership::Restricted,
    }
}

pub(super) fn join_request(request: Doc<'_>, received_at: Timestamp) -> Result<Event, Malformed> {
    let requested_at = request.time("date").unwrap_or(received_at);
    let request = JoinRequest {
        conversation: people::conversation(request)?,
        sender: people::user(request.need("from")?)?,
        bio: request.string("bio"),
        invite_link: request.get("invite_link").and_then(|link| link.string("invite_link")),
        requested_at,
    };
    Ok((Some(requested_at), Payload::JoinRequested(request)))
}

pub(super) fn reaction(update: Doc<'_>) -> Result<Event, Malformed> {
    let reactions = |field| -> Vec<String> { update.list(field).filter_map(name_of_reaction).collect() };
    let (before, after) = (reactions("old_reaction"), reactions("new_reaction"));
    let without = |all: &[String], others: &[String]| -> Vec<String> {
        all.iter().filter(|reaction| !others.contains(reaction)).cloned().collect()
    };
    let change = ReactionChange {
        conversation: people::conversation(update)?,
        message_id: update.need_id("message_id")?,
        sender: people::user_or_chat(update, "user", "actor_chat")?,
        added: without(&after, &before),
        removed: without(&before, &after),
    };
    Ok((update.time("date"), Payload::ReactionChanged(change)))
}

/// Where reactions are anonymous, Telegram tells how many there are now, and neither who nor what changed.
pub(super) fn reaction_count(update: Doc<'_>) -> Result<Event, Malformed> {
    let present = update.list("reactions").filter_map(|count| count.get("type").and_then(name_of_reaction));
    let change = ReactionChange {
        conversation: people::conversation(update)?,
        message_id: update.need_id("message_id")?,
        sender: None,
        added: present.collect(),
        removed: Vec::new(),
    };
    Ok((update.time("date"), Payload::ReactionChanged(change)))
}

fn name_of_reaction(reaction: Doc<'_>) -> Option<String> {
    match reaction.str("type")? {
        "emoji" => reaction.string("emoji"),
        "custom_emoji" => reaction.string("custom_emoji_id"),
        // Bought with Telegram's stars.
        "paid" => Some("⭐".to_owned()),
        _ => None,
    }
}
