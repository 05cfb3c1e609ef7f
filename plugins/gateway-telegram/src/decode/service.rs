//! Messages that Telegram makes itself.

use crate::doc::Doc;

/// Their names.
const SERVICE: [&str; 56] = [
    "new_chat_members",
    "left_chat_member",
    "chat_owner_left",
    "chat_owner_changed",
    "new_chat_title",
    "new_chat_photo",
    "delete_chat_photo",
    "group_chat_created",
    "supergroup_chat_created",
    "channel_chat_created",
    "message_auto_delete_timer_changed",
    "migrate_to_chat_id",
    "migrate_from_chat_id",
    "pinned_message",
    "successful_payment",
    "refunded_payment",
    "users_shared",
    "chat_shared",
    "gift",
    "unique_gift",
    "gift_upgrade_sent",
    "connected_website",
    "write_access_allowed",
    "passport_data",
    "proximity_alert_triggered",
    "boost_added",
    "chat_background_set",
    "checklist_tasks_done",
    "checklist_tasks_added",
    "community_chat_added",
    "community_chat_removed",
    "direct_message_price_changed",
    "forum_topic_created",
    "forum_topic_edited",
    "forum_topic_closed",
    "forum_topic_reopened",
    "general_forum_topic_hidden",
    "general_forum_topic_unhidden",
    "giveaway_created",
    "giveaway",
    "giveaway_winners",
    "giveaway_completed",
    "managed_bot_created",
    "paid_message_price_changed",
    "poll_option_added",
    "poll_option_deleted",
    "suggested_post_approved",
    "suggested_post_approval_failed",
    "suggested_post_declined",
    "suggested_post_paid",
    "suggested_post_refunded",
    "video_chat_scheduled",
    "video_chat_started",
    "video_chat_ended",
    "video_chat_participants_invited",
    "web_app_data",
];

/// What someone can write or attach.
const CONTENT: [&str; 22] = [
    "text",
    "caption",
    "rich_message",
    "animation",
    "audio",
    "document",
    "live_photo",
    "paid_media",
    "photo",
    "sticker",
    "story",
    "video",
    "video_note",
    "voice",
    "checklist",
    "contact",
    "dice",
    "game",
    "poll",
    "venue",
    "location",
    "invoice",
];

/// What every message may have around its content.
const ENVELOPE: [&str; 17] = [
    "message_id",
    "message_thread_id",
    "direct_messages_topic",
    "from",
    "date",
    "chat",
    "business_connection_id",
    "external_reply",
    "quote",
    "via_bot",
    "edit_date",
    "media_group_id",
    "author_signature",
    "effect_id",
    "link_preview_options",
    "suggested_post_info",
    "receiver_user",
];
/// The same, by how their names begin.
const ENVELOPE_PREFIXES: [&str; 10] = [
    "is_",
    "has_",
    "reply_",
    "forward_",
    "sender_",
    "show_",
    "guest_",
    "ephemeral_",
    "paid_star",
    "caption_",
];

/// The name of a message that Telegram made itself.
pub(super) fn of(message: Doc<'_>) -> Option<String> {
    let known = SERVICE.into_iter().find(|name| message.has(name));
    if let Some(name) = known {
        return Some(name.to_owned());
    }
    if CONTENT.iter().any(|name| message.has(name)) {
        return None;
    }
    // Neither content nor a name that is known: Telegram has made a new kind of them.
    let is_envelope = |name: &&str| {
        ENVELOPE.contains(name) || ENVELOPE_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
    };
    message.fields().find(|name| !is_envelope(name)).map(str::to_owned)
}
