//! Answers messages: by the tenant's rules first, then with an AI where one is bound, then with one fixed sentence.
//!
//! Rules answer everywhere. The AI and the fixed sentence answer in private conversations only: in a group they would talk into
//! everyone's conversation.

mod assistant;
mod manifest;
mod memory;
mod parts;
mod rules;
mod settings;
mod template;
mod trial;

use settings::Settings;
use twobot::prelude::*;

/// The plugin.
pub struct AutoReply;

#[twobot::plugin]
impl Plugin for AutoReply {
    fn manifest() -> Manifest {
        manifest::manifest()
    }

    fn message(ctx: &Context, message: Message) -> Result {
        let Some(text) = answerable(&message) else { return Ok(()) };
        let settings: Settings = ctx.config()?;
        let is_private = message.conversation.is_private();
        if settings.only_private && !is_private {
            return Ok(());
        }
        let name = message.sender.as_ref().map_or("", |sender| sender.name.as_str());
        let found = rules::first_match(&settings.rules, text);
        found.problems.iter().for_each(log::warn);

        let with_ai = is_private && settings.ai.enabled && !gateways::bound_of("ai").is_empty();
        let answer = match found.rule {
            Some((_, rule)) => template::fill(&rule.reply, name, text),
            None if !is_private => return Ok(()),
            None => {
                let by_ai = if with_ai { assistant::answer(ctx, &settings.ai, &message, text) } else { None };
                by_ai.unwrap_or_else(|| template::fill(&settings.fallback_reply, name, text))
            }
        };
        for part in parts::of(&answer) {
            ctx.reply(&message, part)?;
        }
        if with_ai && !answer.is_empty() {
            memory::remember(ctx, &message.conversation, text, &answer)?;
        }
        Ok(())
    }

    fn scheduled(ctx: &Context, due: Scheduled) -> Result {
        if due.name == manifest::FORGET {
            memory::forget(ctx, due.due_at)?;
        }
        Ok(())
    }

    fn run(ctx: &Context, action: &str, input: Json) -> Result<Json, ActionError> {
        if action != manifest::TEST {
            return Err(ActionError::UnknownAction);
        }
        let settings: Settings = ctx.config()?;
        trial::run(&settings, &input, !gateways::bound_of("ai").is_empty())
    }
}

/// The text to answer. Bots get no answer, so that two of them can not talk to each other for ever; nor do channels, which are
/// not a conversation, what a provider says by itself, and what the owner of a business account wrote to a customer.
fn answerable(message: &Message) -> Option<&str> {
    let sender = message.sender.as_ref()?;
    let conversation = &message.conversation;
    if sender.is_bot || message.service.is_some() || conversation.kind == ConversationKind::Channel {
        return None;
    }
    // A private conversation has the other person's id; in the name of an account, everyone else in it is that account.
    if conversation.on_behalf_of.is_some() && conversation.is_private() && sender.id != conversation.id {
        return None;
    }
    message.text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> Message {
        Message {
            sender: Some(Sender::new("1", "Ada")),
            text: Some(" hello ".to_owned()),
            ..Message::new("m", Conversation::new("c", ConversationKind::Private), 0)
        }
    }

    #[test]
    fn people_are_answered() {
        assert_eq!(answerable(&message()), Some("hello"));
        let mut customer = message();
        customer.conversation.on_behalf_of = Some("business".to_owned());
        customer.conversation.id = "1".to_owned();
        assert_eq!(answerable(&customer), Some("hello"));
    }

    #[test]
    fn others_are_not() {
        let cases: [fn(&mut Message); 7] = [
            |message| message.conversation.on_behalf_of = Some("business".to_owned()),
            |message| message.sender.iter_mut().for_each(|sender| sender.is_bot = true),
            |message| message.sender = None,
            |message| message.service = Some("pinned_message".to_owned()),
            |message| message.conversation.kind = ConversationKind::Channel,
            |message| message.text = Some(" \n".to_owned()),
            |message| message.text = None,
        ];
        for change in cases {
            let mut message = message();
            change(&mut message);
            assert_eq!(answerable(&message), None, "{message:?}");
        }
    }
}
