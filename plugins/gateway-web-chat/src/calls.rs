//! How actions become calls of the host's connector.

use serde::Deserialize;
use twobot::prelude::*;
use twobot::{ButtonAction, MessageRef};

/// One call of the connector.
pub(crate) struct Call {
    pub(crate) operation: &'static str,
    pub(crate) arguments: Json,
}

#[derive(Deserialize)]
pub(crate) struct AccountAnswer {
    pub(crate) id: String,
    pub(crate) name: String,
}

#[derive(Deserialize)]
struct SentAnswer {
    message_id: String,
}

/// None for what a web chat can not do.
pub(crate) fn of(action: Action) -> Option<Call> {
    let (operation, arguments) = match action {
        Action::SendMessage(message) => ("message.send", send(message)),
        Action::EditMessage(edit) => (
            "message.edit",
            json!({
                "conversation_id": edit.target.conversation,
                "message_id": edit.target.message_id,
                "text": edit.text,
                "format": format(edit.format),
                "buttons": buttons(&edit.buttons),
            }),
        ),
        Action::DeleteMessage(target) => (
            "message.delete",
            json!({"conversation_id": target.conversation, "message_id": target.message_id}),
        ),
        Action::ShowTyping(conversation) => ("typing", json!({"conversation_id": conversation})),
        Action::AnswerCallback(answer) => (
            "callback.answer",
            json!({"callback_id": answer.callback_id, "text": answer.text, "alert": answer.alert}),
        ),
        Action::AnswerJoinRequest(_) | Action::React(_) | Action::Provider(_) => return None,
    };
    Some(Call { operation, arguments })
}

/// An answer, where a message that is gone is as good as deleted: another try has done it.
pub(crate) fn settled(call: &Call, answer: Result<Json, GatewayError>) -> Result<Json, GatewayError> {
    match answer {
        Err(GatewayError::Rejected(why)) if call.operation == "message.delete" && why.code == "not_found" => {
            Ok(Json::Null)
        }
        answer => answer,
    }
}

pub(crate) fn outcome(call: &Call, answer: &Json) -> Result<Outcome, GatewayError> {
    if call.operation != "message.send" {
        return Ok(Outcome::Done);
    }
    let sent = SentAnswer::deserialize(answer).map_err(|error| {
        GatewayError::Unavailable(format!("the web chat's answer can not be read: {error}"))
    })?;
    let conversation = call.arguments["conversation_id"].as_str().unwrap_or_default().to_owned();
    Ok(Outcome::Sent(MessageRef { conversation, message_id: sent.message_id }))
}

fn send(message: OutgoingMessage) -> Json {
    // A page can show an address but not a provider's file, so an attached file becomes a line of its own.
    let text = match message.media {
        Some(media) if message.text.is_empty() => media.source,
        Some(media) => std::format!("{}\n{}", message.text, media.source),
        None => message.text,
    };
    json!({
        "conversation_id": message.conversation,
        "text": text,
        "format": format(message.format),
        "buttons": buttons(&message.buttons),
        "reply_to": message.reply_to,
    })
}

fn format(format: TextFormat) -> &'static str {
    match format {
        TextFormat::Plain => "plain",
        TextFormat::Markdown => "markdown",
        TextFormat::Html => "html",
    }
}

fn buttons(rows: &[Vec<twobot::Button>]) -> Json {
    let button = |button: &twobot::Button| match &button.action {
        ButtonAction::Callback(data) => json!({"text": button.text, "data": data, "url": null}),
        ButtonAction::Url(url) => json!({"text": button.text, "data": null, "url": url}),
    };
    rows.iter().map(|row| row.iter().map(button).collect::<Json>()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use twobot::{Button, MediaKind, OutgoingMedia, ProviderCall};

    #[test]
    fn a_message_with_buttons() {
        let message = OutgoingMessage::new("c1", "Which?")
            .format(TextFormat::Markdown)
            .row([Button::callback("This", "a"), Button::url("That", "https://example.org")])
            .quoting("m1");
        let call = of(Action::SendMessage(message)).unwrap();
        assert_eq!(call.operation, "message.send");
        assert_eq!(
            call.arguments,
            json!({
                "conversation_id": "c1", "text": "Which?", "format": "markdown", "reply_to": "m1",
                "buttons": [[
                    {"text": "This", "data": "a", "url": null},
                    {"text": "That", "data": null, "url": "https://example.org"},
                ]],
            })
        );
        let sent = outcome(&call, &json!({"message_id": "m2"})).unwrap();
        assert_eq!(sent, Outcome::Sent(MessageRef { conversation: "c1".into(), message_id: "m2".into() }));
        assert!(outcome(&call, &json!({})).is_err());
    }

    #[test]
    fn a_file_becomes_a_line() {
        let media = OutgoingMedia { kind: MediaKind::Photo, source: "https://example.org/a.png".into() };
        let call = of(Action::SendMessage(OutgoingMessage::new("c1", "Look").media(media))).unwrap();
        assert_eq!(call.arguments["text"], "Look\nhttps://example.org/a.png");
    }

    #[test]
    fn the_other_actions() {
        let target = || MessageRef { conversation: "c1".into(), message_id: "m1".into() };
        let delete = of(Action::DeleteMessage(target())).unwrap();
        assert_eq!(delete.operation, "message.delete");
        assert_eq!(outcome(&delete, &Json::Null).unwrap(), Outcome::Done);
        assert_eq!(of(Action::ShowTyping("c1".into())).unwrap().operation, "typing");
        let raw = ProviderCall { operation: "message.send".into(), arguments: "{}".into() };
        assert!(of(Action::Provider(raw)).is_none());
    }
}
