//! Polls and votes.

use super::people;
use crate::doc::Doc;
use twobot::gateway::Malformed;
use twobot::{Json, Poll, PollAnswer, PollOption};

/// A poll, in a message or by itself.
pub(super) fn poll(poll: Doc<'_>) -> Result<Poll, Malformed> {
    let option = |option: Doc<'_>| PollOption {
        text: option.string("text").unwrap_or_default(),
        votes: option.count("voter_count").unwrap_or(0),
    };
    Ok(Poll {
        id: poll.need_string("id")?,
        question: poll.string("question").unwrap_or_default(),
        options: poll.list("options").map(option).collect(),
        is_closed: poll.flag("is_closed"),
        is_anonymous: poll.flag("is_anonymous"),
    })
}

/// A vote. No options: it was taken back.
pub(super) fn answer(answer: Doc<'_>) -> Result<PollAnswer, Malformed> {
    let chosen = answer
        .list("option_ids")
        .filter_map(|option| Json::as_u64(option.raw()))
        .filter_map(|option| u32::try_from(option).ok())
        .collect();
    Ok(PollAnswer {
        poll_id: answer.need_string("poll_id")?,
        sender: people::user_or_chat(answer, "user", "voter_chat")?,
        chosen,
    })
}
