//! Updates, kept as the text that came: what they mean is the gateway component's to say.

use crate::connector::{Batch, Delivery, Malformed};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use teloxide_core::types::AllowedUpdate;
use twobot_domain::GatewayError;

/// Every kind. Telegram leaves out some (member changes, reactions) unless they are asked for by name.
pub(super) const ALL: &[AllowedUpdate] = &[
    AllowedUpdate::Message,
    AllowedUpdate::EditedMessage,
    AllowedUpdate::ChannelPost,
    AllowedUpdate::EditedChannelPost,
    AllowedUpdate::BusinessConnection,
    AllowedUpdate::BusinessMessage,
    AllowedUpdate::EditedBusinessMessage,
    AllowedUpdate::DeletedBusinessMessages,
    AllowedUpdate::MessageReaction,
    AllowedUpdate::MessageReactionCount,
    AllowedUpdate::InlineQuery,
    AllowedUpdate::ChosenInlineResult,
    AllowedUpdate::CallbackQuery,
    AllowedUpdate::ShippingQuery,
    AllowedUpdate::PreCheckoutQuery,
    AllowedUpdate::PurchasedPaidMedia,
    AllowedUpdate::Poll,
    AllowedUpdate::PollAnswer,
    AllowedUpdate::MyChatMember,
    AllowedUpdate::ChatMember,
    AllowedUpdate::ChatJoinRequest,
    AllowedUpdate::ChatBoost,
    AllowedUpdate::RemovedChatBoost,
];

#[derive(Deserialize)]
struct Identified {
    update_id: i64,
}

/// Reads an update's id, and with it whether the text is JSON.
pub(super) fn identify(body: &str) -> Result<Delivery, Malformed> {
    // A list would do for the deserialiser: a struct may also be written as the list of its fields.
    if !body.trim_start().starts_with('{') {
        return Err(Malformed("an update is a JSON object".to_owned()));
    }
    let update: Identified = serde_json::from_str(body)
        .map_err(|error| Malformed(format!("this is no update of Telegram: {error}")))?;
    Ok(Delivery { provider_id: update.update_id.to_string(), body: body.to_owned() })
}

/// The updates of a poll.
///
/// # Errors
/// When the answer is not a list of updates.
pub(super) fn batch(result: &str, cursor: Option<i64>) -> Result<Batch, GatewayError> {
    let unreadable =
        |what: String| GatewayError::Unavailable(format!("unreadable answer to getUpdates: {what}"));
    let updates: Vec<&RawValue> =
        serde_json::from_str(result).map_err(|error| unreadable(error.to_string()))?;
    let mut batch = Batch { deliveries: Vec::with_capacity(updates.len()), next_cursor: None };
    for update in updates {
        // One that has no id could be neither stored nor confirmed; the server would send it again with every poll.
        let delivery = identify(update.get()).map_err(|malformed| unreadable(malformed.0))?;
        let next = delivery.provider_id.parse::<i64>().ok().and_then(|id| id.checked_add(1));
        batch.next_cursor = batch.next_cursor.max(next);
        batch.deliveries.push(delivery);
    }
    // Not the larger of both: after a silent week Telegram goes on from a random number, which may be a smaller one, and would
    // send those updates again and again.
    batch.next_cursor = batch.next_cursor.or(cursor);
    Ok(batch)
}

/// Removes the token from an answer. A Bot API server in local mode keeps a bot's files in a folder named by its token, and
/// `getFile` tells the path.
pub(super) fn hide_token(answer: &mut Value, token: &str) {
    match answer {
        Value::String(text) if text.contains(token) => {
            let path = text.rsplit_once(token).map_or("", |(_, path)| path);
            *text = match path.strip_prefix('/') {
                Some(path) => path.to_owned(),
                None => crate::redact::redact(text, token),
            };
        }
        Value::Array(items) => items.iter_mut().for_each(|item| hide_token(item, token)),
        Value::Object(fields) => fields.values_mut().for_each(|value| hide_token(value, token)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn updates_are_identified_and_kept_as_they_came() {
        let body = " {\"update_id\": 10000,\n \"message\":{\"text\":\"\\u00e9 1.0\"}}";
        assert_eq!(
            identify(body).unwrap(),
            Delivery { provider_id: "10000".to_owned(), body: body.to_owned() }
        );
    }

    #[test]
    fn what_is_no_update_is_malformed() {
        for body in [
            "",
            "null",
            "[]",
            "[5]",
            "{}",
            "5",
            "{\"update_id\":\"5\"}",
            "{\"update_id\":5.5}",
            "{\"update_id\":null}",
            "{\"update_id\":5",
            "{\"update_id\":5} x",
            "{\"update_id\":5,\"update_id\":6}",
            "{\"update_id\":99999999999999999999}",
            "{\"update_id\":5,\"message\":{]}",
        ] {
            assert!(identify(body).is_err(), "{body}");
        }
    }

    #[test]
    fn a_batch_moves_the_cursor_behind_its_last_update() {
        let batch = batch(r#"[{"update_id":7, "x":1.50},{"update_id":9}]"#, Some(7)).unwrap();
        assert_eq!(batch.next_cursor, Some(10));
        assert_eq!(batch.deliveries[0].body, r#"{"update_id":7, "x":1.50}"#);
        assert_eq!(batch.deliveries[1].provider_id, "9");
    }

    #[test]
    fn an_empty_batch_leaves_the_cursor() {
        assert_eq!(batch("[]", Some(7)).unwrap().next_cursor, Some(7));
        assert_eq!(batch("[]", None).unwrap(), Batch::default());
        assert!(batch("{}", None).is_err());
        assert!(batch(r#"[{"no":1}]"#, None).is_err());
    }

    #[test]
    fn the_cursor_follows_a_server_that_counts_anew() {
        assert_eq!(batch(r#"[{"update_id":3}]"#, Some(7)).unwrap().next_cursor, Some(4));
    }

    #[test]
    fn a_token_in_an_answer_is_hidden() {
        let mut answer = json!({
            "file_path": "/var/lib/telegram-bot-api/123:AAbb/photos/file_0.jpg",
            "list": ["bot123:AAbb!", "free"],
        });
        hide_token(&mut answer, "123:AAbb");
        assert_eq!(answer, json!({ "file_path": "photos/file_0.jpg", "list": ["bot[secret]!", "free"] }));
    }
}
