//! Asking the AI.

use crate::memory;
use crate::settings::Ai;
use twobot::ai::Role;
use twobot::log::Level;
use twobot::prelude::*;

/// The most tokens of an answer: about as much as fits into the messages that one answer may take.
const ANSWER_TOKENS: u32 = 1_500;

/// The AI's answer; none where it has none or can not be asked. A failure is a warning and no error: the person gets the fallback now,
/// and asking again for the same message would only cost them time.
pub(crate) fn answer(ctx: &Context, settings: &Ai, message: &Message, text: &str) -> Option<String> {
    let mut chat = ctx.chat().max_tokens(ANSWER_TOKENS);
    if !settings.instructions.trim().is_empty() {
        chat = chat.system(settings.instructions.trim());
    }
    if let Some(model) = settings.model.as_deref().map(str::trim).filter(|model| !model.is_empty()) {
        chat = chat.model(model);
    }
    match memory::recall(ctx, &message.conversation) {
        Ok(turns) => {
            for turn in turns {
                chat = chat.turn(if turn.by_us { Role::Assistant } else { Role::User }, turn.text);
            }
        }
        Err(error) => log::warn(format!("the AI is asked without what was said before: {error}")),
    }
    match chat.user(text).ask() {
        Ok(reply) if !reply.text.trim().is_empty() => Some(reply.text),
        Ok(reply) => {
            log::write(Level::Warn, "the AI gave an empty answer", &[("model", &reply.model)]);
            None
        }
        Err(error) => {
            log::warn(format!("the AI did not answer, so the fallback does: {}", error.explain()));
            None
        }
    }
}
