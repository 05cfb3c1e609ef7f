//! What was said lately, for the AI: the last messages of each conversation, for a week.

use serde::{Deserialize, Serialize};
use twobot::storage::{Bucket, StorageError};
use twobot::{Context, Conversation, Timestamp};

/// A conversation's messages that are kept, both sides counted.
const TURNS: usize = 10;
/// Of each message. A value has at most 100 KB.
const TURN_BYTES: usize = 4_000;
/// How long a silent conversation is remembered.
const KEPT: Timestamp = 7 * 24 * 60 * 60 * 1_000;
/// An install has some 10,000 keys; conversations beyond this are answered without memory.
const CONVERSATIONS: u64 = 5_000;

const BUCKET: &str = "memory";
/// How many conversations there are. Sorts before every conversation's key.
const COUNT: &str = "!count";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Turn {
    pub(crate) by_us: bool,
    pub(crate) text: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Memory {
    at: Timestamp,
    turns: Vec<Turn>,
}

/// The last messages of a conversation, oldest first.
pub(crate) fn recall(ctx: &Context, conversation: &Conversation) -> Result<Vec<Turn>, StorageError> {
    let memory: Option<Memory> = ctx.bucket(BUCKET)?.get(&key(ctx, conversation))?;
    Ok(memory.unwrap_or_default().turns)
}

/// Keeps what someone said and what they were answered.
pub(crate) fn remember(
    ctx: &Context,
    conversation: &Conversation,
    said: &str,
    answered: &str,
) -> Result<(), StorageError> {
    let bucket = ctx.bucket(BUCKET)?;
    let key = key(ctx, conversation);
    let known: Option<Memory> = bucket.get(&key)?;
    if known.is_none() && bucket.increment(COUNT, 1)? > CONVERSATIONS {
        return Ok(());
    }
    let mut turns = known.unwrap_or_default().turns;
    turns.push(turn(false, said));
    turns.push(turn(true, answered));
    turns.drain(..turns.len().saturating_sub(TURNS));
    bucket.set(&key, &Memory { at: ctx.now(), turns })
}

/// Forgets the conversations that have been silent for a week.
pub(crate) fn forget(ctx: &Context, now: Timestamp) -> Result<(), StorageError> {
    let bucket: Bucket = ctx.bucket(BUCKET)?;
    let keys: Vec<String> = bucket
        .keys()
        .filter(|key| key.as_ref().map_or(true, |key| key != COUNT))
        .collect::<Result<_, _>>()?;
    let mut silent = Vec::new();
    // A few at a time: together they may be more than a component's memory.
    for batch in keys.chunks(100) {
        let memories = bucket.get_many::<Memory>(batch)?;
        silent.extend(memories.into_iter().filter(|(_, memory)| memory.at + KEPT < now).map(|(key, _)| key));
    }
    bucket.delete_many(&silent)?;
    bucket.set(COUNT, &(keys.len() - silent.len()))
}

fn turn(by_us: bool, text: &str) -> Turn {
    Turn { by_us, text: text[..text.floor_char_boundary(TURN_BYTES)].to_owned() }
}

fn key(ctx: &Context, conversation: &Conversation) -> String {
    let gateway = ctx.gateway().map_or("", |gateway| gateway.id.as_str());
    let thread = conversation.thread.as_deref().unwrap_or("");
    let key = format!("{gateway}/{}/{thread}", conversation.id);
    key[..key.floor_char_boundary(500)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use twobot::{ConversationKind, Event, GatewayRef, Payload, Scheduled};

    fn context(now: Timestamp) -> Context {
        let gateway = GatewayRef { id: "g".into(), kind: "web-chat".into(), name: "Chat".into() };
        let payload = Payload::Scheduled(Scheduled { name: String::new(), due_at: 0, data: None });
        Context::of(Event { id: "e".into(), occurred_at: now, gateway: Some(gateway), payload, raw: None }).0
    }

    fn conversation(id: &str) -> Conversation {
        Conversation::new(id, ConversationKind::Private)
    }

    #[test]
    fn the_last_ten_messages_are_kept() {
        let ctx = context(0);
        for n in 0..8 {
            remember(&ctx, &conversation("1"), &format!("said {n}"), &"x".repeat(9_000)).unwrap();
        }
        let turns = recall(&ctx, &conversation("1")).unwrap();
        assert_eq!(turns.len(), TURNS);
        assert_eq!(turns[0], Turn { by_us: false, text: "said 3".into() });
        assert!(turns[9].by_us && turns[9].text.len() == TURN_BYTES);
        assert!(recall(&ctx, &conversation("2")).unwrap().is_empty());
    }

    #[test]
    fn silence_is_forgotten_after_a_week() {
        remember(&context(0), &conversation("old"), "a", "b").unwrap();
        remember(&context(KEPT), &conversation("new"), "a", "b").unwrap();
        let ctx = context(KEPT + 1);
        forget(&ctx, ctx.now()).unwrap();
        assert!(recall(&ctx, &conversation("old")).unwrap().is_empty());
        assert_eq!(recall(&ctx, &conversation("new")).unwrap().len(), 2);
        assert_eq!(ctx.bucket(BUCKET).unwrap().get::<u64>(COUNT).unwrap(), Some(1));
    }

    #[test]
    fn the_number_of_conversations_is_bounded() {
        let ctx = context(0);
        ctx.bucket(BUCKET).unwrap().set(COUNT, &CONVERSATIONS).unwrap();
        remember(&ctx, &conversation("one too many"), "a", "b").unwrap();
        assert!(recall(&ctx, &conversation("one too many")).unwrap().is_empty());
    }
}
