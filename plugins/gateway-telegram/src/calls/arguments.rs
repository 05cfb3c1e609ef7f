//! Arguments that several calls have.

use super::markdown;
use twobot::prelude::*;
use twobot::{Button, ButtonAction};

/// A chat: its number, or a public name such as `@channel`.
pub(super) fn chat(conversation: &str) -> Result<Json, GatewayError> {
    if conversation.starts_with('@') {
        return Ok(conversation.into());
    }
    number("conversation", conversation)
}

/// Telegram's ids are numbers.
pub(super) fn number(field: &str, id: &str) -> Result<Json, GatewayError> {
    let number: Result<i64, _> = id.parse();
    number.map(Json::from).map_err(|_| {
        GatewayError::Invalid(format!("`{field}` must be one of Telegram's ids, which are numbers"))
    })
}

/// A text as Telegram reads it, and its name for that format.
pub(super) fn written(text: &str, format: TextFormat) -> (String, Option<&'static str>) {
    match format {
        TextFormat::Plain => (text.to_owned(), None),
        TextFormat::Markdown => (markdown::to_html(text), Some("HTML")),
        TextFormat::Html => (text.to_owned(), Some("HTML")),
    }
}

/// The buttons under a message, where there are any.
pub(super) fn keyboard(rows: &[Vec<Button>]) -> Option<Json> {
    let button = |button: &Button| match &button.action {
        ButtonAction::Callback(data) => json!({"text": button.text, "callback_data": data}),
        ButtonAction::Url(url) => json!({"text": button.text, "url": url}),
    };
    let rows: Vec<Json> =
        rows.iter().filter(|row| !row.is_empty()).map(|row| row.iter().map(button).collect()).collect();
    (!rows.is_empty()).then(|| json!({"inline_keyboard": rows}))
}
