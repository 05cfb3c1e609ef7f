//! How actions become calls of the Bot API.

mod arguments;
mod markdown;
mod send;

use arguments::{chat, keyboard, number, written};
use serde_json::Map;
use twobot::gateway;
use twobot::prelude::*;
use twobot::{MessageEdit, MessageRef, ProviderCall, Reaction};

/// What Telegram says to an edit that changes nothing. The message is as it should be.
const UNCHANGED: &str = "message is not modified";
/// What Telegram says to the deletion of a message that is not there: as it should be.
const GONE: &str = "message to delete not found";
/// What Telegram says to a new text for a message whose text is a caption.
const IS_CAPTION: &str = "there is no text in the message to edit";

/// One call of the Bot API.
#[derive(Debug, PartialEq)]
pub(crate) struct Call {
    method: String,
    arguments: Map<String, Json>,
}

impl Call {
    fn new(method: &str) -> Self {
        Self { method: method.to_owned(), arguments: Map::new() }
    }

    fn with(mut self, name: &str, value: impl Into<Json>) -> Self {
        self.arguments.insert(name.to_owned(), value.into());
        self
    }

    /// Leaves the argument out where there is none: Telegram does not take `null` everywhere.
    fn maybe(self, name: &str, value: Option<impl Into<Json>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    fn send(&self) -> Result<Json, GatewayError> {
        gateway::call(&self.method, &self.arguments)
    }
}

/// Carries out an action.
pub(crate) fn execute(action: Action) -> Result<Outcome, GatewayError> {
    match action {
        Action::SendMessage(message) => {
            let sent = send::call(&message)?.send()?;
            send::outcome(message.conversation, &sent)
        }
        Action::EditMessage(edit) => self::edit(&edit).map(|()| Outcome::Done),
        Action::DeleteMessage(_) => settled(simple(action)?.send(), GONE).map(|()| Outcome::Done),
        Action::Provider(call) => {
            let answer = provider(call)?.send()?;
            Ok(Outcome::Provider(answer.to_string()))
        }
        other => simple(other)?.send().map(|_| Outcome::Done),
    }
}

/// The actions that take one call, of whose answer nothing is to be said.
fn simple(action: Action) -> Result<Call, GatewayError> {
    let call = match action {
        Action::DeleteMessage(target) => to(&target, "deleteMessage")?,
        Action::AnswerCallback(answer) => Call::new("answerCallbackQuery")
            .with("callback_query_id", answer.callback_id)
            .maybe("text", answer.text)
            .with("show_alert", answer.alert),
        Action::AnswerJoinRequest(answer) => {
            let method = if answer.approve { "approveChatJoinRequest" } else { "declineChatJoinRequest" };
            Call::new(method)
                .with("chat_id", chat(&answer.conversation)?)
                .with("user_id", number("user-id", &answer.user_id)?)
        }
        Action::React(reaction) => react(&reaction)?,
        Action::ShowTyping(conversation) => {
            Call::new("sendChatAction").with("chat_id", chat(&conversation)?).with("action", "typing")
        }
        Action::SendMessage(_) | Action::EditMessage(_) | Action::Provider(_) => {
            return Err(gateway::unsupported("this action takes more than one call"));
        }
    };
    Ok(call)
}

fn to(target: &MessageRef, method: &str) -> Result<Call, GatewayError> {
    Ok(Call::new(method)
        .with("chat_id", chat(&target.conversation)?)
        .with("message_id", number("message-id", &target.message_id)?))
}

fn edit(edit: &MessageEdit) -> Result<(), GatewayError> {
    match edit_call(edit, "editMessageText", "text")?.send() {
        Err(GatewayError::Rejected(why)) if why.message.contains(IS_CAPTION) => {
            settled(edit_call(edit, "editMessageCaption", "caption")?.send(), UNCHANGED)
        }
        answer => settled(answer, UNCHANGED),
    }
}

/// An answer, of which one refusal says that all is as it should be: another try has done it.
fn settled(answer: Result<Json, GatewayError>, as_wanted: &str) -> Result<(), GatewayError> {
    match answer {
        Err(GatewayError::Rejected(why)) if why.message.contains(as_wanted) => Ok(()),
        answer => answer.map(drop),
    }
}

fn edit_call(edit: &MessageEdit, method: &str, field: &str) -> Result<Call, GatewayError> {
    let (text, mode) = written(&edit.text, edit.format);
    Ok(to(&edit.target, method)?
        .with(field, text)
        .maybe("parse_mode", mode)
        .maybe("reply_markup", keyboard(&edit.buttons)))
}

fn react(reaction: &Reaction) -> Result<Call, GatewayError> {
    let reactions = match reaction.emoji.as_deref() {
        None => json!([]),
        // Custom emoji are named by numbers.
        Some(id) if !id.is_empty() && id.bytes().all(|letter| letter.is_ascii_digit()) => {
            json!([{"type": "custom_emoji", "custom_emoji_id": id}])
        }
        Some(emoji) => json!([{"type": "emoji", "emoji": emoji}]),
    };
    Ok(to(&reaction.target, "setMessageReaction")?.with("reaction", reactions))
}

fn provider(call: ProviderCall) -> Result<Call, GatewayError> {
    let invalid = || GatewayError::Invalid("`arguments` must be a JSON object".to_owned());
    let arguments = if call.arguments.trim().is_empty() {
        Map::new()
    } else {
        serde_json::from_str(&call.arguments).map_err(|_| invalid())?
    };
    Ok(Call { method: call.operation, arguments })
}

#[cfg(test)]
mod tests {
    use super::*;
    use twobot::{Button, CallbackAnswer, JoinAnswer, Rejection, TextFormat};

    fn target() -> MessageRef {
        MessageRef { conversation: "-100123".into(), message_id: "7".into() }
    }

    fn check(call: Call, method: &str, arguments: &Json) {
        assert_eq!(call.method, method);
        assert_eq!(Json::Object(call.arguments), *arguments);
    }

    #[test]
    fn simple_actions() {
        let cases = [
            (Action::DeleteMessage(target()), "deleteMessage", json!({"chat_id": -100123, "message_id": 7})),
            (
                Action::AnswerCallback(CallbackAnswer { callback_id: "c".into(), text: None, alert: true }),
                "answerCallbackQuery",
                json!({"callback_query_id": "c", "show_alert": true}),
            ),
            (
                Action::AnswerJoinRequest(JoinAnswer {
                    conversation: "@club".into(),
                    user_id: "5".into(),
                    approve: true,
                }),
                "approveChatJoinRequest",
                json!({"chat_id": "@club", "user_id": 5}),
            ),
            (
                Action::AnswerJoinRequest(JoinAnswer {
                    conversation: "1".into(),
                    user_id: "5".into(),
                    approve: false,
                }),
                "declineChatJoinRequest",
                json!({"chat_id": 1, "user_id": 5}),
            ),
            (
                Action::React(Reaction { target: target(), emoji: Some("👍".into()) }),
                "setMessageReaction",
                json!({"chat_id": -100123, "message_id": 7, "reaction": [{"type": "emoji", "emoji": "👍"}]}),
            ),
            (
                Action::React(Reaction { target: target(), emoji: Some("5312".into()) }),
                "setMessageReaction",
                json!({"chat_id": -100123, "message_id": 7, "reaction": [{"type": "custom_emoji", "custom_emoji_id": "5312"}]}),
            ),
            (
                Action::React(Reaction { target: target(), emoji: None }),
                "setMessageReaction",
                json!({"chat_id": -100123, "message_id": 7, "reaction": []}),
            ),
            (Action::ShowTyping("9".into()), "sendChatAction", json!({"chat_id": 9, "action": "typing"})),
        ];
        for (action, method, arguments) in cases {
            check(simple(action).unwrap(), method, &arguments);
        }
    }

    #[test]
    fn an_edit_replaces_text_and_buttons() {
        let edit = MessageEdit {
            target: target(),
            text: "<b>new</b>".into(),
            format: TextFormat::Html,
            buttons: vec![vec![Button::callback("Go", "go")]],
        };
        check(
            edit_call(&edit, "editMessageText", "text").unwrap(),
            "editMessageText",
            &json!({
                "chat_id": -100123, "message_id": 7, "text": "<b>new</b>", "parse_mode": "HTML",
                "reply_markup": {"inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]},
            }),
        );
    }

    #[test]
    fn what_another_try_has_done_is_done() {
        let rejected = |message: &str| {
            Err(GatewayError::Rejected(Rejection { code: "400".into(), message: message.to_owned() }))
        };
        let unchanged = || rejected("Bad Request: message is not modified: specified new message content…");
        assert!(settled(unchanged(), UNCHANGED).is_ok() && settled(unchanged(), GONE).is_err());
        assert!(settled(rejected("Bad Request: message to delete not found"), GONE).is_ok());
        assert!(settled(rejected("Bad Request: message to edit not found"), UNCHANGED).is_err());
        assert!(settled(rejected("Bad Request: message can't be deleted"), GONE).is_err());
    }

    #[test]
    fn calls_of_the_bot_api_itself() {
        let call = |arguments: &str| {
            provider(ProviderCall { operation: "banChatMember".into(), arguments: arguments.into() })
        };
        check(
            call(r#"{"chat_id": 1, "user_id": 2}"#).unwrap(),
            "banChatMember",
            &json!({"chat_id": 1, "user_id": 2}),
        );
        check(call("").unwrap(), "banChatMember", &json!({}));
        assert!(matches!(call("[1]"), Err(GatewayError::Invalid(_))));
    }

    #[test]
    fn wrong_ids_are_named() {
        let wrong = MessageRef { conversation: "7".into(), message_id: "seven".into() };
        let Err(GatewayError::Invalid(why)) = simple(Action::DeleteMessage(wrong)) else { panic!() };
        assert!(why.contains("`message-id`"), "{why}");
    }
}
