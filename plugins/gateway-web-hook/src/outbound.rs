//! How actions become documents.

use serde::Deserialize;
use twobot::prelude::*;
use twobot::{ButtonAction, MediaKind, MessageRef};

/// What is delivered.
pub(crate) struct Document {
    pub(crate) body: Json,
    /// The conversation of a message that was sent; none for a document of the plugin's own.
    conversation: Option<String>,
}

#[derive(Deserialize)]
struct Delivered {
    id: String,
}

/// None for what has no document.
pub(crate) fn document(action: Action) -> Result<Option<Document>, GatewayError> {
    match action {
        Action::SendMessage(message) => {
            Ok(Some(Document { conversation: Some(message.conversation.clone()), body: sent(message) }))
        }
        Action::Provider(call) if call.operation == "deliver" => {
            let body = serde_json::from_str(&call.arguments)
                .map_err(|error| GatewayError::Invalid(format!("arguments: must be JSON: {error}")))?;
            Ok(Some(Document { body, conversation: None }))
        }
        Action::Provider(_) => {
            Err(GatewayError::Unsupported("web hooks have one operation, deliver".to_owned()))
        }
        _ => Ok(None),
    }
}

/// A sent message is known by the id under which it was delivered.
pub(crate) fn outcome(document: &Document, answer: Json) -> Result<Outcome, GatewayError> {
    let Some(conversation) = document.conversation.clone() else {
        return Ok(Outcome::Provider(answer.to_string()));
    };
    let delivered = Delivered::deserialize(answer).map_err(|error| {
        GatewayError::Unavailable(format!("the connector's answer can not be read: {error}"))
    })?;
    Ok(Outcome::Sent(MessageRef { conversation, message_id: delivered.id }))
}

fn sent(message: OutgoingMessage) -> Json {
    let mut document = json!({
        "type": "message",
        "conversation": message.conversation,
        "text": message.text,
        "format": match message.format {
            TextFormat::Plain => "plain",
            TextFormat::Markdown => "markdown",
            TextFormat::Html => "html",
        },
    });
    // What a message does not have is left out: receivers test for what is there.
    let mut add = |name: &str, value: Option<Json>| {
        if let (Some(value), Some(fields)) = (value, document.as_object_mut()) {
            fields.insert(name.to_owned(), value);
        }
    };
    add("thread", message.thread.map(Json::from));
    add("on_behalf_of", message.on_behalf_of.map(Json::from));
    add("reply_to", message.reply_to.map(Json::from));
    add("media", message.media.map(|media| json!({"kind": kind(media.kind), "source": media.source})));
    add("buttons", (!message.buttons.is_empty()).then(|| buttons(&message.buttons)));
    add("silent", message.silent.then(|| Json::Bool(true)));
    document
}

fn kind(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Photo => "photo",
        MediaKind::Video => "video",
        MediaKind::Animation => "animation",
        MediaKind::Audio => "audio",
        MediaKind::Voice => "voice",
        MediaKind::VideoNote => "video-note",
        MediaKind::Document => "document",
        MediaKind::Sticker => "sticker",
        MediaKind::Story => "story",
    }
}

fn buttons(rows: &[Vec<twobot::Button>]) -> Json {
    let button = |button: &twobot::Button| match &button.action {
        ButtonAction::Callback(data) => json!({"text": button.text, "data": data}),
        ButtonAction::Url(url) => json!({"text": button.text, "url": url}),
    };
    rows.iter().map(|row| row.iter().map(button).collect::<Json>()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use twobot::{Button, OutgoingMedia, ProviderCall};

    fn call(operation: &str, arguments: &str) -> Action {
        Action::Provider(ProviderCall { operation: operation.into(), arguments: arguments.into() })
    }

    #[test]
    fn a_message_becomes_a_document() {
        let plain = document(Action::SendMessage(OutgoingMessage::new("c1", "hello"))).unwrap().unwrap();
        assert_eq!(
            plain.body,
            json!({"type": "message", "conversation": "c1", "text": "hello", "format": "plain"})
        );
        let media = OutgoingMedia { kind: MediaKind::Photo, source: "https://example.org/a.png".into() };
        let full = OutgoingMessage::new("c1", "Which?")
            .format(TextFormat::Markdown)
            .row([Button::callback("This", "a"), Button::url("That", "https://example.org")])
            .quoting("m1")
            .media(media)
            .silent();
        assert_eq!(
            document(Action::SendMessage(full)).unwrap().unwrap().body,
            json!({
                "type": "message", "conversation": "c1", "text": "Which?", "format": "markdown", "reply_to": "m1",
                "media": {"kind": "photo", "source": "https://example.org/a.png"},
                "buttons": [[{"text": "This", "data": "a"}, {"text": "That", "url": "https://example.org"}]],
                "silent": true,
            })
        );
        let sent = outcome(&plain, json!({"id": "k1", "status": 200, "body": ""})).unwrap();
        assert_eq!(sent, Outcome::Sent(MessageRef { conversation: "c1".into(), message_id: "k1".into() }));
        assert!(outcome(&plain, json!({})).is_err());
    }

    #[test]
    fn a_document_of_the_plugins_own_goes_as_it_is() {
        let own = document(call("deliver", r#"[1, {"a": null}]"#)).unwrap().unwrap();
        assert_eq!(own.body, json!([1, {"a": null}]));
        let Outcome::Provider(answer) = outcome(&own, json!({"status": 202})).unwrap() else { panic!() };
        assert_eq!(answer, r#"{"status":202}"#);
        assert!(matches!(document(call("deliver", "{")), Err(GatewayError::Invalid(_))));
    }

    #[test]
    fn there_is_nothing_else() {
        assert!(matches!(document(call("account", "{}")), Err(GatewayError::Unsupported(_))));
        let target = MessageRef { conversation: "c1".into(), message_id: "m1".into() };
        assert!(document(Action::DeleteMessage(target)).unwrap().is_none());
        assert!(document(Action::ShowTyping("c1".into())).unwrap().is_none());
    }
}
