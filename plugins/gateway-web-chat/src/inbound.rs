//! What people do on the page: write, and press buttons.

use serde::Deserialize;
use twobot::gateway::malformed;
use twobot::prelude::*;
use twobot::{Command, Timestamp};

/// How long a command's name may be; what is longer is a sentence that happens to begin with a slash.
const COMMAND_LENGTH: usize = 32;

#[derive(Deserialize)]
struct Written {
    message_id: String,
    conversation_id: String,
    text: String,
    sender: Person,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    reply_to: Option<String>,
    #[serde(default)]
    sent_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Pressed {
    callback_id: String,
    conversation_id: String,
    #[serde(default)]
    message_id: Option<String>,
    #[serde(default)]
    data: Option<String>,
    sender: Person,
    #[serde(default)]
    sent_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Person {
    id: String,
    name: String,
}

pub(crate) fn decode(delivery: &Inbound) -> Result<Decoded, Malformed> {
    let body: Json = serde_json::from_str(&delivery.body)
        .map_err(|error| malformed(format!("the delivery is not JSON: {error}")))?;
    let wrong = |error| malformed(format!("not what a web chat delivers: {error}"));
    let event = if body.get("callback_id").is_some() {
        callback(Pressed::deserialize(&body).map_err(wrong)?, delivery.received_at)
    } else {
        message(Written::deserialize(&body).map_err(wrong)?, delivery.received_at)
    };
    Ok(Decoded::Events(vec![event]))
}

fn message(written: Written, received_at: Timestamp) -> DecodedEvent {
    let sent_at = written.sent_at.unwrap_or(received_at);
    let title = written.title.unwrap_or_else(|| written.sender.name.clone());
    let message = Message {
        sender: Some(Sender::new(written.sender.id, written.sender.name)),
        command: command(&written.text),
        text: Some(written.text),
        reply_to: written.reply_to,
        ..Message::new(written.message_id, conversation(written.conversation_id, Some(title)), sent_at)
    };
    DecodedEvent::at(sent_at, Payload::Message(message))
}

fn callback(pressed: Pressed, received_at: Timestamp) -> DecodedEvent {
    let callback = Callback {
        id: pressed.callback_id,
        conversation: Some(conversation(pressed.conversation_id, Some(pressed.sender.name.clone()))),
        sender: Sender::new(pressed.sender.id, pressed.sender.name),
        message_id: pressed.message_id,
        data: pressed.data,
    };
    DecodedEvent::at(pressed.sent_at.unwrap_or(received_at), Payload::Callback(callback))
}

fn conversation(id: String, title: Option<String>) -> Conversation {
    Conversation { title, ..Conversation::new(id, ConversationKind::Private) }
}

fn command(text: &str) -> Option<Command> {
    let rest = text.strip_prefix('/')?;
    let (name, arguments) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let is_name = (1..=COMMAND_LENGTH).contains(&name.len())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    is_name.then(|| Command {
        name: name.to_ascii_lowercase(),
        arguments: arguments.trim().to_owned(),
        addressed_to: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(body: &Json) -> Result<DecodedEvent, Malformed> {
        match decode(&Inbound { received_at: 9_000, body: body.to_string() })? {
            Decoded::Events(mut events) if events.len() == 1 => Ok(events.remove(0)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_written_message() {
        let event = decoded(&json!({
            "message_id": "m1", "conversation_id": "c1", "text": "/Start now ",
            "sender": {"id": "u1", "name": "Ada"}, "sent_at": 5_000, "new_field": true,
        }))
        .unwrap();
        assert_eq!(event.occurred_at, 5_000);
        let Payload::Message(message) = event.payload else { panic!("{:?}", event.payload) };
        assert_eq!(message.text.as_deref(), Some("/Start now "));
        assert_eq!(message.conversation.kind, ConversationKind::Private);
        assert_eq!(message.conversation.title.as_deref(), Some("Ada"));
        assert_eq!(message.sender.map(|sender| sender.id).as_deref(), Some("u1"));
        let command = message.command.unwrap();
        assert_eq!((command.name.as_str(), command.arguments.as_str()), ("start", "now"));
    }

    #[test]
    fn a_pressed_button() {
        let event = decoded(&json!({
            "callback_id": "k1", "conversation_id": "c1", "message_id": "m1", "data": "yes",
            "sender": {"id": "u1", "name": "Ada"},
        }))
        .unwrap();
        assert_eq!(event.occurred_at, 9_000);
        let Payload::Callback(callback) = event.payload else { panic!("{:?}", event.payload) };
        assert_eq!(callback.data.as_deref(), Some("yes"));
        assert_eq!(callback.message_id.as_deref(), Some("m1"));
    }

    #[test]
    fn not_every_slash_is_a_command() {
        for text in ["/", "/a-b", "/usr/bin", "hello /start", "/ü"] {
            assert_eq!(command(text), None, "{text}");
        }
        assert_eq!(command("/help").map(|command| command.name).as_deref(), Some("help"));
    }

    #[test]
    fn malformed_deliveries_say_what_is_wrong() {
        let inbound = |body: &str| decode(&Inbound { received_at: 0, body: body.to_owned() });
        assert!(inbound("{").unwrap_err().message.contains("not JSON"));
        let cases = [
            ("{}", "missing field `message_id`"),
            (r#"{"message_id": 1}"#, "expected a string"),
            (r#"{"callback_id": "k", "conversation_id": "c"}"#, "missing field `sender`"),
            ("7", "invalid type"),
        ];
        for (body, expected) in cases {
            let malformed = inbound(body).unwrap_err();
            assert!(malformed.message.contains(expected), "{}", malformed.message);
        }
    }
}
