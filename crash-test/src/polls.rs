//! Updates that bots fetch themselves, as Telegram keeps them: until the next poll confirms them by a larger offset.

use parking_lot::Mutex;
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// The most updates of one answer.
const BATCH: usize = 100;

/// The longest that a poll waits, in seconds.
const LONGEST: u64 = 50;

/// The updates of all bots.
#[derive(Debug, Default)]
pub(crate) struct Polls {
    bots: Mutex<HashMap<String, Bot>>,
}

#[derive(Debug, Default)]
struct Bot {
    updates: VecDeque<(i64, Value)>,
    last: i64,
    confirmed: u64,
    /// Polls so far: a newer one ends the one that waits.
    polls: u64,
    news: Arc<Notify>,
}

/// What a poll is answered.
#[derive(Debug, PartialEq)]
pub(crate) enum Answer {
    Updates(Vec<Value>),
    /// Another poll of the same bot took its place.
    Superseded,
}

impl Polls {
    /// Adds an update; it gets the next id of its bot.
    pub(crate) fn add(&self, token: &str, mut update: Value) {
        let mut bots = self.bots.lock();
        let bot = bots.entry(token.to_owned()).or_default();
        bot.last += 1;
        update["update_id"] = json!(bot.last);
        bot.updates.push_back((bot.last, update));
        bot.news.notify_waiters();
    }

    /// Whether a bot has polled.
    pub(crate) fn has(&self, token: &str) -> bool {
        self.bots.lock().get(token).is_some_and(|bot| bot.polls > 0)
    }

    /// How many updates of a bot nobody has confirmed yet.
    pub(crate) fn unconfirmed(&self, token: &str) -> usize {
        self.bots.lock().get(token).map_or(0, |bot| bot.updates.len())
    }

    /// How many updates nobody has confirmed yet, and how many were.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let bots = self.bots.lock();
        let sum = |of: fn(&Bot) -> u64| bots.values().map(of).sum();
        (sum(|bot| bot.updates.len() as u64), sum(|bot| bot.confirmed))
    }

    /// Answers a poll: what lies before the offset is confirmed and forgotten.
    pub(crate) async fn answer(&self, token: &str, offset: Option<i64>, seconds: u64) -> Answer {
        let deadline = Instant::now() + Duration::from_secs(seconds.min(LONGEST));
        let (mine, news) = {
            let mut bots = self.bots.lock();
            let bot = bots.entry(token.to_owned()).or_default();
            while bot.updates.front().is_some_and(|(id, _)| offset.is_some_and(|offset| *id < offset)) {
                bot.updates.pop_front();
                bot.confirmed += 1;
            }
            bot.polls += 1;
            bot.news.notify_waiters();
            (bot.polls, Arc::clone(&bot.news))
        };
        loop {
            let mut woken = std::pin::pin!(news.notified());
            // From here on no news are missed, also those that come before it waits.
            woken.as_mut().enable();
            if let Some(answer) = self.look(token, mine) {
                return answer;
            }
            if timeout_at(deadline, woken).await.is_err() {
                return Answer::Updates(Vec::new());
            }
        }
    }

    fn look(&self, token: &str, mine: u64) -> Option<Answer> {
        let bots = self.bots.lock();
        let bot = bots.get(token)?;
        if bot.polls != mine {
            return Some(Answer::Superseded);
        }
        let updates: Vec<Value> = bot.updates.iter().take(BATCH).map(|(_, update)| update.clone()).collect();
        (!updates.is_empty()).then_some(Answer::Updates(updates))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(id: i64) -> Value {
        json!({ "update_id": id })
    }

    #[tokio::test]
    async fn updates_come_until_they_are_confirmed() {
        let polls = Polls::default();
        polls.add("a", json!({}));
        polls.add("a", json!({}));
        let both = Answer::Updates(vec![update(1), update(2)]);
        assert_eq!(polls.answer("a", None, 0).await, both);
        assert_eq!(polls.answer("a", Some(1), 0).await, both);
        assert_eq!(polls.answer("a", Some(2), 0).await, Answer::Updates(vec![update(2)]));
        assert_eq!((polls.unconfirmed("a"), polls.counts()), (1, (1, 1)));
        assert_eq!(polls.answer("a", Some(3), 0).await, Answer::Updates(vec![]));
        assert_eq!((polls.counts(), polls.has("a"), polls.has("b")), ((0, 2), true, false));
    }

    #[tokio::test]
    async fn a_poll_waits_for_news_or_for_the_next_poll() {
        let polls = Polls::default();
        let (first, ()) = tokio::join!(polls.answer("a", None, 50), async { polls.add("a", json!({})) });
        assert_eq!(first, Answer::Updates(vec![update(1)]));
        let (second, third) = tokio::join!(polls.answer("a", Some(2), 50), polls.answer("a", Some(2), 0));
        assert_eq!((second, third), (Answer::Superseded, Answer::Updates(vec![])));
    }
}
