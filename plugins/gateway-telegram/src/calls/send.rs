//! Sending messages.

use super::Call;
use super::arguments::{chat, keyboard, number, written};
use crate::decode::DIRECT_TOPIC;
use crate::doc::Doc;
use twobot::gateway::unsupported;
use twobot::prelude::*;
use twobot::{MediaKind, MessageRef};

/// Telegram's limits, which it counts in UTF-16.
const TEXT_UNITS: usize = 4_096;
const CAPTION_UNITS: usize = 1_024;

/// The call that sends a message.
pub(super) fn call(message: &OutgoingMessage) -> Result<Call, GatewayError> {
    let (text, mode) = written(&message.text, message.format);
    let mode = mode.filter(|_| !text.is_empty());
    let call = match &message.media {
        None => {
            check_text(&message.text, TEXT_UNITS)?;
            Call::new("sendMessage").with("text", text)
        }
        Some(media) => {
            let (method, field, has_caption) =
                method(media.kind).ok_or_else(|| unsupported("a bot can not send stories as messages"))?;
            let call = Call::new(method).with(field, media.source.as_str());
            if message.text.is_empty() {
                call
            } else if has_caption {
                check_text(&message.text, CAPTION_UNITS)?;
                call.with("caption", text)
            } else {
                return Err(GatewayError::Invalid(format!("`text` must be empty: {field} has no caption")));
            }
        }
    };
    let call = call
        .with("chat_id", chat(&message.conversation)?)
        .maybe("parse_mode", mode)
        .maybe("business_connection_id", message.on_behalf_of.as_deref())
        .maybe("disable_notification", message.silent.then_some(true))
        .maybe("reply_markup", keyboard(&message.buttons));
    let call = match message.thread.as_deref() {
        None => call,
        Some(thread) => match thread.strip_prefix(DIRECT_TOPIC) {
            Some(topic) => call.with("direct_messages_topic_id", number("thread", topic)?),
            None => call.with("message_thread_id", number("thread", thread)?),
        },
    };
    Ok(match &message.reply_to {
        None => call,
        Some(id) => {
            // If the message is gone, its answer still arrives.
            let reply = json!({"message_id": number("reply-to", id)?, "allow_sending_without_reply": true});
            call.with("reply_parameters", reply)
        }
    })
}

/// What was sent, from Telegram's answer.
pub(super) fn outcome(conversation: String, sent: &Json) -> Result<Outcome, GatewayError> {
    let message_id = Doc::new(sent, "answer").id("message_id").ok_or_else(|| {
        GatewayError::Unavailable("Telegram's answer to the sent message has no message_id".to_owned())
    })?;
    Ok(Outcome::Sent(MessageRef { conversation, message_id }))
}

/// The method, its field for the file, and whether it takes a caption.
fn method(kind: MediaKind) -> Option<(&'static str, &'static str, bool)> {
    Some(match kind {
        MediaKind::Photo => ("sendPhoto", "photo", true),
        MediaKind::Video => ("sendVideo", "video", true),
        MediaKind::Animation => ("sendAnimation", "animation", true),
        MediaKind::Audio => ("sendAudio", "audio", true),
        MediaKind::Voice => ("sendVoice", "voice", true),
        MediaKind::VideoNote => ("sendVideoNote", "video_note", false),
        MediaKind::Document => ("sendDocument", "document", true),
        MediaKind::Sticker => ("sendSticker", "sticker", false),
        MediaKind::Story => return None,
    })
}

fn check_text(text: &str, most: usize) -> Result<(), GatewayError> {
    if text.trim().is_empty() {
        return Err(GatewayError::Invalid("`text` must not be empty".to_owned()));
    }
    // Formatting marks are not counted by Telegram, so this can only be too lenient for twice as much.
    let units = text.encode_utf16().count();
    if units > most * 2 {
        return Err(GatewayError::Invalid(format!("`text` must have at most {most} characters here")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use twobot::{Button, OutgoingMedia};

    fn arguments(message: &OutgoingMessage) -> (String, Json) {
        let call = call(message).unwrap();
        (call.method, Json::Object(call.arguments))
    }

    #[test]
    fn a_plain_message() {
        let (method, arguments) = arguments(&OutgoingMessage::new("42", "hello"));
        assert_eq!(method, "sendMessage");
        assert_eq!(arguments, json!({"chat_id": 42, "text": "hello"}));
    }

    #[test]
    fn everything_at_once() {
        let mut message = OutgoingMessage::new("-1001", "**hi**.")
            .format(TextFormat::Markdown)
            .quoting("7")
            .row([Button::callback("A", "a"), Button::url("B", "https://example.org")])
            .row([])
            .silent();
        message.thread = Some("12".into());
        message.on_behalf_of = Some("bc".into());
        let (method, arguments) = arguments(&message);
        assert_eq!(method, "sendMessage");
        assert_eq!(
            arguments,
            json!({
                "chat_id": -1001, "text": "<b>hi</b>.", "parse_mode": "HTML", "message_thread_id": 12,
                "business_connection_id": "bc", "disable_notification": true,
                "reply_parameters": {"message_id": 7, "allow_sending_without_reply": true},
                "reply_markup": {"inline_keyboard": [[
                    {"text": "A", "callback_data": "a"}, {"text": "B", "url": "https://example.org"},
                ]]},
            })
        );
    }

    #[test]
    fn topics_of_direct_messages() {
        let mut message = OutgoingMessage::new("-1001", "hi");
        message.thread = Some("direct:99".into());
        assert_eq!(arguments(&message).1["direct_messages_topic_id"], 99);
    }

    #[test]
    fn each_kind_of_file() {
        let cases = [
            (MediaKind::Photo, "sendPhoto", "photo"),
            (MediaKind::Video, "sendVideo", "video"),
            (MediaKind::Animation, "sendAnimation", "animation"),
            (MediaKind::Audio, "sendAudio", "audio"),
            (MediaKind::Voice, "sendVoice", "voice"),
            (MediaKind::Document, "sendDocument", "document"),
        ];
        for (kind, method, field) in cases {
            let media = OutgoingMedia { kind, source: "file".into() };
            let message = OutgoingMessage::new("1", "*a* caption").format(TextFormat::Markdown).media(media);
            let expected =
                json!({"chat_id": 1, field: "file", "caption": "<i>a</i> caption", "parse_mode": "HTML"});
            assert_eq!(arguments(&message), (method.to_owned(), expected));
        }
        for (kind, method, field) in [
            (MediaKind::VideoNote, "sendVideoNote", "video_note"),
            (MediaKind::Sticker, "sendSticker", "sticker"),
        ] {
            let message = OutgoingMessage::new("1", "").media(OutgoingMedia { kind, source: "file".into() });
            assert_eq!(arguments(&message), (method.to_owned(), json!({"chat_id": 1, field: "file"})));
        }
    }

    #[test]
    fn what_can_not_be_sent_says_why() {
        let media = |kind| OutgoingMedia { kind, source: "file".into() };
        let cases = [
            (OutgoingMessage::new("1", " "), "`text` must not be empty"),
            (OutgoingMessage::new("me", "x"), "`conversation` must be"),
            (OutgoingMessage::new("1", "x").quoting("y"), "`reply-to` must be"),
            (OutgoingMessage::new("1", "x".repeat(9_000)), "at most 4096"),
            (OutgoingMessage::new("1", "x").media(media(MediaKind::Sticker)), "sticker has no caption"),
            (OutgoingMessage::new("1", "x".repeat(3_000)).media(media(MediaKind::Photo)), "at most 1024"),
            (OutgoingMessage::new("1", "").media(media(MediaKind::Story)), "stories"),
        ];
        for (message, expected) in cases {
            let why = call(&message).unwrap_err().explain();
            assert!(why.contains(expected), "{why}");
        }
    }

    #[test]
    fn the_answer_names_the_message() {
        let expected = MessageRef { conversation: "1".into(), message_id: "55".into() };
        assert_eq!(
            outcome("1".into(), &json!({"message_id": 55, "date": 1})).unwrap(),
            Outcome::Sent(expected)
        );
        assert!(outcome("1".into(), &json!(true)).is_err());
    }
}
