//! The words of a message.

use crate::doc::Doc;
use twobot::{Command, Json};

/// How deep a rich message is looked into; what is deeper is no text that anyone would read.
const RICH_DEPTH: usize = 16;

/// The text or caption; for what has neither, the words that Telegram shows for it.
pub(super) fn of(message: Doc<'_>) -> Option<String> {
    let own = message.str("text").or_else(|| message.str("caption")).map(str::to_owned);
    own.or_else(|| message.get("rich_message").map(rich))
        .or_else(|| message.get("dice").and_then(|dice| dice.string("emoji")))
        .or_else(|| message.get("game").and_then(|game| game.string("title")))
        .or_else(|| message.get("invoice").and_then(|invoice| invoice.string("title")))
        .or_else(|| message.get("checklist").map(checklist))
        .filter(|text| !text.is_empty())
}

/// The command that a message begins with. Telegram marks it; positions are counted in UTF-16.
pub(super) fn command(message: Doc<'_>) -> Option<Command> {
    let (text, entities) = match message.str("text") {
        Some(text) => (text, "entities"),
        None => (message.str("caption")?, "caption_entities"),
    };
    let entity = message
        .list(entities)
        .find(|entity| entity.str("type") == Some("bot_command") && entity.int("offset") == Some(0))?;
    let (command, arguments) = split_utf16(text, entity.int("length")?)?;
    let command = command.strip_prefix('/')?;
    let (name, addressed_to) = match command.split_once('@') {
        Some((name, bot)) => (name, Some(bot.to_owned())),
        None => (command, None),
    };
    (!name.is_empty()).then(|| Command {
        name: name.to_lowercase(),
        arguments: arguments.trim().to_owned(),
        addressed_to,
    })
}

fn split_utf16(text: &str, units: i64) -> Option<(&str, &str)> {
    let units = usize::try_from(units).ok()?;
    let mut seen = 0;
    for (position, letter) in text.char_indices() {
        if seen >= units {
            return Some(text.split_at(position));
        }
        seen += letter.len_utf16();
    }
    Some((text, ""))
}

fn checklist(checklist: Doc<'_>) -> String {
    let title = checklist.str("title").into_iter().map(str::to_owned);
    let tasks = checklist.list("tasks").filter_map(|task| {
        let mark = if task.has("completion_date") { "☑" } else { "☐" };
        task.str("text").map(|text| format!("{mark} {text}"))
    });
    title.chain(tasks).collect::<Vec<_>>().join("\n")
}

/// A rich message's words, a line for each block.
fn rich(message: Doc<'_>) -> String {
    let lines: Vec<_> = message.list("blocks").map(|block| words(block.raw(), RICH_DEPTH)).collect();
    lines.join("\n").trim().to_owned()
}

/// Formatted text is text, or a list of such, or an object that has such in one of its fields.
fn words(value: &Json, depth: usize) -> String {
    const INLINE: [&str; 3] = ["text", "caption", "credit"];
    const NESTED: [&str; 4] = ["blocks", "items", "rows", "cells"];
    if depth == 0 {
        return String::new();
    }
    match value {
        Json::String(text) => text.clone(),
        Json::Array(parts) => parts.iter().map(|part| words(part, depth - 1)).collect(),
        Json::Object(object) => {
            let inline =
                INLINE.iter().filter_map(|field| object.get(*field)).map(|part| words(part, depth - 1));
            let nested = NESTED
                .iter()
                .filter_map(|field| object.get(*field)?.as_array())
                .flatten()
                .map(|part| words(part, depth - 1));
            inline.chain(nested).filter(|words| !words.is_empty()).collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use twobot::json;

    fn parsed(text: &str, length: i64) -> Option<(String, String, Option<String>)> {
        let message = json!({"text": text, "entities": [
            {"type": "bold", "offset": 0, "length": 1},
            {"type": "bot_command", "offset": 0, "length": length},
        ]});
        let command = command(Doc::new(&message, "message"))?;
        Some((command.name, command.arguments, command.addressed_to))
    }

    #[test]
    fn commands_and_what_follows() {
        let owned = |name: &str, arguments: &str, bot: Option<&str>| {
            Some((name.to_owned(), arguments.to_owned(), bot.map(str::to_owned)))
        };
        assert_eq!(parsed("/start", 6), owned("start", "", None));
        assert_eq!(parsed("/Start  ref_42 ", 6), owned("start", "ref_42", None));
        assert_eq!(parsed("/help@my_bot me", 12), owned("help", "me", Some("my_bot")));
        assert_eq!(parsed("/go 😀 on", 3), owned("go", "😀 on", None));
        // Positions that can not be, from a server that counts wrongly.
        assert_eq!(parsed("/😀x", 2), owned("😀", "x", None));
        assert_eq!(parsed("/start", 60), owned("start", "", None));
        assert_eq!(parsed("/start", -1), None);
        assert_eq!(parsed("/", 1), None);
    }

    #[test]
    fn only_a_mark_at_the_beginning_makes_a_command() {
        for message in [
            json!({"text": "/start"}),
            json!({"text": "see /start", "entities": [{"type": "bot_command", "offset": 4, "length": 6}]}),
            json!({"text": "/start", "entities": [{"type": "url", "offset": 0, "length": 6}]}),
            json!({"caption": "/start", "entities": [{"type": "bot_command", "offset": 0, "length": 6}]}),
        ] {
            assert_eq!(command(Doc::new(&message, "message")), None, "{message}");
        }
    }

    #[test]
    fn rich_messages_have_bounded_depth() {
        let mut value = json!("deep");
        for _ in 0..100 {
            value = json!({"text": value});
        }
        let message =
            json!({"rich_message": {"blocks": [{"text": ["a ", {"type": "bold", "text": "b"}]}, value]}});
        assert_eq!(of(Doc::new(&message, "message")).as_deref(), Some("a b"));
    }
}
